"""The language model as a second reader of use cases: it names facts, and its quotes must occur in the text."""

import logging
from collections.abc import Mapping
from html import escape
from typing import Any

from bot.writing.model import LanguageModelError, StructuredModel, object_schema

log = logging.getLogger(__name__)

FACTS_SCHEMA: dict[str, Any] = {
    "title": "facts",
    "description": "The facts that the message states.",
    **object_schema(
        facts={
            "type": "array",
            "maxItems": 20,
            "items": object_schema(
                fact={"type": "string", "description": "question.option"},
                quote={"type": "string", "description": "the exact words of the message that state it"},
            ),
        }
    ),
}


class FactFinder:
    """Asks the model `provider:model` which facts a message states."""

    def __init__(self, name: str, timeout: float) -> None:
        """Raises SettingsError if the model is unknown or its package is not installed."""
        self._model = StructuredModel(name, "facts", FACTS_SCHEMA, timeout)

    async def find(self, text: str, choices: Mapping[str, str]) -> dict[str, str]:
        """The quotes by `question.option`, for those of `choices` that the model finds stated in words of the text.

        A model that fails finds nothing.
        """
        questions = "\n".join(f"{name}: {meaning}" for name, meaning in choices.items())
        try:
            raw = await self._model.list_of("facts", {"questions": questions, "case": escape(text, quote=False)})
        except LanguageModelError as error:
            log.warning("the language model found no facts (%s)", error)
            return {}
        quotes = dict(filter(None, map(_pair, raw)))
        return {name: quote for name, quote in quotes.items() if name in choices and quote in text}


def _pair(raw: object) -> tuple[str, str] | None:
    if not isinstance(raw, dict) or not isinstance(raw.get("fact"), str) or not isinstance(raw.get("quote"), str):
        return None
    quote = raw["quote"].strip()
    return (raw["fact"], quote) if quote else None
