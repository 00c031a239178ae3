"""`insights`: collect the figures and write the report."""

import asyncio
import sys
from pathlib import Path

from rich.console import Console

from bot.advising.bootstrap import make_embedder
from bot.errors import InputError
from bot.insights.collect import ReportFigures, collect_figures
from bot.insights.report import render_markdown, render_page
from bot.settings import Settings
from bot.store.opening import opened

STANDARD_OUTPUT = Path("-")

err = Console(stderr=True)


def run(settings: Settings, days: int | None, html: Path | None, markdown: Path | None, *, quotes: bool) -> None:
    """Write the report on the last `days`, or on everything, to these files; without any, Markdown to standard output.

    Raises InputError if a file cannot be written.
    """
    with err.status("Counting…"):
        figures = asyncio.run(_collect(settings, days))
    with err.status("Grouping what has no answer…"):
        gaps = figures.unanswered.group(make_embedder(settings), figures.statements)
    if html:
        _write(html, render_page(figures, gaps, quotes=quotes))
    text = render_markdown(figures, gaps, quotes=quotes)
    if markdown and markdown != STANDARD_OUTPUT:
        _write(markdown, text)
    elif markdown or not html:
        sys.stdout.write(text)


async def _collect(settings: Settings, days: int | None) -> ReportFigures:
    async with opened(settings, reading=True) as store:
        return await collect_figures(store.insights, settings, days)


def _write(file: Path, text: str) -> None:
    """Write a file that only the operator can read: it may quote users."""
    try:
        file.touch(mode=0o600)
        file.write_text(text, "utf-8")
    except OSError as error:
        raise InputError(f"{file} cannot be written ({error.strerror}); name a file in a folder that can.") from error
    err.print(f"{file} is written.", markup=False)
