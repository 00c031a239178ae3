"""What a person types, or what comes through a pipe: one reader for all of it, so that no line is lost between two."""

import sys
from collections.abc import Iterator
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.history import FileHistory, History, InMemoryHistory

from bot.settings import Settings
from bot.terminal.render import console

PROMPT = "> "


def history_of(settings: Settings) -> Path:
    """The file in which the chat keeps what was typed, for the arrow keys."""
    return settings.data_dir / "chat-history"


def typed_lines(history: Path) -> Iterator[str]:
    """Line by line until Ctrl-D or the end of the pipe; the arrow keys bring back what the file keeps."""
    session = PromptSession[str](history=_history(history)) if sys.stdin.isatty() else None
    while (line := typed_line(session)) is not None:
        yield line


def typed_line(session: PromptSession[str] | None = None) -> str | None:
    """The next line; None at Ctrl-D or at the end of the pipe. Without a session nothing of it is kept."""
    if not sys.stdin.isatty():
        return piped_line()
    try:
        return (session or PromptSession[str]()).prompt(PROMPT)
    except EOFError:
        return None


def piped_line() -> str | None:
    """The next line of standard input, repeated, so that the output can be read; None at its end."""
    raw = sys.stdin.buffer.readline()
    if not raw:
        return None
    line = raw.decode("utf-8", "replace").rstrip("\r\n")
    console.print(f"{PROMPT}{line}", markup=False)
    return line


def _history(path: Path) -> History:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
    except OSError:
        return InMemoryHistory()
    return FileHistory(str(path))
