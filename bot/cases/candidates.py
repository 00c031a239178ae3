"""Candidate facts: for each question the best span of a message, with the features by which the judge decides.

A ranker has scored every span for everything that can be stated. Negation, hedges and numbers have features of their
own, since embeddings read them badly; so has the rest of the message, since a team that has thousands of examples also
says what they are to teach.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.cases.quantities import find_quantities
from bot.cases.sayings import IRRELEVANT, OUT_OF_SCOPE, UNSURE
from bot.cases.spans import Span
from bot.deciding.framework import Framework, Option, Side, TrainingData

Scores = NDArray[np.float32]  # of shape (spans, labels)

_ROUGH_NUMBER = (  # before a number “perhaps” only makes it a rough one
    r"\s+(?:\d|every\b|once\b|twice\b|(?:a|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty|thirty"
    r"|forty|fifty|sixty|seventy|eighty|ninety)(?: couple of)? (?:dozens?|hundred|thousand|million|times|or)\b)"
)
_UNDECIDED_WORDS = (
    rf"\b(?:might|(?:maybe|perhaps|possibly)(?!{_ROUGH_NUMBER})|not sure|unsure|no idea|who knows|undecided"
    r"|don['’]?t know(?: yet| whether| if)|nobody knows (?:whether|if)|hard to say|tbd|wait and see"
    r"|(?:not|(?:has|have|had|is)n['’]?t|nobody has) (?:yet )?(?:been )?decided)\b"
)
UNDECIDED = re.compile(_UNDECIDED_WORDS, re.IGNORECASE)  # what is said so is no fact
HEDGED = re.compile(
    rf"{_UNDECIDED_WORDS}|\b(?:may|could be|unclear|depends|probably|some ?day|one day|eventually|whether|if)\b",
    re.IGNORECASE,
)

NEGATION = re.compile(
    r"\b(?:no|not|never|nobody|none|nothing|without|neither|nor|hardly|barely|rarely|seldom|cannot|nowhere|zero)\b"
    r"|n['’]t\b",
    re.IGNORECASE,
)
DOUBLE = re.compile(rf"(?:{NEGATION.pattern})[^.!?]{{0,80}}?\b(?:without|unless)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Candidate:
    """The best option of one question (or of OUT_OF_SCOPE), the span that states it, and its features."""

    question: str
    option: str
    span: Span
    features: tuple[float, ...]

    @property
    def states(self) -> str:
        return f"{self.question}.{self.option}"


class CandidateFinder:
    """Finds candidates in messages; `labels` are the ranker's, in the order of its scores."""

    def __init__(self, framework: Framework, labels: Sequence[str]) -> None:
        self._framework = framework
        self._column = {label: number for number, label in enumerate(labels)}
        stated = {name: tuple(question.options) for name, question in framework.questions.items()}
        self.options = {**stated, **({OUT_OF_SCOPE: tuple(framework.outside)} if framework.outside else {})}
        self._places = [f"{name}.{option}" for name, options in self.options.items() for option in options]
        self._examples = self._labels(lambda option: option.examples is TrainingData.ENOUGH)
        self._behaviour = self._labels(lambda o: o.toward is Side.FINE_TUNING and o.weight >= framework.decisive)

    def of(self, text: str, spans: Sequence[Span], scores: Scores) -> list[Candidate]:
        """One candidate per question. `scores` has one row per span; there must be at least one."""
        own = {name: self._columns(scores, [f"{name}.{o}" for o in which]) for name, which in self.options.items()}
        best = {name: divmod(int(table.argmax()), table.shape[1]) for name, table in own.items()}
        common = tuple(float(own[name][place]) for name, place in best.items())
        found = list[Candidate]()
        for name, (row, number) in best.items():
            words = text[spans[row].start : spans[row].end]
            option, counts = self._counted(name, self.options[name][number], words)
            states = f"{name}.{option}"
            features = (
                *self._views(name, own[name], (row, number), spans, scores),
                float(negates(words)),
                float(bool(HEDGED.search(words))),
                float(np.log1p(len(words.split()))),
                *counts,
                *self._company(name, option, scores),
                *common,
                *(float(place == states) for place in self._places),
            )
            found.append(Candidate(name, option, spans[row], features))
        return found

    def _views(
        self, name: str, own: Scores, place: tuple[int, int], spans: Sequence[Span], scores: Scores
    ) -> Iterator[float]:
        """The best score; beside it the second best option's, those of "unsure", "irrelevant" and anything else in the
        span, and that of the same option in the whole sentence and on average in the message.
        """
        row, number = place
        sentence = next(n for n, span in enumerate(spans) if span.whole and span.sentence == spans[row].sentence)
        yield float(own[place])
        yield float(np.partition(own[row], -2)[-2]) if own.shape[1] > 1 else 0.0
        yield from self._columns(scores[[row]], [f"{name}.{UNSURE}", IRRELEVANT])[0].tolist()
        yield float(scores[row].max() - own[place])
        yield float(own[sentence, number])
        yield float(own[:, number].mean())

    def _counted(self, name: str, option: str, words: str) -> tuple[str, tuple[float, float]]:
        """The option that the number in the words belongs to, if options differ by number, and whether that number
        agrees or disagrees with the words' own option.
        """
        question = self._framework.questions.get(name)
        if question is None or question.options[option].at_least is None:
            return option, (0.0, 0.0)
        counted = question.counted(max(find_quantities(words), default=-1))
        if counted is None:
            return option, (0.0, 0.0)
        return counted, (float(counted == option), float(counted != option))

    def _company(self, name: str, option: str, scores: Scores) -> tuple[float, float]:
        """For a behaviour, how clearly there are examples to train on, and how clearly another behaviour is stated."""
        states = f"{name}.{option}"
        if states not in self._behaviour:
            return 0.0, 0.0
        others = [label for label in self._behaviour if not label.startswith(f"{name}.")]
        return self._most(scores, self._examples), self._most(scores, others)

    def _labels(self, chosen: Callable[[Option], bool]) -> list[str]:
        questions = self._framework.questions.values()
        return [f"{question.id}.{o.id}" for question in questions for o in question.options.values() if chosen(o)]

    def _most(self, scores: Scores, labels: Sequence[str]) -> float:
        return float(self._columns(scores, labels).max()) if labels else 0.0

    def _columns(self, scores: Scores, labels: Sequence[str]) -> Scores:
        """The scores of some labels, zeros for a label without examples."""
        chosen = np.zeros((len(scores), len(labels)), np.float32)
        for place, label in enumerate(labels):
            if label in self._column:
                chosen[:, place] = scores[:, self._column[label]]
        return chosen


def negates(text: str) -> bool:
    """Return True if a text holds a negation that no second one cancels."""
    return bool(NEGATION.search(DOUBLE.sub(" ", text)))
