"""`insights`: collect the figures and write the report."""

import asyncio
import sys
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console

from bot.advising.bootstrap import make_embedder
from bot.cases.casebook import has_framework, load_framework
from bot.deciding.outlook import Outlook
from bot.deciding.questionnaire import Questionnaire
from bot.errors import InputError
from bot.guidance.article import read_articles
from bot.insights.decisions import Decisions
from bot.insights.funnel import Funnel
from bot.insights.gaps import Unanswered
from bot.insights.handoffs import RequestCounts
from bot.insights.report import ReportFigures, render_markdown, render_page
from bot.insights.topics import Topics
from bot.insights.traffic import MessageOutcome, Traffic
from bot.settings import Settings
from bot.store.insights import Insights
from bot.store.store import open_store

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
    async with open_store(settings, reading=True) as store:
        return await collect_figures(store.insights, settings, days)


async def collect_figures(insights: Insights, settings: Settings, days: int | None) -> ReportFigures:
    """Count the last `days`, or everything in the store, in one pass over it."""
    until = insights.now
    since = until - timedelta(days=days) if days else None
    traffic, topics, unanswered = Traffic(ZoneInfo(settings.desk_timezone)), Topics(), Unanswered()
    outlook = Outlook(load_framework(settings.corpus_dir)) if has_framework(settings.corpus_dir) else None
    decisions = Decisions(outlook) if outlook else None
    funnel = Funnel(Questionnaire(outlook), until) if outlook else None
    async with insights.snapshot() as snapshot:
        async for message in snapshot.messages(since):
            outcome = MessageOutcome.of(message)
            traffic.add(message, outcome)
            topics.add(message)
            if outcome is MessageOutcome.GAP:
                unanswered.add(message)
            if decisions and message.approach:
                decisions.add_advice(message.approach, message.criteria)
        if decisions and funnel:
            async for interview in snapshot.interviews(since):
                if session := funnel.add(interview):
                    decisions.add_interview(session.known)
        requests = RequestCounts.of([request async for request in snapshot.requests(since)])
    statements = [statement for article in read_articles(settings.corpus_dir) for statement in article.statements]
    return ReportFigures(
        since, until, traffic, topics, unanswered, decisions, funnel, requests, statements, settings.retention_days
    )


def _write(file: Path, text: str) -> None:
    """Write a file that only the operator can read: it may quote users."""
    try:
        file.touch(mode=0o600)
        file.write_text(text, "utf-8")
    except OSError as error:
        raise InputError(f"{file} cannot be written ({error.strerror}); name a file in a folder that can.") from error
    err.print(f"{file} is written.", markup=False)
