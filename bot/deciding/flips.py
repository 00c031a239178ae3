"""Flips: changes of answers that change a recommendation."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product

from bot.deciding.framework import Approach
from bot.deciding.outlook import Outlook


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
