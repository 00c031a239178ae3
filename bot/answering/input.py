"""Clean what a person typed: drop invisible characters, and reject text that cannot be read."""

import re
import unicodedata
from dataclasses import dataclass

MAX_INPUT_LENGTH = 4000  # characters; a use case with all its detail fits, a pasted log does not
MIN_LATIN_SHARE = 0.5  # of the letters, at least
MIN_LATIN_LETTERS = 2
LINE_ENDS = ("\n", "\r", "\u2028", "\u2029", "\x0b", "\x0c")
CLUSTER = re.compile(r".[\u0300-\u036f\ufe00-\ufe0f]*", re.DOTALL)  # a character and the marks that belong to it


def clean(text: str) -> str:
    """Drop control and format characters (zero-width, bidirectional marks) and fold white space."""
    visible = "".join(map(_visible, unicodedata.normalize("NFKC", text)))
    return re.sub(r"\s+", " ", visible).strip()


@dataclass(frozen=True)
class CleanText:
    """A text cleaned line by line, without empty lines, with the typed origin of each character."""

    text: str
    typed: str
    places: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, typed: str) -> "CleanText":
        """Clean `typed`."""
        characters, places = list[str](), list[tuple[int, int]]()
        for cluster in CLUSTER.finditer(typed):
            raw = cluster[0]
            shown = "\n" if raw in LINE_ENDS else "".join(map(_visible, unicodedata.normalize("NFKC", raw)))
            for character in shown:
                if character.isspace():
                    space = "\n" if character == "\n" else " "
                    if characters and characters[-1].isspace():
                        characters[-1] = "\n" if "\n" in (space, characters[-1]) else " "
                        continue
                    character = space
                if characters or not character.isspace():
                    characters.append(character)
                    places.append(cluster.span())
        return cls("".join(characters).rstrip(), typed, tuple(places))

    def as_typed(self, start: int, end: int) -> str:
        """The typed text that characters `start` to `end` came from."""
        return self.typed[self.places[start][0] : self.places[end - 1][1]]


def _visible(character: str) -> str:
    match unicodedata.category(character):
        case "Cc":
            return " "
        case "Cf" | "Cs" | "Co" | "Cn":
            return ""
        case _:
            return character


def find_input_problem(text: str) -> str | None:
    """The name of the fixed sentence that says why a cleaned text cannot be read; None if it can."""
    if not text:
        return "empty"
    if len(text) > MAX_INPUT_LENGTH:
        return "too_long"
    letters = [c for c in text if c.isalpha()]
    latin = sum(unicodedata.name(c, "").startswith("LATIN") for c in letters)
    garbage = text.count("\ufffd") > len(text) / 10
    if latin < MIN_LATIN_LETTERS or latin < MIN_LATIN_SHARE * len(letters) or garbage:
        return "wordless"
    return None
