"""Read and check `corpus/decision-framework.yaml`; the file explains its own format."""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import TypeVar

import yaml

from bot.deciding.framework import Approach, Conclusion, Evidence, Framework, Option, Question, Side, Step, TrainingData
from bot.deciding.outlook import Outlook
from bot.guidance.article import Article, Statement
from bot.guidance.nodes import Nodes

MAX_WEIGHT = 5  # weight of a single sentence
MIN_QUESTIONS = 2
MIN_OPTIONS, MAX_OPTIONS = 2, 4  # with "don't know" they fit a row of buttons
MAX_ID_LENGTH = 60  # characters of a question's and an option's together; they go into the ids of buttons

Choice = TypeVar("Choice", bound=StrEnum)


def read_framework(nodes: Nodes, articles: Sequence[Article]) -> Framework:
    """Read the framework of a file.

    Raises CorpusError, naming file and line, for an unknown or missing key, a sentence that is not in its section word
    for word, a weight on neither side, and a question whose answers cannot change any recommendation.
    """
    return _FrameworkParser(nodes, articles).framework()


class _FrameworkParser:
    """Parses one framework file against its article."""

    def __init__(self, nodes: Nodes, articles: Sequence[Article]) -> None:
        self.nodes = nodes
        self.parts = nodes.parts(nodes.root, ("article", "version", "decisive", "questions", "outcomes"), ("outside",))
        name = nodes.text(self.parts["article"], "article")
        article = next((article for article in articles if article.source == name), None)
        if article is None:
            raise nodes.error(self.parts["article"], f"speaks of the article {name!r}, which is not in the corpus")
        self.sections = {s.section for s in article.statements}
        self.statements = {(s.section, s.text): s for s in article.statements}

    def framework(self) -> Framework:
        nodes, parts = self.nodes, self.parts
        questions = {name: self._question(name, node) for name, _, node in nodes.pairs(parts["questions"])}
        if len(questions) < MIN_QUESTIONS:
            raise nodes.error(parts["questions"], f"needs {MIN_QUESTIONS} questions or more")
        found = Framework(
            nodes.number(parts["version"], "version"),
            self._decisive(parts["decisive"]),
            questions,
            dict(self._outcomes(parts["outcomes"])),
            {name: nodes.text(value, name) for name, _, value in nodes.pairs(parts["outside"])}
            if "outside" in parts
            else {},
        )
        self._check_reachable(found)
        return found

    def _decisive(self, node: yaml.Node) -> int:
        weight = self.nodes.number(node, "decisive")
        if weight == 0:  # every answer, even one that says no, would make a need
            raise self.nodes.error(node, "decisive must be 1 or more, but is '0'")
        return weight

    def _question(self, name: str, node: yaml.Node) -> Question:
        parts = self.nodes.parts(node, ("label", "ask", "why", "options"))
        options = {key: self._option(key, value) for key, _, value in self.nodes.pairs(parts["options"])}
        if not MIN_OPTIONS <= len(options) <= MAX_OPTIONS:
            raise self.nodes.error(
                parts["options"], f"{name} has {len(options)} options; give {MIN_OPTIONS} to {MAX_OPTIONS}"
            )
        longest = max(options, key=len)
        if len(name) + len(longest) > MAX_ID_LENGTH:
            raise self.nodes.error(
                parts["options"],
                f"{name} and {longest} have more than {MAX_ID_LENGTH} characters together; shorten one",
            )
        label, text, why = (self.nodes.text(parts[part], part) for part in ("label", "ask", "why"))
        return Question(name, label, text, why, options)

    def _option(self, name: str, node: yaml.Node) -> Option:
        parts = self.nodes.parts(
            node,
            ("text", "criterion", "toward", "evidence"),
            ("examples", "at_least", "rules_out", "unless", "suffices"),
        )
        toward = self._one_of(Side, parts["toward"], "toward")
        evidence = tuple(self._evidence(parts["evidence"]))
        if (toward is Side.NEITHER) != (sum(e.weight for e in evidence) == 0):
            raise self.nodes.error(
                parts["toward"], f"{name} needs a side and a weight above 0, or `neither` and weight 0"
            )
        return Option(
            name,
            self.nodes.text(parts["text"], "text"),
            self.nodes.text(parts["criterion"], "criterion"),
            toward,
            evidence,
            self._one_of(TrainingData, parts["examples"], "examples") if "examples" in parts else None,
            self.nodes.number(parts["at_least"], "at_least") if "at_least" in parts else None,
            self._ruled_out(name, toward, parts["rules_out"]) if "rules_out" in parts else None,
            tuple(self.nodes.texts(parts["unless"])) if "unless" in parts else (),
            "suffices" in parts and self._one_of((Side.RAG,), parts["suffices"], "suffices") is toward,
        )

    def _ruled_out(self, name: str, toward: Side, node: yaml.Node) -> Side:
        side = self._one_of((Side.RAG, Side.FINE_TUNING), node, "rules_out")
        if side is toward:
            raise self.nodes.error(node, f"{name} speaks for {side.value} and rules it out; choose one of the two")
        return side

    def _evidence(self, node: yaml.Node) -> Iterator[Evidence]:
        for statement, value in self._quoted(node):
            weight = self.nodes.number(value, "a weight")
            if weight > MAX_WEIGHT:
                raise self.nodes.error(value, f"a weight is at most {MAX_WEIGHT}, but is {weight}")
            yield Evidence(statement, weight)

    def _quoted(self, node: yaml.Node) -> Iterator[tuple[Statement, yaml.Node]]:
        """Each sentence under its section, with its value."""
        for section, key, sentences in self.nodes.pairs(node):
            if section not in self.sections:
                raise self.nodes.error(key, f"the article has no section {section!r}")
            for quote, where, value in self.nodes.pairs(sentences):
                if (section, quote) not in self.statements:
                    raise self.nodes.error(where, f"the section {section!r} has no sentence {quote!r}, word for word")
                yield self.statements[section, quote], value

    def _outcomes(self, node: yaml.Node) -> Iterator[tuple[Approach, Conclusion]]:
        for name, value in self.nodes.parts(node, tuple(approach.value for approach in Approach)).items():
            parts = self.nodes.parts(value, ("says", "steps"), ("though",))
            steps = (Step(self.nodes.text(text, "a step"), quoted) for quoted, text in self._quoted(parts["steps"]))
            says = self.nodes.text(parts["says"], "says")
            though = self.nodes.text(parts["though"], "though") if "though" in parts else ""
            yield Approach(name), Conclusion(says, tuple(steps), though)

    def _one_of(self, choices: Iterable[Choice], node: yaml.Node, what: str) -> Choice:
        text = self.nodes.text(node, what)
        named = {choice.value: choice for choice in choices}
        if text not in named:
            raise self.nodes.error(node, f"{what} must be {' or '.join(named)}, but is {text!r}")
        return named[text]

    def _check_reachable(self, framework: Framework) -> None:
        outlook = Outlook(framework)
        for name, key, _ in self.nodes.pairs(self.parts["questions"]):
            if not outlook.influence({}, name):
                raise self.nodes.error(
                    key, f"no answer to {name!r} can change a recommendation; give it more weight or leave it out"
                )
