"""What a report is made of, however it is set: chapters of sentences, charts with their tables, and questions."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot import texts


class Tone(StrEnum):
    """A colour, by the part that it plays; the page says which it is in light and in dark."""

    MAIN = "main"
    SECOND = "second"
    THIRD = "third"
    LIGHT = "light"
    MUTED = "muted"
    FAINT = "faint"
    ALARM = "alarm"


@dataclass(frozen=True)
class Series:
    """One of the parts that bars consist of."""

    name: str
    tone: Tone


@dataclass(frozen=True)
class Bar:
    """One bar: the size of each part, and what is said at its end."""

    label: str
    parts: tuple[int, ...]
    said: str


@dataclass(frozen=True)
class Bars:
    """Lying bars, one below the other, each under its label."""

    series: tuple[Series, ...]
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Columns:
    """Standing bars in the order of time, each with its label; only some labels are written."""

    series: tuple[Series, ...]
    labels: tuple[str, ...]
    parts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str


@dataclass(frozen=True)
class Table:
    """Rows of text; the first column names the row."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Chart:
    """A picture, what it shows in one sentence, and the same as a table."""

    drawing: Bars | Columns
    title: str
    table: Table


@dataclass(frozen=True)
class Group:
    """Questions of one meaning: how large the group is, what is said of it, and some of them, the typical one first."""

    size: int
    said: str
    questions: tuple[str, ...]


@dataclass(frozen=True)
class Groups:
    """Groups in their order."""

    groups: tuple[Group, ...]


Block = Text | Table | Chart | Groups


@dataclass(frozen=True)
class Chapter:
    """One subject."""

    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Tile:
    """A figure that is seen first, and what it is a figure of."""

    label: str
    figure: str
    said: str


@dataclass(frozen=True)
class Report:
    """The whole of it."""

    title: str
    subtitle: str
    tiles: tuple[Tile, ...]
    chapters: tuple[Chapter, ...]
    notes: tuple[str, ...]


def header(*names: str) -> tuple[str, ...]:
    """The heads of a table's columns, which are fixed sentences of these names."""
    return tuple(map(texts.sentence, names))
