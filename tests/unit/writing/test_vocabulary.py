"""Words of the same, the opposite and no meaning, whatever their endings."""

import pytest

from bot.writing.vocabulary import Vocabulary, inflected, root

WORDS = Vocabulary({"frame": "say, in general"}, ["cheap, low-cost | dear"], {"cheap, -slow": "bargain"})


@pytest.mark.parametrize(
    ("one", "other"), [("costs", "cost"), ("copies", "copied"), ("planned", "plan"), ("training", "train")]
)
def test_a_plural_and_a_tense_are_the_same_word(one: str, other: str) -> None:
    assert inflected(one) == inflected(other)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("complexity", "complex", True), ("retrieval", "retrieve", True), ("cost", "coast", False)],
)
def test_words_of_one_root_are_alike(one: str, other: str, *, same: bool) -> None:
    assert (root(one) == root(other)) is same


def test_an_opposite_has_the_other_sign_and_a_compound_has_several_concepts() -> None:
    assert WORDS.senses["cheap",] == [{("cheap", 1)}]
    assert WORDS.senses["low", "cost"] == [{("cheap", 1)}]
    assert WORDS.senses["dear",] == [{("cheap", -1)}]
    assert WORDS.senses["bargain",] == [{("cheap", 1), ("slow", -1)}]
    assert WORDS.polar == {"cheap"}


def test_a_key_is_found_verbatim_without_inflection_or_by_its_root() -> None:
    assert WORDS.key(["low", "cost"]) == ("low", "cost")
    assert WORDS.key(["bargains"]) == ("bargain",)
    assert WORDS.key(["cheapness"]) == ("cheap",)
    assert WORDS.key(["in"]) is None  # a part of a phrase is no phrase
    assert WORDS.lists("frame", ("in", "general"))
    assert not WORDS.lists("frame", ("cheap",))
