"""The chapters on what is recommended, where interviews are left, and who gets in touch."""

from bot import texts
from bot.deciding.framework import Approach, Side
from bot.handoff.forms import URGENCIES
from bot.insights.blocks import Bar, Bars, Block, Chapter, Chart, Series, Table, Text, Tone, header
from bot.insights.decisions import Decisions, Weighed
from bot.insights.desk import STATES, Desk
from bot.insights.funnel import REVIEW, Funnel
from bot.insights.shares import Share, Times
from bot.insights.topics import ranked
from bot.messages.chart import NAMES
from bot.store.tables import LeadState

MOST_FACTS = 8
APPROACHES = {
    Approach.RAG: Tone.MAIN,
    Approach.FINE_TUNING: Tone.SECOND,
    Approach.HYBRID: Tone.THIRD,
    Approach.NEED_MORE_INFO: Tone.MUTED,
}
STANDING = {
    LeadState.OPEN: "insights_desk_open",
    LeadState.CLAIMED: "insights_desk_claimed",
    LeadState.RESOLVED: "insights_desk_resolved",
    LeadState.CLOSED: "insights_desk_closed",
    LeadState.WITHDRAWN: "insights_desk_withdrawn",
}
URGENT = dict(zip(URGENCIES, (Tone.SECOND, Tone.MAIN, Tone.FAINT), strict=True))


def decisions(found: Decisions | None) -> Chapter:
    """Recommendations by approach, and the facts that decided them."""
    title = texts.sentence("insights_decisions")
    if not found or not found.total:
        return Chapter(title, [Text(texts.sentence("insights_decisions_none"))])
    [(leading, count)] = found.approaches.most_common(1)
    said = texts.sentence(
        "insights_decisions_text",
        interviews=f"{found.from_interviews:,}",
        approach=NAMES[leading],
        share=Share(count, found.total),
    )
    shares = {approach: Share(found.approaches[approach], found.total) for approach in APPROACHES}
    bars = tuple(
        Bar(NAMES[approach], tuple(share.part if one is approach else 0 for one in APPROACHES), share.headline)
        for approach, share in shares.items()
    )
    series = tuple(Series(NAMES[approach], tone) for approach, tone in APPROACHES.items())
    columns = header("insights_column_approach", "insights_column_share")
    table = Table(columns, tuple((NAMES[approach], str(share)) for approach, share in shares.items()))
    blocks: list[Block] = [Text(said), Chart(Bars(series, bars), texts.sentence("insights_decisions_chart"), table)]
    return Chapter(title, [*blocks, *([_facts(found)] if found.spoke else [])])


def funnel(found: Funnel | None) -> Chapter:
    """How far interviews come."""
    title = texts.sentence("insights_funnel")
    if not found or not found.started:
        return Chapter(title, [Text(texts.sentence("insights_funnel_none"))])
    said = texts.sentence(
        "insights_funnel_text",
        started=f"{found.started:,}",
        going_on=f"{found.going_on:,}",
        share=Share(found.finished, found.ended),
    )
    blocks: list[Block] = [Text(said)]
    questions = found.interview.framework.questions
    if found.left:
        place, count = next(iter(ranked(found.left)))
        label = texts.sentence("insights_funnel_review") if place == REVIEW else questions[place].label
        share = Share(count, found.left.total())
        blocks.append(Text(texts.sentence("insights_funnel_worst", place=label, share=share)))
    return Chapter(title, [*blocks, _stages(found)])


def desk(found: Desk) -> Chapter:
    """Requests for a consultant."""
    title = texts.sentence("insights_desk")
    if not found.total:
        return Chapter(title, [Text(texts.sentence("insights_desk_none"))])
    counts = {state: tuple(found.standing[state, urgency] for urgency in URGENCIES) for state in STATES}
    waiting = sum(counts[LeadState.OPEN]) + sum(counts[LeadState.CLAIMED])
    said = texts.sentence("insights_desk_text", total=f"{found.total:,}", waiting=f"{waiting:,}")
    series = tuple(Series(texts.sentence(f"urgency_{urgency}"), tone) for urgency, tone in URGENT.items())
    named = {texts.sentence(STANDING[state]): row for state, row in counts.items()}
    bars = tuple(Bar(name, row, f"{sum(row):,}") for name, row in named.items())
    columns = (*header("insights_column_state"), *(one.name for one in series), *header("insights_column_all"))
    table = Table(columns, tuple((name, *map(str, row), str(sum(row))) for name, row in named.items()))
    chart = Chart(Bars(series, bars), texts.sentence("insights_desk_chart"), table)
    times = {"insights_desk_to_claim": found.to_claim, "insights_desk_to_resolve": found.to_resolve}
    return Chapter(title, [Text(said), chart, _times(times, found.total)])


def _facts(found: Decisions) -> Chart:
    """The facts that decided most often."""
    series = (
        Series(texts.sentence("insights_decided_rag"), Tone.MAIN),
        Series(texts.sentence("insights_decided_tuning"), Tone.SECOND),
        Series(texts.sentence("insights_spoke"), Tone.FAINT),
    )
    facts = found.ranked
    bars = tuple(Bar(_named(fact), _weighed(fact), f"{fact.decided:,}") for fact in facts)
    columns = header("insights_column_fact", "insights_column_spoke", "insights_column_decided")
    rows = ((_named(f), Share(f.spoke, found.total), Share(f.decided, f.spoke)) for f in facts)
    table = Table(columns, tuple((name, str(spoke), str(decided)) for name, spoke, decided in rows))
    return Chart(Bars(series, bars[:MOST_FACTS]), texts.sentence("insights_decisions_facts"), table)


def _named(fact: Weighed) -> str:
    return f"{fact.label}: {fact.option.text}"


def _weighed(fact: Weighed) -> tuple[int, int, int]:
    is_rag = fact.option.toward is Side.RAG
    return fact.decided * is_rag, fact.decided * (not is_rag), fact.spoke - fact.decided


def _stages(found: Funnel) -> Chart:
    """All interviews, the questions that were shown most, and those that came to the summary."""
    series = (
        Series(texts.sentence("insights_funnel_answered"), Tone.MAIN),
        Series(texts.sentence("insights_funnel_open"), Tone.LIGHT),
        Series(texts.sentence("insights_funnel_left"), Tone.SECOND),
        Series(texts.sentence("insights_funnel_whole"), Tone.FAINT),
    )
    questions, rows = found.interview.framework.questions, dict[str, tuple[int, int, int, int]]()
    rows[texts.sentence("insights_funnel_started")] = (0, 0, 0, found.started)
    if found.left[REVIEW]:
        rows[texts.sentence("insights_funnel_review")] = (0, 0, found.left[REVIEW], 0)
    for name, shown in ranked(found.shown):
        answered, left = found.answered[name], found.left[name]
        rows[questions[name].label] = (answered, shown - answered - left, left, 0)
    rows[texts.sentence("insights_funnel_finished")] = (0, 0, 0, found.finished)
    bars = tuple(Bar(label, parts, f"{sum(parts):,}") for label, parts in rows.items())
    columns = (*header("insights_column_question", "insights_column_shown"), *(one.name for one in series[:3]))
    table = Table(columns, tuple((label, str(sum(parts)), *map(str, parts[:3])) for label, parts in rows.items()))
    return Chart(Bars(series, bars), texts.sentence("insights_funnel_chart"), table)


def _times(times: dict[str, Times], total: int) -> Table:
    columns = header("insights_desk_times", "insights_column_requests", "insights_column_median", "insights_column_p90")
    rows = tuple(
        (texts.sentence(name), str(Share(len(one.minutes), total)), one.median, one.p90) for name, one in times.items()
    )
    return Table(columns, rows)
