"""The language model's provider: how it is called, and what to install for it."""

import re

import pytest

from bot.errors import SettingsError
from bot.writing.model import make_model


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
