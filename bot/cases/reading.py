"""Read a use case: the facts that a team states, in its own words.

The ranker scores every span of a message against all wordings; for each question a logistic regression judges the best
span by the features of `candidates.py`. Statements that are called undecided are no facts.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bot.cases.candidates import UNDECIDED, Candidate, CandidateFinder
from bot.cases.sayings import OUT_OF_SCOPE
from bot.cases.spans import Span, find_spans
from bot.deciding.framework import Framework, TrainingData
from bot.guidance.embedding import Vectors
from bot.guidance.ranking import Ranker

MIN_STATED = 0.4  # probability from which a fact counts as stated; by cross-validation over the voices
MIN_DOUBTFUL = 0.1  # probability from which it counts if a language model finds it stated, too
MIN_OUT_OF_SCOPE = 0.5  # the same for what neither approach is for
RIDGE = 10.0  # the judge's penalty on squared weights
NEWTON_STEPS = 12  # of which the last change nothing
FIRST_PERSON = re.compile(r"\b(?:we|our|ours|us|i|my|mine|me|i['’]m|we['’]\w+|i['’]\w+)\b", re.IGNORECASE)

CONJUNCTION = re.compile(r"(?:and|but|so|because|though|although|while|whereas|since|yet)\s+", re.IGNORECASE)
MAX_QUOTE_LENGTH = 240  # characters
INTERROGATIVE = re.compile(
    r"(?:^|[,;:]\s)\W*(?:(?:and|so|but|ok|hi|hey|hello|pls|please|quick q\w*)\W+)*(?:how|what|whats|which|who|whose"
    r"|why|when|where|is|are|isn|aren|do|does|did|can|could|should|shall|would|will|has|have you|any)\b",
    re.IGNORECASE,
)

_MANY = r"(?:\d[\d.,]*\s?k?\b|(?:tens of |hundreds of )?thousands\b)"
_OURS = r"(?:(?:the|our|any|those|about|around|some|at least|all) )*"
NOT_THERE = re.compile(  # a number of examples that a team does not have
    r"\b(?:(?:do not|don['’]?t|didn['’]?t) (?:yet |really |actually )?have|lack|lacking|without|(?:would )?need|needs"
    rf"|out of|(?:few|some|\d+) of|lost) {_OURS}{_MANY}",
    re.IGNORECASE,
)
OF_OTHER_THINGS = re.compile(
    rf"{_MANY} (?:\w+ ){{0,2}}?(?:documents|docs|pages|manuals|pdfs|employees|people|staff|members|customers|users"
    r"|clients|visitors|students|patients|products|hours|contracts|ms|milliseconds)\b",
    re.IGNORECASE,
)
CHECKED = re.compile(r"(?:check|review|label|annotat|rat|grad|verif|approv|curat|edit|correct)ed\b", re.IGNORECASE)

Embed = Callable[[Sequence[str]], Vectors]


@dataclass(frozen=True)
class Fact:
    """An option of a question that a message states, in its words: characters `start` to `end`."""

    question: str
    option: str
    words: str
    start: int
    end: int
    probability: float


@dataclass(frozen=True)
class CaseReading:
    """The facts of a message, in the order of the questions, and the doubtful ones.

    `outside`, of the question OUT_OF_SCOPE, is a request for what neither approach does.
    """

    facts: tuple[Fact, ...]
    doubtful: tuple[Fact, ...] = ()
    outside: Fact | None = None


@dataclass(frozen=True)
class Judge:
    """A logistic regression over the features of candidates, each array of shape (features,)."""

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    weights: NDArray[np.float64]
    offset: float

    @classmethod
    def learn(cls, features: Sequence[Sequence[float]], stated: Sequence[bool]) -> "Judge":
        """Train on candidates, `stated` marking those whose fact is really stated; both kinds must occur."""
        table = np.asarray(features, np.float64)
        mean, scale = table.mean(axis=0), table.std(axis=0)
        scale[scale == 0] = 1
        weights = _fit_logistic(np.column_stack([(table - mean) / scale, np.ones(len(table))]), np.asarray(stated))
        return cls(mean, scale, weights[:-1], float(weights[-1]))

    @classmethod
    def from_arrays(cls, kept: Mapping[str, NDArray[np.float64]]) -> "Judge":
        """Restore the judge from its `arrays`."""
        return cls(kept["mean"], kept["scale"], kept["weights"], float(kept["offset"]))

    def probability(self, candidate: Candidate) -> float:
        """The probability, from 0 to 1, that the candidate's fact is stated."""
        scaled = (np.asarray(candidate.features) - self.mean) / self.scale
        return float(1 / (1 + np.exp(-(scaled @ self.weights + self.offset))))

    def arrays(self) -> dict[str, ArrayLike]:
        """The parameters, to be saved."""
        return {"mean": self.mean, "scale": self.scale, "weights": self.weights, "offset": np.float64(self.offset)}


def _fit_logistic(table: NDArray[np.float64], stated: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Weights of a logistic regression by Newton's method; the last one, the constant's, is free of the penalty."""
    penalty = RIDGE * np.eye(table.shape[1])
    penalty[-1, -1] = 0
    weights = np.zeros(table.shape[1])
    for _ in range(NEWTON_STEPS):
        probability = 1 / (1 + np.exp(-np.clip(table @ weights, -30, 30)))
        curvature = (table.T * (probability * (1 - probability))) @ table + penalty
        weights -= np.linalg.solve(curvature, table.T @ (probability - stated) + penalty @ weights)
    return weights


class CaseReader:
    """Reads messages with a ranker and a judge trained on the voices in the corpus (`learning.py`)."""

    def __init__(self, framework: Framework, ranker: Ranker[str], judge: Judge) -> None:
        self.framework, self.ranker, self.judge = framework, ranker, judge
        self._candidates = CandidateFinder(framework, ranker.labels)

    def read(self, text: str, embed: Embed) -> CaseReading:
        """Read the facts that `text` states; a question that says nothing of the team states none."""
        return self.read_all([text], embed)[0]

    def read_all(self, texts: Sequence[str], embed: Embed) -> list[CaseReading]:
        """Read the facts that each text states; all are embedded together."""
        cut = [find_stating_spans(text) for text in texts]
        words = [text[span.start : span.end] for text, found in zip(texts, cut, strict=True) for span in found]
        if not words:
            return [CaseReading(()) for _ in texts]
        scores = self.ranker.scores(words, embed(words))
        ends = np.cumsum([0, *map(len, cut)])
        return [
            self._reading(text, found, scores[first:last]) if found else CaseReading(())
            for text, found, (first, last) in zip(texts, cut, pairwise(ends.tolist()), strict=True)
        ]

    def _reading(self, text: str, found: Sequence[Span], scores: NDArray[np.float32]) -> CaseReading:
        candidates = self._candidates.of(text, found, scores)
        rated = [_fact(text, c, self.judge.probability(c)) for c in candidates if self._holds(text, c, found)]
        facts = [fact for fact in rated if fact.question != OUT_OF_SCOPE and fact.probability >= MIN_DOUBTFUL]
        return CaseReading(
            tuple(fact for fact in facts if fact.probability >= MIN_STATED),
            tuple(fact for fact in facts if fact.probability < MIN_STATED),
            next(
                (fact for fact in rated if fact.question == OUT_OF_SCOPE and fact.probability >= MIN_OUT_OF_SCOPE), None
            ),
        )

    def _holds(self, text: str, found: Candidate, cut: Sequence[Span]) -> bool:
        """Return True unless the words call it undecided, or others in the sentence take it back."""
        if found.question == OUT_OF_SCOPE:
            return True
        sentence = next(span for span in cut if span.whole and span.sentence == found.span.sentence)
        beside = text[sentence.start : sentence.end].lower()
        option = self.framework.option(found.question, found.option)
        unless = option.unless
        if option.examples is TrainingData.ENOUGH and _counts_none(beside):
            return False
        return not UNDECIDED.search(text[found.span.start : found.span.end]) and not any(w in beside for w in unless)


def _counts_none(sentence: str) -> bool:
    """Return True if the number in a sentence counts missing examples, or other things."""
    return bool(NOT_THERE.search(sentence)) or bool(OF_OTHER_THINGS.search(sentence) and not CHECKED.search(sentence))


def _fact(text: str, found: Candidate, probability: float) -> Fact:
    """The fact, quoted without a leading conjunction or final stop, cut to MAX_QUOTE_LENGTH."""
    start, end = found.span.start, found.span.end
    if (before := CONJUNCTION.match(text[start:end])) and before.end() < end - start:
        start += before.end()
    if end - start > MAX_QUOTE_LENGTH:
        end = text.rfind(" ", start, start + MAX_QUOTE_LENGTH)
        end = start + MAX_QUOTE_LENGTH if end < 0 else end
    words = text[start:end].rstrip(" .,;:")
    words = words or text[start:end]
    return Fact(found.question, found.option, words, start, start + len(words), probability)


def find_stating_spans(text: str) -> list[Span]:
    """The spans of sentences that can state something: all but questions without a word about the asker."""
    found = find_spans(text)
    asking = {s.sentence for s in found if s.whole and _says_nothing(text[s.start : s.end])}
    return [span for span in found if span.sentence not in asking]


def _says_nothing(sentence: str) -> bool:
    return is_question(sentence) and not FIRST_PERSON.search(sentence)


def is_question(sentence: str) -> bool:
    """Return True if a sentence ends with a question mark or, without any mark, begins as a question."""
    bare = sentence.rstrip(" \"'”’)")
    return bare.endswith("?") or (not bare.endswith((".", "!", ";")) and bool(INTERROGATIVE.search(bare)))
