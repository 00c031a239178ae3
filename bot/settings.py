"""Every environment variable, in one place. A file `.env` in the current folder is read too."""

from pathlib import Path
from typing import Annotated, Literal

from dotenv import load_dotenv
from platformdirs import user_data_path
from pydantic import AfterValidator, Field, HttpUrl, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.errors import SettingsError

PACKAGE = Path(__file__).parent


def shipped(folder: str) -> Path:
    """A folder that comes with the bot: inside the installed package, or beside it in a checkout."""
    installed = PACKAGE / folder
    return installed if installed.is_dir() else PACKAGE.parent / folder


def _provider_and_model(name: str) -> str:
    provider, _, model = name.partition(":")
    if not provider or not model:
        raise ValueError("write it as provider:model, for example openai:gpt-4.1-mini")
    return name


def _existing_folder(path: Path) -> Path:
    if not path.is_dir():
        raise ValueError("there is no such folder")
    return path


class Settings(BaseSettings):
    """The bot's configuration; each field is an environment variable of the same name in capitals."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    data_dir: Path = Field(default_factory=lambda: user_data_path("rag-or-tune"))
    """Where the index, a tuned model and the chat's history are kept."""
    corpus_dir: Annotated[Path, AfterValidator(_existing_folder)] = shipped("corpus")
    """The articles, with their phrasings."""
    embedding_model: Annotated[Path, AfterValidator(_existing_folder)] | None = None
    """The folder of a sentence-transformers model; unset means the packaged all-MiniLM-L6-v2, tuned if it was tuned."""
    llm_model: Annotated[str, AfterValidator(_provider_and_model)] | None = None
    """`provider:model` as LangChain names them; unset means none: then only the article's own sentences are shown."""
    llm_timeout: Annotated[float, Field(gt=0, le=300)] = 20.0
    """Seconds that the language model has for an answer; then the article's own sentences are shown."""
    article_url: HttpUrl | None = None
    """Where the article is published."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "WARNING"
    """What is written to standard error."""


def load_settings() -> Settings:
    """Reads the environment. Raises SettingsError naming each variable that cannot be used."""
    load_dotenv(Path.cwd() / ".env")
    try:
        return Settings()
    except ValidationError as error:
        problems = (f"{str(p['loc'][0]).upper()}: {_said(p['msg'])}, but is {p['input']!r}" for p in error.errors())
        raise SettingsError("; ".join(problems) + ". Mend it in the environment or in .env.") from error


def _said(message: str) -> str:
    return message.removeprefix("Value error, ")
