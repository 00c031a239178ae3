"""Sayings: teams' wordings and whole use cases beside the framework, labelled with the facts they state.

A file `corpus/decision-framework.<voice>.said.yaml` holds those of one voice (one author or register):

    voice: trades
    said:                                # clauses, by question and option
      citations:
        required: [nobody acts on it unless the page stands beside it]
        unsure: [they might want sources, nobody has asked]
    outside:                             # meant for neither approach
      numbers: [how many loaves to bake tomorrow]
    irrelevant: [we have nine vans]      # says nothing on any question
    cases:                               # use cases by the approach that fits, facts marked where they are stated
      rag:
        - "Fish auction. [change_rate.often: What is landed is history by dinnertime]. Nine vans."
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import yaml

from bot.deciding.framework import Approach, Framework
from bot.guidance.nodes import Nodes
from bot.guidance.posts import Post

IRRELEVANT = "irrelevant"
OUT_OF_SCOPE = "outside"
UNSURE = "unsure"
MARK = re.compile(r"\[(\w+)\.(\w+): ([^\[\]]+)\]")


@dataclass(frozen=True)
class Saying:
    """A clause and its label: `question.option`, `question.unsure`, `outside.kind` or `irrelevant`."""

    text: str
    states: str


@dataclass(frozen=True)
class Mark:
    """A labelled stretch of a case, characters `start` to `end`."""

    start: int
    end: int
    states: str


@dataclass(frozen=True)
class LabelledCase:
    """A use case in a team's words, the approach that fits it, and its marked facts."""

    text: str
    approach: Approach
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Voice:
    """The content of one file."""

    name: str
    sayings: tuple[Saying, ...]
    cases: tuple[LabelledCase, ...]


def read_voice(nodes: Nodes, framework: Framework) -> Voice:
    """Read the wordings and cases of one file.

    Raises CorpusError, naming file and line, for a question, option or kind that the framework lacks, an unknown key,
    and a case whose marks cannot be read.
    """
    return _VoiceParser(nodes, framework).voice()


def voices_of(posts: Sequence[Post]) -> list[Voice]:
    """The cases among posts, by voice; one that is right in several ways has the first."""
    cases = defaultdict[str, list[LabelledCase]](list)
    for post in posts:
        if post.approach:
            marks = tuple(Mark(fact.start, fact.end, fact.name) for fact in post.facts)
            cases[post.voice].append(LabelledCase(post.text, Approach(post.approach[0]), marks))
    return [Voice(name, (), tuple(own)) for name, own in cases.items()]


class _VoiceParser:
    def __init__(self, nodes: Nodes, framework: Framework) -> None:
        self.nodes, self.framework = nodes, framework
        self.parts = nodes.parts(nodes.root, ("voice",), ("said", OUT_OF_SCOPE, IRRELEVANT, "cases"))

    def voice(self) -> Voice:
        name = self.nodes.text(self.parts["voice"], "voice")
        return Voice(name, tuple(self._sayings()), tuple(self._cases()))

    def _sayings(self) -> Iterator[Saying]:
        for part, node in self.parts.items():
            if part == IRRELEVANT:
                yield from (Saying(text, IRRELEVANT) for text in self.nodes.texts(node))
            elif part in ("said", OUT_OF_SCOPE):
                for question, _, options in self.nodes.pairs(node) if part == "said" else [(OUT_OF_SCOPE, None, node)]:
                    for option, key, texts in self.nodes.pairs(options):
                        states = f"{question}.{option}"
                        self._check(states, key)
                        yield from (Saying(text, states) for text in self.nodes.texts(texts))

    def _cases(self) -> Iterator[LabelledCase]:
        if "cases" in self.parts:
            for approach, key, texts in self.nodes.pairs(self.parts["cases"]):
                if approach not in list(Approach):
                    raise self.nodes.error(key, f"{approach!r} is no approach; use {', '.join(Approach)}")
                if not isinstance(texts, yaml.SequenceNode):
                    raise self.nodes.error(texts, "expected a list of cases, each after a dash")
                for node in texts.value:
                    yield self._case(self.nodes.text(node, "a case"), Approach(approach), node)

    def _case(self, marked: str, approach: Approach, node: yaml.Node) -> LabelledCase:
        text, marks, position = "", list[Mark](), 0
        for mark in MARK.finditer(marked):
            text += marked[position : mark.start()]
            states = f"{mark[1]}.{mark[2]}"
            self._check(states, node)
            marks.append(Mark(len(text), len(text) + len(mark[3]), states))
            text += mark[3]
            position = mark.end()
        text += marked[position:]
        if "[" in text or "]" in text:
            raise self.nodes.error(node, "a mark is written [question.option: words], without brackets inside")
        return LabelledCase(text, approach, tuple(marks))

    def _check(self, states: str, node: yaml.Node) -> None:
        question, _, option = states.partition(".")
        if question == OUT_OF_SCOPE:
            known = option in self.framework.outside
        else:
            found = self.framework.questions.get(question)
            known = found is not None and (option == UNSURE or option in found.options)
        if not known:
            raise self.nodes.error(node, f"the framework has no {states!r}")
