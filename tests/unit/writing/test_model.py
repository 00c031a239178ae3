"""The language model's provider: how it is called, what to install for it, and how its calls are counted."""

import re

import pytest
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, LLMResult

from bot.errors import SettingsError
from bot.writing.provider import Meter, make_model
from tests.support.counting import Counted


@pytest.mark.parametrize(
    ("provider", "extra"),
    [
        ("anthropic", "anthropic"),
        ("google", "google"),
        ("google_genai", "google"),
        ("mistral", "mistral"),
        ("mistralai", "mistral"),
        ("ollama", "ollama"),
    ],
)
def test_a_provider_that_is_not_installed_is_told_with_its_extra(provider: str, extra: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(f"package for '{provider}' is not installed; in the project")):
        make_model(f"{provider}:model", 1.0)
    with pytest.raises(SettingsError, match=re.escape(f"--editable '.[{extra}]'")):
        make_model(f"{provider}:model", 1.0)


def test_another_provider_is_told_with_its_package() -> None:
    with pytest.raises(SettingsError, match="pip install langchain-groq"):
        make_model("groq:model", 1.0)


def test_a_provider_is_told_that_nobody_knows() -> None:
    with pytest.raises(SettingsError, match="'nobody:model' cannot be set up"):
        make_model("nobody:model", 1.0)


def test_tokens_are_counted_by_direction_where_they_are_reported() -> None:
    read, written = (Counted("model_tokens_total", direction=direction) for direction in ("input", "output"))
    calls = Counted("model_calls_total", result="answered")
    usage = {"input_tokens": 200, "output_tokens": 30, "total_tokens": 230}
    for message in (AIMessage("a", usage_metadata=usage), AIMessage("b")):
        Meter().on_llm_end(LLMResult(generations=[[ChatGeneration(message=message)]]))
    assert (calls.more, read.more, written.more) == (2, 200, 30)
