"""What has no answer: grouped by meaning, what most people ask first, without names."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from hypothesis.extra import numpy as arrays

from bot.guidance.embedding import Embedder
from bot.guidance.index import Index
from bot.insights.gaps import EXAMPLES, MAX_EXAMPLE, SAMPLE_SIZE, Gaps, Unanswered, typical
from tests.support.insights.seeding import UNANSWERED, a_message


def unanswered(*questions: tuple[str, str], sample_size: int = SAMPLE_SIZE) -> Unanswered:
    found = Unanswered(sample_size)
    for text, user in questions:
        found.add(a_message(kind="abstain", text=text, asker=int.from_bytes(user.encode())))
    return found


def grouped(
    questions: Sequence[tuple[str, str]], embedder: Embedder, index: Index, sample_size: int = SAMPLE_SIZE
) -> Gaps:
    return unanswered(*questions, sample_size=sample_size).group(embedder, [*index.statements.values()])


def test_questions_of_one_meaning_stand_together_what_most_people_ask_first(embedder: Embedder, index: Index) -> None:
    found = grouped(UNANSWERED, embedder, index)
    assert [(gap.questions, gap.people) for gap in found.groups] == [(3, 3), (2, 1)]
    database, rate = found.groups
    assert all("vector database" in text for text in database.examples)
    assert all("LoRA" in text for text in rate.examples)
    assert (found.alone, found.different, found.compared) == (1, 6, 6)
    assert database.section in {statement.section for statement in index.statements.values()}


def test_the_same_words_count_each_time_and_are_shown_once(embedder: Embedder, index: Index) -> None:
    found = grouped([("Which GPU?", "U1"), ("which gpu", "U1"), ("which  GPU ?", "U2")], embedder, index)
    [gap] = found.groups
    assert (gap.questions, gap.people, gap.examples) == (3, 2, ("Which GPU?",))


def test_one_question_alone_and_none_at_all(embedder: Embedder, index: Index) -> None:
    assert grouped([("Which GPU?", "U1")], embedder, index) == Gaps((), 1, 1, 1)
    assert grouped([], embedder, index) == Gaps((), 0, 0, 0)


def test_of_many_a_sample_is_compared_the_same_each_time(embedder: Embedder, index: Index) -> None:
    found = grouped(UNANSWERED, embedder, index, sample_size=4)
    assert (found.different, found.compared) == (6, 4)
    assert sum(gap.questions for gap in found.groups) + found.alone == 4
    assert grouped(UNANSWERED, embedder, index, sample_size=4) == found


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ("what does <@U024BE7LH|maya> pay?", "what does … pay?"),
        ("ask <@!123456789012345678> or <#C024BE91L>", "ask … or …"),
        ("write to maya.b+x@example.co.uk please", "write to … please"),
        ("does @maya know U024BE7LH", "does … know …"),
        ("RAG vs LoRA @ 8 bit, 70B, USD 1000?", "RAG vs LoRA @ 8 bit, 70B, USD 1000?"),
    ],
)
def test_names_that_can_be_told_by_their_form_are_left_out(asked: str, kept: str) -> None:
    assert [*unanswered((asked, "U1")).texts.values()] == [kept]


def test_a_long_question_is_cut(embedder: Embedder, index: Index) -> None:
    text = "how do we " + "really " * 100 + "do it"
    [gap] = grouped([(text, "U1"), (f"{text}!", "U2")], embedder, index).groups
    assert len(gap.examples[0]) <= MAX_EXAMPLE
    assert gap.examples[0].endswith("…")


@given(arrays.arrays(np.float32, some.tuples(some.integers(1, 8), some.just(3)), elements=some.floats(-1, 1, width=32)))
def test_the_typical_ones_are_different_and_begin_with_the_nearest(vectors: np.ndarray) -> None:
    centre = vectors.mean(axis=0)
    chosen = typical(vectors, centre, EXAMPLES)
    assert len(set(chosen)) == len(chosen) == min(EXAMPLES, len(vectors))
    assert (vectors @ centre)[chosen[0]] == max(vectors @ centre)
