"""Drafts of how people ask for a statement: by the language model, for a person to read before anything learns them."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from html import escape
from typing import Any, Self

from langchain_core.language_models import BaseChatModel

from bot.guidance.phrasings import MIN_WORDINGS
from bot.texts import prompt
from bot.writing.model import WriterError, make_model

WORDINGS_SCHEMA: dict[str, Any] = {
    "title": "wordings",
    "description": "How people ask for the statement.",
    "type": "object",
    "properties": {"wordings": {"type": "array", "items": {"type": "string", "description": "one message"}}},
    "required": ["wordings"],
    "additionalProperties": False,
}
DRAFT_COUNT = MIN_WORDINGS + 4  # some are dropped
DRAFT_ROUNDS = 3  # in which the model may write the same again
MAX_WORDING_LENGTH = 200  # characters of a wording
DRAFT_TIMEOUT = 120.0  # seconds for one answer of the model's


@dataclass(frozen=True)
class DraftRequest:
    """What wordings are wanted for: a statement or a whole list, under its `section`, as it is `named` in the file."""

    section: str
    named: str
    text: str
    known: Collection[str] = ()


class Drafter:
    """Asks the model for wordings."""

    def __init__(self, model: BaseChatModel) -> None:
        self._chain = prompt("phrasings") | model.with_structured_output(WORDINGS_SCHEMA)

    @classmethod
    def of(cls, name: str) -> Self:
        """One for `provider:model`. Raises SettingsError when it is unknown or its package is not installed."""
        return cls(make_model(name, DRAFT_TIMEOUT))

    async def draft(self, wanted: DraftRequest) -> list[str]:
        """New wordings, FEWEST with those that are known, or as many as it has. Raises WriterError if it has none."""
        found = {_same(text): text for text in (wanted.text, *wanted.known)}
        there = len(found)
        for _ in range(DRAFT_ROUNDS):
            try:
                written = await self._written(wanted, [*found.values()][1:])
            except WriterError:
                if len(found) > there:
                    break
                raise
            for text in written:
                found.setdefault(_same(text), text)
            if len(found) - 1 >= MIN_WORDINGS:
                break
        return [*found.values()][there:]

    async def _written(self, wanted: DraftRequest, known: list[str]) -> list[str]:
        values = {"section": wanted.section, "statement": wanted.text, "known": "\n".join(known) or "(none)"}
        safe = {name: escape(value, quote=False) for name, value in values.items()}
        answer: object = None
        try:
            async with asyncio.timeout(DRAFT_TIMEOUT):
                async for partial in self._chain.astream({**safe, "count": str(DRAFT_COUNT)}):
                    answer = partial
        except Exception as error:
            raise WriterError(type(error).__name__) from error
        texts = answer.get("wordings") if isinstance(answer, dict) else None
        lines = (" ".join(text.split()) for text in texts or () if isinstance(text, str))
        return [line for line in lines if line and len(line) <= MAX_WORDING_LENGTH]


def _same(text: str) -> str:
    """What two wordings have in common that differ in nothing but case, spaces and the marks at their ends."""
    return " ".join(text.casefold().split()).strip(" .!?…\"'")
