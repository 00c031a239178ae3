"""A recommendation: the approach that answers lead to, what speaks for and against it, and what would change it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product

from bot.deciding.framework import Approach, Option, Question, Side, Step
from bot.deciding.outlook import Answers, Outlook
from bot.guidance.article import Statement

SURE, LIKELY = 0.75, 0.5  # confidence from which it is called so


@dataclass(frozen=True)
class Reason:
    """One answer beside one sentence of the article. `because` holds the user's own words, or the answer's.

    `weight` is what the sentence adds toward that side; 0 when the answer sets the sentence aside.
    """

    question: str
    criterion: str
    toward: Side
    weight: int
    statement: Statement
    because: str


@dataclass(frozen=True)
class Support:
    """The weights of all reasons toward each side, added up."""

    rag: int
    fine_tuning: int

    def toward(self, side: Side) -> int:
        return {Side.RAG: self.rag, Side.FINE_TUNING: self.fine_tuning, Side.NEITHER: 0}[side]


@dataclass(frozen=True)
class Change:
    """Another answer to a question; `before` is None when there was none."""

    question: str
    before: str | None
    after: str


@dataclass(frozen=True)
class Flip:
    """Answers that, changed together, lead to another approach."""

    changes: tuple[Change, ...]
    approach: Approach


@dataclass(frozen=True)
class Recommendation:
    """What the answers lead to.

    `confidence`, from 0 to 1, is the share of the questions that cannot on their own change the outcome by being
    answered after all, times the share of the weights that speaks for the approach. `missing` are the questions
    without an answer, the most decisive first; `flips` every smallest change that leads elsewhere. `outside` names
    what the case is instead, when neither approach is meant for it.
    """

    approach: Approach
    confidence: float
    support: Support
    reasons: tuple[Reason, ...]
    missing: tuple[str, ...]
    deciding: tuple[str, ...]
    flips: tuple[Flip, ...]
    steps: tuple[Step, ...]
    outside: str | None = None

    def speaking(self, *, for_it: bool) -> list[Reason]:
        """The reasons toward what is recommended, or those against it; for an open outcome, all are for it."""
        sides = {
            Approach.RAG: {Side.RAG},
            Approach.FINE_TUNING: {Side.FINE_TUNING},
        }.get(self.approach, {Side.RAG, Side.FINE_TUNING})
        return [r for r in self.reasons if r.toward is not Side.NEITHER and (r.toward in sides) is for_it]

    @property
    def set_aside(self) -> list[Reason]:
        """The answers that say what does not count."""
        return [reason for reason in self.reasons if reason.toward is Side.NEITHER]

    def to_dict(self) -> dict[str, object]:
        """As JSON values, in the shape that outsiders rely on (`rag-or-tune ask --json`)."""
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
    outlook: Outlook, answers: Answers, words: Mapping[str, str] | None = None, outside: str | None = None
) -> Recommendation:
    """What `answers` lead to; `words` are the user's own, by question, where there are any.

    Raises KeyError for an unknown question or option.
    """
    framework = outlook.framework
    approach = Approach.NEED_MORE_INFO if outside else outlook.approach(answers)
    reasons = tuple(_reasons(framework.questions, answers, words or {}))
    support = Support(_total(reasons, Side.RAG), _total(reasons, Side.FINE_TUNING))
    unknown = [name for name in framework.questions if answers.get(name) is None]
    known = {name: option for name, option in answers.items() if option is not None}
    deciding = outlook.deciding(known)
    return Recommendation(
        approach=approach,
        confidence=_confidence(outlook, known, support),
        support=support,
        reasons=reasons,
        missing=(*deciding, *(name for name in unknown if name not in deciding)),
        deciding=tuple(deciding),
        flips=() if outside else tuple(smallest_flips(outlook, known)),
        steps=framework.outcomes[approach].steps,
        outside=outside,
    )


def smallest_flips(outlook: Outlook, answers: Mapping[str, str]) -> list[Flip]:
    """Every change of as few answers as possible (open questions count as changed when answered) that leads elsewhere.

    `answers` holds no "don't know". Raises KeyError for an unknown id.
    """
    here = outlook.approach(answers)
    questions = outlook.framework.questions
    for size in range(1, len(questions) + 1):
        flips = [
            Flip(tuple(Change(q, answers.get(q), o) for q, o in changed.items()), there)
            for names in combinations(questions, size)
            for changed in _changes([questions[name] for name in names], answers)
            if (there := outlook.approach({**answers, **changed})) is not here
        ]
        if flips:
            return flips
    return []


def _changes(questions: Sequence[Question], answers: Mapping[str, str]) -> Iterator[dict[str, str]]:
    others = ([option for option in question.options if option != answers.get(question.id)] for question in questions)
    for options in product(*others):
        yield {question.id: option for question, option in zip(questions, options, strict=True)}


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


def _confidence(outlook: Outlook, known: Mapping[str, str], support: Support) -> float:
    here = outlook.approach(known)
    questions = outlook.framework.questions
    shaky = sum(
        any(outlook.approach({**known, name: option}) is not here for option in question.options)
        for name, question in questions.items()
        if name not in known
    )
    steady = 1 - shaky / len(questions)
    mine = {Approach.RAG: support.rag, Approach.FINE_TUNING: support.fine_tuning}.get(here)
    total = support.rag + support.fine_tuning
    return round(steady * (mine / total if mine is not None and total else 1), 2)
