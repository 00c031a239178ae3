"""The report: every part's table, on the screen and, when asked for, between the marks of a Markdown file."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tools.benchmarks.figures import HEADER, Figure
from tools.benchmarks.length import Length
from tools.evaluation.marked import between, replace, table

BEGIN, END = "<!-- bench:start -->", "<!-- bench:end -->"
TITLE = re.compile(r"^\*\*(.+?)(?:, (?:full|short))?\*\*$", re.MULTILINE)


@dataclass(frozen=True)
class Part:
    """A part of the report; one that `varies` is measured at one of two lengths, which its title then names."""

    title: str
    figures: Callable[[Length], list[Figure]]
    varies: bool = False

    def titled(self, length: Length) -> str:
        return f"{self.title}, {length.name}" if self.varies else self.title


def show(title: str, figures: Sequence[Figure]) -> None:
    """Prints a table."""
    shown = Table(*HEADER, title=title, title_justify="left")
    for figure in figures:
        shown.add_row(*figure.cells())
    Console().print(shown)


def record(path: Path, parts: Sequence[Part], part: Part, length: Length, figures: Sequence[Figure]) -> None:
    """Puts a part's table in the place of its last one; those of other parts stay. Raises InputError without marks."""
    kept = _tables(between(path, BEGIN, END))
    kept[part.title] = table(part.titled(length), HEADER, [figure.cells() for figure in figures])
    order = [each.title for each in parts]
    replace(path, BEGIN, END, "\n\n".join(kept[title] for title in order if title in kept))


def _tables(text: str) -> dict[str, str]:
    """The tables by the titles of their parts."""
    found = [*TITLE.finditer(text)]
    bounds = pairwise([*(one.start() for one in found), len(text)])
    return {one[1]: text[start:end].strip() for one, (start, end) in zip(found, bounds, strict=True)}
