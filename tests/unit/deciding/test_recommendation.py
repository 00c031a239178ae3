"""Recommendations over random frameworks: they say what the answers say, in any order, and how little turns them."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.advising.advice import render_advice
from bot.deciding.framework import Approach, Framework, Side
from bot.deciding.outlook import Answers, Outlook
from bot.deciding.recommendation import OBSTACLE_FACTOR, AnswerChange, Recommendation, Support, recommend
from tests.support.frameworks import Case, answers_to, cases, modest, rule

KEYS = {"approach", "confidence", "support", "reasons", "missing", "flips", "next_steps"}
REASON_KEYS = {"criterion", "toward", "weight", "section", "quote", "because"}


def recommended(case: Case) -> Recommendation:
    framework, answers = case
    return recommend(Outlook(framework), answers)


def weights(framework: Framework, answers: Answers, side: Side) -> int:
    options = [framework.option(q, o) for q, o in answers.items() if o is not None]
    return sum(option.weight for option in options if option.toward is side)


def turning(framework: Framework, answers: Answers) -> Iterator[tuple[frozenset[AnswerChange], Approach]]:
    """Every change of answers, however large, that leads elsewhere, and where."""
    known = {name: option for name, option in answers.items() if option is not None}
    here = rule(framework, known)
    for chosen in product(*(dict.fromkeys([known.get(n), *q.options]) for n, q in framework.questions.items())):
        changed = dict(zip(framework.questions, chosen, strict=True))
        there = rule(framework, changed)
        if there is not here:
            changes = (
                AnswerChange(n, known.get(n), o) for n, o in changed.items() if o is not None and o != known.get(n)
            )
            yield frozenset(changes), there


@modest
@given(cases(), st.data())
def test_the_order_of_answers_never_matters(case: Case, data: st.DataObject) -> None:
    framework, answers = case
    shuffled = dict(data.draw(st.permutations(list(answers.items()))))
    assert recommended((framework, shuffled)) == recommended(case)


@modest
@given(cases())
def test_dont_know_is_the_same_as_no_answer(case: Case) -> None:
    framework, answers = case
    known = {name: option for name, option in answers.items() if option is not None}
    every = {**dict.fromkeys(framework.questions), **answers}
    assert recommended((framework, known)) == recommended(case) == recommended((framework, every))


@modest
@given(cases())
def test_support_is_the_sum_of_the_weights(case: Case) -> None:
    framework, answers = case
    found = recommended(case)
    assert found.support == Support(
        weights(framework, answers, Side.RAG), weights(framework, answers, Side.FINE_TUNING)
    )
    for side in Side:
        assert found.support.toward(side) == sum(r.weight for r in found.reasons if r.toward is side)


@modest
@given(cases())
def test_the_reasons_cite_the_statements_of_the_chosen_options_and_nothing_else(case: Case) -> None:
    framework, answers = case
    chosen = [(q, framework.option(q, o)) for q, o in answers.items() if o is not None]
    expected = [(q, o.criterion, o.toward, e.weight, e.statement, o.text) for q, o in chosen for e in o.evidence]
    cited = [(r.question, r.criterion, r.toward, r.weight, r.statement, r.because) for r in recommended(case).reasons]
    assert Counter(cited) == Counter(expected)


@modest
@given(cases())
def test_what_is_missing_is_what_has_no_answer_the_deciding_first(case: Case) -> None:
    framework, answers = case
    found = recommended(case)
    unknown = [name for name in framework.questions if answers.get(name) is None]
    assert sorted(found.missing) == unknown
    assert found.missing[: len(found.deciding)] == found.deciding


@modest
@given(cases(most=4))
def test_the_flips_are_exactly_the_smallest_changes(case: Case) -> None:
    framework, answers = case
    every = set(turning(framework, answers))
    smallest = min((len(changes) for changes, _ in every), default=0)
    flips = recommended(case).flips
    assert {(frozenset(f.changes), f.approach) for f in flips} == {
        found for found in every if len(found[0]) == smallest
    }
    assert len(flips) == len({frozenset(flip.changes) for flip in flips})


@given(st.data())
@modest
def test_each_flip_leads_where_it_says_as_shipped(outlook: Outlook, data: st.DataObject) -> None:
    answers = data.draw(answers_to(outlook.framework))
    found = recommend(outlook, answers)
    assert found.flips
    for flip in found.flips:
        assert outlook.approach({**answers, **{c.question: c.after for c in flip.changes}}) is flip.approach
        assert flip.approach is not found.approach
        assert all(change.before == answers.get(change.question) != change.after for change in flip.changes)


@modest
@given(cases(), st.floats(0, 1))
def test_confidence_is_a_share_and_doubt_lowers_it(case: Case, trust: float) -> None:
    framework, answers = case
    sure, doubtful = recommended(case), recommend(Outlook(framework), answers, trust=trust)
    assert 0 <= doubtful.confidence <= sure.confidence <= 1


@modest
@given(cases())
def test_confidence_is_the_steady_share_of_questions_times_the_share_of_weights_for_it(case: Case) -> None:
    framework, answers = case
    found = recommended(case)
    if found.approach is Approach.NEED_MORE_INFO:
        assert found.confidence == 0
        return
    shaky = [
        name
        for name, question in framework.questions.items()
        if answers.get(name) is None
        and any(rule(framework, {**answers, name: option}) is not found.approach for option in question.options)
    ]
    steady = 1 - len(shaky) / len(framework.questions)
    mine = sum(r.weight for r in found.speaking(for_it=True))
    share = mine / (found.support.rag + found.support.fine_tuning)
    assert found.confidence == pytest.approx(steady * share, abs=0.006)  # it is told in hundredths


def test_confidence_is_full_when_everything_is_said_and_on_one_side(outlook: Outlook) -> None:
    answers = dict.fromkeys(outlook.framework.questions)
    found = recommend(outlook, answers | {"training_data": "none", "citations": "required"})
    assert found.approach is Approach.RAG
    assert found.confidence == 1


@modest
@given(cases())
def test_every_reason_on_a_side_speaks_for_or_against(case: Case) -> None:
    found = recommended(case)
    reasons = [*found.speaking(for_it=True), *found.speaking(for_it=False), *found.set_aside]
    assert Counter(reasons) == Counter(found.reasons)


def test_what_rules_out_the_recommendation_is_an_obstacle_and_speaks_against_it(outlook: Outlook) -> None:
    answers = {"change_rate": "often", "training_data": "none"}
    free, bound = (recommend(outlook, answers | {"operation": option}) for option in ("tight", "no_search"))
    assert free.support == bound.support
    assert (free.approach, free.obstacles) == (Approach.RAG, ())
    assert (bound.approach, bound.obstacles) == (Approach.RAG, ("operation",))
    assert bound.confidence == pytest.approx(OBSTACLE_FACTOR * free.confidence, abs=0.01)
    assert {reason.question for reason in bound.speaking(for_it=False)} == {"operation"}


def test_obstacles_stand_in_the_order_of_the_questions(outlook: Outlook) -> None:
    questions = {**outlook.framework.questions}
    fixed = replace(questions["model_freedom"].options["fixed"], rules_out=Side.RAG)
    questions["model_freedom"] = replace(questions["model_freedom"], options={"fixed": fixed})
    framework = replace(outlook.framework, questions=questions)
    answers = {"operation": "offline", "change_rate": "often", "training_data": "none", "model_freedom": "fixed"}
    for said in (answers, dict(reversed(answers.items()))):
        found = recommend(Outlook(framework), said, {"operation": "a ship", "model_freedom": "one model"})
        assert found.obstacles == ("model_freedom", "operation")
        advice = render_advice(framework, found).text
        assert advice.index("But you said “one model”") < advice.index("But you said “a ship”")


def test_nothing_is_an_obstacle_to_an_approach_that_it_allows(outlook: Outlook) -> None:
    found = recommend(outlook, {"operation": "no_search", "training_data": "thousands"})
    assert (found.approach, found.obstacles) == (Approach.FINE_TUNING, ())


def test_a_reason_is_given_in_the_words_of_the_user_where_there_are_any(outlook: Outlook) -> None:
    answers = {"change_rate": "often", "citations": "required"}
    found = recommend(outlook, answers, {"change_rate": "new prices each Monday"})
    because = {reason.question: reason.because for reason in found.reasons}
    assert because == {"change_rate": "new prices each Monday", "citations": "Yes, each answer needs its source"}


@pytest.mark.parametrize(
    "answers", [{"nonsense": "often"}, {"nonsense": None}, {"change_rate": "nonsense"}, {"change_rate": "required"}]
)
@pytest.mark.parametrize("outside", [None, "numbers"])
def test_an_unknown_id_is_a_key_error(outlook: Outlook, answers: Answers, outside: str | None) -> None:
    with pytest.raises(KeyError):
        recommend(outlook, answers, outside=outside)


@modest
@given(cases())
def test_a_case_that_neither_approach_is_for_is_left_open(case: Case) -> None:
    framework, answers = case
    found = recommend(Outlook(framework), answers, outside="numbers")
    assert (found.approach, found.outside, found.flips) == (Approach.NEED_MORE_INFO, "numbers", ())
    assert found.steps == framework.conclusions[Approach.NEED_MORE_INFO].steps


@modest
@given(cases())
def test_as_json_it_has_the_keys_of_the_contract_and_no_other(case: Case) -> None:
    found = recommended(case)
    told = json.loads(json.dumps(found.to_dict()))
    assert told.keys() == KEYS
    assert told["support"].keys() == {"rag", "fine_tuning"}
    assert {key for reason in told["reasons"] for key in reason} <= REASON_KEYS
    assert {key for flip in told["flips"] for key in flip} <= {"changes", "approach"}
    assert {key for flip in told["flips"] for change in flip["changes"] for key in change} <= {"question", "from", "to"}
    assert {key for step in told["next_steps"] for key in step} == {"text", "section", "quote"}


def test_as_json_it_says_everything_in_plain_words(outlook: Outlook) -> None:
    found = recommend(outlook, {"citations": "nice", "training_data": "thousands"}, {"citations": "if we can"})
    told = json.loads(json.dumps(found.to_dict()))
    assert told["approach"] == "need-more-info"
    assert told["support"] == {"rag": 1, "fine_tuning": 2}
    assert told["reasons"][0] == {
        "criterion": "citations_welcome",
        "toward": "rag",
        "weight": 1,
        "section": "RAG Explained > Strengths of RAG",
        "quote": "Transparent—you see what information was used",
        "because": "if we can",
    }
    change = {"question": "style_format", "from": None, "to": "essential"}
    assert {"changes": [change], "approach": "fine-tuning"} in told["flips"]
