"""Forms: what a person fills in, the same on each platform. Small enough for all of them."""

from dataclasses import dataclass
from enum import StrEnum

from bot.messages.card import Card, Press
from bot.messages.reply import Line

LONGEST = 2_000  # characters in a field


class FieldKind(StrEnum):
    """What is asked for: one line, several, or one of several choices."""

    LINE = "line"
    TEXT = "text"
    CHOICE = "choice"


@dataclass(frozen=True)
class Field:
    """One thing that is asked for; `value` is what it begins with, `choices` are texts by choice."""

    name: str
    label: str
    kind: FieldKind = FieldKind.LINE
    value: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    is_required: bool = True
    hint: str = ""


@dataclass(frozen=True)
class Form:
    """Fields under some lines; `press` is its id, by which it is known when it is sent, also after a restart.

    `in_steps` leads to the same by way of a card, for platforms whose forms hold less.
    """

    press: Press
    title: str
    fields: tuple[Field, ...]
    send: str
    lines: tuple[Line, ...] = ()
    in_steps: Card | None = None
