"""The errors that a person reads: one family, each with what to do next, printed without a traceback."""

from pathlib import Path

INSTALL = ".venv/bin/python -m pip install --constraint constraints.txt --editable"  # in the project's folder


class BotError(Exception):
    """Something that a person can mend; the message says how."""


class SettingsError(BotError):
    """An environment variable has a value that cannot be used."""


class CorpusError(BotError):
    """A file of the corpus or of the prompts is missing or broken; names the file and, where known, the line."""

    def __init__(self, path: Path, line: int | None, problem: str) -> None:
        where = f"{path.parent.name}/{path.name}" + (f", line {line}" if line else "")
        super().__init__(f"{where}: {problem}")


class ModelError(BotError):
    """The embedding model is missing, or is not the one that it should be."""


class InputError(BotError):
    """What a person gave to a command cannot be read."""


def adding(extra: str) -> str:
    """What to run for an extra of ours."""
    return f"in the project's folder run: {INSTALL} '.[{extra}]'"
