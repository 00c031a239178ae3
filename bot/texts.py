"""The texts in `prompts/`: every prompt to a model, and every fixed sentence that users read."""

from functools import cache
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING

import yaml

from bot.errors import CorpusError
from bot.settings import shipped

if TYPE_CHECKING:
    from langchain_core.prompts import ChatPromptTemplate


def sentence(name: str, /, **values: object) -> str:
    """Return the sentence `name` of `prompts/sentences.yaml`, with its variables filled in."""
    return _sentences()[name].format(**values)


def plural(name: str, /, count: int) -> str:
    """Return the sentence `name_one` for a count of one, else `name_many`, with the count filled in."""
    return sentence(f"{name}_one" if count == 1 else f"{name}_many", count=count)


def prompt(name: str, folder: Path | None = None) -> "ChatPromptTemplate":
    """Return the prompt `<name>.yaml`: a message for the model under `system`, one for each question under `user`.

    Raises CorpusError when the variables that it uses are not the ones that it documents at its head.
    """
    from langchain_core.prompts import ChatPromptTemplate

    path = (folder or shipped("prompts")) / f"{name}.yaml"
    parts = _read(path)
    used = {field for part in ("system", "user") for _, field, _, _ in Formatter().parse(parts[part]) if field}
    if used != set(parts["variables"]):
        raise CorpusError(path, 1, f"documents the variables {sorted(parts['variables'])} but uses {sorted(used)}")
    return ChatPromptTemplate.from_messages([("system", parts["system"]), ("user", parts["user"])])


@cache
def _sentences() -> dict[str, str]:
    return {name: _unfold(str(text)) for name, text in _read(shipped("prompts") / "sentences.yaml").items()}


def _unfold(text: str) -> str:
    return "\n".join(" ".join(line.split()) for line in text.splitlines())


@cache
def _read(path: Path) -> dict[str, str]:
    try:
        content = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise CorpusError(path, None, f"cannot be read ({type(error).__name__})") from error
    if not isinstance(content, dict):
        raise CorpusError(path, 1, "must be `name: text` pairs")
    return content
