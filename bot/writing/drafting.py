"""Drafts of how people ask for a statement: by the language model, for a person to review before they are learned."""

from collections.abc import Collection
from dataclasses import dataclass
from html import escape
from typing import Any

from bot.guidance.phrasings import MIN_WORDINGS
from bot.writing.model import LanguageModelError, StructuredModel, object_schema

WORDINGS_SCHEMA: dict[str, Any] = {
    "title": "wordings",
    "description": "How people ask for the statement.",
    **object_schema(wordings={"type": "array", "items": {"type": "string", "description": "one message"}}),
}
DRAFT_COUNT = MIN_WORDINGS + 4  # some are dropped
DRAFT_ROUNDS = 3  # the model may repeat itself
MAX_WORDING_LENGTH = 200  # characters
DRAFT_TIMEOUT = 120.0  # seconds for one answer of the model's


@dataclass(frozen=True)
class DraftRequest:
    """A statement or a whole list that lacks wordings, under its `section`, as it is `named` in the phrasings file."""

    section: str
    named: str
    text: str
    known: Collection[str] = ()


class Drafter:
    """Asks the model `provider:model` for wordings."""

    def __init__(self, name: str) -> None:
        """Raises SettingsError if the model is unknown or its package is not installed."""
        self._model = StructuredModel(name, "phrasings", WORDINGS_SCHEMA, DRAFT_TIMEOUT)

    async def draft(self, request: DraftRequest) -> list[str]:
        """New wordings, up to MIN_WORDINGS with the known ones. Raises LanguageModelError if the model has none."""
        wordings = {_normalise(text): text for text in (request.text, *request.known)}
        known = len(wordings)
        for _ in range(DRAFT_ROUNDS):
            try:
                written = await self._ask(request, [*wordings.values()][1:])
            except LanguageModelError:
                if len(wordings) > known:
                    break
                raise
            for text in written:
                wordings.setdefault(_normalise(text), text)
            if len(wordings) - 1 >= MIN_WORDINGS:
                break
        return [*wordings.values()][known:]

    async def _ask(self, request: DraftRequest, known: list[str]) -> list[str]:
        values = {"section": request.section, "statement": request.text, "known": "\n".join(known) or "(none)"}
        safe = {name: escape(value, quote=False) for name, value in values.items()}
        texts = await self._model.list_of("wordings", {**safe, "count": str(DRAFT_COUNT)})
        lines = (" ".join(text.split()) for text in texts if isinstance(text, str))
        return [line for line in lines if line and len(line) <= MAX_WORDING_LENGTH]


def _normalise(text: str) -> str:
    """Equal for wordings that differ only in case, spaces and the marks at their ends."""
    return " ".join(text.casefold().split()).strip(" .!?…\"'")
