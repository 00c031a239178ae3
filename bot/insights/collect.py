"""Collect the figures of the report in one pass over the store."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.cases.casebook import has_framework, load_framework
from bot.deciding.outlook import Outlook
from bot.deciding.questionnaire import Questionnaire
from bot.guidance.article import Statement, read_articles
from bot.insights.decisions import Decisions
from bot.insights.funnel import Funnel
from bot.insights.gaps import Unanswered
from bot.insights.handoffs import RequestCounts
from bot.insights.topics import Topics
from bot.insights.traffic import MessageOutcome, Traffic
from bot.settings import Settings
from bot.store.insights import Insights


@dataclass(frozen=True)
class ReportFigures:
    """Figures of the report, but for the groups of unanswered questions.

    `since` is None if everything in the store was counted. Without a decision framework there are no `decisions` and
    no `funnel`.
    """

    since: datetime | None
    until: datetime
    traffic: Traffic
    topics: Topics
    unanswered: Unanswered
    decisions: Decisions | None
    funnel: Funnel | None
    requests: RequestCounts
    statements: Sequence[Statement]
    retention_days: int


async def collect_figures(insights: Insights, settings: Settings, days: int | None) -> ReportFigures:
    """Count the last `days`, or everything in the store."""
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
