"""Errors meant for people: one family, each with what to do next, printed without a traceback."""

from pathlib import Path

INSTALL = ".venv/bin/python -m pip install --constraint constraints.txt --editable"  # in the project's folder


class BotError(Exception):
    """A problem that a person can fix; the message says how."""


class SettingsError(BotError):
    """An environment variable has a value that cannot be used."""


class CorpusError(BotError):
    """A file of the corpus or of the prompts is missing or broken; names the file and, where known, the line."""

    def __init__(self, path: Path, line: int | None, problem: str) -> None:
        where = f"{path.parent.name}/{path.name}" + (f", line {line}" if line else "")
        super().__init__(f"{where}: {problem}")


class ModelError(BotError):
    """The embedding model is missing, or its weights are not the expected ones."""


class InputError(BotError):
    """Unusable input to a command."""


def install_hint(extra: str) -> str:
    """Return the instruction that installs one of the project's extras."""
    return f"in the project's folder run: {INSTALL} '.[{extra}]'"
