"""The language model, if one is configured: asked for answers in a JSON schema."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

from bot.texts import prompt


class LanguageModelError(Exception):
    """The model did not answer, or not in time, or not in the schema."""


def object_schema(**properties: dict[str, Any]) -> dict[str, Any]:
    """The JSON schema of an object with exactly these properties."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


class StructuredModel:
    """Answers the prompt `prompt_name` of `prompts/` in the form of a JSON schema, within `timeout` seconds."""

    def __init__(self, name: str, prompt_name: str, schema: Mapping[str, Any], timeout: float) -> None:
        """Raises SettingsError as `make_model` does."""
        from bot.writing.provider import make_model

        self._chain = prompt(prompt_name) | make_model(name, timeout).with_structured_output(dict(schema))
        self._timeout = timeout

    async def stream(self, values: Mapping[str, str]) -> AsyncGenerator[dict[str, Any]]:
        """The answer as it grows; each item holds all of it so far. Raises LanguageModelError, also at the time-out."""
        deadline = asyncio.get_running_loop().time() + self._timeout
        async with aclosing(self._chain.astream(dict(values))) as partials:  # type: ignore[type-var]  # a generator
            while True:
                try:
                    left = deadline - asyncio.get_running_loop().time()
                    partial = await asyncio.wait_for(anext(partials, None), left)
                except Exception as error:
                    raise LanguageModelError(type(error).__name__) from error
                if partial is None:
                    return
                yield partial if isinstance(partial, dict) else {}

    async def list_of(self, key: str, values: Mapping[str, str]) -> list[Any]:
        """The list under `key` of the whole answer, empty if there is none. Raises LanguageModelError."""
        answer: dict[str, Any] = {}
        async for partial in self.stream(values):
            answer = partial
        found = answer.get(key)
        return found if isinstance(found, list) else []
