"""Cross-validation over the phrasings: a voice, or all wordings of some statements, is held out and tested."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from bot.guidance.holdout import HoldOut, HoldoutScores
from bot.guidance.index import Index
from bot.guidance.phrasings import Phrasing

STATEMENT_FOLDS = 5


@dataclass(frozen=True)
class Held:
    """What was held out, and how it was understood."""

    name: str
    understood: HoldoutScores


def by_voice(index: Index, phrasings: Sequence[Phrasing]) -> Iterator[Held]:
    """Each voice held out in turn: how well is a stranger understood?"""
    for voice in sorted({phrasing.voice for phrasing in phrasings}):
        yield Held(voice, _scores(index, [phrasing.voice == voice for phrasing in phrasings]))


def by_statement(index: Index, phrasings: Sequence[Phrasing]) -> Held:
    """All phrasings of every fifth statement held out in turn: what happens to a statement without phrasings?"""
    anchors = list(index.statements)
    folds = (frozenset(anchors[start::STATEMENT_FOLDS]) for start in range(STATEMENT_FOLDS))
    outs = [[any(label.key in fold for label in p.labels) for p in phrasings] for fold in folds]
    return mean("statements", [Held("", _scores(index, out)) for out in outs])


def mean(name: str, helds: Sequence[Held]) -> Held:
    """The mean of each share, over those that have it."""
    shares = [asdict(held.understood) for held in helds]
    found = {part: [share[part] for share in shares if share[part] is not None] for part in shares[0]}
    return Held(
        name, HoldoutScores(**{part: float(np.mean(values)) if values else None for part, values in found.items()})
    )


def _scores(index: Index, held: Sequence[bool]) -> HoldoutScores:
    return HoldOut.of(index, held).scores(index.library.rows)
