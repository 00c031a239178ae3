"""Reads a page as a browser would, and says what is wrong with it."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset(("meta", "br", "hr", "img", "input", "link"))
REACHING = frozenset(("href", "src", "srcset", "action", "data", "poster", "xlink:href", "xmlns"))


@dataclass
class Page(HTMLParser):
    """The tags, the ids and the text of a page; `problems` says what must not be."""

    html: str
    tags: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open, self._ids = list[str](), set[str]()
        self.feed(self.html)
        self.close()
        self.problems += [f"never closed: {tag}" for tag in self._open]
        if re.search(r"url\(|@import|https?:|//[a-z]", self.html):
            self.problems.append("reaches out")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in VOID:
            self._open.append(tag)
        for name, value in attrs:
            if name in REACHING or name.startswith("on"):
                self.problems.append(f"{tag} {name}={value}")
            if name == "id":
                self.problems += [f"twice: {value}"] if value in self._ids else []
                self._ids.add(str(value))

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.problems.append(f"closed where it is not open: {tag}")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())
