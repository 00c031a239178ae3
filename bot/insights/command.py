"""`insights`: gathers, groups, and writes the report where it is wanted."""

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from bot.advising.bootstrap import make_embedder
from bot.errors import InputError
from bot.insights.blocks import Report
from bot.insights.gather import Figures, gather
from bot.insights.markdown import markdown
from bot.insights.page import page
from bot.insights.report import report
from bot.settings import Settings
from bot.store.opening import opened

STANDARD_OUTPUT = Path("-")

err = Console(stderr=True)


@dataclass(frozen=True)
class Wanted:
    """The last so many `days`, or all that is kept; the files, or Markdown on standard output if there are none."""

    days: int | None = None
    html: Path | None = None
    markdown: Path | None = None
    quotes: bool = True


def run(settings: Settings, wanted: Wanted) -> None:
    """Writes the report. Raises InputError when a file cannot be written."""
    with err.status("Counting…"):
        found = asyncio.run(_gathered(settings, wanted.days))
    with err.status("Grouping what has no answer…"):
        made = _report(found, settings, quotes=wanted.quotes)
    if wanted.html:
        with err.status("Drawing…"):
            _write(wanted.html, page(made))
    if wanted.markdown and wanted.markdown != STANDARD_OUTPUT:
        _write(wanted.markdown, markdown(made))
    elif wanted.markdown or not wanted.html:
        sys.stdout.write(markdown(made))


async def _gathered(settings: Settings, days: int | None) -> Figures:
    async with opened(settings, reading=True) as store:
        return await gather(store.insights, settings, days)


def _report(found: Figures, settings: Settings, *, quotes: bool) -> Report:
    gaps = found.unanswered.grouped(make_embedder(settings), found.statements)
    return report(found, gaps, settings, quotes=quotes)


def _write(file: Path, text: str) -> None:
    """For the operator's eyes only: it may quote what users asked."""
    try:
        file.touch(mode=0o600)
        file.write_text(text, "utf-8")
    except OSError as error:
        raise InputError(f"{file} cannot be written ({error.strerror}); name a file in a folder that can.") from error
    err.print(f"{file} is written.", markup=False)
