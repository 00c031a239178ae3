"""The report as one HTML file that needs nothing else: no script, no network, no other file."""

from functools import cache

from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from bot import texts
from bot.insights.blocks import Bars, Chart, Columns, Groups, Report, Series, Table, Text
from bot.insights.charts import NARROW, WIDE, svg
from bot.settings import PACKAGE


def page(report: Report) -> str:
    """The whole report; all that it says is escaped."""
    return _pages().get_template("page.html").render(report=report, as_table=texts.sentence("insights_table"))


@cache
def _pages() -> Environment:
    pages = Environment(
        loader=PackageLoader("bot.insights", "."), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    pages.globals["style"] = Markup((PACKAGE / "insights" / "page.css").read_text("utf-8"))  # noqa: S704 it is ours
    pages.globals["drawings"] = _drawings
    pages.globals["legend"] = _legend
    for name, kind in {"text": Text, "table": Table, "chart": Chart, "groups": Groups}.items():
        pages.tests[name] = lambda block, kind=kind: isinstance(block, kind)
    return pages


def _drawings(drawing: Bars | Columns) -> dict[str, Markup]:
    """The drawing for a page and for a phone."""
    return {name: Markup(svg(drawing, width)) for name, width in (("wide", WIDE), ("narrow", NARROW))}  # noqa: S704


def _legend(drawing: Bars | Columns) -> list[Series]:
    """What the colours mean, of those that are there, where there are several and the bars do not say it themselves."""
    rows = [bar.parts for bar in drawing.bars] if isinstance(drawing, Bars) else drawing.parts
    seen = [series for series, parts in zip(drawing.series, zip(*rows, strict=True), strict=True) if any(parts)]
    named = {bar.label for bar in drawing.bars} if isinstance(drawing, Bars) else set[str]()
    return [] if len(drawing.series) == 1 or named >= {series.name for series in seen} else seen
