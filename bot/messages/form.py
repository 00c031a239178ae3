"""Forms: what a person fills in, the same on each platform. Small enough for all of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import JsonValue

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


@dataclass(frozen=True)
class Asker:
    """Who clicks or writes, by what name, and where they can be answered: what the platform's adapter needs for it.

    `place` is where that is, in words for consultants, `is_public` whether others read what is said to them there.

    `is_everywhere` when they are alone with the bot on a platform where a person is the same in each tenant: then
    what is theirs in any of them is at hand.
    """

    tenant: str
    user: str
    name: str = ""
    address: Mapping[str, JsonValue] = field(default_factory=dict)
    is_everywhere: bool = False
    place: str = ""
    is_public: bool = False


@dataclass(frozen=True)
class Outcome:
    """What comes of a click or of a form: a form to fill in, a card, a notice; `errors` by field keep the form open."""

    notice: str = ""
    card: Card | None = None
    form: Form | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
