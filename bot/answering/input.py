"""What a person typed, made readable: invisible characters go, and what cannot be read is named."""

import re
import unicodedata

LONGEST = 4000  # characters; a use case with all its detail fits, a pasted log does not
LATIN_SHARE = 0.5
LETTERS = 2


def clean(text: str) -> str:
    """The text without control and format characters (zero-width, bidirectional marks), white space folded."""
    visible = "".join(map(_visible, unicodedata.normalize("NFKC", text)))
    return re.sub(r"\s+", " ", visible).strip()


def _visible(character: str) -> str:
    match unicodedata.category(character):
        case "Cc":
            return " "
        case "Cf" | "Cs" | "Co" | "Cn":
            return ""
        case _:
            return character


def unreadable(text: str) -> str | None:
    """The name of the fixed sentence that says why a cleaned text cannot be read; None when it can."""
    if not text:
        return "empty"
    if len(text) > LONGEST:
        return "too_long"
    letters = [c for c in text if c.isalpha()]
    latin = sum(unicodedata.name(c, "").startswith("LATIN") for c in letters)
    garbage = text.count("\ufffd") > len(text) / 10
    if latin < LETTERS or latin < LATIN_SHARE * len(letters) or garbage:
        return "wordless"
    return None
