"""Candidate facts: the best span for each question, and what numbers, negations and hedges in it change."""

import math

import numpy as np
import pytest

from bot.cases.candidates import HEDGED, UNDECIDED, Candidate, CandidateFinder
from bot.cases.spans import find_spans
from bot.deciding.framework import Framework

NEGATES, HEDGES, LENGTH, AGREES, DISAGREES = range(7, 12)  # places among a candidate's features


def candidate(framework: Framework, text: str, states: str) -> Candidate:
    """The candidate for a question when the ranker finds this statement in the last span of a text, and no other."""
    labels = [f"{name}.{option}" for name, question in framework.questions.items() for option in question.options]
    spans, name = find_spans(text), states.partition(".")[0]
    scores = np.zeros((len(spans), len(labels)), np.float32)
    scores[-1, labels.index(states)] = 1
    candidates = CandidateFinder(framework, labels).of(text, spans, scores)
    assert [each.question for each in candidates][: len(framework.questions)] == list(framework.questions)
    return next(each for each in candidates if each.question == name)


def test_a_candidate_is_the_best_span_with_its_score(framework: Framework) -> None:
    text = "It is for our support team. Our docs change every week."
    found = candidate(framework, text, "change_rate.often")
    assert text[found.span.start : found.span.end] == "Our docs change every week."
    assert (found.states, found.features[0]) == ("change_rate.often", 1)
    assert found.features[LENGTH] == pytest.approx(math.log1p(5))


@pytest.mark.parametrize(
    ("text", "states", "agrees"),
    [
        ("We have 5,000 checked examples.", "training_data.thousands", (1, 0)),
        ("We have 50 checked examples.", "training_data.little", (0, 1)),  # the number decides
        ("We have many checked examples.", "training_data.thousands", (0, 0)),
    ],
)
def test_a_number_chooses_among_options_that_differ_by_number(
    framework: Framework, text: str, states: str, agrees: tuple[int, int]
) -> None:
    found = candidate(framework, text, "training_data.thousands")
    assert found.states == states
    assert (found.features[AGREES], found.features[DISAGREES]) == agrees


def test_a_number_beside_options_without_numbers_changes_nothing(framework: Framework) -> None:
    found = candidate(framework, "Our 50 documents change every week.", "change_rate.often")
    assert found.states == "change_rate.often"
    assert (found.features[AGREES], found.features[DISAGREES]) == (0, 0)


@pytest.mark.parametrize(
    ("text", "negates", "hedges"),
    [("Our docs change every week.", 0, 0), ("Our docs never change.", 1, 0), ("Our docs may change some day.", 0, 1)],
)
def test_negations_and_hedges_are_features(framework: Framework, text: str, negates: int, hedges: int) -> None:
    features = candidate(framework, text, "change_rate.often").features
    assert (features[NEGATES], features[HEDGES]) == (negates, hedges)


@pytest.mark.parametrize(
    ("words", "is_undecided", "is_hedged"),
    [
        ("we might need citations", True, True),
        ("not yet decided", True, True),
        ("perhaps we need citations", True, True),
        ("perhaps 500 examples", False, False),  # a rough number is a number
        ("maybe twice a year", False, False),
        ("it depends on the team", False, True),
        ("we need citations", False, False),
    ],
)
def test_what_is_undecided_is_no_fact_but_a_rough_number_is(words: str, *, is_undecided: bool, is_hedged: bool) -> None:
    assert (bool(UNDECIDED.search(words)), bool(HEDGED.search(words))) == (is_undecided, is_hedged)
