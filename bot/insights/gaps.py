"""Group the questions that the guidance does not answer by meaning: a list of what to write next.

Average-linkage clusters of cosine distances: each question is near to its whole group, not only to one neighbour. As
all questions are about RAG and fine-tuning, the main directions of the guidance's own statements are removed first
(Mu and Viswanath, All-but-the-top, 2018).
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from bot.answering.input import clean
from bot.guidance.article import Statement
from bot.guidance.embedding import Embedder, Vectors
from bot.messages.formatting import join_lines, shorten
from bot.store.insights import MessageRecord

SAMPLE_SIZE = 1_000  # different questions that are compared; clustering takes the square of that
SUBJECT_DIRECTIONS = 2  # of the guidance, that are removed: RAG and fine-tuning
CLUSTER_DISTANCE = 0.65  # mean cosine distance from which questions are no longer about the same
EXAMPLES = 4  # questions shown of a group
MAX_EXAMPLE = 240  # characters
IDENTIFIERS = re.compile(
    r"<[@#!][^>]*>|(?<![\w.])@[\w.-]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\b[UW][A-Z0-9]{8,}\b|\b\d{15,}\b"
)


@dataclass(frozen=True)
class QuestionGroup:
    """Questions of one meaning: how many, of how many people, typical examples, and the nearest section."""

    questions: int
    people: int
    examples: tuple[str, ...]
    section: str


@dataclass(frozen=True)
class Gaps:
    """Groups, most people first; `alone` questions are in none. Of `different` questions, `compared` were grouped."""

    groups: tuple[QuestionGroup, ...]
    alone: int
    different: int
    compared: int


@dataclass
class Unanswered:
    """Unanswered questions, each once, with who asked it how often; of too many, a sample is grouped."""

    sample_size: int = SAMPLE_SIZE
    askers: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    texts: dict[str, str] = field(default_factory=dict)

    def add(self, message: MessageRecord) -> None:
        """Add a question, without the names and addresses in it."""
        text = clean(IDENTIFIERS.sub("…", message.text or "")).replace("...", "…")
        key = text.casefold().rstrip("?!. ")
        self.texts.setdefault(key, text)
        self.askers[key].append(message.asker)

    def group(self, embedder: Embedder, statements: Sequence[Statement]) -> Gaps:
        """Group the questions by meaning; `statements` are the guidance's."""
        keys = self._sample()
        if not keys:
            return Gaps((), 0, 0, 0)
        vectors = embedder.embed([self.texts[key] for key in keys])
        guidance = embedder.embed([statement.text for statement in statements])
        members = [np.flatnonzero(mask) for mask in _cluster(_without_subjects(vectors, guidance))]
        groups = [self._group([keys[n] for n in rows], vectors[rows], guidance, statements) for rows in members]
        wanted = sorted((group for group in groups if group.questions > 1), key=lambda g: (-g.people, -g.questions))
        return Gaps(tuple(wanted), sum(group.questions == 1 for group in groups), len(self.texts), len(keys))

    def _sample(self) -> list[str]:
        keys = list(self.texts)
        if len(keys) <= self.sample_size:
            return keys
        return [keys[n] for n in sorted(np.random.default_rng(0).choice(len(keys), self.sample_size, replace=False))]

    def _group(
        self, keys: Sequence[str], vectors: Vectors, guidance: Vectors, statements: Sequence[Statement]
    ) -> QuestionGroup:
        weights = np.array([len(self.askers[key]) for key in keys], np.float32)
        centre = weights @ vectors
        centre /= np.linalg.norm(centre) or 1
        texts = [self.texts[keys[n]] for n in typical(vectors, centre, EXAMPLES)]
        section = statements[int(np.argmax(guidance @ centre))].section
        people = {asker for key in keys for asker in self.askers[key]}
        examples = tuple(shorten(join_lines(text), MAX_EXAMPLE) for text in texts)
        return QuestionGroup(int(weights.sum()), len(people), examples, section)


def typical(vectors: Vectors, centre: Vectors, limit: int) -> list[int]:
    """Return the rows of the vector nearest to the centre, then of near ones that are least like those before.

    Maximal marginal relevance with equal weights (Carbonell and Goldstein, 1998).
    """
    relevance = vectors @ centre
    chosen = [int(np.argmax(relevance))]
    while len(chosen) < min(limit, len(vectors)):
        score = relevance - (vectors @ vectors[chosen].T).max(axis=1)
        score[chosen] = -np.inf
        chosen.append(int(np.argmax(score)))
    return chosen


def _without_subjects(vectors: Vectors, guidance: Vectors) -> Vectors:
    """Return unit vectors without the main directions of the guidance."""
    _, _, directions = np.linalg.svd(guidance, full_matrices=False)
    subjects = directions[:SUBJECT_DIRECTIONS]
    particular = vectors - vectors @ subjects.T @ subjects
    lengths = np.linalg.norm(particular, axis=1, keepdims=True)
    return np.asarray(particular / np.maximum(lengths, np.finfo(np.float32).tiny), np.float32)


def _cluster(vectors: Vectors) -> Sequence[np.ndarray]:
    """Return a mask of the rows for each cluster."""
    from scipy.cluster.hierarchy import fcluster, linkage

    if len(vectors) == 1:
        return [np.array([True])]
    labels = fcluster(linkage(vectors, "average", "cosine"), CLUSTER_DISTANCE, "distance")
    return [labels == label for label in np.unique(labels)]
