"""`ask`: one question, or JSON lines from standard input, many at once, answered in their order."""

import asyncio
import json
import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from pydantic import BaseModel, Field, ValidationError, field_validator

from bot.advising.bootstrap import make_consultant
from bot.advising.consultant import Consultant
from bot.answering.input import MAX_INPUT_LENGTH
from bot.messages.reply import Reply
from bot.observing.logs import report
from bot.settings import Settings
from bot.terminal.progress import bar, err
from bot.terminal.render import console, show_reply

log = logging.getLogger(__name__)

AT_ONCE = 64
LONGEST_LINE = 1_000_000  # bytes


class Question(BaseModel):
    """One line of input. `history` holds the conversation so far, oldest first, of which the user's turns count."""

    id: str | int | float | None = None
    question: str
    history: Sequence[str] = Field(default=())

    @field_validator("history", mode="before")
    @classmethod
    def _earlier(cls, history: object) -> object:
        """The user's turns: texts, or objects with `user` or `question`, or `content` or `text`, by their `role`."""
        if not isinstance(history, list):
            return () if history is None else history
        return [text for turn in history if (text := _user_text(turn)) is not None]


def _user_text(turn: object) -> object | None:
    if not isinstance(turn, dict):
        return turn
    if turn.get("role", "user") not in ("user", "human"):
        return None
    return next((turn[name] for name in ("user", "question", "content", "text") if name in turn), None)


@dataclass(frozen=True)
class _Line:
    number: int
    raw: bytes


def answer_one(settings: Settings, text: str, *, as_json: bool) -> None:
    """Prints the answer to one question."""
    with bar("Indexing the guidance") as progress, err.status("Loading the models…"):
        consultant = make_consultant(settings, progress)
    answer = asyncio.run(_answer(consultant, Question(question=text)))
    if as_json:
        console.file.write(_json(answer) + "\n")
    else:
        show_reply(answer.reply)


def answer_lines(settings: Settings, lines: IO[bytes], out: IO[str]) -> None:
    """Answers each JSON line with one JSON line, in order, as soon as it can be; a bad line gets an error object."""
    with bar("Indexing the guidance") as progress, err.status("Loading the models…"):
        consultant = make_consultant(settings, progress)
    asyncio.run(_answer_lines(consultant, lines, out))


@dataclass(frozen=True)
class _Answer:
    asked: Question
    reply: Reply
    latency_ms: float


async def _answer(consultant: Consultant, asked: Question) -> _Answer:
    started = time.perf_counter()
    reply = await consultant.respond(asked.question, asked.history)
    return _Answer(asked, reply, round((time.perf_counter() - started) * 1000, 1))


async def _answer_lines(consultant: Consultant, lines: IO[bytes], out: IO[str]) -> None:
    waiting: asyncio.Queue[asyncio.Task[str] | None] = asyncio.Queue(AT_ONCE)

    async def write() -> None:
        while task := await waiting.get():
            out.write(await task + "\n")
            out.flush()

    writing = asyncio.create_task(write())
    numbered = _numbered(lines)
    while (line := await asyncio.to_thread(next, numbered, None)) is not None:
        await waiting.put(asyncio.create_task(_line_answer(consultant, line)))
    await waiting.put(None)
    await writing


def _numbered(lines: IO[bytes]) -> Iterator[_Line]:
    for number, raw in enumerate(lines, 1):
        if raw.strip():
            yield _Line(number, raw)


async def _line_answer(consultant: Consultant, line: _Line) -> str:
    """The JSON of an answer, or of an error that names the line's id, or its number when it has none."""
    if len(line.raw) > LONGEST_LINE:
        return _error(
            line, None, f"the line is longer than {LONGEST_LINE:,} bytes; a question has at most {MAX_INPUT_LENGTH:,}"
        )
    try:
        asked = Question.model_validate_json(line.raw)
    except ValidationError as error:
        return _error(line, _id(line.raw), f'write {{"id": …, "question": "…"}}: {_first(error)}')
    try:
        return _json(await _answer(consultant, asked))
    except Exception:  # noqa: BLE001 it is logged, with its reference
        reference = report(log, "a question failed")
        return _error(line, asked.id, f"sorry, something went wrong here; reference {reference}")


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc'])) or 'the line'}: {first['msg']}"


def _id(raw: bytes) -> object:
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):  # the latter where it is nested too deeply
        return None
    return found.get("id") if isinstance(found, dict) else None


def _error(line: _Line, identity: object, problem: str) -> str:
    return json.dumps({"id": identity, "line": line.number, "error": problem}, ensure_ascii=False)


def _json(answer: _Answer) -> str:
    asked = {"id": answer.asked.id, "question": answer.asked.question}
    shape = {**asked, **answer.reply.to_dict(), "latency_ms": answer.latency_ms}
    return json.dumps(shape, ensure_ascii=False)
