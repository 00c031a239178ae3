"""Platform-neutral cards, their buttons, and the ids that identify a press."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from bot import texts
from bot.messages.formatting import shorten
from bot.messages.reply import Citation, Line, Reply, ReplyKind

T = TypeVar("T")

ID_VERSION = "rt1"  # buttons that were posted long ago keep the ids of their time
ANSWER = "turn"  # the choice of a button under an answer, where an interview has the same button
ASK_FIRST = "ask"  # the choice of a button that asks before it forgets
MAX_PRESS_ID = 100  # characters, by https://docs.discord.com/developers/components/reference
MIN_LINE = 40  # characters; a shorter line is dropped rather than shortened
NUMBER = re.compile(r"[0-9]{1,18}\Z")  # fits the database's numbers


@dataclass(frozen=True)
class Press:
    """A press of a button, decoded: action name, row id, step and choice.

    The names are part of the public contract: answer, back, why, skip, edit, finish, restart, contact, share, helpful…
    """

    name: str
    subject: int = 0
    step: int = 0
    choice: str = ""

    @property
    def id(self) -> str:
        """Return the button's id, the same on every platform."""
        return f"{ID_VERSION}:{self.name}:{self.subject}:{self.step}:{self.choice}"

    @classmethod
    def of(cls, text: str) -> "Press | None":
        """Parse a button's id; None if it is not ours, or of a version that is no longer understood."""
        parts = text.split(":", 4)
        if len(parts) != 5 or parts[0] != ID_VERSION or len(text) > MAX_PRESS_ID:
            return None
        _, name, subject, step, choice = parts
        return cls(name, int(subject), int(step), choice) if NUMBER.match(subject) and NUMBER.match(step) else None

    def choosing(self, choice: str) -> "Press":
        """Return the press with a choice from a menu."""
        return replace(self, choice=choice)


@dataclass(frozen=True)
class Button:
    """A button; the main one of a card stands out, and a `count` is shown with the text."""

    text: str
    press: Press
    is_main: bool = False
    is_chosen: bool = False
    count: int | None = None

    def label(self, limit: int) -> str:
        """Return the label in at most `limit` characters; its count is never cut."""
        count = "" if self.count is None else f" ({self.count})"
        return shorten(f"✓ {self.text}" if self.is_chosen else self.text, limit - len(count)) + count


@dataclass(frozen=True)
class Menu:
    """A menu of up to 25 choices, each with its text."""

    text: str
    press: Press
    choices: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Picture:
    """A picture with its alternative text; `draw` returns a PNG and takes a second: call it from a thread."""

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
        """Return a reply with rows of buttons."""
        return cls(reply.lines, reply.citations, rows)


def reply_buttons(reply: Reply, turn: int, *, can_share: bool = False) -> tuple[tuple[Button, ...], ...]:
    """Return the buttons under a reply to a turn; `can_share` for a reply that only one person sees."""
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


def fit_into_one_message(card: Card, render: Callable[[Card], Sequence[T]]) -> T:
    """Shorten the longest lines until the card renders as a single message."""
    while len(messages := render(card)) > 1:
        card = _shorter(card)
    return messages[0]


def _shorter(card: Card) -> Card:
    longest = max((len(line.text) for line in card.lines), default=0)
    if longest <= MIN_LINE:
        return replace(card, lines=card.lines[:-1], citations=card.citations if card.lines else ())
    lines = (replace(line, text=shorten(line.text, max(MIN_LINE, longest * 3 // 4))) for line in card.lines)
    return replace(card, lines=tuple(lines))


def _button(name: str, turn: int, choice: str = "", *, is_main: bool = False) -> Button:
    return Button(texts.sentence(f"do_{name}"), Press(name, turn, choice=choice), is_main)
