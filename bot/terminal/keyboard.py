"""What a person types, or what comes through a pipe: one reader for all of it, so that no line is lost between two."""

import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.history import FileHistory, History, InMemoryHistory

from bot.settings import Settings
from bot.terminal.render import console

PROMPT = "> "


def history_of(settings: Settings) -> Path:
    """The file in which the chat keeps what was typed, for the arrow keys."""
    return settings.data_dir / "chat-history"


def typed_lines(settings: Settings) -> Iterator[str]:
    """Line by line until Ctrl-D or the end of the pipe; the arrow keys bring back what was typed before."""
    session = PromptSession[str](history=_history(settings)) if sys.stdin.isatty() else None
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


def _history(settings: Settings) -> History:
    path = history_of(settings)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        typed, since = path.read_text("utf-8", "replace"), date.today() - timedelta(days=settings.retention_days)
        if (left := kept(typed, since)) != typed:
            path.write_text(left, "utf-8")
    except OSError:
        return InMemoryHistory()
    return FileHistory(str(path))


def kept(history: str, since: date) -> str:
    """What a history of prompt_toolkit's holds `since` a day: there `# ` and a moment begin what was typed then."""
    typed = [entry for entry in history.split("\n# ") if entry[:10] >= since.isoformat()]
    return "".join(f"\n# {entry}" for entry in typed)
