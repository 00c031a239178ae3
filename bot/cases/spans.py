"""A message cut into what can state a fact: its sentences, their clauses, and clauses side by side."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import sentencex

CUT = re.compile(
    r"(?<=[,;:])\s+|\n|\s+[-–—]+\s+|(?<=—)|(?<=\))\s+|\s+(?=\()"
    r"|\s(?=(?:but|and|because|though|although|while|whereas|so that|since|yet)\s)",
    re.IGNORECASE,
)
LINE = re.compile(r"(?:[^\n]|(?<![.!?:;])\n(?=[a-z]))+")  # a line that a small letter goes on with was only wrapped
EDGES = " \t,;:-–—("
FEWEST_WORDS = 3  # in a clause; shorter pieces stay with their neighbour
MOST_CLAUSES = 3  # side by side
LONGEST_LEAD = 4  # words of a question that is answered at once: "Examples? We have none."


class Span(NamedTuple):
    """Characters `start` to `end` of a message; `sentence` counts the sentences, `whole` says that it is all of one."""

    start: int
    end: int
    sentence: int
    whole: bool


def spans(text: str) -> list[Span]:
    """Every candidate, in reading order; a part that is also a whole sentence is given as the sentence only."""
    found = dict[tuple[int, int], Span]()
    for number, (start, end) in enumerate(_sentences(text)):
        found.setdefault((start, end), Span(start, end, number, whole=True))
        parts = _clauses(text, start, end)
        for first in range(len(parts)):
            for last in range(first, min(first + MOST_CLAUSES, len(parts))):
                where = parts[first][0], parts[last][1]
                found.setdefault(where, Span(*where, number, whole=False))
    return sorted(found.values())


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    """Where each sentence is; a short question is one with the answer that follows it."""
    lead = None
    for line in LINE.finditer(text):
        position = line.start()
        for sentence in sentencex.segment("en", line[0]):
            stripped = sentence.strip()
            if not stripped:
                continue
            start = text.index(stripped, position)
            end = position = start + len(stripped)
            if stripped.endswith("?") and len(stripped.split()) <= LONGEST_LEAD:
                lead = start if lead is None else lead
                continue
            yield (start if lead is None else lead), end
            lead = None
    if lead is not None:
        yield lead, len(text.rstrip())


def _clauses(text: str, start: int, end: int) -> list[tuple[int, int]]:
    cuts = [start, *(cut.end() for cut in CUT.finditer(text, start, end)), end]
    parts = list[tuple[int, int]]()
    for first, last in pairwise(cuts):
        piece = text[first:last]
        inner = piece.strip(EDGES)
        if not inner:
            continue
        first += len(piece) - len(piece.lstrip(EDGES))
        last = first + len(inner)
        if parts and (_few(text[first:last]) or _few(text[slice(*parts[-1])])):
            parts[-1] = (parts[-1][0], last)
        else:
            parts.append((first, last))
    return parts


def _few(piece: str) -> bool:
    return len(re.findall(r"\w+", piece)) < FEWEST_WORDS
