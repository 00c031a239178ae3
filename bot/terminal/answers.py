"""`interview --answers`: answers from a file, a person a line; one recommendation a line, or one for the whole team."""

import json
from collections.abc import Iterator
from typing import IO

from pydantic import TypeAdapter, ValidationError

from bot.advising.advice import AdviceContext, render_advice
from bot.cases.casebook import load_framework
from bot.deciding.outlook import Outlook
from bot.deciding.recommendation import recommend
from bot.deciding.team import decide_together
from bot.errors import InputError
from bot.settings import Settings
from bot.terminal.render import show_reply

GIVEN = TypeAdapter(dict[str, str | None])
Given = dict[str, str | None]


def recommend_lines(settings: Settings, file: IO[bytes], out: IO[str]) -> bool:
    """Prints a recommendation for each object in the file, or an error that names the line; True when none was bad."""
    outlook = Outlook(load_framework(settings.corpus_dir))
    well = True
    for number, raw in _objects(file.read()):
        try:
            found = recommend(outlook, _checked(outlook, raw)).to_dict()
        except InputError as error:
            found, well = {"line": number, "error": str(error)}, False
        out.write(json.dumps(found, ensure_ascii=False) + "\n")
    return well


def recommend_team(settings: Settings, file: IO[bytes], out: IO[str], *, as_json: bool) -> None:
    """Prints what the team of the file, a member a line, comes to. Raises InputError naming the first bad line."""
    outlook = Outlook(load_framework(settings.corpus_dir))
    ballots = dict[str, Given]()
    for number, raw in _objects(file.read()):
        try:
            ballots[str(number)] = _checked(outlook, raw)
        except InputError as error:
            raise InputError(f"line {number}: {error}") from error
    if not ballots:
        raise InputError('The file is empty; write one line {"question": "option", …} for each member.')
    result = decide_together(outlook, ballots)
    if as_json:
        out.write(json.dumps(result.to_dict(), ensure_ascii=False) + "\n")
    else:
        show_reply(render_advice(outlook.framework, result.recommendation, AdviceContext(team=result)))


def _objects(text: bytes) -> Iterator[tuple[int, bytes]]:
    """One JSON object over several lines, or one a line, each with the number of its line."""
    try:
        GIVEN.validate_json(text)
        yield 1, text
        return
    except ValidationError:
        pass
    for number, line in enumerate(text.split(b"\n"), 1):
        if line.strip():
            yield number, line


def _checked(outlook: Outlook, raw: bytes) -> Given:
    """The answers in a JSON object. Raises InputError with what there is instead."""
    try:
        given = GIVEN.validate_json(raw)
    except ValidationError as error:
        raise InputError('write {"question": "option", …}; null is "I don\'t know"') from error
    questions = outlook.framework.questions
    for name, option in given.items():
        if name not in questions:
            raise InputError(f"there is no question {name!r}; there are {', '.join(questions)}")
        if option is not None and option not in questions[name].options:
            options = ", ".join(questions[name].options)
            raise InputError(f"{name} has no option {option!r}; there are {options}")
    return given
