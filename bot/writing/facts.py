"""The language model as a second reader of use cases: it names facts, and is held to quotes that occur in the text."""

import asyncio
import logging
from collections.abc import Mapping
from html import escape
from typing import Any, Self

from langchain_core.language_models import BaseChatModel

from bot.texts import prompt
from bot.writing.model import make_model

log = logging.getLogger(__name__)

FACTS_SCHEMA: dict[str, Any] = {
    "title": "facts",
    "description": "The facts that the message states.",
    "type": "object",
    "properties": {
        "facts": {
            "type": "array",
            "maxItems": 20,
            "items": {
                "type": "object",
                "properties": {
                    "fact": {"type": "string", "description": "question.option"},
                    "quote": {"type": "string", "description": "the exact words of the message that state it"},
                },
                "required": ["fact", "quote"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["facts"],
    "additionalProperties": False,
}


class FactFinder:
    """Asks the model which facts a message states."""

    def __init__(self, model: BaseChatModel, timeout: float) -> None:
        self._chain = prompt("facts") | model.with_structured_output(FACTS_SCHEMA)
        self._timeout = timeout

    @classmethod
    def of(cls, name: str, timeout: float) -> Self:
        """A finder for `provider:model`. Raises SettingsError when it is unknown or its package is not installed."""
        return cls(make_model(name, timeout), timeout)

    async def find(self, text: str, choices: Mapping[str, str]) -> dict[str, str]:
        """The quotes by `question.option`, for the facts in `choices` that the model names with words of the text.

        Whatever goes wrong with the model, nothing was found.
        """
        questions = "\n".join(f"{name}: {meaning}" for name, meaning in choices.items())
        values = {"questions": questions, "case": escape(text, quote=False)}
        answer: object = None
        try:
            async with asyncio.timeout(self._timeout):
                async for partial in self._chain.astream(values):  # each is more of the answer than the one before
                    answer = partial
        except Exception as error:  # noqa: BLE001  a provider may raise anything; the local reading stands
            log.warning("the language model found no facts (%s)", type(error).__name__)
            return {}
        found = answer.get("facts") if isinstance(answer, dict) else None
        quotes = dict(filter(None, map(_pair, found if isinstance(found, list) else [])))
        return {name: quote for name, quote in quotes.items() if name in choices and quote in text}


def _pair(raw: object) -> tuple[str, str] | None:
    if not isinstance(raw, dict) or not isinstance(raw.get("fact"), str) or not isinstance(raw.get("quote"), str):
        return None
    quote = raw["quote"].strip()
    return (raw["fact"], quote) if quote else None
