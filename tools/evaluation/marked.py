"""Tables in a Markdown file, between two marks, so that figures can be measured again and never go stale."""

from collections.abc import Sequence
from pathlib import Path

from bot.errors import InputError


def table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown, under its title."""
    lines = [f"| {' | '.join(row)} |" for row in (header, ("---",) * len(header), *rows)]
    return f"**{title}**\n\n" + "\n".join(lines)


def between(path: Path, begin: str, end: str) -> str:
    """What stands between the marks, without the empty lines around it.

    Raises InputError when there are none, or the file cannot be read.
    """
    return _cut(path, begin, end)[1].strip("\n")


def replace(path: Path, begin: str, end: str, content: str) -> None:
    """Puts something else between the marks. Raises InputError likewise."""
    before, _, after = _cut(path, begin, end)
    path.write_text(f"{before}{begin}\n{content}\n{end}{after}", "utf-8")


def _cut(path: Path, begin: str, end: str) -> tuple[str, str, str]:
    """What stands before, between and after the marks."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path} cannot be read ({type(error).__name__}); name a Markdown file with {begin} and {end} lines."
        ) from error
    before, _, rest = text.partition(begin)
    between, found, after = rest.partition(end)
    if not found:
        raise InputError(f"{path} has no {begin} and {end} lines to put the figures between.")
    return before, between, after
