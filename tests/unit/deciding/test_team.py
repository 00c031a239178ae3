"""A team's interview: the majority decides, and the talk is about what would change the outcome."""

import json
from collections import Counter
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.deciding.framework import Approach, Option, Side, TrainingData
from bot.deciding.outlook import Answers, Outlook
from bot.deciding.recommendation import recommend
from bot.deciding.team import TeamResult, VoteCount, decide_together
from tests.support.frameworks import answers_to, frameworks, modest, rule

MEMBERS = ("Ada", "Bo", "Cy", "Di", "Ed")

Ballots = dict[str, dict[str, str | None]]


@st.composite
def teams(draw: st.DrawFn) -> tuple[Outlook, Ballots]:
    """A framework of up to 4 questions, and up to 5 members' answers to it."""
    framework = draw(frameworks(most=4))
    members = MEMBERS[: draw(st.integers(0, len(MEMBERS)))]
    return Outlook(framework), {member: draw(answers_to(framework)) for member in members}


def tally(result: TeamResult, question: str) -> VoteCount:
    return next(tally for tally in result.tallies if tally.question == question)


def majorities(result: TeamResult) -> dict[str, str]:
    return {tally.question: tally.majority for tally in result.tallies if tally.majority is not None}


def test_the_majority_decides(outlook: Outlook) -> None:
    votes = {"Ada": "often", "Bo": "stable", "Cy": "often"}
    result = decide_together(outlook, {member: {"change_rate": option} for member, option in votes.items()})
    found = tally(result, "change_rate")
    assert found.votes == {"often": ("Ada", "Cy"), "stable": ("Bo",)}
    assert (found.majority, found.voters, found.disputed) == ("often", 3, True)
    assert result.members == ("Ada", "Bo", "Cy")
    assert result.recommendation == recommend(outlook, {"change_rate": "often"})


def test_a_tie_decides_nothing_and_is_to_be_talked_about(outlook: Outlook) -> None:
    result = decide_together(outlook, {"Ada": {"change_rate": "often"}, "Bo": {"change_rate": "stable"}})
    assert tally(result, "change_rate").majority is None
    assert result.recommendation.approach is Approach.NEED_MORE_INFO
    assert result.to_talk_about == "change_rate"
    assert result.disputes[0].leads == {"often": Approach.RAG, "stable": Approach.NEED_MORE_INFO}


def test_disagreements_that_change_nothing_alone_may_matter_together(outlook: Outlook) -> None:
    ada = {"shared_use_cases": "several", "model_freedom": "any"}
    result = decide_together(outlook, {"Ada": ada, "Bo": {"shared_use_cases": "one", "model_freedom": "fixed"}})
    assert (result.disputes, result.matters) == ((), True)


def test_a_disagreement_that_matters_alone_matters_even_if_another_would_undo_it(outlook: Outlook) -> None:
    training = outlook.framework.questions["training_data"]
    enough = {name: Option(name, name, name, Side.NEITHER, (), TrainingData.ENOUGH) for name in ("many", "more")}
    questions = {**outlook.framework.questions, "training_data": replace(training, options=enough)}
    both = {"shared_use_cases": "several"}  # adds up to a need with `any`, unless there are examples
    result = decide_together(
        Outlook(replace(outlook.framework, questions=questions)),
        {
            "Ada": both | {"model_freedom": "any", "training_data": "many"},
            "Bo": both | {"model_freedom": "fixed", "training_data": "more"},
        },
    )
    assert ([dispute.question for dispute in result.disputes], result.matters) == (["model_freedom"], True)


def test_the_gate_is_to_be_talked_about_before_a_need(outlook: Outlook) -> None:
    ada = {"style_format": "essential", "citations": "required", "training_data": "thousands"}
    bo = {"style_format": "essential", "citations": "nice", "training_data": "none"}
    result = decide_together(outlook, {"Ada": ada, "Bo": bo})
    assert [dispute.question for dispute in result.disputes] == ["training_data", "citations"]
    assert result.to_talk_about == "training_data"


@modest
@given(teams())
def test_the_most_influential_disagreement_comes_first(team: tuple[Outlook, Ballots]) -> None:
    outlook, ballots = team
    result = decide_together(outlook, ballots)
    majority, disputed = majorities(result), [dispute.question for dispute in result.disputes]
    others = {name: {q: o for q, o in majority.items() if q != name} for name in disputed}
    shares = [outlook.influence(others[name], name) for name in disputed]
    assert shares == sorted(shares, reverse=True)
    assert result.to_talk_about == (disputed[0] if disputed else None)


@modest
@given(teams())
def test_the_majority_has_more_votes_than_every_other_option(team: tuple[Outlook, Ballots]) -> None:
    outlook, ballots = team
    for found in decide_together(outlook, ballots).tallies:
        given = [answers[found.question] for answers in ballots.values() if found.question in answers]
        count = Counter(option for option in given if option is not None)
        assert {option: len(voters) for option, voters in found.votes.items()} == count
        assert len(found.unknown) == given.count(None)
        ranked = count.most_common()
        clear = ranked and (len(ranked) == 1 or ranked[0][1] > ranked[1][1])
        assert found.majority == (ranked[0][0] if clear else None)


@modest
@given(teams())
def test_the_recommendation_is_that_on_the_majorities(team: tuple[Outlook, Ballots]) -> None:
    outlook, ballots = team
    result = decide_together(outlook, ballots)
    assert result.recommendation == recommend(outlook, majorities(result))


@modest
@given(teams())
def test_the_disputes_are_exactly_those_whose_answer_would_change_the_outcome(team: tuple[Outlook, Ballots]) -> None:
    outlook, ballots = team
    result = decide_together(outlook, ballots)
    majority, framework = majorities(result), outlook.framework
    expected = {}
    for found in (found for found in result.tallies if len(found.votes) > 1):
        leads = {option: rule(framework, {**majority, found.question: option}) for option in found.votes}
        if set(leads.values()) != {rule(framework, majority)}:
            expected[found.question] = leads
    assert {dispute.question: dispute.leads for dispute in result.disputes} == expected


@modest
@given(teams())
def test_disagreement_matters_when_settling_it_in_some_way_changes_the_outcome(team: tuple[Outlook, Ballots]) -> None:
    outlook, ballots = team
    result = decide_together(outlook, ballots)
    majority = majorities(result)
    disputed = [found for found in result.tallies if found.disputed]
    settled = (
        {**majority, **dict(zip((found.question for found in disputed), options, strict=True))}
        for options in product(*(found.votes for found in disputed))
    )
    differs = any(rule(outlook.framework, answers) is not result.recommendation.approach for answers in settled)
    assert result.matters == (differs or bool(result.disputes))


@modest
@given(teams())
def test_the_order_of_members_never_matters(team: tuple[Outlook, Ballots]) -> None:
    outlook, ballots = team
    result = decide_together(outlook, ballots)
    other = decide_together(outlook, dict(reversed(ballots.items())))
    assert other.recommendation == result.recommendation
    assert [dispute.question for dispute in other.disputes] == [dispute.question for dispute in result.disputes]


@given(st.data())
@modest
def test_a_team_of_one_is_that_member(outlook: Outlook, data: st.DataObject) -> None:
    answers = data.draw(answers_to(outlook.framework))
    result = decide_together(outlook, {"Ada": answers})
    assert result.recommendation == recommend(outlook, answers)
    assert (result.disputes, result.matters) == ((), False)


@pytest.mark.parametrize("answers", [{"nonsense": "often"}, {"nonsense": None}, {"change_rate": "nonsense"}])
def test_an_unknown_id_is_a_key_error(outlook: Outlook, answers: Answers) -> None:
    with pytest.raises(KeyError):
        decide_together(outlook, {"Ada": {}, "Bo": answers})


def test_as_json_it_names_no_member(outlook: Outlook) -> None:
    ballots = {"Ada": {"change_rate": "often"}, "Bo": {"change_rate": "stable"}, "Cy": {"change_rate": None}}
    result = decide_together(outlook, ballots)
    told = json.loads(json.dumps(result.to_dict()))
    assert told["members"] == 3
    assert told["questions"][0] == {
        "question": "change_rate",
        "votes": {"often": 1, "stable": 1},
        "unknown": 1,
        "majority": None,
    }
    assert told["talk_about"] == "change_rate"
    assert told["disputes"] == [{"question": "change_rate", "leads": {"often": "rag", "stable": "need-more-info"}}]
    assert told["recommendation"] == json.loads(json.dumps(result.recommendation.to_dict()))
    assert not any(member in json.dumps(told) for member in ballots)
