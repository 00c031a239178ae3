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


def clean_lines(text: str) -> str:
    """The text cleaned line by line, without empty lines."""
    return "\n".join(line for line in map(clean, text.splitlines()) if line)


def as_typed(words: str, text: str) -> str:
    """The stretch of `text` that a cleaned stretch was made from, character for character."""
    if words in text:
        return words
    found = re.search(r"\W+".join(map(re.escape, re.findall(r"\w+", words))), text)
    return found[0] if found and found[0] else words


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
