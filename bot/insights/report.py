"""Render the report: one HTML page that needs no script, network or other file, or Markdown."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from itertools import count

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from bot import texts
from bot.guidance.article import Statement
from bot.handoff.request_forms import URGENCIES
from bot.insights.decisions import Decisions
from bot.insights.funnel import Funnel
from bot.insights.gaps import Gaps, Unanswered
from bot.insights.handoffs import RequestCounts
from bot.insights.ratios import FEWEST_FOR_P90, FEWEST_FOR_PERCENT, Ratio
from bot.insights.topics import Topics
from bot.insights.traffic import MessageOutcome, Traffic
from bot.messages.chart import NAMES
from bot.messages.formatting import escape_markdown, join_lines, remove_controls
from bot.settings import PACKAGE

# The parts of bars: the ends of their sentences' names, and their tones, which page.css sets in light and in dark.
OUTCOMES = dict(zip(map(str, MessageOutcome), ("main", "light", "second", "muted", "faint", "alarm"), strict=True))
STAGES = {"answered": "main", "open": "light", "left": "second", "whole": "faint"}
FACTS = {"decided_rag": "main", "decided_tuning": "second", "spoke": "faint"}
OPINIONS = {"yes": "main", "no": "second"}
URGENCY = dict(zip(URGENCIES, ("second", "main", "faint"), strict=True))
APPROACHES = dict(zip(NAMES, ("main", "second", "third", "muted"), strict=True))
MAX_ROWS = 10  # bars of sections, groups of questions
MAX_STATEMENTS, MAX_FACTS, LEAST_HELPFUL = 8, 8, 5
SCALE_STEPS = 4


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


@dataclass(frozen=True)
class Tile:
    """A key figure, its name, and the values it stands on."""

    figure: str
    label: str
    note: str


@dataclass(frozen=True)
class Part:
    """A part of a bar."""

    tone: str
    name: str
    count: int


def render_page(figures: ReportFigures, gaps: Gaps, *, quotes: bool) -> str:
    """Render the HTML page; without `quotes`, no question is quoted."""
    return _render("page.html", figures, gaps, quotes=quotes)


def render_markdown(figures: ReportFigures, gaps: Gaps, *, quotes: bool) -> str:
    """Render Markdown; without `quotes`, no question is quoted."""
    return _render("report.md", figures, gaps, quotes=quotes)


def markdown_text(value: object) -> str:
    """Escape a value as one line of Markdown that shows it as it is."""
    return escape_markdown(remove_controls(join_lines(str(value))))


def scale(largest: int) -> list[int]:
    """Return the values of an axis: round, from 0 to at least `largest`, with four steps at most."""
    steps = (factor * 10**power for power in count() for factor in (1, 2, 5))
    step = next(step for step in steps if step * SCALE_STEPS >= largest)
    return [step * n for n in range(max(1, -(-largest // step)) + 1)]


def _render(template: str, figures: ReportFigures, gaps: Gaps, *, quotes: bool) -> str:
    return _environment(template).get_template(template).render(
        figures=figures,
        traffic=figures.traffic,
        topics=figures.topics,
        gaps=gaps,
        quotes=quotes,
        period=_period(figures),
        traffic_lead=_traffic_lead(figures.traffic),
        tiles=_tiles(figures, gaps) if figures.traffic.total else (),
        notes=(
            texts.sentence("insights_note_days", zone=figures.traffic.zone, days=figures.retention_days),
            texts.sentence("insights_note_small", fewest=FEWEST_FOR_PERCENT, few=FEWEST_FOR_P90),
            texts.sentence("insights_note_texts" if quotes else "insights_note_no_texts"),
        ),
    )  # fmt: skip


@cache
def _environment(template: str) -> Environment:
    """Set up Jinja so that every value is escaped for the template's format."""
    is_page = template.endswith(".html")
    environment = Environment(
        loader=PackageLoader("bot.insights", "."),
        autoescape=is_page,  # noqa: S701 Markdown has an escaper of its own
        finalize=None if is_page else markdown_text,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        number="{:,}".format,
        path=lambda section: section.replace(" > ", " › "),
        day=lambda day: f"{day.day} {day:%b}",
        ranked=_ranked,
        total=Counter.total,
    )
    environment.globals |= {
        "say": texts.sentence,
        "ratio": Ratio,
        "scale": scale,
        "approaches": NAMES,
        "approach_parts": lambda counts: [Part(tone, NAMES[one], counts[one]) for one, tone in APPROACHES.items()],
        "outcome_parts": lambda counts: _parts("insights_outcome_", OUTCOMES, *map(counts.__getitem__, OUTCOMES)),
        "urgency_parts": lambda counts: _parts("urgency_", URGENCY, *map(counts.__getitem__, URGENCY)),
        "citation_parts": partial(_parts, "insights_", {"cited": "main"}),
        "fact_parts": partial(_parts, "insights_", FACTS),
        "opinion_parts": partial(_parts, "insights_helpful_", OPINIONS),
        "stage_parts": partial(_parts, "insights_funnel_", STAGES),
        "max_rows": MAX_ROWS,
        "max_statements": MAX_STATEMENTS,
        "max_facts": MAX_FACTS,
        "least_helpful": LEAST_HELPFUL,
        "style": Markup((PACKAGE / "insights" / "page.css").read_text("utf-8")),  # noqa: S704 our own file
    }
    return environment


def _parts(prefix: str, tones: Mapping[str, str], *counts: int) -> list[Part]:
    return [Part(tone, texts.sentence(prefix + name), n) for (name, tone), n in zip(tones.items(), counts, strict=True)]


def _ranked(counts: Counter[str]) -> list[tuple[str, int]]:
    """Sort by count, largest first, then by name."""
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _period(figures: ReportFigures) -> str:
    zone = figures.traffic.zone
    until = f"{figures.until.astimezone(zone):%d %B %Y, %H:%M}"
    if figures.since is None:
        return texts.sentence("insights_kept", until=until)
    return texts.sentence("insights_since", since=f"{figures.since.astimezone(zone):%d %B %Y}", until=until)


def _traffic_lead(traffic: Traffic) -> str:
    platforms = (
        texts.sentence("insights_traffic_place", platform=name.capitalize(), count=f"{number:,}")
        for name, number in _ranked(traffic.platforms)
    )
    return texts.sentence(
        "insights_traffic_text",
        total=f"{traffic.total:,}",
        people=f"{len(traffic.people):,}",
        homes=f"{len(traffic.homes):,}",
        platforms=", ".join(platforms),
        answered=traffic.answered,
    )


def _tiles(figures: ReportFigures, gaps: Gaps) -> list[Tile]:
    traffic, requests = figures.traffic, figures.requests
    tiles = [
        _tile("messages", f"{traffic.total:,}", "people", people=len(traffic.people)),
        _ratio_tile("answered", traffic.answered),
        _tile("gaps", f"{traffic.unanswered.part:,}", "gaps_of", groups=len(gaps.groups), alone=gaps.alone),
        _ratio_tile("helpful", traffic.opinions.ratio),
    ]
    if figures.funnel:
        tiles.append(_ratio_tile("interviews", figures.funnel.completion))
    claimed = "requests_of" if requests.to_claim.minutes else "requests_none"
    return [*tiles, _tile("requests", f"{requests.total:,}", claimed, median=requests.to_claim.median)]


def _ratio_tile(name: str, ratio: Ratio) -> Tile:
    figure = ratio.short if ratio.whole else texts.sentence("insights_nothing")
    return _tile(name, figure, f"{name}_of", whole=f"{ratio.whole:,}")


def _tile(name: str, figure: str, note: str, **values: object) -> Tile:
    label, note = texts.sentence(f"insights_tile_{name}"), texts.sentence(f"insights_tile_{note}", **values)
    return Tile(figure, label, note)
