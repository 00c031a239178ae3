"""The article: a Markdown file read into sections and statements, each with a stable anchor."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import sentencex
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.front_matter import front_matter_plugin

from bot.errors import CorpusError
from bot.guidance.techniques import Technique, techniques_in

INTRODUCTION = "Introduction"
ANCHOR_WORDS = 8
PRONOUN_FIRST = re.compile(r"^(it|they|this|these)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Statement:
    """One bullet or sentence: the unit that is searched, cited and weighed.

    `section` is the heading path below the title, joined by " > "; `source` the file that holds `text` verbatim;
    `techniques` those it speaks of, by its own words or its heading's; `listed` is true for a bullet.
    """

    anchor: str
    section: str
    text: str
    source: str
    techniques: frozenset[Technique]
    listed: bool


@dataclass(frozen=True)
class Article:
    """A guidance article: the name of its file, and its statements in reading order."""

    source: str
    statements: tuple[Statement, ...]


def read_articles(corpus: Path) -> tuple[Article, ...]:
    """Read every `*.md` in `corpus`, by name. Raises CorpusError if there is none or one cannot be read."""
    paths = sorted(corpus.glob("*.md"))
    if not paths:
        raise CorpusError(corpus, None, "holds no article; put at least one Markdown file (*.md) there")
    taken = set[str]()
    return tuple(_read_article(path, taken) for path in paths)


def _read_article(path: Path, taken: set[str]) -> Article:
    """Read one Markdown file: headings make sections, sentences and bullets make statements; block quotes are left out.

    Anchors are unique over all articles: `taken` holds those so far, and receives this article's.
    """
    try:
        tokens = MarkdownIt("commonmark").use(front_matter_plugin).parse(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise CorpusError(path, None, f"cannot be read as UTF-8 text ({type(error).__name__})") from error
    statements, headings = list[Statement](), list[str]()
    for block in _blocks(tokens):
        if block.level == 1:
            headings = []
        elif block.level > 1:
            headings = [*headings[: block.level - 2], block.text.rstrip(": ")]
        else:
            section = " > ".join(headings) or INTRODUCTION
            statements.extend(_statements(block, section, path.name, taken))
    if not statements:
        raise CorpusError(path, None, "has no statement; write sentences or bullets under headings")
    return Article(path.name, tuple(statements))


@dataclass(frozen=True)
class _Block:
    """A heading (level 1 to 6), or text (level 0) that is a bullet or a paragraph."""

    level: int
    text: str
    bullet: bool = False


def _blocks(tokens: list[Token]) -> Iterator[_Block]:
    opened = list[Token]()
    for token in tokens:
        if token.nesting == 1:
            opened.append(token)
        elif token.nesting == -1:
            opened.pop()
        elif token.type == "inline" and not _within("blockquote_open", opened):
            text = _plain(token)
            if opened[-1].type == "heading_open":
                yield _Block(int(opened[-1].tag.removeprefix("h")), text)
            elif text:
                yield _Block(0, text, _within("list_item_open", opened))


def _within(kind: str, opened: list[Token]) -> bool:
    return any(token.type == kind for token in opened)


def _plain(inline: Token) -> str:
    """The text of an inline token without its markup, line breaks as spaces."""
    pieces = (" " if t.type in ("softbreak", "hardbreak") else t.content for t in inline.children or ())
    return "".join(pieces).strip()


def _statements(block: _Block, section: str, source: str, taken: set[str]) -> Iterator[Statement]:
    texts = [block.text] if block.bullet else [s.strip() for s in sentencex.segment("en", block.text)]
    subject = frozenset[Technique]()
    for text in filter(None, texts):
        anchor = _anchor(section, text, taken)
        taken.add(anchor)
        named = techniques_in(section)
        if len(named) != 1:
            named = techniques_in(text)
        subject = named or (subject if PRONOUN_FIRST.match(text) else frozenset())
        yield Statement(anchor, section, text, source, subject, block.bullet)


def _anchor(section: str, text: str, taken: set[str]) -> str:
    stem = f"{_slug(section)}.{'-'.join(_slug(text).split('-')[:ANCHOR_WORDS])}"
    number, anchor = 1, stem
    while anchor in taken:
        number += 1
        anchor = f"{stem}-{number}"
    return anchor


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower().replace("'", "")).strip("-")
