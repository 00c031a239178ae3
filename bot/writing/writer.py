"""Answers written by a language model from numbered statements, of which only supported sentences are passed on."""

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from html import escape
from typing import Any

from bot import threads
from bot.errors import BotError
from bot.guidance.article import Statement
from bot.writing.grounding import Grounding
from bot.writing.model import LanguageModelError, StructuredModel, object_schema

log = logging.getLogger(__name__)

ANSWER_SCHEMA: dict[str, Any] = {
    "title": "answer",
    "description": "The answer, sentence by sentence, each with the statements that it rests on.",
    **object_schema(
        sentences={
            "type": "array",
            "maxItems": 6,
            "items": object_schema(
                text={"type": "string", "description": "one sentence in plain English"},
                statements={
                    "type": "array",
                    "maxItems": 4,
                    "items": {"type": "integer"},
                    "description": "numbers of the statements that support it",
                },
            ),
        }
    ),
}


@dataclass(frozen=True)
class Sentence:
    """A sentence by the model, not yet checked; a number without a statement gives None in `cited`."""

    text: str
    cited: tuple[Statement | None, ...]


class Writer:
    """Writes answers with the model `provider:model`."""

    def __init__(self, name: str, timeout: float) -> None:
        """Raises SettingsError if the model is unknown or its package is not installed."""
        self._model = StructuredModel(name, "answer", ANSWER_SCHEMA, timeout)

    async def check(self) -> str:
        """Ask a small question and report the outcome. Raises BotError with what to do."""
        statement = Statement("check", "Check", "The guidance compares two approaches.", "", frozenset(), listed=False)
        try:
            count = len([_ async for _ in self.write("How many approaches are compared?", (), [statement])])
        except LanguageModelError as error:
            raise BotError(
                f"LLM_MODEL does not answer ({error}); check its name, its key and the network. Until then the "
                "article's own sentences are shown"
            ) from error
        if not count:
            raise BotError(
                "LLM_MODEL answers without a sentence in the form that it is asked for; take another model. Until then "
                "the article's own sentences are shown"
            )
        return f"answers with {count} sentence(s)"

    async def write(
        self, question: str, earlier: Sequence[str], statements: Sequence[Statement]
    ) -> AsyncIterator[Sentence]:
        """The sentences of the answer, each as soon as it is complete. Raises LanguageModelError."""
        values = {  # escaped, so that a user's text cannot close the element that it stands in
            "statements": "\n".join(f"{n}. [{s.section}] {s.text}" for n, s in enumerate(statements, 1)),
            "conversation": escape("\n".join(earlier), quote=False) or "(none)",
            "question": escape(question, quote=False),
        }
        sentences: list[Any] = []
        passed_on = 0
        async with aclosing(self._model.stream(values)) as answers:
            async for answer in answers:
                raw = answer.get("sentences")
                sentences = raw if isinstance(raw, list) else []
                for sentence in sentences[passed_on:-1]:  # the last one may still grow
                    passed_on += 1
                    yield _sentence(sentence, statements)
        for sentence in sentences[passed_on:]:
            yield _sentence(sentence, statements)


class GroundedWriter:
    """A writer whose sentences must pass the grounding."""

    def __init__(self, writer: Writer, grounding: Grounding) -> None:
        self._writer, self._grounding = writer, grounding

    async def write(
        self, question: str, earlier: Sequence[str], statements: Sequence[Statement]
    ) -> AsyncIterator[tuple[str, list[Statement]]]:
        """Each supported sentence with the statements it cites, as soon as it is written; a failing model ends it."""
        asked = " ".join([*earlier, question])
        try:
            async for sentence in self._writer.write(question, earlier, statements):
                if await self._passes(sentence, asked):
                    yield sentence.text, [statement for statement in dict.fromkeys(sentence.cited) if statement]
        except LanguageModelError as error:
            log.warning("the language model failed (%s)", error)

    async def _passes(self, sentence: Sentence, asked: str) -> bool:
        fault = await threads.compute(lambda: self._grounding.fault(sentence.text, sentence.cited, asked))
        if fault:
            log.info("a sentence was dropped: %s", fault)
        return fault is None


def _sentence(raw: object, statements: Sequence[Statement]) -> Sentence:
    """Parse one sentence of the model's; one that violates the schema becomes empty or uncited."""
    if not isinstance(raw, dict) or not isinstance(raw.get("text"), str):
        return Sentence("", ())
    numbers = raw.get("statements")
    cited = (
        statements[n - 1] if type(n) is int and 1 <= n <= len(statements) else None
        for n in (numbers if isinstance(numbers, list) else [])
    )
    return Sentence(" ".join(raw["text"].split()), tuple(cited))
