"""What each word of a sentence is said of, and whether it is negated."""

import pytest

from bot.guidance.techniques import Technique
from bot.writing.meaning import Word, parse_words


def word(text: str, sentence: str) -> Word:
    [found] = [word for word in parse_words(sentence) if word.text == text]
    return found


@pytest.mark.parametrize(
    ("sentence", "is_negated"),
    [
        ("RAG is not expensive.", True),
        ("RAG isn't expensive.", True),
        ("RAG can't be expensive.", True),
        ("RAG is not slow, but expensive.", False),  # a negation ends with its clause
        ("RAG is expensive.", False),
        ("It is never not expensive.", False),  # two of them cancel out
    ],
)
def test_a_negation_is_over_the_rest_of_its_clause(sentence: str, *, is_negated: bool) -> None:
    assert (word("expensive", sentence).sign == -1) is is_negated


@pytest.mark.parametrize(
    ("sentence", "conditional", "contrasted"),
    [
        ("If updates are frequent, use RAG.", True, False),
        ("RAG fits your updates.", True, False),  # the user's
        ("RAG costs less than updates.", False, True),
        ("RAG makes updates easy.", False, False),
    ],
)
def test_a_condition_and_a_contrast_are_no_claims(sentence: str, *, conditional: bool, contrasted: bool) -> None:
    found = word("updates", sentence)
    assert (found.conditional, found.contrasted) == (conditional, contrasted)


def test_a_technique_is_known_by_its_name_and_what_shares_its_clause_is_beside_it() -> None:
    sentence = "Fine-tuning is slow, databases are fast."
    assert word("fine tuning", sentence).technique is Technique.FINE_TUNING
    assert (word("slow", sentence).beside_name, word("fast", sentence).beside_name) == (True, False)
    assert word("fine tuning", sentence).named


def test_numbers_are_quantities_and_claim_something() -> None:
    assert [word.text for word in parse_words("It takes 2,000 examples, or 50%.") if word.quantity] == ["2,000", "50%"]
    assert word("2,000", "It takes 2,000 examples.").content
    assert not word("not", "It is not so.").content
