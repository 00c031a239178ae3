"""Random frameworks and answers to them, and the rule once more, as plainly as it can be said."""

import math
from collections.abc import Callable, Iterator
from functools import reduce
from itertools import product

import numpy as np
import numpy.typing as npt
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from bot.deciding.framework import Approach, Conclusion, Evidence, Framework, Option, Question, Side, Step, TrainingData
from bot.deciding.outlook import Answers, Outlook
from bot.guidance.article import Statement

STATEMENTS = tuple(
    Statement(f"s{n}", "Section", f"Sentence {n}.", "article.md", frozenset(), listed=True) for n in range(6)
)
OUTCOMES = {approach: Conclusion(says=approach, steps=(Step("Go on", STATEMENTS[0]),)) for approach in Approach}
HEAVIEST, MOST_DECISIVE = 4, 5
WEIGHTS = [(), *product(range(HEAVIEST + 1)), *product(range(HEAVIEST + 1), repeat=2)]
UNWEIGHED = [(), (0,), (0, 0)]
OPEN = "open"
SIDES = (Side.RAG, Side.FINE_TUNING, Side.NEITHER)

CODE = {approach: n for n, approach in enumerate(Approach)}

Case = tuple[Framework, dict[str, str | None]]
Table = npt.NDArray[np.generic]  # one axis a question; place 0 is "don't know", then its options in their order

modest = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def options(draw: st.DrawFn, name: str) -> Option:
    toward = draw(st.sampled_from(SIDES))
    weights = draw(st.sampled_from(UNWEIGHED if toward is Side.NEITHER else WEIGHTS))
    first = draw(st.integers(0, len(STATEMENTS) - 1))
    evidence = tuple(Evidence(STATEMENTS[(first + n) % len(STATEMENTS)], weight) for n, weight in enumerate(weights))
    gate = draw(st.sampled_from((*TrainingData, None)))
    return Option(name, name.upper(), f"criterion_{name}", toward, evidence, gate)


@st.composite
def frameworks(draw: st.DrawFn, most: int = 5) -> Framework:
    """Of 2 to `most` questions, each with 2 to 4 options."""
    questions = {}
    for name in (f"q{n}" for n in range(draw(st.integers(2, most)))):
        names = [f"{name}_{letter}" for letter in "abcd"[: draw(st.integers(2, 4))]]
        made = {option: draw(options(option)) for option in names}
        questions[name] = Question(name, name, f"{name}?", "Because.", made)
    return Framework(1, draw(st.integers(1, MOST_DECISIVE)), questions, OUTCOMES, {"numbers": "numbers"})


@st.composite
def answers_to(draw: st.DrawFn, framework: Framework) -> dict[str, str | None]:
    """Most questions answered, some with "don't know", the others open."""
    each = {name: st.sampled_from([*q.options, None, OPEN]) for name, q in framework.questions.items()}
    return {name: option for name, option in draw(st.fixed_dictionaries(each)).items() if option != OPEN}


@st.composite
def cases(draw: st.DrawFn, most: int = 5) -> Case:
    """A framework and answers to it."""
    framework = draw(frameworks(most))
    return framework, draw(answers_to(framework))


def rule(framework: Framework, answers: Answers) -> Approach:
    """What the answers lead to, counted from the options alone."""
    chosen = [framework.option(q, o) for q, o in answers.items() if o is not None]
    gates = {option.examples for option in chosen}
    heavy = {option.toward for option in chosen if option.weight >= framework.decisive}
    if TrainingData.ENOUGH in gates and TrainingData.TOO_FEW not in gates:
        wanted = (Side.RAG in heavy, Side.FINE_TUNING in heavy)
        return {
            (True, True): Approach.HYBRID,
            (False, True): Approach.FINE_TUNING,
            (True, False): Approach.RAG,
            (False, False): Approach.NEED_MORE_INFO,
        }[wanted]
    weight = sum(option.weight for option in chosen if option.toward is Side.RAG)
    is_enough = weight >= framework.decisive or any(option.suffices for option in chosen)
    return Approach.RAG if is_enough else Approach.NEED_MORE_INFO


def paths(outlook: Outlook) -> Iterator[dict[str, str | None]]:
    """Every way through the interview, each until the outcome is settled."""
    yield from _paths(outlook, {})


def _paths(outlook: Outlook, answers: dict[str, str | None]) -> Iterator[dict[str, str | None]]:
    deciding = outlook.deciding(answers)
    if not deciding:
        yield answers
        return
    for option in (None, *outlook.framework.questions[deciding[0]].options):
        yield from _paths(outlook, {**answers, deciding[0]: option})


def values(framework: Framework) -> list[list[str | None]]:
    return [[None, *question.options] for question in framework.questions.values()]


def table(framework: Framework, combine: np.ufunc, of: Callable[[Option], int | bool]) -> Table:
    """What `of` gives for the option of each question, combined over every way to answer all."""
    columns = [np.array([0, *map(of, q.options.values())], np.int8) for q in framework.questions.values()]
    return reduce(combine.outer, columns)


def weight(framework: Framework, side: Side) -> Table:
    return table(framework, np.add, lambda option: option.weight if option.toward is side else 0)


def every_approach(framework: Framework) -> Table:
    """The rule of the design, stated a second time, for every way to answer."""

    def need(side: Side) -> Table:
        heavy = table(framework, np.maximum, lambda o: o.toward is side and o.weight >= framework.decisive)
        return heavy.astype(bool)

    def gate(examples: TrainingData) -> Table:
        return table(framework, np.maximum, lambda option: option.examples is examples).astype(bool)

    knowledge, behaviour = need(Side.RAG), need(Side.FINE_TUNING)
    trainable = gate(TrainingData.ENOUGH) & ~gate(TrainingData.TOO_FEW)
    sufficient = table(framework, np.maximum, lambda option: option.suffices).astype(bool)
    small_reasons = ~trainable & (sufficient | (weight(framework, Side.RAG) >= framework.decisive))
    cases = {
        Approach.HYBRID: trainable & behaviour & knowledge,
        Approach.FINE_TUNING: trainable & behaviour & ~knowledge,
        Approach.RAG: (trainable & ~behaviour & knowledge) | small_reasons,
    }
    return np.select(list(cases.values()), [CODE[approach] for approach in cases], CODE[Approach.NEED_MORE_INFO])


def ways(framework: Framework, answers: Answers, *, unknown: bool = True) -> int:
    """How many ways there are to answer what is open."""
    return math.prod(len(q.options) + unknown for name, q in framework.questions.items() if name not in answers)
