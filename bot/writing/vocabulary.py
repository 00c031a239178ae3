"""The vocabulary of grounding: words with the same, the opposite or no meaning, from `vocabulary.yaml`."""

import re
from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import yaml

Concept = tuple[str, int]  # its name, and +1, or -1 for its opposite
Sense = frozenset[Concept]  # the concepts that a word or phrase states together
Key = tuple[str, ...]

MAX_PHRASE_WORDS = 6
MIN_STEM, MIN_ROOT = 3, 4
INFLECTIONS = re.findall(r"\w+", "ings ing ies ied ed es ly s e y")
ENDINGS = re.findall(
    r"\w+",
    "abilities ability ibility ations ation itions ition ements ement ments ment ness ances ance ences ence ency ancy"
    " ities ity able ible ively ive ally ical ful ously ous ions ion als al ly ings ing ies ied er ed es s e y i",
)


class Vocabulary:
    """Lists and meanings of words and phrases, each under a key: its words verbatim, or without inflection."""

    def __init__(self, lists: dict[str, str], concepts: Sequence[str], compounds: dict[str, str]) -> None:
        self.senses: dict[Key, list[Sense]] = defaultdict(list)
        self.polar: set[str] = set()
        self._roots: dict[str, Key] = {}
        self._lists = {name: self._keys(words) for name, words in lists.items()}
        self._known: set[Key] = set().union(*self._lists.values())
        for group in concepts:
            same, _, opposite = group.partition("|")
            name = same.split(",")[0].strip()
            self._mean(same, frozenset({(name, 1)}))
            if opposite:
                self.polar.add(name)
                self._mean(opposite, frozenset({(name, -1)}))
        for stated, words in compounds.items():
            parts = (part.strip() for part in stated.split(","))
            self._mean(words, frozenset((part.lstrip("-"), -1 if part.startswith("-") else 1) for part in parts))

    def key(self, words: Sequence[str]) -> Key | None:
        """The key that a word or phrase is listed under, or None."""
        exact, alike = tuple(words), tuple(map(inflected, words))
        for key in (exact, alike):
            if key in self._known:
                return key
        return self._roots.get(root(words[0])) if len(words) == 1 else None

    def lists(self, name: str, key: Key) -> bool:
        """Return True if the list `name` has this key."""
        return key in self._lists[name]

    def _mean(self, words: str, sense: Sense) -> None:
        keys = self._keys(words)
        self._known |= keys
        for key in keys:
            self.senses[key].append(sense)
            if len(key) == 1:
                self._roots.setdefault(root(key[0]), key)

    def _keys(self, words: str) -> set[Key]:
        exact = [tuple(word.replace("-", " ").split()) for word in words.split(",") if word.strip()]
        return {*exact, *(tuple(map(inflected, key)) for key in exact if not key[-1].endswith("ly"))}


@cache
def vocabulary() -> Vocabulary:
    """The vocabulary, read once."""
    data = yaml.safe_load(Path(__file__).with_name("vocabulary.yaml").read_text("utf-8"))
    concepts, compounds = data.pop("concepts"), data.pop("compounds")
    return Vocabulary(data, concepts, compounds)


@cache
def inflected(word: str) -> str:
    """Strip the ending of a plural, a tense or an adverb."""
    for ending in INFLECTIONS:
        if word.endswith(ending) and len(word) - len(ending) >= MIN_STEM:
            return _single(word[: -len(ending)])
    return _single(word)


@cache
def root(word: str) -> str:
    """Strip all common endings, so that "complexity" and "complex" are equal."""
    for _ in range(3):
        ending = next((e for e in ENDINGS if word.endswith(e) and len(word) - len(e) >= MIN_ROOT), None)
        if ending is None:
            break
        word = word[: -len(ending)]
    return _single(word)


def _single(stem: str) -> str:
    return re.sub(r"(?<=..)([b-df-hjkm-np-rtv-z])\1$", r"\1", stem)
