"""Cross-validation over the phrasings: a voice, or all wordings of some statements, is held out and tested."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from bot.guidance.index import Index, examples
from bot.guidance.phrasings import ANSWERED, UNANSWERED, Kind, Label, Phrasing
from bot.guidance.ranking import Ranker
from bot.guidance.search import Reading, Search

STATEMENT_FOLDS = 5


@dataclass(frozen=True)
class Held:
    """Shares over the held-out phrasings: right section first, within three citations, refused, refused wrongly."""

    name: str
    first: float | None
    within_three: float | None
    refusal: float | None
    over_refusal: float | None


def by_voice(index: Index, phrasings: Iterable[Phrasing]) -> Iterator[Held]:
    """Each voice held out in turn: how well is a stranger understood?"""
    phrasings = tuple(phrasings)
    for voice in sorted({phrasing.voice for phrasing in phrasings}):
        yield _hold_out(index, phrasings, voice, {n for n, p in enumerate(phrasings) if p.voice == voice})


def by_statement(index: Index, phrasings: Iterable[Phrasing]) -> Held:
    """All phrasings of every fifth statement held out in turn: what happens to a statement without phrasings?"""
    phrasings = tuple(phrasings)
    anchors = list(index.statements)
    folds = (frozenset(anchors[start::STATEMENT_FOLDS]) for start in range(STATEMENT_FOLDS))
    held = [{n for n, p in enumerate(phrasings) if any(label.key in fold for label in p.labels)} for fold in folds]
    return mean("statements", [_hold_out(index, phrasings, "", out) for out in held])


def mean(name: str, helds: list[Held]) -> Held:
    """The mean of each share, over those that have it."""
    names = ("first", "within_three", "refusal", "over_refusal")
    values = ([v for held in helds if (v := getattr(held, part)) is not None] for part in names)
    return Held(name, *(float(np.mean(found)) if found else None for found in values))


def _hold_out(index: Index, phrasings: tuple[Phrasing, ...], name: str, out: set[int]) -> Held:
    first = len(index.documents) - len(phrasings)  # the statements' own words come before the phrasings
    kept = [*range(first), *(first + n for n in range(len(phrasings)) if n not in out)]
    learned = [kept[n] for n in examples([index.documents[n] for n in kept])]
    vectors = index.vectors.reconstruct_n(0, index.vectors.ntotal)
    documents = [index.documents[n] for n in learned]
    ranker = Ranker.learn([d.text for d in documents], vectors[learned], [d.labels for d in documents])
    search = Search(replace(index, ranker=ranker))
    return _shares(
        index, name, [(phrasings[n], search.read(phrasings[n].text, vectors[first + n])) for n in sorted(out)]
    )


def _shares(index: Index, name: str, read: list[tuple[Phrasing, Reading]]) -> Held:
    answerable = [(p, r) for p, r in read if p.labels[0].kind in ANSWERED - {Kind.COMPARISON}]
    others = [r for p, r in read if p.labels[0].kind in UNANSWERED]
    cited = [
        ([f.statement.section for f in r.findings] if r.answered else [], _sections(index, p)) for p, r in answerable
    ]
    return Held(
        name,
        first=_mean(bool(set(sections[:1]) & right) for sections, right in cited),
        within_three=_mean(bool(set(sections[:3]) & right) for sections, right in cited),
        refusal=_mean(not reading.answered for reading in others),
        over_refusal=_mean(not reading.answered for _, reading in answerable),
    )


def _mean(hits: Iterable[bool]) -> float | None:
    values = list(hits)
    return float(np.mean(values)) if values else None


def _sections(index: Index, phrasing: Phrasing) -> set[str]:
    def section(label: Label) -> str:
        return label.key if label.kind is Kind.SECTION else index.statements[label.key].section

    return {section(label) for label in phrasing.labels}
