"""Every variable that cannot be used is named, with what to do."""

import re
from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.settings import SENSITIVE, Settings, load_settings


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def test_nothing_needs_to_be_set() -> None:
    settings = load_settings()
    assert settings.llm_model is None
    assert (settings.corpus_dir / "fine-tuning-vs-rag.md").is_file()


def test_an_empty_variable_is_as_good_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_MODEL", "")
    assert load_settings().llm_model is None


def test_a_file_of_settings_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "INFO")
    (tmp_path / ".env").write_text("LOG_LEVEL=ERROR\nARTICLE_URL=https://example.com/a\n")
    monkeypatch.setenv("ARTICLE_URL", "")  # so that it is put back after the test
    monkeypatch.delenv("ARTICLE_URL")
    settings = load_settings()
    assert str(settings.article_url) == "https://example.com/a"
    assert settings.log_level == "INFO"  # the environment goes before the file


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LOG_LEVEL", "loud"), ("LLM_MODEL", "gpt"), ("LLM_TIMEOUT", "soon"), ("LLM_TIMEOUT", "-1"),
        ("ARTICLE_URL", "my article"), ("RETENTION_DAYS", "0"), ("RETENTION_DAYS", "for ever"),
        ("QUESTIONS_PER_USER", "-1"), ("QUESTIONS_PER_TENANT", "0"), ("DESK_HOURS", "always"),
        ("DESK_TIMEZONE", "Mars/Olympus"), ("DESK_RESPONSE_HOURS", "0"), ("DESK_REMINDER_MINUTES", "0"),
        ("DESK_WEBHOOK_URL", "my crm"), ("SLACK_API_URL", "slack"), ("DISCORD_API_URL", "/api"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"), ("CORPUS_DIR", "/nowhere/at/all"),
        ("EMBEDDING_MODEL", "/nowhere/at/all"),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=name):
        load_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DESK_WEBHOOK_URL", "htps://user:the-password@crm"),
        ("ARTICLE_URL", "htps://user:the-password@example.com"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "otlp.example.com:4318/the-password"),
        ("SLACK_API_URL", "user:the-password@slack"),
    ],
)
def test_of_an_address_that_cannot_be_used_nothing_is_quoted(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=name) as refused:
        load_settings()
    assert "password" not in str(refused.value)


def test_no_secret_or_address_is_of_a_setting_whose_values_are_quoted() -> None:
    fields = Settings.model_fields.items()
    hidden = {
        name for name, field in fields if re.search("Secret|Url|_check_url", f"{field.annotation}{field.metadata}")
    }
    assert {"desk_webhook_url", "slack_api_url", "otel_exporter_otlp_endpoint", "secret_keys"} <= hidden
    assert all(name.endswith(SENSITIVE) for name in hidden)


@pytest.mark.parametrize(
    ("name", "value", "to_do"),
    [
        ("CONSULTANT_SLACK_CHANNEL", "#consultants", "write the channel's id like C024BE91L"),
        ("CONSULTANT_DISCORD_CHANNEL", "consultants", "write the channel's id, digits only"),
    ],
)
def test_of_a_channel_is_said_how_its_id_is_written(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, to_do: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=f"{name}: {to_do}"):
        load_settings()


@pytest.mark.parametrize(
    ("given", "lacking"), [("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET"), ("SLACK_CLIENT_SECRET", "SLACK_CLIENT_ID")]
)
def test_one_half_of_what_several_workspaces_need_is_not_enough(
    monkeypatch: pytest.MonkeyPatch, given: str, lacking: str
) -> None:
    monkeypatch.setenv(given, "its-value")
    with pytest.raises(SettingsError, match=f"^{lacking}: is not set") as refused:
        load_settings()
    assert "its-value" not in str(refused.value)
    monkeypatch.setenv(lacking, "another")
    assert load_settings().slack_client_id


def test_a_file_of_settings_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes("LOG_LEVEL=INFO".encode("utf-16"))
    with pytest.raises(SettingsError, match=r"\.env cannot be read .* UTF-8"):
        load_settings()


def test_keys_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEYS", "new-key, old-key,")
    settings = load_settings()
    assert [key.get_secret_value() for key in settings.secret_keys] == ["new-key", "old-key"]
    assert "new-key" not in repr(settings)


def test_what_a_webhook_is_told_is_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK_WEBHOOK_URL", "https://crm.example.com/leads")
    with pytest.raises(SettingsError, match="DESK_WEBHOOK_SECRET"):
        load_settings()
    monkeypatch.setenv("DESK_WEBHOOK_SECRET", "a secret")
    assert load_settings().desk_webhook_url


def test_with_several_workspaces_that_of_the_consultants_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_CLIENT_ID", "its-id")
    monkeypatch.setenv("SLACK_CLIENT_SECRET", "its-secret")
    monkeypatch.setenv("CONSULTANT_SLACK_CHANNEL", "C024BE91L")
    with pytest.raises(SettingsError, match="CONSULTANT_SLACK_CHANNEL: with several workspaces"):
        load_settings()
    monkeypatch.setenv("CONSULTANT_SLACK_CHANNEL", "T024BE7LH/C024BE91L")
    assert load_settings().consultant_slack_channel
