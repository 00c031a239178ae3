"""Goes through the store once, and counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.cases.casebook import has_framework, load_framework
from bot.deciding.interview import Questionnaire
from bot.deciding.outlook import Outlook
from bot.guidance.article import Statement, read_articles
from bot.insights.decisions import Decisions
from bot.insights.desk import Desk
from bot.insights.funnel import Funnel
from bot.insights.gaps import Unanswered
from bot.insights.topics import Topics
from bot.insights.traffic import Outcome, Traffic, outcome_of
from bot.settings import Settings
from bot.store.insights import Insights, Snapshot


@dataclass(frozen=True)
class Figures:
    """All that a report says, but for the groups of unanswered questions.

    `since` is None when everything that is kept was counted. There are no `decisions` and no `funnel` without a
    decision framework.
    """

    since: datetime | None
    until: datetime
    traffic: Traffic
    topics: Topics
    unanswered: Unanswered
    decisions: Decisions | None
    funnel: Funnel | None
    desk: Desk
    statements: Sequence[Statement]


async def gather(insights: Insights, settings: Settings, days: int | None) -> Figures:
    """The figures of the last `days`, or of all that is kept."""
    until = insights.now
    since = until - timedelta(days=days) if days else None
    traffic, topics, unanswered = Traffic(ZoneInfo(settings.desk_timezone)), Topics(), Unanswered()
    outlook = Outlook(load_framework(settings.corpus_dir)) if has_framework(settings.corpus_dir) else None
    decisions = Decisions(outlook) if outlook else None
    funnel = Funnel(Questionnaire(outlook), until) if outlook else None
    async with insights.snapshot() as snapshot:
        async for asked in snapshot.asked(since):
            outcome = outcome_of(asked)
            traffic.add(asked, outcome)
            topics.add(asked)
            if outcome is Outcome.GAP:
                unanswered.add(asked)
            if decisions and asked.approach:
                decisions.add_advice(asked.approach, asked.criteria)
        if decisions and funnel:
            await _interviews(snapshot, since, decisions, funnel)
        desk = Desk.of([request async for request in snapshot.requests(since)])
    statements = [statement for article in read_articles(settings.corpus_dir) for statement in article.statements]
    return Figures(since, until, traffic, topics, unanswered, decisions, funnel, desk, statements)


async def _interviews(snapshot: Snapshot, since: datetime | None, decisions: Decisions, funnel: Funnel) -> None:
    async for kept in snapshot.interviews(since):
        if session := funnel.add(kept):
            decisions.add_interview(session.known)
