"""A set to score against: the shape of questions, unanswerable questions, conversations and vignettes, checked."""

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


class StatedFact(BaseModel):
    """A fact that a use case states, by its criterion, and the words that state it."""

    criterion: str
    quote: str


class Vignette(BaseModel):
    """A use case in a team's words, the approach that fits it, and the facts that it states."""

    id: str
    text: str
    expected: str
    facts: list[StatedFact]


class Conversation(BaseModel):
    """Turns of one user; the later ones are understood from the earlier."""

    id: str
    turns: list[Turn]


COPY = 6  # words from which a quote that stands in the corpus, too, was copied

Row = TypeVar("Row", bound=BaseModel)


@dataclass(frozen=True)
class Dataset:
    """What a directory holds; a file that is not there gives an empty list."""

    questions: tuple[Question, ...]
    unanswerable: tuple[Unanswerable, ...]
    conversations: tuple[Conversation, ...]
    vignettes: tuple[Vignette, ...]

    @classmethod
    def read(cls, directory: Path) -> "Dataset":
        """Raises InputError when there is nothing to score, or a line is broken."""
        found = cls(
            tuple(_rows(directory / "questions.jsonl", Question)),
            tuple(_rows(directory / "unanswerable.jsonl", Unanswerable)),
            tuple(_rows(directory / "conversations.jsonl", Conversation)),
            tuple(_rows(directory / "vignettes.jsonl", Vignette)),
        )
        if not (found.questions or found.unanswerable or found.conversations or found.vignettes):
            raise InputError(
                f"{directory} has nothing to score; give a folder with questions.jsonl, unanswerable.jsonl, "
                "conversations.jsonl or vignettes.jsonl."
            )
        return found

    def copied(self, phrasings: Iterable[str]) -> list[str]:
        """The ids of the rows that, case and punctuation aside, stand in a phrasing of the corpus.

        A turn of a conversation counts only as a whole, and a single word not at all: there are few ways to say "hi".
        """
        known = f"| {' | '.join(map(_bare, phrasings))} |"
        asked = [(row.id, _bare(row.question)) for row in self.questions]
        asked += [(row.id, _bare(row.question)) for row in self.unanswerable]
        rows = [(name, f" {question} ") for name, question in asked if " " in question]
        rows += [(row.id, f"| {_bare(turn.user)} |") for row in self.conversations for turn in row.turns]
        stated = ((row.id, fact.quote) for row in self.vignettes for fact in row.facts)
        rows += [(name, f" {_bare(quote)} ") for name, quote in stated if len(quote.split()) >= COPY]
        return [name for name, text in rows if text in known]


def _bare(text: str) -> str:
    return re.sub(r"\W+", " ", text.lower()).strip()


def _rows(path: Path, shape: type[Row]) -> Iterable[Row]:
    if not path.is_file():
        return
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            yield shape.model_validate_json(line)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(map(str, first["loc"])) or "the line"
            raise InputError(f"{path.name}, line {number}: {where}: {first['msg']}") from error
