"""Held-out phrasings: how well the ranker, trained on the others, understands wordings that it has not seen."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bot.guidance.embedding import Vectors
from bot.guidance.index import Document, Index, Library, make_faiss_index, training_rows
from bot.guidance.phrasings import UNANSWERED_KINDS, Kind
from bot.guidance.ranking import Ranker
from bot.guidance.search import Search, SearchResult


@dataclass(frozen=True)
class HoldoutScores:
    """Fractions; None if there were no such wordings.

    Of the wordings that the guidance answers: those with a right section cited first (`hit_1`), among the first three
    (`hit_3`), and those that are refused (`over_refused`) and cite nothing; of the others: those that are `refused`.
    """

    hit_1: float | None
    hit_3: float | None
    refused: float | None
    over_refused: float | None

    @property
    def quality(self) -> float:
        """The first hits plus the balanced accuracy of refusing, from 0 to 2."""
        return (self.hit_1 or 0) + ((self.refused or 0) + 1 - (self.over_refused or 0)) / 2


@dataclass(frozen=True)
class HoldOut:
    """The rows of the index's documents to train on, and those to score."""

    index: Index
    seen: list[int]
    held: list[int]

    @classmethod
    def of(cls, index: Index, held: Sequence[bool]) -> "HoldOut":
        """Hold out those of the phrasings; a wording that also occurs in a training row is not scored."""
        first = len(index.library.documents) - len(held)  # the statements come before the phrasings
        out = [first + n for n, is_held in enumerate(held) if is_held]
        rest = sorted(set(range(len(index.library.documents))).difference(out))
        seen = [rest[n] for n in training_rows([index.library.documents[row] for row in rest])]
        known = {index.library.documents[row].text for row in rest}
        return cls(index, seen, [row for row in out if index.library.documents[row].text not in known])

    def scores(self, vectors: Vectors) -> HoldoutScores:
        """Score the held-out wordings; `vectors` has a row for each document of the index."""
        if not np.isfinite(vectors).all():
            return HoldoutScores(0.0, 0.0, 0.0, 1.0)  # a model that diverged understands nothing
        documents = [self.index.library.documents[row] for row in self.seen]
        ranker = Ranker.learn([d.text for d in documents], vectors[self.seen], [d.labels for d in documents])
        library = Library(self.index.library.documents, make_faiss_index(vectors))
        statements = vectors[: len(self.index.statements)]
        index = replace(self.index, ranker=ranker, statement_vectors=statements, open_library=lambda: library)
        search = Search(index)
        held = [self.index.library.documents[row] for row in self.held]
        results = list(zip(held, search.find_all([d.text for d in held], vectors[self.held]), strict=True))
        asked = [(r, self._sections(d)) for d, r in results if d.labels[0].kind in (Kind.STATEMENT, Kind.SECTION)]
        return HoldoutScores(
            hit_1=_share(_hit(result, sections, 1) for result, sections in asked),
            hit_3=_share(_hit(result, sections, 3) for result, sections in asked),
            refused=_share(not r.answered for d, r in results if d.labels[0].kind in UNANSWERED_KINDS),
            over_refused=_share(not result.answered for result, _ in asked),
        )

    def _sections(self, document: Document) -> set[str]:
        statements = self.index.statements
        return {statements[key].section if kind is Kind.STATEMENT else key for kind, key in document.labels}


def _hit(result: SearchResult, sections: set[str], among: int) -> bool:
    cited = result.findings[:among] if result.answered else ()
    return any(finding.statement.section in sections for finding in cited)


def _share(values: Iterable[bool]) -> float | None:
    shares = list(values)
    return float(np.mean(shares)) if shares else None
