"""`interview`: the guided questions in a terminal, kept until they are finished, or answers from a file."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Literal

from pydantic import TypeAdapter, ValidationError

from bot import texts
from bot.advising.advice import AdviceContext, render_advice
from bot.cases.casebook import load_framework
from bot.deciding.framework import Framework, Question
from bot.deciding.outlook import Answers, Outlook
from bot.deciding.questionnaire import Choose, Edit, InterviewEvent, Move, Questionnaire, Screen, Session, Skip, View
from bot.deciding.recommendation import recommend
from bot.deciding.team import decide_together
from bot.errors import BotError, InputError
from bot.interviews.poll import describe_answer, summarize
from bot.messages.chart import describe_chart, draw_chart
from bot.messages.reply import Line, LineKind
from bot.settings import Settings
from bot.terminal.console import console, show_line, show_reply, show_sentence
from bot.terminal.dialogs import Entry, choose
from bot.terminal.memory import StoredInterview, open_memory

ANSWERS = TypeAdapter(dict[str, str | None])
Done = Literal["done"]  # the summary is left, and the interview with it
_Entry = Entry[InterviewEvent | Done | None]  # None leaves the interview for now


def describe(settings: Settings, *, as_json: bool) -> None:
    """Print the questions and their options."""
    framework = load_framework(settings.corpus_dir)
    if as_json:
        console.file.write(json.dumps(_to_dict(framework), ensure_ascii=False, indent=1) + "\n")
        return
    for question in framework.questions.values():
        show_line(Line(f"{question.text} ({question.id})", LineKind.HEADING))
        show_line(Line(question.why))
        for option in question.options.values():
            show_line(Line(f"{option.text} ({option.id})", LineKind.ITEM))


def run_interview(settings: Settings, markdown: Path | None, chart: Path | None, *, new: bool, as_json: bool) -> None:
    """Run the interview; its answers are stored until the summary is left, which may be written to files, too."""
    if as_json:
        console.stderr = True  # standard output is for the JSON alone
    interview = Questionnaire(Outlook(load_framework(settings.corpus_dir)))
    with open_memory(settings) as memory:
        stored = StoredInterview(memory)
        session = stored.read()
        session = interview.start() if new or session is None else _resume(interview, session)
        finished = converse(interview, session, stored)
    if finished is None:
        return
    recommendation = interview.recommendation(finished)
    try:
        if markdown:
            markdown.write_text(summarize(interview, finished).markdown, "utf-8")
        if chart:
            chart.write_bytes(draw_chart(interview.framework, recommendation, finished.known))
    except OSError as error:
        raise BotError(
            f"The summary cannot be written ({error.strerror}); name a file in a folder that can."
        ) from error
    if chart:
        show_line(Line(describe_chart(interview.framework, recommendation)))
    if as_json:
        sys.stdout.write(json.dumps(recommendation.to_dict(), ensure_ascii=False) + "\n")


def _resume(interview: Questionnaire, session: Session) -> Session:
    resumed, dropped = interview.resume(session)
    show_sentence("interview_resumed")
    if dropped:
        show_sentence("interview_dropped", count=len(dropped))
    return resumed


def converse(interview: Questionnaire, session: Session, stored: StoredInterview | None = None) -> Session | None:
    """Show card after card; return the session once its summary is left, or None when the person leaves before."""
    while True:
        if stored and (elsewhere := stored.write(session)) is not session:
            show_sentence("interview_elsewhere")
            session, _ = interview.resume(elsewhere)
        view = interview.view(session)
        if view.screen is Screen.SUMMARY:
            show_reply(summarize(interview, session))
        elif view.screen is Screen.REVIEW:
            show_line(Line(texts.sentence("interview_review"), LineKind.HEADING))
        event = choose(*_menu(interview.framework, session, view))
        if event is None:
            show_sentence("interview_kept" if stored else "interview_left")
            return None
        if event == "done":
            if stored:
                stored.remove()
            return session
        session = interview.step(session, event)


def _menu(framework: Framework, session: Session, view: View) -> tuple[str, list[_Entry], list[_Entry]]:
    """Return the title of a card, its entries, and the actions below them."""
    actions: dict[str, tuple[str, InterviewEvent | Done | None]] = {
        "s": ("do_skip", Skip(session.question)),
        "w": ("do_why", Move.WHY),
        "b": ("do_back", Move.BACK),
        "r": ("do_review", Move.REVIEW),
        "g": ("do_forward", Move.FORWARD),
        "f": ("do_finish", Move.FINISH),
        "n": ("do_restart", Move.RESTART),
        "d": ("do_done", "done"),
        "q": ("do_stop", None),
    }
    if view.question:
        title, entries = _title(view.question, session, view), _options(view.question, view)
        keys = "swbrfq" if session.can_go_back else "swrfq"
    elif view.screen is Screen.REVIEW:
        title, entries, keys = texts.sentence("edit_which"), _review_entries(framework, session), "gfnq"
    else:
        title, entries, keys = texts.sentence("what_now"), [], "drnq"
    return title, entries, [_Entry(key, texts.sentence(actions[key][0]), actions[key][1]) for key in keys]


def _title(question: Question, session: Session, view: View) -> str:
    step = texts.sentence("progress", number=view.number, to_go=view.to_go)
    place = texts.sentence("editing") if session.editing else step
    return "\n".join(["", place, question.text, *([question.why] if view.why else [])])


def _options(question: Question, view: View) -> list[_Entry]:
    """Return the options by number, the current answer marked, and "don't know"."""
    entries = [
        _Entry(str(n), f"{o.text} ✓" if o.id == view.chosen else o.text, Choose(question.id, o.id))
        for n, o in enumerate(question.options.values(), 1)
    ]
    return [*entries, _Entry("0", texts.sentence("dont_know"), Choose(question.id, None))]


def _review_entries(framework: Framework, session: Session) -> list[_Entry]:
    """Return each question with its answer, to be edited by its number."""
    entries = []
    for number, question in enumerate(framework.questions.values(), 1):
        answer = describe_answer(question, session) or texts.sentence("not_answered")
        entries.append(_Entry(str(number), f"{question.label}: {answer}", Edit(question.id)))
    return entries


def _to_dict(framework: Framework) -> dict[str, object]:
    questions = [
        {
            "id": question.id,
            "text": question.text,
            "why": question.why,
            "options": [{"id": option.id, "text": option.text} for option in question.options.values()],
        }
        for question in framework.questions.values()
    ]
    return {"version": framework.version, "questions": questions}


def recommend_lines(settings: Settings, file: IO[bytes], out: IO[str]) -> bool:
    """Print a recommendation, or an error, for each JSON object in the file; return True if there was no error."""
    outlook = Outlook(load_framework(settings.corpus_dir))
    is_valid = True
    for number, raw in _split_objects(file.read()):
        try:
            result = recommend(outlook, _parse_answers(outlook, raw)).to_dict()
        except InputError as error:
            result, is_valid = {"line": number, "error": str(error)}, False
        out.write(json.dumps(result, ensure_ascii=False) + "\n")
    return is_valid


def recommend_team(settings: Settings, file: IO[bytes], out: IO[str], *, as_json: bool) -> None:
    """Print the recommendation for a team, a member a line. Raises InputError, naming the first bad line."""
    outlook = Outlook(load_framework(settings.corpus_dir))
    ballots = dict[str, Answers]()
    for number, raw in _split_objects(file.read()):
        try:
            ballots[str(number)] = _parse_answers(outlook, raw)
        except InputError as error:
            raise InputError(f"line {number}: {error}") from error
    if not ballots:
        raise InputError('The file is empty; write one line {"question": "option", …} for each member.')
    result = decide_together(outlook, ballots)
    if as_json:
        out.write(json.dumps(result.to_dict(), ensure_ascii=False) + "\n")
    else:
        show_reply(render_advice(outlook.framework, result.recommendation, AdviceContext(team=result)))


def _split_objects(text: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield one JSON object over several lines, or one a line, each with the number of its line."""
    try:
        ANSWERS.validate_json(text)
        yield 1, text
        return
    except ValidationError:
        pass
    for number, line in enumerate(text.split(b"\n"), 1):
        if line.strip():
            yield number, line


def _parse_answers(outlook: Outlook, raw: bytes) -> Answers:
    """Parse the answers in a JSON object. Raises InputError, naming the valid questions or options."""
    try:
        answers = ANSWERS.validate_json(raw)
    except ValidationError as error:
        raise InputError('write {"question": "option", …}; null is "I don\'t know"') from error
    questions = outlook.framework.questions
    for name, option in answers.items():
        if name not in questions:
            raise InputError(f"there is no question {name!r}; there are {', '.join(questions)}")
        if option is not None and option not in questions[name].options:
            options = ", ".join(questions[name].options)
            raise InputError(f"{name} has no option {option!r}; there are {options}")
    return answers
