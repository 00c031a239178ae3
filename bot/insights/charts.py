"""Charts as SVG that stands in a page: real text, and colours that the page sets, so that they turn with it.

Each is drawn for a width, since text must not shrink on a phone. One unit is one CSS pixel.
"""

import io
import re
import warnings
from textwrap import shorten
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from bot.answering.input import clean
from bot.insights.blocks import Bars, Columns, Tone

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDE, NARROW = 760, 330
UNITS = 72  # to an inch
FONT, SMALL, LETTER = 13, 11.5, 6.6  # sizes, and how wide a letter is
ROW, LABEL, BAR = 46, 17, 15  # of a lying bar: its whole height, its label's, its own
END = 96  # room for what is said at the end of the longest bar
TALL, FOOT, SIDE = 230, 26, 34  # of standing bars: the height, room below and beside for the labels
APART = 52  # between the labels below
STEPS = 4  # of the scale
INK, GRID = "#fefe01", "#fefe02"
TONES = {tone: f"#fefd{number:02x}" for number, tone in enumerate(Tone)}  # stand-ins that are replaced in the end
VARIABLES = {INK: "ink", GRID: "line"} | {colour: tone.value for tone, colour in TONES.items()}
NAMESPACE = re.compile(r"\{[^}]*\}")
QUIET = {"Date": None, "Creator": None, "Format": None, "Type": None}


def svg(drawing: Bars | Columns, width: int) -> str:
    """The drawing as an `<svg>` element of that width. Takes a second the first time."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    height = TALL if isinstance(drawing, Columns) else ROW * len(drawing.bars)
    figure = Figure(figsize=(width / UNITS, height / UNITS))
    figure.patch.set_visible(False)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.axis("off")
    if isinstance(drawing, Columns):
        _columns(axes, drawing, width)
    else:
        _bars(axes, drawing, width)
    file = io.StringIO()
    with rc_context({"svg.fonttype": "none"}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")  # the page's font has it, if any has
        figure.savefig(file, format="svg", metadata=QUIET)
    return _for_a_page(file.getvalue())


def _bars(axes: "Axes", drawing: Bars, width: int) -> None:
    most = max((sum(bar.parts) for bar in drawing.bars), default=0) or 1
    for row, bar in enumerate(drawing.bars):
        top, left = row * ROW, 0.0
        _text(axes, 0, top + LABEL - 4, shorten(bar.label, int(width / LETTER), placeholder=" …"))
        for series, part in zip(drawing.series, bar.parts, strict=True):
            long = part / most * (width - END)
            _rectangle(axes, left, top + LABEL + 2, long, BAR, TONES[series.tone])
            left += long
        _text(axes, left + 7, top + LABEL + 2 + BAR / 2, bar.said, va="center", weight="bold")


def _columns(axes: "Axes", drawing: Columns, width: int) -> None:
    scale = _scale(max(map(sum, drawing.parts), default=0))
    floor, room = TALL - FOOT, TALL - FOOT - FONT
    for value in scale:
        height = floor - value / scale[-1] * room
        axes.plot([SIDE, width], [height, height], color=GRID, linewidth=1, clip_on=False, zorder=0)
        _text(axes, SIDE - 6, height, f"{value:,}", ha="right", va="center", size=SMALL)
    each = (width - SIDE) / len(drawing.parts)
    every = -(-APART // each) if each < APART else 1  # so many columns share a label
    for column, (label, parts) in enumerate(zip(drawing.labels, drawing.parts, strict=True)):
        left, bottom = SIDE + column * each, float(floor)
        for series, part in zip(drawing.series, parts, strict=True):
            height = part / scale[-1] * room
            bottom -= height
            _rectangle(axes, left + each * 0.1, bottom, each * 0.8, height, TONES[series.tone])
        if column % every == 0 and left + APART / 2 < width:
            _text(axes, left + each * 0.1, TALL - 8, label, size=SMALL)


def _scale(most: int) -> list[int]:
    """The values that are written beside standing bars: round, whole, from 0 to what holds them all."""
    from matplotlib.ticker import MaxNLocator

    ticks = MaxNLocator(STEPS, integer=True, min_n_ticks=1).tick_values(0, max(most, 1))
    return [round(tick) for tick in ticks]


def _text(
    axes: "Axes", x: float, y: float, said: str, *, size: float = FONT, ha: str = "left", va: str = "baseline",
    weight: str = "normal",
) -> None:  # fmt: skip
    axes.text(x, y, clean(said), color=INK, fontsize=size, ha=ha, va=va, weight=weight, parse_math=False, clip_on=False)


def _rectangle(axes: "Axes", left: float, top: float, width: float, height: float, colour: str) -> None:
    from matplotlib.patches import Rectangle

    if width and height:
        axes.add_patch(Rectangle((left, top), width, height, facecolor=colour, linewidth=0, clip_on=False))


def _for_a_page(drawn: str) -> str:
    """What stands in the page: without names that another drawing may have, too, and without a style of its own."""
    root = ElementTree.fromstring(drawn)  # noqa: S314 it is matplotlib's
    for element in root.iter():
        element.tag = NAMESPACE.sub("", element.tag)
        element.attrib.pop("id", None)
    for styles in root.findall("defs"):
        root.remove(styles)
    root.attrib = {"viewBox": root.attrib["viewBox"], "aria-hidden": "true"}
    page = ElementTree.tostring(root, encoding="unicode")
    return re.sub("|".join(VARIABLES), lambda found: f"var(--{VARIABLES[found[0]]})", page)
