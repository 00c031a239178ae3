"""Tables in a Markdown file, between two marks, so that figures can be measured again and never go stale."""

from collections.abc import Sequence
from pathlib import Path

from bot.errors import InputError


def table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown, under its title."""
    lines = [f"| {' | '.join(row)} |" for row in (header, ("---",) * len(header), *rows)]
    return f"**{title}**\n\n" + "\n".join(lines)


def between(path: Path, begin: str, end: str) -> str:
    """What stands between the marks, without the empty lines around it. Raises InputError when there are none."""
    text = path.read_text("utf-8")
    if begin not in text or end not in text:
        raise InputError(f"{path} has no {begin} and {end} lines to put the figures between.")
    return text.split(begin)[1].split(end)[0].strip("\n")


def replace(path: Path, begin: str, end: str, content: str) -> None:
    """Puts something else between the marks. Raises InputError when there are none."""
    between(path, begin, end)
    text = path.read_text("utf-8")
    before, after = text.split(begin)[0], text.split(end)[1]
    path.write_text(f"{before}{begin}\n{content}\n{end}{after}", "utf-8")
