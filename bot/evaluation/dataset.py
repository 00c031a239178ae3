"""A set to score against: the shape of questions.jsonl, unanswerable.jsonl and conversations.jsonl, checked."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ValidationError

from bot.errors import InputError


class Question(BaseModel):
    """A question, and the sections of which one must be cited first."""

    id: str
    question: str
    sections: list[str]


class Unanswerable(BaseModel):
    """A question without an answer in the guidance; small talk is answered in kind."""

    id: str
    question: str
    kind: Literal["near_topic", "off_topic", "prompt_injection", "chitchat"]


class Turn(BaseModel):
    """What the user says, and the sections of which one must be cited first."""

    user: str
    sections: list[str]


class Conversation(BaseModel):
    """Turns of one user; the later ones are understood from the earlier."""

    id: str
    turns: list[Turn]


Row = TypeVar("Row", bound=BaseModel)


@dataclass(frozen=True)
class Dataset:
    """What a directory holds; a file that is not there gives an empty list."""

    questions: tuple[Question, ...]
    unanswerable: tuple[Unanswerable, ...]
    conversations: tuple[Conversation, ...]

    @classmethod
    def read(cls, directory: Path) -> "Dataset":
        """Raises InputError when there is nothing to score, or a line is broken."""
        found = cls(
            tuple(_rows(directory / "questions.jsonl", Question)),
            tuple(_rows(directory / "unanswerable.jsonl", Unanswerable)),
            tuple(_rows(directory / "conversations.jsonl", Conversation)),
        )
        if not (found.questions or found.unanswerable or found.conversations):
            raise InputError(
                f"{directory} has nothing to score; give a folder with questions.jsonl, unanswerable.jsonl or "
                "conversations.jsonl."
            )
        return found

    def copied(self, phrasings: Iterable[str]) -> list[str]:
        """The ids of the rows that, case and punctuation aside, stand in a phrasing of the corpus.

        A turn of a conversation counts only as a whole, and small talk not at all: there are few ways to say "hi".
        """
        known = f"| {' | '.join(map(_bare, phrasings))} |"
        rows = [(row.id, f" {_bare(row.question)} ") for row in self.questions]
        rows += [(row.id, f" {_bare(row.question)} ") for row in self.unanswerable if row.kind != "chitchat"]
        rows += [(row.id, f"| {_bare(turn.user)} |") for row in self.conversations for turn in row.turns]
        return [name for name, text in rows if text in known]


def _bare(text: str) -> str:
    return re.sub(r"\W+", " ", text.lower()).strip()


def _rows(path: Path, shape: type[Row]) -> Iterable[Row]:
    if not path.is_file():
        return
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        try:
            yield shape.model_validate_json(line)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(map(str, first["loc"])) or "the line"
            raise InputError(f"{path.name}, line {number}: {where}: {first['msg']}") from error
