"""The outlook on an outcome: which questions can still change it, how much, and how many must be asked at most.

Pure and exact: all ways to answer the open questions are counted, as a distribution over the few states that answers
lead to, not one by one. The influence of a question is the share of them in which its answer makes the difference
(Ben-Or and Linial, Collective coin flipping, 1985).
"""

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from bot.deciding.framework import Approach, Framework, Option, Side, TrainingData

Answers = Mapping[str, str | None]  # question to option; None is "don't know", which is an answer and no evidence


class OutlookState(NamedTuple):
    """The effect of answers on the outcome. `rag` is the weight for RAG, capped at the decisive one."""

    rag: int = 0
    knowledge: bool = False
    behaviour: bool = False
    enough: bool = False
    too_few: bool = False


class Outlook:
    """Counts the possible futures of answers. Results are cached, so that a step of an interview is a look-up."""

    def __init__(self, framework: Framework) -> None:
        self.framework = framework
        self._place = {name: n for n, name in enumerate(framework.questions)}
        self._moves = {
            name: {
                None: OutlookState(),
                **{key: _move(option, framework.decisive) for key, option in q.options.items()},
            }
            for name, q in framework.questions.items()
        }
        self._spread = cache(self._count_spread)
        self._influence = cache(self._count_influence)
        self._most = cache(self._count_most)

    def approach(self, answers: Answers) -> Approach:
        """The outcome of the answers so far. Raises KeyError for an unknown id."""
        return self.approach_at(self.state(answers))

    def state(self, answers: Answers) -> OutlookState:
        """The state that answers lead to. Raises KeyError for an unknown id."""
        state = OutlookState()
        for question, option in answers.items():
            state = self._add(state, self._moves[question][option])
        return state

    def after(self, state: OutlookState, question: str, option: str | None) -> OutlookState:
        """The state after one more answer. Raises KeyError for an unknown id."""
        return self._add(state, self._moves[question][option])

    def influence(self, answers: Answers, question: str) -> float:
        """The share, from 0 to 1, of the ways to answer the other open questions in which this one decides."""
        others = tuple(name for name in self._open(answers) if name != question)
        return self._influence(self.state(answers), others, question)

    def deciding(self, answers: Answers) -> list[str]:
        """The open questions that can still change the outcome, the most influential first."""
        return list(self._deciding(self.state(answers), self._open(answers)))

    def most_to_go(self, answers: Answers) -> int:
        """The maximum number of questions until the outcome is settled, asking the most influential first."""
        return self._most(self.state(answers), self._open(answers))

    def _open(self, answers: Answers) -> tuple[str, ...]:
        return tuple(name for name in self._place if name not in answers)

    def _add(self, state: OutlookState, move: OutlookState) -> OutlookState:
        return OutlookState(
            min(state.rag + move.rag, self.framework.decisive),
            state.knowledge or move.knowledge,
            state.behaviour or move.behaviour,
            state.enough or move.enough,
            state.too_few or move.too_few,
        )

    def approach_at(self, state: OutlookState) -> Approach:
        """The outcome in a state."""
        if state.enough and not state.too_few:
            if state.behaviour:
                return Approach.HYBRID if state.knowledge else Approach.FINE_TUNING
            return Approach.RAG if state.knowledge else Approach.NEED_MORE_INFO
        return Approach.RAG if state.rag >= self.framework.decisive else Approach.NEED_MORE_INFO

    def _count_spread(self, state: OutlookState, questions: tuple[str, ...]) -> dict[OutlookState, int]:
        """Count the ways to answer `questions`, "don't know" included, that lead from `state` to each other state."""
        if not questions:
            return {state: 1}
        *before, last = questions
        reached = dict[OutlookState, int]()
        for start, ways in self._spread(state, tuple(before)).items():
            for move in self._moves[last].values():
                end = self._add(start, move)
                reached[end] = reached.get(end, 0) + ways
        return reached

    def _count_influence(self, state: OutlookState, others: tuple[str, ...], question: str) -> float:
        moves = self._moves[question].values()
        decides = total = 0
        for reached, ways in self._spread(state, others).items():
            total += ways
            if len({self.approach_at(self._add(reached, move)) for move in moves}) > 1:
                decides += ways
        return decides / total

    def _deciding(self, state: OutlookState, questions: tuple[str, ...]) -> tuple[str, ...]:
        found = [(self._influence(state, _without(questions, name), name), name) for name in questions]
        return tuple(name for share, name in sorted(found, key=lambda f: (-f[0], self._place[f[1]])) if share)

    def _count_most(self, state: OutlookState, questions: tuple[str, ...]) -> int:
        deciding = self._deciding(state, questions)
        if not deciding:
            return 0
        rest = _without(questions, deciding[0])
        return 1 + max(self._most(self._add(state, move), rest) for move in self._moves[deciding[0]].values())


def _without(questions: tuple[str, ...], name: str) -> tuple[str, ...]:
    return tuple(question for question in questions if question != name)


def _move(option: Option, decisive: int) -> OutlookState:
    """The state that an option adds."""
    decides = option.weight >= decisive
    rag = option.toward is Side.RAG
    return OutlookState(
        (decisive if option.suffices else min(option.weight, decisive)) if rag else 0,
        decides and rag,
        decides and option.toward is Side.FINE_TUNING,
        option.examples is TrainingData.ENOUGH,
        option.examples is TrainingData.TOO_FEW,
    )
