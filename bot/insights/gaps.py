"""What the guidance does not answer: abstained questions that mean the same, as a list of what to write next.

Average-linkage clusters of cosine distances: each question is near to its whole group, not only to a neighbour that is
near to another. All of them speak of RAG and fine-tuning, which says nothing of what they ask: the main directions of
the guidance's own statements are taken out before (Mu and Viswanath, All-but-the-top, 2018).
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from textwrap import shorten

import numpy as np

from bot.answering.input import clean
from bot.guidance.article import Statement
from bot.guidance.embedding import Embedder, Vectors
from bot.store.insights import Asked

MOST_EMBEDDED = 1_000  # different questions; of more, a sample of that many
SUBJECTS = 2  # directions of the guidance that are taken out: RAG and fine-tuning
APART = 0.65  # mean cosine distance, of what is left, from which questions are no longer about the same
SHOWN = 4  # questions of a group: the most typical one, and what else it holds
LONGEST = 240  # characters of a question that are shown
NAMES = re.compile(r"<[@#!][^>]*>|(?<![\w.])@[\w.-]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\b[UW][A-Z0-9]{8,}\b|\b\d{15,}\b")


@dataclass(frozen=True)
class Gap:
    """Questions of one meaning: how many, of how many people, the typical ones first. `near` is the nearest section."""

    questions: int
    people: int
    typical: tuple[str, ...]
    near: str


@dataclass(frozen=True)
class Gaps:
    """The groups, most wanted first. `alone` are like no other; `embedded` of `different` ones were compared."""

    found: tuple[Gap, ...]
    alone: int
    different: int
    embedded: int


@dataclass
class Unanswered:
    """Questions without an answer, each once, with who asked it how often."""

    askers: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    texts: dict[str, str] = field(default_factory=dict)

    def add(self, asked: Asked) -> None:
        """Keeps one more question, without the names in it."""
        text = NAMES.sub("…", clean(asked.text or ""))
        key = text.casefold().rstrip("?!. ")
        self.texts.setdefault(key, text)
        self.askers[key].append(asked.asker)

    def grouped(self, embedder: Embedder, statements: Sequence[Statement]) -> Gaps:
        """The questions by meaning; `statements` are the guidance's."""
        keys = _sample(list(self.texts))
        if not keys:
            return Gaps((), 0, 0, 0)
        vectors = embedder.embed([self.texts[key] for key in keys])
        guidance = embedder.embed([statement.text for statement in statements])
        groups = [np.flatnonzero(mask) for mask in _members(_without_subjects(vectors, guidance))]
        found = [self._gap([keys[n] for n in group], vectors[group], guidance, statements) for group in groups]
        wanted = sorted((gap for gap in found if gap.questions > 1), key=lambda gap: (-gap.people, -gap.questions))
        return Gaps(tuple(wanted), sum(gap.questions == 1 for gap in found), len(self.texts), len(keys))

    def _gap(self, keys: Sequence[str], vectors: Vectors, guidance: Vectors, statements: Sequence[Statement]) -> Gap:
        weights = np.array([len(self.askers[key]) for key in keys], np.float32)
        centre = weights @ vectors
        centre /= np.linalg.norm(centre) or 1
        texts = [self.texts[keys[n]] for n in typical(vectors, centre, SHOWN)]
        nearest = statements[int(np.argmax(guidance @ centre))].section
        people = {asker for key in keys for asker in self.askers[key]}
        shown = tuple(shorten(text, LONGEST, placeholder=" …") for text in texts)
        return Gap(int(weights.sum()), len(people), shown, nearest)


def typical(vectors: Vectors, centre: Vectors, most: int) -> list[int]:
    """The question nearest to the centre, then those near to it that are least like what is chosen already.

    Maximal marginal relevance with equal weights (Carbonell and Goldstein, 1998).
    """
    relevance = vectors @ centre
    chosen = [int(np.argmax(relevance))]
    while len(chosen) < min(most, len(vectors)):
        score = relevance - (vectors @ vectors[chosen].T).max(axis=1)
        score[chosen] = -np.inf
        chosen.append(int(np.argmax(score)))
    return chosen


def _sample(keys: list[str]) -> list[str]:
    if len(keys) <= MOST_EMBEDDED:
        return keys
    chosen = np.random.default_rng(0).choice(len(keys), MOST_EMBEDDED, replace=False)
    return [keys[n] for n in sorted(chosen)]


def _without_subjects(vectors: Vectors, guidance: Vectors) -> Vectors:
    """What is particular to each question, as unit vectors."""
    _, _, directions = np.linalg.svd(guidance, full_matrices=False)
    subjects = directions[:SUBJECTS]
    particular = vectors - vectors @ subjects.T @ subjects
    lengths = np.linalg.norm(particular, axis=1, keepdims=True)
    return np.asarray(particular / np.maximum(lengths, np.finfo(np.float32).tiny), np.float32)


def _members(vectors: Vectors) -> Sequence[np.ndarray]:
    """For each group, which of the rows belong to it."""
    from sklearn.cluster import AgglomerativeClustering

    if len(vectors) == 1:
        return [np.array([True])]
    clusters = AgglomerativeClustering(None, metric="cosine", linkage="average", distance_threshold=APART)
    labels = clusters.fit_predict(vectors)
    return [labels == label for label in range(labels.max() + 1)]
