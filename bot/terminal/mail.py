"""What a user of the terminal is told of their request: posts, as on every platform, that the chat itself delivers."""

from collections.abc import Mapping, Sequence
from typing import cast

from pydantic import JsonValue

from bot import texts
from bot.delivery.posting import NOTHING
from bot.handoff.cards import TO_USER, said, standing_card, users_rows
from bot.handoff.channel import desk_channels
from bot.handoff.clerk import HandoffClerk
from bot.handoff.rules import Rules
from bot.handoff.ticket import WAITING, Act
from bot.messages.card import Card
from bot.messages.reply import Line, LineKind
from bot.settings import Settings
from bot.store.store import Store
from bot.store.tables import Delivery, Lead
from bot.terminal.memory import PLATFORM, TENANT, this_user
from bot.terminal.render import show_line

Shown = Mapping[str, JsonValue]


class TerminalSurface:
    """The terminal, for whoever makes posts."""

    def post(self, card: Card) -> Shown:
        """The card as JSON values: its lines with their kinds, and what its buttons say."""
        lines: list[JsonValue] = [[str(line.kind), line.text] for line in card.lines]
        return {"lines": lines, "choices": ", ".join(button.text for row in card.rows for button in row)}


class Mail:
    """The posts to this machine's user. They wait until a chat shows them; nobody else sends them."""

    def __init__(self, store: Store, settings: Settings, *, is_told: bool) -> None:
        """`is_told` says whether somebody learns of requests by themselves: consultants in a channel, or a CRM."""
        self._store = store
        self._is_told = is_told
        self._surface = TerminalSurface()
        self._clerk = HandoffClerk(store, {PLATFORM: self._surface}, desk_channels(settings), Rules.of(settings))

    async def show(self, besides: str = "") -> None:
        """Prints what has come, but for lines that were said already (`besides`), and settles it as sent."""
        while waiting := [post for post in await self._store.outbox.heads() if _is_ours(post)]:
            for post in waiting:
                shown = await self._made(post)
                if shown is None:
                    await self._store.outbox.settle(post, NOTHING, None, ())
                    continue
                _print(shown, besides)
                await self._store.outbox.settle(post, post.marker, None, await self._clerk.after(post, None))

    async def _made(self, post: Delivery) -> Shown | None:
        """What a post says; that of what the user did themselves is another where nobody is told of it."""
        lead = await self._store.leads.own(post.tenant, post.lead_id or 0)
        event = await self._store.leads.event(post.tenant, cast(int, post.payload["event"]))
        if lead and event and not self._is_told and event.kind in (Act.REQUEST, Act.WITHDRAW):
            return self._surface.post(kept_card(lead))
        made = await self._clerk.made(post)
        return made.payload if made else None


def kept_card(lead: Lead) -> Card:
    """A request of which nobody is told, as its user sees it."""
    if lead.state not in WAITING:
        return standing_card(lead)
    return Card(said("lead_kept", reference=lead.reference).lines, rows=users_rows(lead))


def _is_ours(post: Delivery) -> bool:
    return (post.kind, post.tenant, post.user) == (TO_USER, TENANT, this_user())


def _print(shown: Shown, besides: str) -> None:
    for kind, text in cast(Sequence[tuple[str, str]], shown["lines"]):
        if text != besides:
            show_line(Line(text, LineKind(kind)))
    if shown["choices"]:
        show_line(Line(texts.sentence("chat_choices", choices=shown["choices"])))
