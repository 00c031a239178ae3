"""Held-out phrasings: what the ranker understands of wordings that it has not seen, after learning from the others."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bot.guidance.embedding import Vectors
from bot.guidance.index import Document, Index, make_faiss_index, training_rows
from bot.guidance.phrasings import UNANSWERED_KINDS, Kind
from bot.guidance.ranking import Ranker
from bot.guidance.search import Search, SearchResult


@dataclass(frozen=True)
class HoldoutScores:
    """Shares of 1, None where there is nothing to share.

    Of the wordings that the guidance answers: those with a right section cited first (`hit_1`), among the first three
    (`hit_3`), and those that are refused (`over_refused`) and so cite nothing; of the others those `refused`.
    """

    hit_1: float | None
    hit_3: float | None
    refused: float | None
    over_refused: float | None

    @property
    def quality(self) -> float:
        """From 0 to 2: the first hits plus the balanced accuracy of refusing."""
        return (self.hit_1 or 0) + ((self.refused or 0) + 1 - (self.over_refused or 0)) / 2


@dataclass(frozen=True)
class HoldOut:
    """The rows of the index's documents that are learned from, and those that are scored."""

    index: Index
    seen: list[int]
    held: list[int]

    @classmethod
    def of(cls, index: Index, held: Sequence[bool]) -> "HoldOut":
        """Holds out those of the phrasings; a wording that a seen row has too is not scored."""
        first = len(index.documents) - len(held)  # the statements come before the phrasings
        out = [first + n for n, is_held in enumerate(held) if is_held]
        kept = sorted(set(range(len(index.documents))).difference(out))
        seen = [kept[n] for n in training_rows([index.documents[row] for row in kept])]
        known = {index.documents[row].text for row in kept}
        return cls(index, seen, [row for row in out if index.documents[row].text not in known])

    def scores(self, vectors: Vectors) -> HoldoutScores:
        """How the held-out wordings are understood; `vectors` has a row for each document of the index."""
        if not np.isfinite(vectors).all():
            return HoldoutScores(0.0, 0.0, 0.0, 1.0)  # a model that diverged understands nothing
        documents = [self.index.documents[row] for row in self.seen]
        ranker = Ranker.learn([d.text for d in documents], vectors[self.seen], [d.labels for d in documents])
        search = Search(replace(self.index, ranker=ranker, vectors=make_faiss_index(vectors), elsewhere=None))
        held = [self.index.documents[row] for row in self.held]
        read = list(zip(held, search.read_all([d.text for d in held], vectors[self.held]), strict=True))
        asked = [(r, self._sections(d)) for d, r in read if d.labels[0].kind in (Kind.STATEMENT, Kind.SECTION)]
        return HoldoutScores(
            hit_1=_share(_hit(reading, sections, 1) for reading, sections in asked),
            hit_3=_share(_hit(reading, sections, 3) for reading, sections in asked),
            refused=_share(not r.answered for d, r in read if d.labels[0].kind in UNANSWERED_KINDS),
            over_refused=_share(not reading.answered for reading, _ in asked),
        )

    def _sections(self, document: Document) -> set[str]:
        statements = self.index.statements
        return {statements[key].section if kind is Kind.STATEMENT else key for kind, key in document.labels}


def _hit(reading: SearchResult, sections: set[str], among: int) -> bool:
    cited = reading.findings[:among] if reading.answered else ()
    return any(finding.statement.section in sections for finding in cited)


def _share(found: Iterable[bool]) -> float | None:
    values = list(found)
    return float(np.mean(values)) if values else None
