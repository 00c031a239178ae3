"""Simple systems on the same dataset, to be beaten in the same run."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rank_bm25 import BM25Okapi
from sklearn.linear_model import LogisticRegression

from bot.evaluation.dataset import Dataset
from bot.guidance.embedding import Vectors
from bot.guidance.index import Document, Index
from bot.guidance.phrasings import ANSWERED, UNANSWERED, Kind, Label

Scores = NDArray[np.floating[Any]]  # of shape (texts, sections)


@dataclass(frozen=True)
class Baseline:
    """Shares between 0 and 1; `refusal` and `over_refusal` are None for a system that never abstains."""

    name: str
    first: float
    within_three: float
    refusal: float | None = None
    over_refusal: float | None = None


def baselines(index: Index, dataset: Dataset) -> list[Baseline]:
    """Every baseline's figures on the questions and the unanswerable rows (small talk and injections aside)."""
    questions = [row.question for row in dataset.questions]
    others = [row.question for row in dataset.unanswerable if row.kind in ("near_topic", "off_topic")]
    if not questions:
        return []
    systems = _Systems(index, index.embedder.embed(questions), index.embedder.embed(others or ["-"]))
    return [
        systems.ranked("BM25 over the statements", systems.bm25(questions), dataset),
        systems.ranked("MiniLM over the statements", systems.nearest_statement(), dataset),
        systems.ranked("Nearest phrasing", systems.nearest_phrasing(), dataset),
        systems.ranked("Logistic regression over MiniLM", systems.regression(), dataset, systems.answerable()),
        systems.ranked("Nearest phrasing and regression, mixed", systems.mixed(), dataset, systems.answerable()),
    ]


class _Systems:
    """The baselines over one index: questions' and unanswerable rows' vectors are given."""

    def __init__(self, index: Index, questions: Vectors, others: Vectors) -> None:
        self.index, self.questions, self.others = index, questions, others
        self.vectors: Vectors = index.vectors.reconstruct_n(0, index.vectors.ntotal)
        self.sections = list(dict.fromkeys(s.section for s in index.statements.values()))
        self.statements = list(index.statements.values())
        self._regression: LogisticRegression | None = None

    def ranked(
        self, name: str, scores: Scores, dataset: Dataset, refused: tuple[float, float] | None = None
    ) -> Baseline:
        best = [[self.sections[n] for n in row] for row in np.argsort(-scores, axis=1)[:, :3]]
        pairs = list(zip(best, dataset.questions, strict=True))
        first = np.mean([ranked[0] in row.sections for ranked, row in pairs])
        three = np.mean([bool(set(ranked) & set(row.sections)) for ranked, row in pairs])
        return Baseline(name, float(first), float(three), *(refused or ()))

    def bm25(self, questions: Sequence[str]) -> Scores:
        bm25 = BM25Okapi([_words(f"{s.section} {s.text}") for s in self.statements])
        return self._best([bm25.get_scores(_words(question)) for question in questions], self.statements)

    def nearest_statement(self) -> Scores:
        return self._best(self.questions @ self.vectors[: len(self.statements)].T, self.statements)

    def nearest_phrasing(self) -> Scores:
        asked = [(n, self._section(d)) for n, d in enumerate(self.index.documents) if self._section(d)]
        similar = self.questions @ self.vectors[[n for n, _ in asked]].T
        return self._pool(similar, [section for _, section in asked], np.max)

    def regression(self) -> Scores:
        """Multinomial, over sections, from the answered phrasings."""
        asked = [(n, self._section(d)) for n, d in enumerate(self.index.documents) if self._section(d)]
        model = LogisticRegression(C=10, max_iter=200)
        model.fit(self.vectors[[n for n, _ in asked]], [self.sections.index(section) for _, section in asked])
        scores = np.zeros((len(self.questions), len(self.sections)))
        scores[:, model.classes_] = model.predict_proba(self.questions)
        return scores

    def mixed(self) -> Scores:
        return self.nearest_phrasing() + self.regression()

    def answerable(self) -> tuple[float, float]:
        """Refusal recall and over-refusal of a logistic regression, answered phrasings against the negatives."""
        kinds = [document.labels[0].kind for document in self.index.documents]
        chosen = [n for n, kind in enumerate(kinds) if kind in ANSWERED or kind in UNANSWERED]
        if self._regression is None:
            model = LogisticRegression(C=10, max_iter=200, class_weight="balanced")
            self._regression = model.fit(self.vectors[chosen], [kinds[n] in ANSWERED for n in chosen])
        refused = [~self._regression.predict(vectors) for vectors in (self.others, self.questions)]
        return float(np.mean(refused[0])), float(np.mean(refused[1]))

    def _section(self, document: Document) -> str:
        return next((found for label in document.labels if (found := self._section_of(label))), "")

    def _section_of(self, label: Label) -> str:
        if label.kind is Kind.SECTION:
            return label.key
        return self.index.statements[label.key].section if label.kind is Kind.STATEMENT else ""

    def _best(self, scores: Sequence[Scores] | Scores, statements: Sequence[object]) -> Scores:
        return self._pool(np.asarray(scores), [s.section for s in self.statements[: len(statements)]], np.max)

    def _pool(self, scores: Scores, owners: list[str], pool: Callable[..., Scores]) -> Scores:
        owner = np.array(owners)
        return np.stack([pool(scores[:, owner == section], axis=1) for section in self.sections], axis=1)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())
