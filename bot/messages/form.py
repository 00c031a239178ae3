"""Platform-neutral forms, small enough for each platform."""

from dataclasses import dataclass
from enum import StrEnum

from bot.messages.card import Card, Press
from bot.messages.reply import Line

MAX_INPUT = 2_000  # characters of a text field


class FieldKind(StrEnum):
    """The kinds of field: one line, several lines, or one of several choices."""

    LINE = "line"
    TEXT = "text"
    CHOICE = "choice"


@dataclass(frozen=True)
class Field:
    """A field; `value` is its initial value, `choices` pairs each choice with its text."""

    name: str
    label: str
    kind: FieldKind = FieldKind.LINE
    value: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    is_required: bool = True
    hint: str = ""


@dataclass(frozen=True)
class Form:
    """Fields under some lines; `press` is its id, which identifies it when it is submitted, also after a restart.

    `in_steps` is a card that leads to the same form, for platforms whose forms hold less.
    """

    press: Press
    title: str
    fields: tuple[Field, ...]
    send: str
    lines: tuple[Line, ...] = ()
    in_steps: Card | None = None
