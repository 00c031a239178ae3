"""The response to a press, a command or a form: what the platform should show, and where."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.messages.card import Card
from bot.messages.form import Form


class Placement(StrEnum):
    """Place of a card: over the one that was pressed, below it, or as a new one for one person or for everybody."""

    REPLACE = "replace"
    BELOW = "below"
    EPHEMERAL = "ephemeral"
    PUBLIC = "public"


@dataclass(frozen=True)
class Response:
    """Reaction to an act: a card, a form to fill in, and a notice that only the one who acted sees.

    `place` is where the card goes if not where the press was. `errors`, by field, keep a form open. `refresh` returns
    the card again if others changed it while it was being posted, and None if it is still up to date.
    """

    card: Card | None = None
    notice: str = ""
    form: Form | None = None
    placement: Placement = Placement.REPLACE
    place: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)
    refresh: Callable[[], Awaitable["Response | None"]] | None = field(default=None, compare=False)
