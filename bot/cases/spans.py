"""Split a message into spans that can state a fact: its sentences, their clauses, and neighbouring clauses."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import sentencex

CLAUSE_BREAK = re.compile(
    r"(?<=[,;:])\s+|\n|\s+[-–—]+\s+|(?<=—)|(?<=\))\s+|\s+(?=\()"
    r"|\s(?=(?:but|and|because|though|although|while|whereas|so that|since|yet)\s)",
    re.IGNORECASE,
)
UNWRAPPED_LINE = re.compile(r"(?:[^\n]|(?<![.!?:;])\n(?=[a-z]))+")  # before a small letter, a line was only wrapped
CLAUSE_EDGES = " \t,;:-–—("
MIN_CLAUSE_WORDS = 3  # in a clause; shorter pieces stay with their neighbour
MAX_CLAUSES = 3  # side by side
MAX_LEAD_WORDS = 4  # words of a question that is answered at once: "Examples? We have none."


class Span(NamedTuple):
    """Characters `start` to `end` of a message; `sentence` numbers the sentences, `whole` marks a complete one."""

    start: int
    end: int
    sentence: int
    whole: bool


def find_spans(text: str) -> list[Span]:
    """All candidate spans, in reading order; a part that is also a whole sentence occurs as the sentence only."""
    found = dict[tuple[int, int], Span]()
    for number, (start, end) in enumerate(_sentences(text)):
        found.setdefault((start, end), Span(start, end, number, whole=True))
        parts = _clauses(text, start, end)
        for first in range(len(parts)):
            for last in range(first, min(first + MAX_CLAUSES, len(parts))):
                where = parts[first][0], parts[last][1]
                found.setdefault(where, Span(*where, number, whole=False))
    return sorted(found.values())


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    """The positions of the sentences; a short question and the answer after it are one."""
    lead = None
    for line in UNWRAPPED_LINE.finditer(text):
        position = line.start()
        for sentence in sentencex.segment("en", line[0]):
            stripped = sentence.strip()
            if not stripped:
                continue
            start = text.index(stripped, position)
            end = position = start + len(stripped)
            if stripped.endswith("?") and len(stripped.split()) <= MAX_LEAD_WORDS:
                lead = start if lead is None else lead
                continue
            yield (start if lead is None else lead), end
            lead = None
    if lead is not None:
        yield lead, len(text.rstrip())


def _clauses(text: str, start: int, end: int) -> list[tuple[int, int]]:
    cuts = [start, *(cut.end() for cut in CLAUSE_BREAK.finditer(text, start, end)), end]
    parts = list[tuple[int, int]]()
    for first, last in pairwise(cuts):
        piece = text[first:last]
        inner = piece.strip(CLAUSE_EDGES)
        if not inner:
            continue
        first += len(piece) - len(piece.lstrip(CLAUSE_EDGES))
        last = first + len(inner)
        if parts and (_few(text[first:last]) or _few(text[slice(*parts[-1])])):
            parts[-1] = (parts[-1][0], last)
        else:
            parts.append((first, last))
    return parts


def _few(piece: str) -> bool:
    return len(re.findall(r"\w+", piece)) < MIN_CLAUSE_WORDS
