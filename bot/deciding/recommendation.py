"""A recommendation: the approach that answers lead to, with the reasons for and against it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations, product
from math import prod

from bot.deciding.framework import Approach, Option, Question, Side, Step
from bot.deciding.outlook import Answers, Outlook
from bot.guidance.article import Statement

MIN_SURE, MIN_LIKELY = 0.75, 0.5  # confidence from which it is called so
OBSTACLE_FACTOR = 0.5  # of the confidence remains when something rules out what is recommended
APPROACH_SIDES = {
    Approach.RAG: {Side.RAG},
    Approach.FINE_TUNING: {Side.FINE_TUNING},
    Approach.HYBRID: {Side.RAG, Side.FINE_TUNING},
    Approach.NEED_MORE_INFO: set[Side](),
}


@dataclass(frozen=True)
class Reason:
    """An answer beside one sentence of the article. `because` holds the user's own words, or the answer's.

    `weight` is what the sentence adds toward that side; 0 if the answer sets the sentence aside.
    """

    question: str
    criterion: str
    toward: Side
    weight: int
    statement: Statement
    because: str


class Doubt(StrEnum):
    """The causes that lower a recommendation's confidence."""

    OPEN = "open"  # questions that are still open could change the outcome
    AGAINST = "against"  # some of what was said speaks for the other approach
    OBSTACLE = "obstacle"  # something that was said rules it out
    READING = "reading"  # it is not sure that this was said


@dataclass(frozen=True)
class Support:
    """The total weight of the reasons toward each side."""

    rag: int
    fine_tuning: int

    def toward(self, side: Side) -> int:
        return {Side.RAG: self.rag, Side.FINE_TUNING: self.fine_tuning, Side.NEITHER: 0}[side]


@dataclass(frozen=True)
class AnswerChange:
    """A changed answer to a question; `before` is None if there was none."""

    question: str
    before: str | None
    after: str


@dataclass(frozen=True)
class Flip:
    """Answers that, changed together, lead to another approach."""

    changes: tuple[AnswerChange, ...]
    approach: Approach


@dataclass(frozen=True)
class Recommendation:
    """The approach that answers lead to.

    `confidence`, from 0 to 1, is 0 while the outcome is open. Otherwise it is the share of the questions that cannot
    change the outcome on their own, times the share of the weights that speaks for the approach, halved by an obstacle.
    `missing` are the unanswered questions, the most decisive first, of which `deciding` can still change the outcome;
    `flips` all smallest changes to another approach; `obstacles` the questions whose answers rule out what is
    recommended all the same. `outside` names the kind of case if neither approach is meant for it; `doubt` is what
    lowers the confidence most.
    """

    approach: Approach
    confidence: float
    support: Support
    reasons: tuple[Reason, ...]
    missing: tuple[str, ...]
    deciding: tuple[str, ...]
    flips: tuple[Flip, ...]
    steps: tuple[Step, ...]
    obstacles: tuple[str, ...] = ()
    outside: str | None = None
    doubt: Doubt | None = None

    def speaking(self, *, for_it: bool) -> list[Reason]:
        """The reasons toward what is recommended, or those against it; for an open outcome, all are for it."""
        sides = APPROACH_SIDES[self.approach] or {Side.RAG, Side.FINE_TUNING}
        speaks = {r: r.toward in sides and r.question not in self.obstacles for r in self.reasons}
        return [r for r in self.reasons if r.toward is not Side.NEITHER and speaks[r] is for_it]

    @property
    def set_aside(self) -> list[Reason]:
        """The answers that set their sentences aside."""
        return [reason for reason in self.reasons if reason.toward is Side.NEITHER]

    def to_dict(self) -> dict[str, object]:
        """JSON values in the shape of the contract (`rag-or-tune ask --json`)."""
        return {
            "approach": self.approach,
            "confidence": self.confidence,
            "support": {"rag": self.support.rag, "fine_tuning": self.support.fine_tuning},
            "reasons": [
                {
                    "criterion": reason.criterion,
                    "toward": reason.toward,
                    "weight": reason.weight,
                    "section": reason.statement.section,
                    "quote": reason.statement.text,
                    "because": reason.because,
                }
                for reason in self.reasons
            ],
            "missing": list(self.missing),
            "flips": [
                {
                    "changes": [{"question": c.question, "from": c.before, "to": c.after} for c in flip.changes],
                    "approach": flip.approach,
                }
                for flip in self.flips
            ],
            "next_steps": [
                {"text": step.text, "section": step.statement.section, "quote": step.statement.text}
                for step in self.steps
            ],
        }


def recommend(
    outlook: Outlook,
    answers: Answers,
    words: Mapping[str, str] | None = None,
    outside: str | None = None,
    trust: float = 1.0,
) -> Recommendation:
    """Recommend an approach for `answers`; `words` are the user's own, by question, where there are any.

    `trust`, from 0 to 1, is the certainty of the answers; it lowers the confidence. Raises KeyError for an unknown
    question or option.
    """
    framework = outlook.framework
    approach = Approach.NEED_MORE_INFO if outside else outlook.approach(answers)
    reasons = tuple(_reasons(framework.questions, answers, words or {}))
    support = Support(_total(reasons, Side.RAG), _total(reasons, Side.FINE_TUNING))
    unknown = [name for name in framework.questions if answers.get(name) is None]
    known = {name: option for name, option in answers.items() if option is not None}
    deciding = outlook.deciding(known)
    obstacles = tuple(
        name
        for name in framework.questions
        if name in known and framework.option(name, known[name]).rules_out in APPROACH_SIDES[approach]
    )
    shares = {
        **_shares(outlook, known, approach, support),
        Doubt.OBSTACLE: OBSTACLE_FACTOR if obstacles else 1.0,
        Doubt.READING: trust,
    }
    return Recommendation(
        approach=approach,
        confidence=0.0 if approach is Approach.NEED_MORE_INFO else round(prod(shares.values()), 2),
        support=support,
        reasons=reasons,
        missing=(*deciding, *(name for name in unknown if name not in deciding)),
        deciding=tuple(deciding),
        flips=() if outside else tuple(find_smallest_flips(outlook, known)),
        steps=framework.conclusions[approach].steps,
        obstacles=obstacles,
        outside=outside,
        doubt=min(shares, key=lambda doubt: shares[doubt]) if min(shares.values()) < 1 else None,
    )


def find_smallest_flips(outlook: Outlook, answers: Mapping[str, str]) -> list[Flip]:
    """Every change of the fewest answers (answering an open question counts as one) that leads to another approach.

    `answers` holds no "don't know". Raises KeyError for an unknown id.
    """
    here = outlook.approach(answers)
    questions = outlook.framework.questions
    for size in range(1, len(questions) + 1):
        flips = [flip for names in combinations(questions, size) for flip in _flips(outlook, answers, names, here)]
        if flips:
            return flips
    return []


def _flips(outlook: Outlook, answers: Mapping[str, str], names: Sequence[str], here: Approach) -> Iterator[Flip]:
    """The ways to change the answers to all of `names` that lead to another approach."""
    rest = outlook.state({name: option for name, option in answers.items() if name not in names})
    others = ([o for o in outlook.framework.questions[name].options if o != answers.get(name)] for name in names)
    for options in product(*others):
        state = rest
        for name, option in zip(names, options, strict=True):
            state = outlook.after(state, name, option)
        there = outlook.approach_at(state)
        if there is not here:
            changes = zip(names, options, strict=True)
            yield Flip(tuple(AnswerChange(name, answers.get(name), option) for name, option in changes), there)


def _reasons(questions: Mapping[str, Question], answers: Answers, words: Mapping[str, str]) -> Iterator[Reason]:
    for name in answers:
        if name not in questions:
            raise KeyError(name)
    for name, question in questions.items():  # in their order, whatever the order of the answers
        chosen = answers.get(name)
        if chosen is not None:
            option: Option = question.options[chosen]
            because = words.get(name, option.text)
            for statement, weight in option.evidence:
                yield Reason(name, option.criterion, option.toward, weight, statement, because)


def _total(reasons: Sequence[Reason], side: Side) -> int:
    return sum(reason.weight for reason in reasons if reason.toward is side)


def _shares(outlook: Outlook, known: Mapping[str, str], approach: Approach, support: Support) -> dict[Doubt, float]:
    """The share of the questions that cannot change the outcome, and that of the weights that speaks for it."""
    questions = outlook.framework.questions
    state = outlook.state(known)
    shaky = sum(
        any(outlook.approach_at(outlook.after(state, name, option)) is not approach for option in question.options)
        for name, question in questions.items()
        if name not in known
    )
    mine, total = sum(support.toward(side) for side in APPROACH_SIDES[approach]), support.rag + support.fine_tuning
    return {Doubt.OPEN: 1 - shaky / len(questions), Doubt.AGAINST: mine / total if total else 0.0}
