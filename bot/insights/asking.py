"""The chapters on what is asked: how much, about what, what has no answer, and what helps."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta

from bot import texts
from bot.insights.blocks import (
    Bar,
    Bars,
    Block,
    Chapter,
    Chart,
    Columns,
    Group,
    Groups,
    Series,
    Table,
    Text,
    Tone,
    header,
)
from bot.insights.gaps import Gaps
from bot.insights.shares import Share
from bot.insights.topics import Topics, ranked
from bot.insights.traffic import Outcome, Traffic

FEW_DAYS, MOST_DAYS = 14, 62  # from which on a table has weeks, and a chart
MOST_SECTIONS, MOST_STATEMENTS, MOST_GROUPS, LEAST_HELPFUL = 10, 8, 10, 5
WEEK = timedelta(days=7)
OUTCOMES = {
    Outcome.ANSWER: ("insights_outcome_answer", Tone.MAIN),
    Outcome.ADVICE: ("insights_outcome_advice", Tone.LIGHT),
    Outcome.GAP: ("insights_outcome_gap", Tone.SECOND),
    Outcome.BESIDE: ("insights_outcome_beside", Tone.MUTED),
    Outcome.SMALL_TALK: ("insights_outcome_small_talk", Tone.FAINT),
    Outcome.NONE: ("insights_outcome_none", Tone.ALARM),
}


def traffic(found: Traffic) -> Chapter:
    """How much was asked, by day and by outcome."""
    title = texts.sentence("insights_traffic")
    if not found.total:
        return Chapter(title, [Text(texts.sentence("insights_empty"))])
    platforms = (
        texts.sentence("insights_traffic_place", platform=name.capitalize(), count=f"{count:,}")
        for name, count in ranked(found.platforms)
    )
    answered = found.outcomes[Outcome.ANSWER] + found.outcomes[Outcome.ADVICE]
    said = texts.sentence(
        "insights_traffic_text",
        total=f"{found.total:,}",
        people=f"{len(found.people):,}",
        homes=f"{len(found.homes):,}",
        platforms=", ".join(platforms),
        answered=Share(answered, found.on_topic),
    )
    blocks: list[Block] = [Text(said), _by_time(found.days), _by_outcome(found)]
    if found.waiting:
        blocks.append(Text(texts.sentence("insights_traffic_waiting", count=found.waiting)))
    return Chapter(title, blocks)


def topics(found: Topics) -> Chapter:
    """The sections and statements that were cited most."""
    title = texts.sentence("insights_topics")
    if not found.replies:
        return Chapter(title, [Text(texts.sentence("insights_topics_none"))])
    sections = [*ranked(found.sections)]
    first, count = sections[0]
    said = texts.sentence("insights_topics_text", section=path(first), share=Share(count, found.replies))
    bars = Bars(
        (Series(texts.sentence("insights_cited"), Tone.MAIN),),
        tuple(Bar(path(name), (n,), Share(n, found.replies).headline) for name, n in sections[:MOST_SECTIONS]),
    )
    columns = header("insights_column_section", "insights_column_replies")
    table = Table(columns, tuple((path(name), str(Share(n, found.replies))) for name, n in sections))
    most = sorted(found.statements.items(), key=lambda one: (-one[1], one[0]))[:MOST_STATEMENTS]
    statements = Table(
        header("insights_column_statement", "insights_column_section", "insights_column_replies"),
        tuple((cited.quote, path(cited.section), str(Share(n, found.replies))) for cited, n in most),
    )
    chart = Chart(bars, texts.sentence("insights_topics_sections"), table)
    return Chapter(title, [Text(said), chart, Text(texts.sentence("insights_topics_statements")), statements])


def gaps(found: Gaps, unanswered: Share, *, quotes: bool) -> Chapter:
    """What the guidance does not answer; without `quotes`, no question is quoted."""
    title = texts.sentence("insights_gaps")
    if not unanswered.part:
        return Chapter(title, [Text(texts.sentence("insights_gaps_none"))])
    groups = tuple(
        Group(
            gap.questions,
            texts.sentence("insights_gaps_said", questions=gap.questions, people=gap.people, section=path(gap.near)),
            gap.typical if quotes else (),
        )
        for gap in found.found[:MOST_GROUPS]
    )
    blocks: list[Block] = [Text(texts.sentence("insights_gaps_text", share=unanswered)), Groups(groups)]
    if len(found.found) > MOST_GROUPS:
        blocks.append(Text(texts.sentence("insights_gaps_more", count=len(found.found) - MOST_GROUPS)))
    if found.alone:
        blocks.append(Text(texts.sentence("insights_gaps_alone", count=found.alone)))
    if found.embedded < found.different:
        counts = {"part": f"{found.embedded:,}", "whole": f"{found.different:,}"}
        blocks.append(Text(texts.sentence("insights_gaps_sample", **counts)))
    return Chapter(title, blocks)


def helpful(overall: Share, found: Topics) -> Chapter:
    """What users found helpful, and what they did not."""
    title = texts.sentence("insights_helpful")
    if not overall.whole:
        return Chapter(title, [Text(texts.sentence("insights_helpful_none"))])
    blocks: list[Block] = [Text(texts.sentence("insights_helpful_text", share=overall))]
    rated = sorted(found.by_section.items(), key=lambda one: (-one[1].rated, one[0]))
    if rated:
        series = (
            Series(texts.sentence("insights_helpful_yes"), Tone.MAIN),
            Series(texts.sentence("insights_helpful_no"), Tone.SECOND),
        )
        bars = tuple(
            Bar(path(name), (one.helpful, one.rated - one.helpful), one.share.headline)
            for name, one in rated[:MOST_SECTIONS]
        )
        table = Table(
            header("insights_column_section", "insights_helpful_yes"),
            tuple((path(name), str(one.share)) for name, one in rated),
        )
        blocks.append(Chart(Bars(series, bars), texts.sentence("insights_helpful_chart"), table))
    least = found.least_helpful(LEAST_HELPFUL)
    blocks.append(Text(texts.sentence("insights_helpful_least" if least else "insights_helpful_few")))
    if least:
        rows = tuple((cited.quote, path(cited.section), str(one.share)) for cited, one in least)
        blocks.append(
            Table(header("insights_column_statement", "insights_column_section", "insights_helpful_yes"), rows)
        )
    return Chapter(title, blocks)


def path(section: str) -> str:
    """A heading path as people write it."""
    return section.replace(" > ", " › ")


def in_time(days: Mapping[date, Counter[Outcome]], *, by_week: bool) -> dict[date, tuple[int, ...]]:
    """Messages of each outcome in the order of time, without a gap where nothing was asked; weeks begin on Monday."""
    first, last = min(days), max(days)
    step = WEEK if by_week else timedelta(days=1)
    start = first - timedelta(days=first.weekday()) if by_week else first
    counted = {start + n * step: Counter[Outcome]() for n in range((last - start) // step + 1)}
    for day, outcomes in days.items():
        counted[start + (day - start) // step * step].update(outcomes)
    return {day: tuple(outcomes[outcome] for outcome in OUTCOMES) for day, outcomes in counted.items()}


def _by_time(days: Mapping[date, Counter[Outcome]]) -> Chart:
    """Drawn by days, written by weeks; by days where these are few, and by weeks where they are many."""
    long = (max(days) - min(days)).days
    drawn, written = in_time(days, by_week=long >= MOST_DAYS), in_time(days, by_week=long >= FEW_DAYS)
    series = tuple(Series(texts.sentence(name), tone) for name, tone in OUTCOMES.values())
    labels = tuple(f"{day.day} {day:%b}" for day in drawn)
    when = texts.sentence("insights_column_week" if long >= FEW_DAYS else "insights_column_day")
    columns = (when, *(one.name for one in series), texts.sentence("insights_column_all"))
    rows = tuple((f"{day.day} {day:%b}", *map(str, row), str(sum(row))) for day, row in written.items())
    said = texts.sentence("insights_traffic_weeks" if long >= MOST_DAYS else "insights_traffic_days")
    return Chart(Columns(series, labels, tuple(drawn.values())), said, Table(columns, rows))


def _by_outcome(found: Traffic) -> Table:
    rows = tuple(
        (texts.sentence(name), str(Share(found.outcomes[outcome], found.total)))
        for outcome, (name, _) in OUTCOMES.items()
        if found.outcomes[outcome]
    )
    return Table(header("insights_outcomes", "insights_column_share"), rows)
