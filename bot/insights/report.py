"""The report: figures in the order in which one wants to know them."""

from bot import texts
from bot.insights import advising, asking
from bot.insights.blocks import Report, Tile
from bot.insights.gaps import Gaps
from bot.insights.gather import Figures
from bot.insights.shares import FEWEST_FOR_P90, FEWEST_FOR_PERCENT, Share
from bot.insights.traffic import Outcome
from bot.settings import Settings


def report(found: Figures, gaps: Gaps, settings: Settings, *, quotes: bool) -> Report:
    """The report on the figures; without `quotes`, no question is quoted."""
    traffic = found.traffic
    unanswered = Share(traffic.outcomes[Outcome.GAP], traffic.on_topic)
    until = f"{found.until.astimezone(traffic.zone):%d %B %Y, %H:%M}"
    if found.since:
        since = f"{found.since.astimezone(traffic.zone):%d %B %Y}"
        subtitle = texts.sentence("insights_since", since=since, until=until)
    else:
        subtitle = texts.sentence("insights_kept", until=until)
    return Report(
        title=texts.sentence("insights_title"),
        subtitle=subtitle,
        tiles=_tiles(found, gaps) if traffic.total else (),
        chapters=(
            asking.traffic(traffic),
            asking.gaps(gaps, unanswered, quotes=quotes),
            asking.topics(found.topics),
            advising.decisions(found.decisions),
            advising.funnel(found.funnel),
            asking.helpful(Share(traffic.helpful, traffic.rated), found.topics),
            advising.desk(found.desk),
        ),
        notes=(
            texts.sentence("insights_note_days", zone=settings.desk_timezone, days=settings.retention_days),
            texts.sentence("insights_note_small", fewest=FEWEST_FOR_PERCENT, few=FEWEST_FOR_P90),
            texts.sentence("insights_note_texts" if quotes else "insights_note_no_texts"),
        ),
    )


def _tiles(found: Figures, gaps: Gaps) -> tuple[Tile, ...]:
    """What is seen first."""
    traffic, outcomes = found.traffic, found.traffic.outcomes
    answered = Share(outcomes[Outcome.ANSWER] + outcomes[Outcome.ADVICE], traffic.on_topic)
    opinions = Share(traffic.helpful, traffic.rated)
    tiles = [
        _tile("insights_tile_messages", f"{traffic.total:,}", "insights_tile_people", people=len(traffic.people)),
        _tile("insights_tile_answered", _figure(answered), "insights_tile_answered_of", whole=f"{answered.whole:,}"),
        _tile(
            "insights_tile_gaps",
            f"{outcomes[Outcome.GAP]:,}",
            "insights_tile_gaps_of",
            groups=len(gaps.found),
            alone=gaps.alone,
        ),
        _tile("insights_tile_helpful", _figure(opinions), "insights_tile_helpful_of", whole=f"{opinions.whole:,}"),
    ]
    if found.funnel:
        ended = Share(found.funnel.finished, found.funnel.ended)
        whole = f"{ended.whole:,}"
        tiles.append(_tile("insights_tile_interviews", _figure(ended), "insights_tile_interviews_of", whole=whole))
    claimed = "insights_tile_requests_of" if found.desk.to_claim.minutes else "insights_tile_requests_none"
    requests = f"{found.desk.total:,}"
    return (*tiles, _tile("insights_tile_requests", requests, claimed, median=found.desk.to_claim.median))


def _tile(label: str, figure: str, said: str, **values: object) -> Tile:
    return Tile(texts.sentence(label), figure, texts.sentence(said, **values))


def _figure(share: Share) -> str:
    return share.headline if share.whole else texts.sentence("insights_nothing")
