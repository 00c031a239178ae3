"""Every environment variable, in one place. A file `.env` in the current folder is read too."""

import re
from datetime import UTC
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dotenv import load_dotenv
from platformdirs import user_data_path
from pydantic import AfterValidator, BeforeValidator, DirectoryPath, Field, HttpUrl, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.errors import SettingsError
from bot.hours import ServiceHours

SENSITIVE = ("_url", "_endpoint", "_token", "_secret", "_keys")  # settings whose values may hold a password
PACKAGE = Path(__file__).parent


def shipped(folder: str) -> Path:
    """Return a folder that comes with the bot: inside the installed package, or beside it in a checkout."""
    installed = PACKAGE / folder
    return installed if installed.is_dir() else PACKAGE.parent / folder


def _check_url(written: str) -> str:
    try:
        HttpUrl(written)
    except ValidationError as error:
        raise ValueError("write it as a URL, like https://example.com") from error
    return written


def _split(value: object) -> object:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _check_hours(written: str) -> str:
    ServiceHours.of(written, UTC)
    return written


def _check_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError("there is no such time zone; write it like Europe/Berlin") from error
    return name


def _matches(pattern: str, hint: str) -> AfterValidator:
    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(hint)
        return value

    return AfterValidator(check)


SlackChannel = Annotated[
    str,
    _matches(
        r"((E[A-Z0-9]+/)?T[A-Z0-9]+/)?[CG][A-Z0-9]+",
        "write the channel's id like C024BE91L, or with its workspace like T024BE7LH/C024BE91L",
    ),
]
DiscordChannel = Annotated[
    str, _matches(r"[0-9]{1,20}", "write the channel's id, digits only, as Copy Channel ID gives it")
]
Model = Annotated[str, _matches(r"(?s)[^:]+:.+", "write it as provider:model, for example openai:gpt-4.1-mini")]
Url = Annotated[str, AfterValidator(_check_url)]  # kept as it is written


class Settings(BaseSettings):
    """The bot's configuration; each field is an environment variable of the same name in capitals."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    data_dir: Path = Field(default_factory=lambda: user_data_path("rag-or-tune"))
    """Folder for the index, a tuned model, the chat's history and, without `DATABASE_URL`, the database; unset means
    your user data folder."""
    prebuilt_dir: DirectoryPath | None = None
    """Folder of what was prepared in advance, such as when an image was built: read beside `DATA_DIR`, never written;
    unset means none."""
    corpus_dir: DirectoryPath = shipped("corpus")
    """The articles, with their phrasings and the decision framework; unset means the corpus that is shipped."""
    embedding_model: DirectoryPath | None = None
    """The folder of a sentence-transformers model; unset means the packaged all-MiniLM-L6-v2, tuned if it was tuned."""
    llm_model: Model | None = None
    """A language model as `provider:model`, such as `openai:gpt-4.1-mini`; any provider of LangChain's
    `init_chat_model`. Unset means none: then only the article's own sentences are shown."""
    llm_timeout: Annotated[float, Field(gt=0, le=300)] = 20.0
    """Seconds that the language model has for an answer; then the article's own sentences are shown."""
    slack_bot_token: SecretStr | None = None
    """The token of the Slack app in its one workspace; it begins with `xoxb-`."""
    slack_app_token: SecretStr | None = None
    """Socket Mode when set, so that no public address is needed; it begins with `xapp-`."""
    slack_signing_secret: SecretStr | None = None
    """Secret that verifies Slack's requests over HTTP."""
    slack_client_id: str | None = None
    """Several workspaces when set, together with `SLACK_CLIENT_SECRET` and in place of `SLACK_BOT_TOKEN`: each installs
    the app by OAuth and has its own token."""
    slack_client_secret: SecretStr | None = None
    """Secret that authenticates the app to Slack when a workspace installs it."""
    slack_api_url: Url = "https://slack.com/api/"
    """Base URL of Slack's Web API."""
    consultant_slack_channel: SlackChannel | None = None
    """The id of the consultants' channel in Slack; with several workspaces `workspace/channel`, in an Enterprise Grid
    organisation `organisation/workspace/channel`, by their ids."""
    consultant_discord_channel: DiscordChannel | None = None
    """The id of the consultants' channel in Discord."""
    desk_hours: Annotated[str, AfterValidator(_check_hours)] = "Mon-Fri 09:00-17:00"
    """Service hours of the consultants."""
    desk_timezone: Annotated[str, AfterValidator(_check_zone)] = "UTC"
    """Time zone of the service hours, such as `Europe/Berlin`."""
    desk_response_hours: Annotated[int, Field(ge=1, le=720)] = 4
    """Hours, within the service hours, in which users are told to expect an answer."""
    desk_reminder_minutes: Annotated[float, Field(gt=0)] = 60.0
    """Minutes after which the consultants are reminded of an unclaimed request, twice."""
    desk_webhook_url: HttpUrl | None = None
    """Webhook that receives request events, for a CRM; requires `DESK_WEBHOOK_SECRET`."""
    desk_webhook_secret: SecretStr | None = None
    """Secret that signs webhook bodies (HMAC-SHA256)."""
    discord_token: SecretStr | None = None
    """The token of the Discord bot."""
    discord_api_url: Url = "https://discord.com/api/v10"
    """Base URL of Discord's REST API."""
    port: Annotated[int, Field(ge=0, le=65535)] = 3000
    """Port on which `serve` and `web` listen. Where it is set, `slack`, `discord`, `worker` and `serve --only` serve
    health and metrics there, too."""
    answered_by: Literal["itself", "workers"] = "itself"
    """Process that answers what `serve`, `slack`, `discord` and `web` accept: `itself`, or the `workers`."""
    database_url: SecretStr | None = None
    """`postgresql://user:password@host/name`; unset means SQLite files in `DATA_DIR`."""
    secret_keys: Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_split)] = ()
    """The keys that encrypt secrets in the database, separated by commas: the first encrypts, all decrypt, so keys can
    be rotated. Needed on Postgres; beside SQLite a key is made and kept in `DATA_DIR`."""
    retention_days: Annotated[int, Field(ge=1)] = 90
    """Days after which conversations, answers and requests are deleted."""
    questions_per_user: Annotated[int, Field(ge=1)] = 60
    """Questions of one user that are answered in an hour."""
    questions_per_tenant: Annotated[int, Field(ge=1)] = 1000
    """The same for a whole workspace or guild."""
    article_url: HttpUrl | None = None
    """URL of the published article; citations link to it."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "WARNING"
    """Minimum level logged to standard error: `DEBUG`, `INFO`, `WARNING` or `ERROR`."""
    log_format: Literal["text", "json"] = "text"
    """Format of the log: `text`, a line for people, or `json`."""
    otel_exporter_otlp_endpoint: Url | None = None
    """Collector that receives traces, by OTLP over HTTP; unset means none. OpenTelemetry reads its other variables
    itself."""


def load_settings() -> Settings:
    """Read the environment. Raises SettingsError, naming each variable that cannot be used; no secret is quoted."""
    try:
        load_dotenv(Path.cwd() / ".env")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"The file .env cannot be read ({type(error).__name__}); save it as UTF-8 text.") from error
    try:
        settings = Settings()
    except ValidationError as error:
        problems = "; ".join(_describe(str(each["loc"][0]), each["msg"], each["input"]) for each in error.errors())
        raise SettingsError(f"{problems}. Fix it in the environment or in .env.") from error
    if bool(settings.slack_client_id) is not bool(settings.slack_client_secret):
        lacking = "SLACK_CLIENT_SECRET" if settings.slack_client_id else "SLACK_CLIENT_ID"
        raise SettingsError(
            f"{lacking}: is not set, but its counterpart is; for several workspaces set both, else none."
        )
    if bool(settings.desk_webhook_url) is not bool(settings.desk_webhook_secret):
        raise SettingsError("DESK_WEBHOOK_SECRET: set it together with DESK_WEBHOOK_URL; it signs what is sent there.")
    if settings.slack_client_id and "/" not in (settings.consultant_slack_channel or "/"):
        raise SettingsError(
            "CONSULTANT_SLACK_CHANNEL: with several workspaces, name its workspace too, like T024BE7LH/C024BE91L."
        )
    return settings


def _describe(name: str, message: str, value: object) -> str:
    problem = f"{name.upper()}: {message.removeprefix('Value error, ')}"
    return problem if name.endswith(SENSITIVE) else f"{problem}, but is {value!r}"
