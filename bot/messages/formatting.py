"""Plain text: split, shortened, on one line, or safe to be shown."""

import re
from collections.abc import Iterator

BREAKS = ("\n\n", "\n", ". ", " ")  # where a text is best split, the best first
MARKDOWN_MARKUP = re.compile(
    r"[\\`*_{}\[\]<>#|~]|&(?=#?\w+;)"  # emphasis, code, links, headings, tables, entities
    r"|^[ \t]*(?:[-+=](?=[-+=\s]|\Z)|\d+[.)](?=\s|\Z))",  # lists, rules, headings
    re.MULTILINE,
)
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")  # all but tabs and line feeds


def split(text: str, limit: int) -> Iterator[str]:
    """Split a text between paragraphs, lines, sentences or words into parts of at most `limit` characters.

    Together the parts are the text again.
    """
    while len(text) > limit:
        ends = (text.rfind(mark, limit // 2, limit) + len(mark) for mark in BREAKS if mark in text[limit // 2 : limit])
        end = next(ends, limit)
        yield text[:end]
        text = text[end:]
    yield text


def shorten(text: str, limit: int) -> str:
    """Truncate a text to `limit` characters, between words where possible; never empty."""
    text = text.strip() or "…"
    if len(text) <= limit:
        return text
    end = text.rfind(" ", limit // 2, limit)
    return f"{text[: end if end > 0 else limit - 1].rstrip()}…"


def join_lines(text: str) -> str:
    """Put a text on one line."""
    return " ".join(text.split())


def escape_markdown(text: str) -> str:
    """Escape what means something in Markdown, so that the text is shown as it is."""
    return MARKDOWN_MARKUP.sub(lambda found: f"{found[0][:-1]}\\{found[0][-1]}", text)


def remove_controls(text: str) -> str:
    """Remove what a terminal obeys, and what reverses the direction of text."""
    return CONTROLS.sub("", text)
