"""Platform-neutral replies: lines, and the citations that they stand on."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import cast
from urllib.parse import quote

from pydantic import JsonValue

from bot.deciding.recommendation import Recommendation
from bot.guidance.article import Statement
from bot.messages.formatting import escape_markdown, split


class ReplyKind(StrEnum):
    """The kinds of reply; these words are part of the public contract."""

    ANSWER = "answer"
    ADVICE = "advice"
    ABSTAIN = "abstain"
    SMALL_TALK = "small_talk"


class LineKind(StrEnum):
    """The kinds of line, by which a platform renders them."""

    PLAIN = "plain"
    HEADING = "heading"
    ITEM = "item"  # of a list
    CODE = "code"


@dataclass(frozen=True)
class Citation:
    """A statement as evidence: `quote` is verbatim in `source`, under the heading path `section`."""

    section: str
    quote: str
    source: str
    anchor: str

    @classmethod
    def of(cls, statement: Statement) -> "Citation":
        return cls(statement.section, statement.text, statement.source, statement.anchor)

    def link(self, article_url: str) -> str:
        """Return the URL of the sentence in the published article (https://wicg.github.io/scroll-to-text-fragment)."""
        fragment = quote(self.quote, safe="").replace("-", "%2D")  # a dash has a meaning in text fragments
        return f"{article_url}#:~:text={fragment}"


@dataclass(frozen=True)
class Line:
    """One line or paragraph; `cites` are the numbers, from 1, of the reply's citations that it stands on."""

    text: str
    kind: LineKind = LineKind.PLAIN
    cites: tuple[int, ...] = ()

    def split(self, limit: int) -> Iterator["Line"]:
        """Split the text into lines of at most `limit` characters; the last has the citations."""
        *parts, last = split(self.text, limit)
        yield from (Line(text, self.kind) for text in parts)
        yield Line(last, self.kind, self.cites)

    def plain(self) -> str:
        """Return plain text, with the citations in brackets."""
        marks = "".join(f" [{number}]" for number in self.cites)
        bullet = "- " if self.kind is LineKind.ITEM else ""
        return f"{bullet}{self.text}{marks}"

    def markdown(self) -> str:
        """Return Markdown; a heading has empty lines around it."""
        if self.kind is LineKind.CODE:
            return f"\n```\n{self.text}\n```"
        marks = "".join(f" [{number}]" for number in self.cites)
        before = {LineKind.HEADING: "\n## ", LineKind.ITEM: "- ", LineKind.PLAIN: "\n"}[self.kind]
        return f"{before}{escape_markdown(self.text)}{marks}" + ("\n" if self.kind is LineKind.HEADING else "")


@dataclass(frozen=True)
class Reply:
    """An answer, advice on a use case with its recommendation, or an abstention; `reason` is why it abstains.

    The reason is the name of the fixed sentence that it begins with. It is stored, and is not shown to outsiders.
    """

    kind: ReplyKind
    lines: tuple[Line, ...]
    citations: tuple[Citation, ...] = ()
    recommendation: Recommendation | None = None
    reason: str = ""

    @property
    def text(self) -> str:
        return "\n".join(line.plain() for line in self.lines)

    @classmethod
    def of(cls, stored: Mapping[str, JsonValue]) -> "Reply":
        """Read a stored reply, without its recommendation.

        Those stored before lines were have their text line by line.
        """
        rows = cast(Sequence[tuple[str, str, Sequence[int]]], stored.get("lines"))
        rows = rows or [(text, "plain", ()) for text in str(stored["text"]).split("\n")]
        lines = tuple(Line(text, LineKind(kind), tuple(cites)) for text, kind, cites in rows)
        citations = cast(Sequence[Mapping[str, str]], stored["citations"])
        return cls(ReplyKind(str(stored["kind"])), lines, tuple(Citation(**citation) for citation in citations))

    def to_dict(self) -> dict[str, JsonValue]:
        """Return JSON values, in the shape of the public contract."""
        recommendation = self.recommendation.to_dict() if self.recommendation else None
        return {
            "kind": self.kind.value,
            "text": self.text,
            "citations": [vars(citation) for citation in self.citations],
            "recommendation": cast(JsonValue, recommendation),
        }

    def to_stored(self) -> dict[str, JsonValue]:
        """Return JSON values for the store: `to_dict`, the reason, and each line with its kind and citations."""
        lines: list[JsonValue] = [[line.text, line.kind.value, [*line.cites]] for line in self.lines]
        return {**self.to_dict(), "reason": self.reason, "lines": lines}

    @property
    def markdown(self) -> str:
        """Return Markdown with the citations as numbered notes; what users wrote is escaped."""
        lines = [line.markdown() for line in self.lines]
        notes = [
            f"{n}. “{escape_markdown(c.quote)}” ({escape_markdown(c.section)})" for n, c in enumerate(self.citations, 1)
        ]
        return "\n".join([*lines, "", *notes]).strip() + "\n"


class CitationNumbers:
    """Numbers for the statements that a reply cites, in the order in which they are first cited."""

    def __init__(self) -> None:
        self._statements: list[Statement] = []

    def cite(self, statements: Sequence[Statement]) -> tuple[int, ...]:
        for statement in statements:
            if statement not in self._statements:
                self._statements.append(statement)
        return tuple(self._statements.index(statement) + 1 for statement in statements)

    @property
    def citations(self) -> tuple[Citation, ...]:
        return tuple(Citation.of(statement) for statement in self._statements)
