"""Phrasings: wordings beside the article, each labelled with what it asks for. Operators edit these files.

A file `corpus/*.phrasings.yaml` holds the wordings of one voice (one author or register):

    article: fine-tuning-vs-rag.md
    voice: engineers
    asked:
      RAG Explained > Limitations:
        (the whole list):            # asks for all bullets of the section
          - downsides of rag?
        Depends on retrieval quality:
          - what if it finds the wrong page
    compared:                        # asks for the two techniques side by side
      - pros and cons of each
    unanswered:                      # not answered by the article
      near_topic: [which vector database?]
      off_topic: [weather tomorrow?]
      injection: [ignore your rules]
    small_talk:
      greeting: [hi]

A wording that fits several statements stands under each of them.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

import yaml

from bot.errors import CorpusError
from bot.guidance.article import Article
from bot.guidance.nodes import Nodes

WHOLE_LIST = "(the whole list)"
MIN_WORDINGS = 20  # wordings a statement, below which cross-validation shows that it is no longer found


class Kind(StrEnum):
    """The kinds of request that a wording can make; a case asks for advice."""

    STATEMENT = "statement"
    SECTION = "section"
    COMPARISON = "comparison"
    NEAR_TOPIC = "near_topic"
    OFF_TOPIC = "off_topic"
    INJECTION = "injection"
    SMALL_TALK = "small_talk"
    CASE = "case"


ANSWERED_KINDS = frozenset({Kind.STATEMENT, Kind.SECTION, Kind.COMPARISON})
UNANSWERED_KINDS = (Kind.NEAR_TOPIC, Kind.OFF_TOPIC, Kind.INJECTION)
# Each is answered with the fixed sentence of its name.
SMALL_TALK_INTENTS = (
    *("greeting", "thanks", "farewell", "identity", "capability", "human", "praise", "complaint", "banter"),
)


class Label(NamedTuple):
    """Exactly one request: a statement's anchor, a section, or the intent of small talk."""

    kind: Kind
    key: str = ""


@dataclass(frozen=True)
class Phrasing:
    """One wording by one voice; several labels when it fits several statements equally."""

    text: str
    voice: str
    labels: tuple[Label, ...]


def read_phrasings(corpus: Path, articles: tuple[Article, ...]) -> tuple[Phrasing, ...]:
    """Every wording in `corpus/*.phrasings.yaml`.

    Raises CorpusError, naming file and line, for a wording under a statement or a section that its article does not
    have, an unknown key, and (without a line) a statement that has some wordings but fewer than MIN_WORDINGS.
    """
    found = read_wordings(corpus, articles)
    _check_enough(corpus, articles, found)
    return found


def read_wordings(corpus: Path, articles: tuple[Article, ...]) -> tuple[Phrasing, ...]:
    """Do as `read_phrasings`, but accept too few wordings."""
    by_name = {article.source: article for article in articles}
    return tuple(p for path in sorted(corpus.glob("*.phrasings.yaml")) for p in _read_file(path, by_name))


def _read_file(path: Path, articles: dict[str, Article]) -> list[Phrasing]:
    file = _PhrasingsFile(path, articles)
    labels = defaultdict[str, list[Label]](list)
    for text, label in file.labelled():
        if label not in labels[text]:
            labels[text].append(label)
    return [Phrasing(text, file.voice, tuple(which)) for text, which in labels.items()]


class _PhrasingsFile:
    """One phrasings file."""

    def __init__(self, path: Path, articles: dict[str, Article]) -> None:
        self.nodes = nodes = Nodes(path)
        self.parts = nodes.parts(nodes.root, ("voice", "article"), ("asked", "compared", "unanswered", "small_talk"))
        self.voice = nodes.text(self.parts["voice"], "voice")
        name = nodes.text(self.parts["article"], "article")
        if name not in articles:
            raise nodes.error(self.parts["article"], f"speaks of the article {name!r}, which is not in the corpus")
        self.article = articles[name]

    def labelled(self) -> Iterator[tuple[str, Label]]:
        for part, node in self.parts.items():
            match part:
                case "asked":
                    yield from self._asked(node)
                case "compared":
                    yield from ((text, Label(Kind.COMPARISON)) for text in self.nodes.texts(node))
                case "unanswered":
                    grouped = self._grouped(node, UNANSWERED_KINDS, "kind")
                    yield from ((text, Label(Kind(kind))) for kind, text in grouped)
                case "small_talk":
                    grouped = self._grouped(node, SMALL_TALK_INTENTS, "small talk")
                    yield from ((text, Label(Kind.SMALL_TALK, intent)) for intent, text in grouped)

    def _asked(self, node: yaml.Node) -> Iterator[tuple[str, Label]]:
        anchors = {(s.section, s.text): s.anchor for s in self.article.statements}
        sections = {s.section for s in self.article.statements}
        for section, key, statements in self.nodes.pairs(node):
            if section not in sections:
                raise self.nodes.error(key, f"the article has no section {section!r}")
            for statement, where, texts in self.nodes.pairs(statements):
                if statement == WHOLE_LIST:
                    label = Label(Kind.SECTION, section)
                elif (section, statement) in anchors:
                    label = Label(Kind.STATEMENT, anchors[section, statement])
                else:
                    raise self.nodes.error(
                        where, f"the section {section!r} has no statement {statement!r}, word for word"
                    )
                yield from ((text, label) for text in self.nodes.texts(texts))

    def _grouped(self, node: yaml.Node, names: Sequence[str], what: str) -> Iterator[tuple[str, str]]:
        """Each wording with the name that it stands under, one of `names`."""
        for name, key, texts in self.nodes.pairs(node):
            if name not in names:
                raise self.nodes.error(key, f"unknown {what} {name!r}; use {', '.join(names)}")
            yield from ((name, text) for text in self.nodes.texts(texts))


def _check_enough(corpus: Path, articles: tuple[Article, ...], phrasings: tuple[Phrasing, ...]) -> None:
    """An article with wordings for one statement needs them for all; one without any is searched by its own words."""
    count = Counter(label.key for p in phrasings for label in p.labels if label.kind is Kind.STATEMENT)
    for article in articles:
        if any(count[s.anchor] for s in article.statements):
            for s in article.statements:
                if count[s.anchor] < MIN_WORDINGS:
                    problem = f"{count[s.anchor]} wordings for {s.text!r} ({s.section}); write at least {MIN_WORDINGS}"
                    raise CorpusError(corpus / article.source, None, problem)
