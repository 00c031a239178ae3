"""Simple systems on the same dataset, to be beaten in the same run."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rank_bm25 import BM25Okapi
from sklearn.linear_model import LogisticRegression

from bot.guidance.embedding import Vectors
from bot.guidance.index import Document, Index
from bot.guidance.phrasings import ANSWERED_KINDS, UNANSWERED_KINDS, Kind, Label
from tools.evaluation.dataset import Dataset

Scores = NDArray[np.floating[Any]]  # of shape (texts, sections)


@dataclass(frozen=True)
class Baseline:
    """Shares between 0 and 1; `refusal` and `over_refusal` are None where there is nothing to refuse, or to learn it
    from, and for a system that never abstains.
    """

    name: str
    first: float
    within_three: float
    refusal: float | None = None
    over_refusal: float | None = None


def baselines(index: Index, dataset: Dataset) -> list[Baseline]:
    """Every baseline's figures on the questions and the unanswerable rows (small talk and injections aside).

    None without questions, or where all that could be cited stands in one section.
    """
    questions = [row.question for row in dataset.questions]
    others = [row.question for row in dataset.unanswerable if row.kind in ("near_topic", "off_topic")]
    systems = _Systems(index, index.embedder.embed(questions), index.embedder.embed(others))
    if not questions or len(systems.sections) < 2:
        return []
    mixed = systems.nearest_phrasing + systems.regression
    return [
        systems.ranked("BM25 over the statements", systems.bm25(questions), dataset),
        systems.ranked("MiniLM over the statements", systems.nearest_statement(), dataset),
        systems.ranked("Nearest phrasing", systems.nearest_phrasing, dataset),
        systems.ranked("Logistic regression over MiniLM", systems.regression, dataset, systems.refused),
        systems.ranked("Nearest phrasing and regression, mixed", mixed, dataset, systems.refused),
    ]


class _Systems:
    """The baselines over one index: questions' and unanswerable rows' vectors are given."""

    def __init__(self, index: Index, questions: Vectors, others: Vectors) -> None:
        self.index, self.questions, self.others = index, questions, others
        self.vectors = index.library.rows
        self.sections = list(dict.fromkeys(s.section for s in index.statements.values()))
        self.statements = list(index.statements.values())

    def ranked(
        self,
        name: str,
        scores: Scores,
        dataset: Dataset,
        refused: tuple[float | None, float | None] = (None, None),
    ) -> Baseline:
        best = [[self.sections[n] for n in row] for row in np.argsort(-scores, axis=1)[:, :3]]
        pairs = list(zip(best, dataset.questions, strict=True))
        first = np.mean([ranked[0] in row.sections for ranked, row in pairs])
        three = np.mean([bool(set(ranked) & set(row.sections)) for ranked, row in pairs])
        return Baseline(name, float(first), float(three), *refused)

    def bm25(self, questions: Sequence[str]) -> Scores:
        bm25 = BM25Okapi([_words(f"{s.section} {s.text}") for s in self.statements])
        return self._best([bm25.get_scores(_words(question)) for question in questions], self._owners)

    def nearest_statement(self) -> Scores:
        return self._best(self.questions @ self.vectors[: len(self.statements)].T, self._owners)

    @cached_property
    def nearest_phrasing(self) -> Scores:
        rows, sections = self._asked
        return self._best(self.questions @ self.vectors[rows].T, sections)

    @cached_property
    def regression(self) -> Scores:
        """Multinomial, over sections, from the answered phrasings."""
        rows, sections = self._asked
        model = LogisticRegression(C=10, max_iter=200)
        model.fit(self.vectors[rows], [self.sections.index(section) for section in sections])
        scores = np.zeros((len(self.questions), len(self.sections)))
        scores[:, model.classes_] = model.predict_proba(self.questions)
        return scores

    @cached_property
    def refused(self) -> tuple[float | None, float | None]:
        """Refusal recall and over-refusal of a logistic regression, answered phrasings against the negatives."""
        kinds = [document.labels[0].kind for document in self.index.library.documents]
        chosen = [n for n, kind in enumerate(kinds) if kind in ANSWERED_KINDS or kind in UNANSWERED_KINDS]
        if not any(kind in UNANSWERED_KINDS for kind in kinds):
            return None, None
        model = LogisticRegression(C=10, max_iter=200, class_weight="balanced")
        model.fit(self.vectors[chosen], [kinds[n] in ANSWERED_KINDS for n in chosen])
        recall, over = (
            float(np.mean(~model.predict(vectors))) if len(vectors) else None
            for vectors in (self.others, self.questions)
        )
        return recall, over

    @cached_property
    def _asked(self) -> tuple[list[int], list[str]]:
        """The documents that ask for a section, or are its statements, by number; and their sections."""
        found = [(n, section) for n, d in enumerate(self.index.library.documents) if (section := self._section(d))]
        return [n for n, _ in found], [section for _, section in found]

    @property
    def _owners(self) -> list[str]:
        return [statement.section for statement in self.statements]

    def _section(self, document: Document) -> str:
        return next((found for label in document.labels if (found := self._section_of(label))), "")

    def _section_of(self, label: Label) -> str:
        if label.kind is Kind.SECTION:
            return label.key
        return self.index.statements[label.key].section if label.kind is Kind.STATEMENT else ""

    def _best(self, scores: Sequence[Scores] | Scores, owners: Sequence[str]) -> Scores:
        """Each section's best score; `scores` has a column for each text, `owners` the sections of these."""
        table, owner = np.asarray(scores), np.array(owners)
        return np.stack([table[:, owner == section].max(axis=1) for section in self.sections], axis=1)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())
