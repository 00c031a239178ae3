"""`ask`: one question, or JSON lines from standard input, answered concurrently and in order."""

import asyncio
import json
import logging
import time
from collections.abc import Sequence
from typing import IO

from pydantic import BaseModel, Field, ValidationError, field_validator

from bot.advising.bootstrap import make_consultant
from bot.advising.consultant import Consultant
from bot.answering.input import MAX_INPUT_LENGTH
from bot.observing.logs import report
from bot.settings import Settings
from bot.terminal.console import console, err, progress_bar, show_reply

log = logging.getLogger(__name__)

MAX_PENDING = 64  # questions
MAX_LINE = 1_000_000  # bytes


class InputLine(BaseModel):
    """One line of input. `history` holds the conversation so far, oldest first; only the user's turns are read."""

    id: str | int | float | None = None
    question: str
    history: Sequence[str] = Field(default=())

    @field_validator("history", mode="before")
    @classmethod
    def _keep_user_texts(cls, history: object) -> object:
        """Accept texts, or objects with `user`, `question`, `content` or `text` whose `role`, if any, is the user's."""
        if not isinstance(history, list):
            return () if history is None else history
        return [text for turn in history if (text := _user_text(turn)) is not None]


def _user_text(turn: object) -> object | None:
    if not isinstance(turn, dict):
        return turn
    if turn.get("role", "user") not in ("user", "human"):
        return None
    return next((turn[name] for name in ("user", "question", "content", "text") if name in turn), None)


def answer_one(settings: Settings, text: str, *, as_json: bool) -> None:
    """Print the answer to one question."""
    consultant = load_consultant(settings)
    if as_json:
        console.file.write(asyncio.run(_answer(consultant, InputLine(question=text))) + "\n")
    else:
        show_reply(asyncio.run(consultant.respond(text)))


def answer_lines(settings: Settings, lines: IO[bytes], out: IO[str]) -> None:
    """Answer each JSON line with one JSON line, in order, as soon as possible; a bad line gets an error object."""
    asyncio.run(_answer_lines(load_consultant(settings), lines, out))


def load_consultant(settings: Settings) -> Consultant:
    """Make the consultant, and show what takes long."""
    with progress_bar("Learning from the corpus, once") as progress, err.status("Loading the models…"):
        return make_consultant(settings, progress)


async def _answer(consultant: Consultant, line: InputLine) -> str:
    started = time.perf_counter()
    reply = await consultant.respond(line.question, line.history)
    latency_ms = round((time.perf_counter() - started) * 1000, 1)
    shape = {"id": line.id, "question": line.question, **reply.to_dict(), "latency_ms": latency_ms}
    return json.dumps(shape, ensure_ascii=False)


async def _answer_lines(consultant: Consultant, lines: IO[bytes], out: IO[str]) -> None:
    pending: asyncio.Queue[asyncio.Task[str] | None] = asyncio.Queue(MAX_PENDING)

    async def write() -> None:
        while task := await pending.get():
            out.write(await task + "\n")
            out.flush()

    writer = asyncio.create_task(write())
    numbered = ((number, raw) for number, raw in enumerate(lines, 1) if raw.strip())
    while (item := await asyncio.to_thread(next, numbered, None)) is not None:
        await pending.put(asyncio.create_task(_answer_line(consultant, *item)))
    await pending.put(None)
    await writer


async def _answer_line(consultant: Consultant, number: int, raw: bytes) -> str:
    """Return the JSON of an answer, or of an error with the line's number and, if it has one, its id."""
    if len(raw) > MAX_LINE:
        return _error(
            number, None, f"the line is longer than {MAX_LINE:,} bytes; a question has at most {MAX_INPUT_LENGTH:,}"
        )
    try:
        line = InputLine.model_validate_json(raw)
    except ValidationError as error:
        return _error(number, _id(raw), f'write {{"id": …, "question": "…"}}: {_first(error)}')
    try:
        return await _answer(consultant, line)
    except Exception:  # noqa: BLE001 it is logged, with its reference
        reference = report(log, "a question failed")
        return _error(number, line.id, f"sorry, something went wrong here; reference {reference}")


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc'])) or 'the line'}: {first['msg']}"


def _id(raw: bytes) -> object:
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):  # the latter where it is nested too deeply
        return None
    return value.get("id") if isinstance(value, dict) else None


def _error(number: int, identity: object, problem: str) -> str:
    return json.dumps({"id": identity, "line": number, "error": problem}, ensure_ascii=False)
