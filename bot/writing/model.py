"""The language model, when one is configured: it writes sentences, each with the statements that it rests on."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Self

from langchain.chat_models import init_chat_model
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, LLMResult

from bot.errors import BotError, SettingsError, install_hint
from bot.guidance.article import Statement
from bot.observing import metrics
from bot.texts import prompt

ANSWER_SCHEMA: dict[str, Any] = {
    "title": "answer",
    "description": "The answer, sentence by sentence, each with the statements that it rests on.",
    "type": "object",
    "properties": {
        "sentences": {
            "type": "array",
            "maxItems": 6,
            "items": {
                "type": "object",
                "properties": {
                    "text": {"type": "string", "description": "one sentence in plain English"},
                    "statements": {
                        "type": "array",
                        "maxItems": 4,
                        "items": {"type": "integer"},
                        "description": "numbers of the statements that support it",
                    },
                },
                "required": ["text", "statements"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["sentences"],
    "additionalProperties": False,
}


PROVIDER_EXTRAS = {  # of ours, by which providers can be called, too
    "openai": "openai",
    "anthropic": "anthropic",
    "google": "google_genai",
    "mistral": "mistralai",
    "ollama": "ollama",
}


class Meter(BaseCallbackHandler):
    """Listens to a model of LangChain's."""

    run_inline = True

    def on_llm_end(self, response: LLMResult, **_: object) -> None:
        """A call has ended well."""
        metrics.model_calls.labels("answered").inc()
        for generations in response.generations:
            for generation in generations:
                if isinstance(generation, ChatGeneration) and isinstance(generation.message, AIMessage):
                    usage = generation.message.usage_metadata
                    metrics.model_tokens.labels("input").inc(usage["input_tokens"] if usage else 0)
                    metrics.model_tokens.labels("output").inc(usage["output_tokens"] if usage else 0)

    def on_llm_error(self, error: BaseException, **_: object) -> None:
        """A call has failed, or was given up."""
        del error
        metrics.model_calls.labels("failed").inc()


def make_model(name: str, timeout: float) -> BaseChatModel:
    """The model `provider:model`. Raises SettingsError when it is unknown or its package is not installed."""
    provider, _, model = name.partition(":")
    extra = next((extra for extra, its in PROVIDER_EXTRAS.items() if provider in (extra, its)), None)
    called = PROVIDER_EXTRAS[extra] if extra else provider
    try:
        return init_chat_model(
            model, model_provider=called, timeout=timeout, max_retries=1, temperature=0, callbacks=[Meter()]
        )
    except (ImportError, AttributeError) as error:  # the second is what LangChain raises for a missing Ollama
        raise SettingsError(
            f"LLM_MODEL: the package for {provider!r} is not installed; {install_hint(extra) if extra else error}"
        ) from error
    except Exception as error:
        raise SettingsError(
            f"LLM_MODEL: {name!r} cannot be set up ({type(error).__name__}); check the provider's name and its API "
            "key, or unset LLM_MODEL to do without a model."
        ) from error


class WriterError(Exception):
    """The model did not answer, or not in time, or not in the form that it was asked for."""


@dataclass(frozen=True)
class Sentence:
    """A sentence by the model, not yet checked; a number without a statement gives None in `cited`."""

    text: str
    cited: tuple[Statement | None, ...]


class Writer:
    """Asks the model for an answer from numbered statements."""

    def __init__(self, model: BaseChatModel, timeout: float) -> None:
        self._chain = prompt("answer") | model.with_structured_output(ANSWER_SCHEMA)
        self._timeout = timeout

    @classmethod
    def of(cls, name: str, timeout: float) -> Self:
        """A writer for `provider:model`. Raises SettingsError when it is unknown or its package is not installed."""
        return cls(make_model(name, timeout), timeout)

    async def check(self) -> str:
        """What the model does with a first small question. Raises BotError with what to do."""
        statement = Statement("check", "Check", "The guidance compares two approaches.", "", frozenset(), listed=False)
        try:
            count = [sentence async for sentence in self.write("How many approaches are compared?", (), [statement])]
        except WriterError as error:
            raise BotError(
                f"LLM_MODEL does not answer ({error}); check its name, its key and the network. Until then the "
                "article's own sentences are shown"
            ) from error
        if not count:
            raise BotError(
                "LLM_MODEL answers without a sentence in the form that it is asked for; take another model. Until then "
                "the article's own sentences are shown"
            )
        return f"answers with {len(count)} sentence(s)"

    async def write(
        self, question: str, earlier: Sequence[str], statements: Sequence[Statement]
    ) -> AsyncIterator[Sentence]:
        """The sentences of the answer, each as soon as it is complete. Raises WriterError."""
        stream = self._chain.astream(_values(question, earlier, statements))
        deadline = asyncio.get_running_loop().time() + self._timeout
        written: list[Any] = []
        given = 0
        try:
            while (partial := await _next(stream, deadline)) is not None:
                written = _sentences(partial)
                for raw in written[given:-1]:  # the last one may still grow
                    given += 1
                    yield _sentence(raw, statements)
        finally:
            await stream.aclose()  # type: ignore[attr-defined]  # it is an async generator, typed as an iterator
        for raw in written[given:]:
            yield _sentence(raw, statements)


def _values(question: str, earlier: Sequence[str], statements: Sequence[Statement]) -> dict[str, str]:
    """The prompt's variables; what a user typed cannot close the element that it stands in."""
    return {
        "statements": "\n".join(f"{n}. [{s.section}] {s.text}" for n, s in enumerate(statements, 1)),
        "conversation": escape("\n".join(earlier), quote=False) or "(none)",
        "question": escape(question, quote=False),
    }


async def _next(stream: AsyncIterator[object], deadline: float) -> object | None:
    """The next partial answer, or None at the end. Raises WriterError, at the deadline too."""
    try:
        return await asyncio.wait_for(anext(stream, None), deadline - asyncio.get_running_loop().time())
    except Exception as error:
        raise WriterError(type(error).__name__) from error


def _sentences(answer: object) -> list[Any]:
    found = answer.get("sentences") if isinstance(answer, dict) else None
    return found if isinstance(found, list) else []


def _sentence(raw: object, statements: Sequence[Statement]) -> Sentence:
    """Reads what the model sent for one sentence; what is not of the asked form gives an empty or uncited sentence."""
    if not isinstance(raw, dict) or not isinstance(raw.get("text"), str):
        return Sentence("", ())
    numbers = raw.get("statements")
    cited = (
        statements[n - 1] if type(n) is int and 1 <= n <= len(statements) else None
        for n in (numbers if isinstance(numbers, list) else [])
    )
    return Sentence(" ".join(raw["text"].split()), tuple(cited))
