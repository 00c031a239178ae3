"""How a question depends on the conversation before it, and the question that it stands for."""

import pytest

from bot.answering.anaphora import FollowUpKind, classify, complete_question, content_words, ordinal_in
from bot.guidance.techniques import Technique

KIND = FollowUpKind
LAST = "What does RAG cost?"


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How many examples does fine-tuning need?", KIND.STANDALONE),
        ("Why is that?", KIND.FRAGMENT),
        ("long term too?", KIND.FRAGMENT),
        ("And how about the licences of our five databases?", KIND.REFERENCE),
        ("Does it need much data?", KIND.PRONOUN),
        ("Does RAG need it for our data?", KIND.REFERENCE),  # names the technique itself
        ("Which of it is cheap?", KIND.REFERENCE),  # asks for one of several
        ("and for the other one?", KIND.OTHER_SIDE),
        ("and RAG?", KIND.OTHER_SIDE),
        ("Is there another way?", KIND.FRAGMENT),  # no technique is "another way"
        ("And both of them, or the other one?", KIND.FRAGMENT),
        ("the second one?", KIND.ORDINAL),
        ("What is the second step of our plan?", KIND.STANDALONE),
    ],
)
def test_a_question_depends_on_the_conversation_in_one_way(question: str, kind: FollowUpKind) -> None:
    assert classify(question) is kind


@pytest.mark.parametrize(
    ("question", "side", "completed"),
    [
        ("Does it need much data?", Technique.RAG, "Does RAG need much data?"),
        ("Does it need much data?", None, "Does it need much data?"),
        ("and for the other one?", Technique.RAG, "What does fine-tuning cost?"),
        ("and fine-tuning?", None, "What does fine-tuning cost?"),
        ("long term too?", Technique.RAG, "long term too with RAG?"),
        ("the second one?", Technique.FINE_TUNING, "what is fine-tuning?"),
        ("How long does fine-tuning take?", Technique.RAG, "How long does fine-tuning take?"),
    ],
)
def test_a_question_is_completed_with_the_technique_of_the_conversation(
    question: str, side: Technique | None, completed: str
) -> None:
    assert complete_question(question, LAST, side) == completed


def test_an_ordinal_is_a_place_in_a_list() -> None:
    assert [ordinal_in(question) for question in ("the first?", "the third one", "and the last?", "why?")] == [
        0,
        2,
        -1,
        0,
    ]


def test_grammar_and_names_of_the_techniques_are_no_content() -> None:
    assert content_words("And how does RAG do it, the other way round?") == []
    assert content_words("Does fine-tuning need many examples?") == ["need", "examples"]
