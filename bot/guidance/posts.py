"""Posts: what real people wrote, restated, with marks for what they say and do. Operators edit these files, too.

A file `corpus/*.posts.yaml` holds the posts of a few sources, which no other file has, so that a voice can be held out:

    voice: posts-1
    article: fine-tuning-vs-rag.md
    posts:
      - id: p0001                     # its address stands in posts.sources.csv
        text: "{which: RAG or tuning?} [training_data.little: i have 25 rows]"
        approach: [rag]               # of a case: all that are right, best first
      - id: p0002
        text: "and does it forget what it knew before?"
        answers: {Fine-Tuning Explained > Limitations: [Risk of catastrophic forgetting]}
      - id: p0003
        text: "CUDA out of memory, batch size 1"
        refuse: near_topic            # the guidance does not answer it
      - id: p0004                     # a conversation
        turns: [{text: …, answers: …, approach: …}, …]

In a text `[question.option: words]` marks a fact of the writer's case and `{act: words}` what a sentence does.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import yaml

from bot.guidance.article import Article
from bot.guidance.nodes import Nodes
from bot.guidance.phrasings import UNANSWERED_KINDS, Kind, Label, Phrasing

OPENING = re.compile(r"\[(?P<fact>\w+\.\w+): |\{(?P<act>\w+): ")
MAX_LABELS = 2  # sentences that a wording asks for; those after them complete the answer
CLOSING = {"[": "]", "{": "}"}


class Act(StrEnum):
    """The things that a sentence can do in a conversation about a case."""

    STATES = "states"
    WHICH = "which"
    ASKS = "asks"
    UNANSWERED = "unanswered"
    ABOUT = "about"
    SUPPOSES = "supposes"
    CORRECTS = "corrects"
    WITHDRAWS = "withdraws"
    COMPLAINS = "complains"
    TALK = "talk"
    ORDERS = "orders"
    OTHERS = "others"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True)
class MarkedWords:
    """Characters `start` to `end` of a post, and the fact (`question.option`) or the act that they are."""

    start: int
    end: int
    name: str


@dataclass(frozen=True)
class Post:
    """A message: its text, its marks, and what a right reply to it cites (anchors), recommends or refuses.

    `before` are the earlier messages of its conversation. A post without `answers` and `refuse` asks nothing of the
    guidance, one without `approach` is no case.
    """

    id: str
    voice: str
    text: str
    facts: tuple[MarkedWords, ...]
    acts: tuple[MarkedWords, ...]
    answers: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    approach: tuple[str, ...] = ()
    refuse: Kind | None = None
    before: tuple[str, ...] = ()


def read_posts(corpus: Path, articles: Sequence[Article]) -> tuple[Post, ...]:
    """Read every post in `corpus/*.posts.yaml`.

    Raises CorpusError, naming file and line, for an unknown key, act or sentence, and for marks that cannot be read.
    """
    by_name = {article.source: article for article in articles}
    return tuple(
        post for path in sorted(corpus.glob("*.posts.yaml")) for post in _PostsFile(Nodes(path), by_name).posts()
    )


def find_wordings(posts: Sequence[Post]) -> Iterator[Phrasing]:
    """Yield what posts ask, or ask in vain, as wordings; of one that asks several things, each part on its own."""
    for post in posts:
        asked = [act for act in post.acts if act.name == Act.ASKS]
        if post.approach:
            yield Phrasing(post.text, post.voice, (Label(Kind.CASE),))
        if post.answers:
            labels = tuple(Label(Kind.STATEMENT, anchor) for anchor in post.answers[:MAX_LABELS])
            whole = [] if asked and post.approach else [post.text]
            for text in (*whole, *(post.text[act.start : act.end] for act in asked if len(asked) == 1)):
                yield Phrasing(text, post.voice, labels)
        if post.refuse:
            yield Phrasing(post.text, post.voice, (Label(post.refuse),))
        for act in post.acts:
            if act.name == Act.UNANSWERED:
                yield Phrasing(post.text[act.start : act.end], post.voice, (Label(Kind.NEAR_TOPIC),))


class _PostsFile:
    """One file of posts."""

    def __init__(self, nodes: Nodes, articles: dict[str, Article]) -> None:
        self.nodes = nodes
        self.parts = nodes.parts(nodes.root, ("voice", "article", "posts"))
        self.voice = nodes.text(self.parts["voice"], "voice")
        name = nodes.text(self.parts["article"], "article")
        if name not in articles:
            raise nodes.error(self.parts["article"], f"speaks of the article {name!r}, which is not in the corpus")
        self.anchors = {(s.section, s.text): s.anchor for s in articles[name].statements}

    def posts(self) -> Iterator[Post]:
        for node in self.nodes.items(self.parts["posts"]):
            parts = self.nodes.parts(node, ("id",), ("text", "turns", "answers", "also", "approach", "refuse"))
            name, before = self.nodes.text(parts.pop("id"), "id"), list[str]()
            if "turns" not in parts:
                yield self._post(name, parts, node, ())
                continue
            for number, turn in enumerate(self.nodes.items(parts["turns"]), 1):
                own = self.nodes.parts(turn, ("text",), ("answers", "also", "approach", "refuse"))
                post = self._post(f"{name}.{number}", own, turn, tuple(before))
                yield post
                before.append(post.text)

    def _post(self, name: str, parts: dict[str, yaml.Node], node: yaml.Node, before: tuple[str, ...]) -> Post:
        if "text" not in parts:
            raise self.nodes.error(node, "'text' or 'turns' is missing here")
        text, facts, acts = self._marks(self.nodes.text(parts["text"], "text"), parts["text"])
        refuse = self.nodes.text(parts["refuse"], "refuse") if "refuse" in parts else None
        if refuse and refuse not in UNANSWERED_KINDS:
            raise self.nodes.error(parts["refuse"], f"unknown kind {refuse!r}; use {', '.join(UNANSWERED_KINDS)}")
        return Post(
            name,
            self.voice,
            text,
            facts,
            acts,
            tuple(self._cited(parts.get("answers"))),
            tuple(self._cited(parts.get("also"))),
            tuple(self.nodes.texts(parts["approach"])) if "approach" in parts else (),
            Kind(refuse) if refuse else None,
            before,
        )

    def _cited(self, node: yaml.Node | None) -> Iterator[str]:
        """Yield the anchors of the sentences that are listed by section."""
        for section, key, sentences in self.nodes.pairs(node) if node else ():
            for sentence in self.nodes.texts(sentences):
                if (section, sentence) not in self.anchors:
                    raise self.nodes.error(key, f"the section {section!r} has no statement {sentence!r}, word for word")
                yield self.anchors[section, sentence]

    def _marks(self, marked: str, node: yaml.Node) -> tuple[str, tuple[MarkedWords, ...], tuple[MarkedWords, ...]]:
        """Return the text without its marks, the facts and the acts."""
        text, facts, acts = "", list[MarkedWords](), list[MarkedWords]()
        opened, position = list[tuple[int, re.Match[str]]](), 0
        while position < len(marked):
            if opening := OPENING.match(marked, position):
                if opening["act"] and (opened or opening["act"] not in list(Act)):
                    raise self.nodes.error(node, f"{opening[0]!r} is no act, or stands inside of another mark")
                opened.append((len(text), opening))
                position = opening.end()
                continue
            character = marked[position]
            if opened and character == CLOSING[opened[-1][1][0][0]]:
                start, mark = opened.pop()
                (facts if mark["fact"] else acts).append(MarkedWords(start, len(text), mark["fact"] or mark["act"]))
            elif character in "[]{}":
                raise self.nodes.error(node, f"a stray {character!r}; marks are [question.option: …] and {{act: …}}")
            else:
                text += character
            position += 1
        if opened:
            raise self.nodes.error(node, f"the mark {opened[0][1][0]!r} does not end")
        return text, tuple(sorted(facts, key=lambda m: m.start)), tuple(acts)
