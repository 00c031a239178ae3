"""Cards: what a platform shows with buttons under it, and what a click on one of them says. Neutral, as replies are."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from bot import texts
from bot.messages.reply import Citation, Line, Reply, ReplyKind
from bot.messages.text import shorten

T = TypeVar("T")

VERSION = "rt1"  # of the ids: buttons that were posted long ago still carry what they were given then
ANSWER = "turn"  # the choice of a button under an answer where the same stands under an interview
ASK_FIRST = "ask"  # the choice of a button that forgets only after another click
LONGEST_ID = 100  # characters, Discord's limit
SHORT = 40  # characters of a line that is left out rather than shortened
NUMBER = re.compile(r"[0-9]{1,18}\Z")  # fits the database's numbers


@dataclass(frozen=True)
class Press:
    """A click: what it asks for, of which row of ours, at which step, with which choice.

    `name` is one that outsiders rely on: answer, back, why, skip, edit, finish, restart, contact, share, helpful, …
    """

    name: str
    subject: int = 0
    step: int = 0
    choice: str = ""

    @property
    def id(self) -> str:
        """The button's id on every platform."""
        return f"{VERSION}:{self.name}:{self.subject}:{self.step}:{self.choice}"

    @classmethod
    def of(cls, text: str) -> "Press | None":
        """The click on a button of that id; None for one that we did not make, or no longer understand."""
        parts = text.split(":", 4)
        if len(parts) != 5 or parts[0] != VERSION or len(text) > LONGEST_ID:
            return None
        _, name, subject, step, choice = parts
        return cls(name, int(subject), int(step), choice) if NUMBER.match(subject) and NUMBER.match(step) else None

    def choosing(self, choice: str) -> "Press":
        """The same with a choice, for a menu."""
        return replace(self, choice=choice)


@dataclass(frozen=True)
class Button:
    """A button; the main one of a card stands out, and a `count` is shown with the text."""

    text: str
    press: Press
    is_main: bool = False
    is_chosen: bool = False
    count: int | None = None

    def label(self, most: int) -> str:
        """What stands on it, at most so many characters; its count is never cut."""
        count = "" if self.count is None else f" ({self.count})"
        return shorten(f"✓ {self.text}" if self.is_chosen else self.text, most - len(count)) + count


@dataclass(frozen=True)
class Menu:
    """A menu of more choices than buttons have room for, 25 at most: texts by choice."""

    text: str
    press: Press
    choices: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Picture:
    """A picture with the text that stands for it; `draw` makes its PNG, which takes a while."""

    draw: Callable[[], bytes]
    alt_text: str


@dataclass(frozen=True)
class Card:
    """Lines with their citations, then rows of buttons, at most five in a row."""

    lines: tuple[Line, ...]
    citations: tuple[Citation, ...] = ()
    rows: tuple[tuple[Button, ...], ...] = ()
    menu: Menu | None = None
    picture: Picture | None = None

    @property
    def text(self) -> str:
        """The lines as plain text, for notifications and for whoever cannot see cards."""
        return "\n".join(line.plain() for line in self.lines)

    @classmethod
    def of(cls, reply: Reply, *rows: tuple[Button, ...]) -> "Card":
        """A reply with buttons under it."""
        return cls(reply.lines, reply.citations, rows)


def under(reply: Reply, turn: int, *, can_share: bool = False) -> tuple[tuple[Button, ...], ...]:
    """The buttons under a reply to a turn; with `can_share`, for a reply that only one person sees."""
    rows: list[tuple[Button, ...]] = [
        (
            _button("check", turn, is_main=reply.kind is ReplyKind.ADVICE),
            _button("contact", turn, choice=ANSWER, is_main=reply.kind is ReplyKind.ABSTAIN),
        )
    ]
    if reply.kind in (ReplyKind.ANSWER, ReplyKind.ADVICE):
        if can_share:
            rows.append((Button(texts.sentence("do_share"), Press("share", turn, choice=ANSWER)),))
        opinions = ("yes", "do_helpful"), ("no", "do_unhelpful")
        rows.append(tuple(Button(texts.sentence(said), Press("helpful", turn, choice=c)) for c, said in opinions))
    return tuple(rows)


def fitted(card: Card, rendered: Callable[[Card], Sequence[T]]) -> T:
    """The one message that shows a card, of those that it takes; until it is one, the longest lines are shortened."""
    while len(parts := rendered(card)) > 1:
        card = _shorter(card)
    return parts[0]


def _shorter(card: Card) -> Card:
    longest = max((len(line.text) for line in card.lines), default=0)
    if longest <= SHORT:
        return replace(card, lines=card.lines[:-1], citations=card.citations if card.lines else ())
    lines = (replace(line, text=shorten(line.text, max(SHORT, longest * 3 // 4))) for line in card.lines)
    return replace(card, lines=tuple(lines))


def _button(name: str, turn: int, choice: str = "", *, is_main: bool = False) -> Button:
    return Button(texts.sentence(f"do_{name}"), Press(name, turn, choice=choice), is_main)
