"""The rule and its outlook, over every way to answer the shipped framework and over random ones."""

from collections.abc import Iterator
from itertools import product

import numpy as np
import pytest
from hypothesis import given

from bot.deciding.framework import Approach, Framework, Side
from bot.deciding.outlook import Answers, Outlook
from tests.support.frameworks import CODE, Case, Table, cases, every_approach, modest, paths, rule, values, ways, weight

MEAN_QUESTIONS, MOST_QUESTIONS = 4, 8  # the README promises the latter
INCLUDES = {
    Approach.RAG: {Side.RAG},
    Approach.FINE_TUNING: {Side.FINE_TUNING},
    Approach.HYBRID: {Side.RAG, Side.FINE_TUNING},
    Approach.NEED_MORE_INFO: set[Side](),
}


@pytest.fixture(scope="module")
def approaches(framework: Framework) -> Table:
    return every_approach(framework)


def includes(approaches: Table, side: Side) -> Table:
    return np.isin(approaches, [CODE[approach] for approach, sides in INCLUDES.items() if side in sides])


def completions(framework: Framework, answers: Answers) -> Iterator[dict[str, str | None]]:
    open_ones = [name for name in framework.questions if name not in answers]
    for chosen in product(*([None, *framework.questions[name].options] for name in open_ones)):
        yield {**answers, **dict(zip(open_ones, chosen, strict=True))}


def test_every_approach_can_be_reached(approaches: Table) -> None:
    assert set(np.unique(approaches)) == set(CODE.values())


def test_evidence_never_moves_away_from_its_side(framework: Framework, approaches: Table) -> None:
    """Over all combinations: each option on a side against "don't know" and the options not on it, in its place."""
    support = {side: weight(framework, side) for side in Side}
    for axis, question in enumerate(framework.questions.values()):
        options = [None, *question.options.values()]
        for place, option in enumerate(options):
            if option is None or option.toward is Side.NEITHER:
                continue
            side = option.toward
            other = Side.FINE_TUNING if side is Side.RAG else Side.RAG
            after = approaches.take(place, axis)
            for place_before, instead in enumerate(options):
                if instead is not None and instead.toward is side:
                    continue
                before = approaches.take(place_before, axis)
                assert not (includes(before, side) & ~includes(after, side)).any(), (option.id, "moves away")
                assert not (~includes(before, other) & includes(after, other)).any(), (option.id, "adds the other side")
                lower = support[side].take(place, axis) <= support[side].take(place_before, axis)
                assert not lower.any(), (option.id, "lowers support")


def test_what_sets_a_sentence_aside_counts_as_unknown(framework: Framework, approaches: Table) -> None:
    """Over all combinations: an answer toward neither side leads where "don't know" leads."""
    for axis, question in enumerate(framework.questions.values()):
        for place, option in enumerate(question.options.values(), 1):
            if option.toward is Side.NEITHER:
                assert np.array_equal(approaches.take(place, axis), approaches.take(0, axis)), option.id


def test_the_interview_ends_exactly_when_no_completion_differs(
    framework: Framework, outlook: Outlook, approaches: Table
) -> None:
    """Over all combinations: each path fixes the outcome of all that begin with it, and no shorter one does."""
    index = [{option: n for n, option in enumerate(options)} for options in values(framework)]

    def outcomes(answers: Answers) -> set[int]:
        where = [index[n].get(answers[q]) if q in answers else slice(None) for n, q in enumerate(framework.questions)]
        return set(np.unique(approaches[tuple(where)]))

    covered = 0
    for path in paths(outlook):
        covered += ways(framework, path)
        assert outcomes(path) == {CODE[outlook.approach(path)]}
        *before, _ = path.items()
        assert len(outcomes(dict(before))) > 1
    assert covered == ways(framework, {})


def test_the_interview_is_short(framework: Framework, outlook: Outlook) -> None:
    """Over all combinations, and over those that leave nothing unknown."""
    found = list(paths(outlook))
    assert max(map(len, found)) <= MOST_QUESTIONS
    for unknown in (True, False):
        total = ways(framework, {}, unknown=unknown)
        among = [path for path in found if unknown or None not in path.values()]
        count = [ways(framework, path, unknown=unknown) for path in among]
        assert sum(count) == total
        assert sum(n * len(path) for n, path in zip(count, among, strict=True)) / total <= MEAN_QUESTIONS


@pytest.mark.parametrize(
    ("answers", "approach"),
    [
        ({}, Approach.NEED_MORE_INFO),
        ({"change_rate": "often"}, Approach.RAG),
        ({"change_rate": "often", "training_data": "thousands"}, Approach.RAG),
        ({"style_format": "essential", "training_data": "thousands"}, Approach.FINE_TUNING),
        ({"style_format": "essential", "training_data": "thousands", "citations": "required"}, Approach.HYBRID),
        ({"style_format": "essential", "training_data": "none", "citations": "required"}, Approach.RAG),
        ({"style_format": "essential", "training_data": "none"}, Approach.NEED_MORE_INFO),
        ({"style_format": "essential", "training_data": None}, Approach.NEED_MORE_INFO),
        ({"training_data": "thousands"}, Approach.NEED_MORE_INFO),
        ({"model_freedom": "any", "inference_cost": "open"}, Approach.NEED_MORE_INFO),
        ({"existing_docs": "exist"}, Approach.RAG),
        ({"existing_docs": "exist", "style_format": "essential", "training_data": "none"}, Approach.RAG),
        ({"existing_docs": "exist", "style_format": "essential", "training_data": "thousands"}, Approach.FINE_TUNING),
        ({"model_freedom": "any", "shared_use_cases": "several"}, Approach.RAG),
    ],
)
def test_two_needs_and_one_gate_decide(outlook: Outlook, answers: Answers, approach: Approach) -> None:
    assert outlook.approach(answers) is approach


@modest
@given(cases())
def test_the_rule_holds_for_any_framework(case: Case) -> None:
    framework, answers = case
    assert Outlook(framework).approach(answers) is rule(framework, answers)


@modest
@given(cases(most=4))
def test_influence_is_the_share_of_completions_in_which_a_question_decides(case: Case) -> None:
    framework, answers = case
    outlook = Outlook(framework)
    share = dict[str, float]()
    for name in (name for name in framework.questions if name not in answers):
        others = list(completions(framework, {**answers, name: None}))
        options = (None, *framework.questions[name].options)
        decides = [len({rule(framework, {**other, name: option}) for option in options}) > 1 for other in others]
        share[name] = sum(decides) / len(others)
        assert outlook.influence(answers, name) == pytest.approx(share[name])
    ranked = outlook.deciding(answers)
    assert set(ranked) == {name for name in share if share[name]}
    assert [share[name] for name in ranked] == sorted((share[name] for name in ranked), reverse=True)


@modest
@given(cases(most=4))
def test_most_to_go_is_the_longest_way_to_the_end(case: Case) -> None:
    framework, answers = case
    outlook = Outlook(framework)

    def longest(answers: Answers) -> int:
        if not (deciding := outlook.deciding(answers)):
            return 0
        name = deciding[0]
        return 1 + max(longest({**answers, name: option}) for option in (None, *framework.questions[name].options))

    assert outlook.most_to_go(answers) == longest(answers)


@pytest.mark.parametrize("answers", [{"nonsense": None}, {"nonsense": "often"}, {"change_rate": "nonsense"}])
def test_an_unknown_id_is_a_key_error(outlook: Outlook, answers: Answers) -> None:
    with pytest.raises(KeyError):
        outlook.approach(answers)
    with pytest.raises(KeyError):
        outlook.deciding(answers)
