"""The decision framework: questions to a team, their options, and the sentences of the article behind each.

Two needs are weighed, knowledge (which speaks for RAG) and behaviour (for fine-tuning), and one gate is checked: are
there enough examples to train on?
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from bot.guidance.article import Statement


class Side(StrEnum):
    """The side that an answer speaks for; the values are part of the JSON contract."""

    RAG = "rag"
    FINE_TUNING = "fine-tuning"
    NEITHER = "neither"


class Approach(StrEnum):
    """A possible recommendation; the values are part of the JSON contract."""

    RAG = "rag"
    FINE_TUNING = "fine-tuning"
    HYBRID = "hybrid"
    NEED_MORE_INFO = "need-more-info"


class TrainingData(StrEnum):
    """An answer's statement on examples for fine-tuning."""

    ENOUGH = "enough"
    TOO_FEW = "too few"


class Evidence(NamedTuple):
    """A sentence of the article behind an answer; weight 0 if the answer sets it aside."""

    statement: Statement
    weight: int


@dataclass(frozen=True)
class Option:
    """An answer to a question. `criterion` names the fact it states; `at_least` is the number it begins at.

    `rules_out` is the side that such a team cannot take whatever it needs; `unless` are words beside which the option
    is not stated. One that `suffices` leads to its side as long as the examples for fine-tuning are not there; it makes
    no need beside them.
    """

    id: str
    text: str
    criterion: str
    toward: Side
    evidence: tuple[Evidence, ...]
    examples: TrainingData | None = None
    at_least: int | None = None
    rules_out: Side | None = None
    unless: tuple[str, ...] = ()
    suffices: bool = False

    @property
    def weight(self) -> int:
        return sum(evidence.weight for evidence in self.evidence)


@dataclass(frozen=True)
class Question:
    """A question to a team, and why it matters; `label` names it in two or three words."""

    id: str
    label: str
    text: str
    why: str
    options: Mapping[str, Option]

    def counted(self, number: float) -> str | None:
        """The option with `at_least` that a number belongs to, if any."""
        reached = [(o.at_least, o.id) for o in self.options.values() if o.at_least is not None and number >= o.at_least]
        return max(reached)[1] if reached else None


@dataclass(frozen=True)
class Step:
    """A next step, and the sentence of the article that it rests on."""

    text: str
    statement: Statement


@dataclass(frozen=True)
class Conclusion:
    """The wording of a recommendation and its first steps; `though`, if not empty, replaces `says` if both needs are
    met but the examples for fine-tuning are missing.
    """

    says: str
    steps: tuple[Step, ...]
    though: str = ""


@dataclass(frozen=True)
class Framework:
    """Questions, weights and conclusions. `decisive` is the weight at which one answer makes a need by itself.

    `outside` describes, by name, what neither approach is for.
    """

    version: int
    decisive: int
    questions: Mapping[str, Question]
    conclusions: Mapping[Approach, Conclusion]
    outside: Mapping[str, str]

    def option(self, question: str, option: str) -> Option:
        """An option by id. Raises KeyError for an unknown one."""
        return self.questions[question].options[option]

    @cached_property
    def statements(self) -> frozenset[Statement]:
        """Every sentence that is weighed, or that a step rests on."""
        weighed = {e.statement for q in self.questions.values() for o in q.options.values() for e in o.evidence}
        return frozenset(weighed | {step.statement for outcome in self.conclusions.values() for step in outcome.steps})
