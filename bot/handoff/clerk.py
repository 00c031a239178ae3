"""Makes the posts of requests when they are sent, so that they say what is so by then."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol, cast

from pydantic import JsonValue

from bot.delivery.backoff import PATIENCE
from bot.delivery.platform import BusyError, RefusedError, platform_of
from bot.handoff import cards
from bot.handoff.case import transcript_text
from bot.handoff.channel import DeskChannel, in_order
from bot.handoff.reminding import IMPATIENCE, Reminding, other_platform
from bot.handoff.rules import Rules
from bot.handoff.ticket import WAITING, Act
from bot.handoff.transitions import DESK, DIGEST, FILE, NOTICE, THREAD, UPDATE, WEBHOOK, lane
from bot.handoff.webhook import told
from bot.messages.card import Card
from bot.store.address import NOWHERE, Address
from bot.store.leads import CARD, Post
from bot.store.outbox import ON, TAKE_BACK
from bot.store.store import Store
from bot.store.tables import Delivery, DeliveryState, Lead, LeadEvent, LeadState

SOON = 0.5  # seconds
THREAD_NAME = 100  # characters, Discord's limit
NEWS = frozenset((Act.REPLY, Act.RESOLVE))  # what users would not know otherwise


class NoCardError(RefusedError):
    """What belongs under a card cannot be posted without it."""

    def __init__(self) -> None:
        super().__init__("the request's card is not there")


class Shows(Protocol):
    """A platform that can show a card as one post."""

    def post(self, card: Card) -> Mapping[str, JsonValue]:
        """The post that shows a card, in one message."""


class HandoffClerk:
    """Knows what the posts of requests say, for the post office."""

    def __init__(
        self, store: Store, surfaces: Mapping[str, Shows], channels: tuple[DeskChannel, ...], rules: Rules
    ) -> None:
        self._store = store
        self._surfaces = surfaces
        self._channels = channels
        self._rules = rules
        self._reminding = Reminding(store, channels, rules)

    async def made(self, post: Delivery) -> Delivery | None:
        """The post as it is to be sent now; None when there is nothing to say any more."""
        made = await self._made(post)
        if made and post.attempts and (earlier := await self._store.leads.before(post)):
            made.previous = earlier
        return made

    async def _made(self, post: Delivery) -> Delivery | None:
        if post.kind == DIGEST:
            return await self._digest(post)
        if post.kind == TAKE_BACK:
            return self._taking_back(post)
        lead = await self._store.leads.own(post.tenant, post.lead_id or 0)
        if lead is None:
            return None
        if post.kind == cards.TO_USER:
            return await self._told_to_user(post, lead)
        if post.kind == WEBHOOK:
            payload = await told(self._store.leads, lead, cast(int, post.payload["event"]))
            return self._sending(post, f"{WEBHOOK}:", NOWHERE, payload)
        return await self._for_desk(post, lead)

    def instead(self, post: Delivery, error: Exception, now: datetime) -> str | None:
        """The other platform, when its consultants can get a card that cannot be posted, or not for an hour."""
        is_late = isinstance(error, RefusedError) or now - post.created_at > IMPATIENCE
        return other_platform(self._channels, post) if is_late else None

    def is_final(self, post: Delivery, error: Exception, now: datetime) -> bool:
        """After a day; a refusal may be mended until then, for example by inviting the bot.

        A file that is refused holds up nothing that comes after it; what was deleted is taken back whenever it can be.
        """
        is_refused_file = post.kind == FILE and isinstance(error, RefusedError) and not isinstance(error, NoCardError)
        return is_refused_file or (post.kind != TAKE_BACK and now - post.created_at > PATIENCE)

    async def after(self, post: Delivery, error: str | None) -> Sequence[Post]:
        """The card shows what has become of a reply; and the consultants are told what did not arrive."""
        if post.kind not in (cards.TO_USER, FILE) or not self._channels or post.lead_id is None:
            return ()
        if error is None and not await self._is_counted(post):
            return ()
        lead = await self._store.leads.own(post.tenant, post.lead_id)
        if post.kind == FILE and (lead is None or await self._store.leads.card(lead) is None):
            return ()  # there is nothing below which that could be said
        there = {ON: in_order(self._channels, post.tenant)[0].platform}
        undelivered: dict[str, JsonValue] = {**there, "undelivered": error, "was": post.kind}
        told_so = [Post(THREAD, lane(post.lead_id, DESK), undelivered)] if error else []
        return [*told_so, Post(UPDATE, lane(post.lead_id, UPDATE), there)]

    async def _is_counted(self, post: Delivery) -> bool:
        """Whether the card says how many of such posts were delivered."""
        event = await self._store.leads.event(post.tenant, cast(int, post.payload.get("event", 0)))
        return post.kind == cards.TO_USER and event is not None and event.kind in NEWS

    async def look_around(self) -> None:
        """Reminds of what nobody has claimed, and once a day tells what is not finished; within their hours."""
        await self._reminding.look_around()

    async def _for_desk(self, post: Delivery, lead: Lead) -> Delivery | None:
        """A card goes to the channel that its post names; everything else to where the card is."""
        card = None if post.kind == CARD else await self._store.leads.card(lead)
        if post.kind != CARD and card is None:
            if post.kind != UPDATE:
                raise NoCardError
            if await self._store.leads.has_card_coming(lead):
                raise BusyError(SOON * 2 ** min(post.attempts, 7))  # it may be on its way as things were before
            return None
        is_reminder = post.kind in (THREAD, NOTICE) and not post.payload.keys() & {"event", "undelivered"}
        channel = self._channel(str((card or post).payload[ON]))
        if channel is None or (is_reminder and lead.state != LeadState.OPEN):
            return None  # there is nowhere to say it, or nothing to be reminded of any more
        address, name = channel.address, ""
        if card and post.kind in (THREAD, FILE):
            address = replace(address, thread=card.sent_as)
            name = cards.said_of("desk_thread", lead)[:THREAD_NAME]
        if post.kind == FILE:
            return self._sending(post, channel.tenant, address, _file(lead), name)
        shown = self._shown(channel.tenant, await self._desk_card(post, lead))
        if card and post.kind == UPDATE:
            shown = {**shown, "replaces": card.sent_as}
        return self._sending(post, channel.tenant, address, shown, name)

    async def _desk_card(self, post: Delivery, lead: Lead) -> Card:
        if post.kind in (CARD, UPDATE):
            promised = self._rules.by(lead.opened_at or post.created_at).strftime(cards.MOMENT)
            leads = self._store.leads
            return cards.desk_card(lead, await leads.events(lead), await leads.posts(lead), promised)
        if "undelivered" in post.payload:
            words = {"error": post.payload["undelivered"], "reference": lead.reference}
            return cards.said("desk_no_file" if post.payload.get("was") == FILE else "desk_undelivered", **words)
        event = await self._store.leads.event(lead.tenant, cast(int, post.payload.get("event", 0)))
        if event is None:
            since = (lead.opened_at or post.created_at).astimezone(self._rules.hours.zone)
            return cards.reminder_card(lead, since, is_again=post.kind == NOTICE)
        return cards.event_card(lead, event, cast(int, post.payload.get("piece", 0)))

    async def _told_to_user(self, post: Delivery, lead: Lead) -> Delivery | None:
        """What the user is told, with what stands in for it where they take nothing directly."""
        event = await self._store.leads.event(lead.tenant, cast(int, post.payload["event"]))
        if event is None:
            return None
        card = self._for_user(post, lead, event)
        is_news = event.kind in NEWS and not post.payload.get("piece")
        instead = dict(self._shown(lead.tenant, cards.closed_card(lead, event))) if is_news else {}
        shown = {**self._shown(lead.tenant, card), "instead": instead}
        return self._sending(post, lead.tenant, lead.address, shown)

    def _for_user(self, post: Delivery, lead: Lead, event: LeadEvent) -> Card:
        match event.kind:
            case Act.REQUEST:
                return cards.confirmation(lead, self._rules.expected(event.happened_at))
            case Act.REPLY:
                return cards.reply_card(lead, event, cast(int, post.payload.get("piece", 0)))
        return cards.closing_card(lead)

    async def _digest(self, post: Delivery) -> Delivery | None:
        """What was open when the consultants' day began."""
        begin = self._rules.hours.opening(post.created_at)
        leads = [lead for lead in await self._store.leads.all(sorted(WAITING)) if (lead.opened_at or begin) < begin]
        channel = self._channel(platform_of(post.tenant))
        if channel is None or not leads:
            return None
        return self._sending(
            post, channel.tenant, channel.address, self._shown(channel.tenant, cards.digest_card(leads))
        )

    def _taking_back(self, post: Delivery) -> Delivery | None:
        """What takes a post back from the consultants; of a card it stays that there was one."""
        channel = self._channel(str(post.payload[ON]))
        if channel is None:
            return None
        was, sent_as = post.payload["was"], post.payload["sent_as"]
        if was != CARD:
            payload: dict[str, JsonValue] = {"text": "", "removes_file" if was == FILE else "removes": sent_as}
            return self._sending(post, channel.tenant, channel.address, payload)
        shown = self._shown(channel.tenant, cards.said("desk_taken_back", reference=post.payload["reference"]))
        return self._sending(post, channel.tenant, channel.address, {**shown, "replaces": sent_as})

    def _channel(self, platform: str) -> DeskChannel | None:
        return next((channel for channel in self._channels if channel.platform == platform), None)

    def _shown(self, tenant: str, card: Card) -> Mapping[str, JsonValue]:
        """The card as its platform shows it; nothing where another process takes care of that platform."""
        surface = self._surfaces.get(platform_of(tenant))
        return surface.post(card) if surface else {}

    def _sending(
        self, post: Delivery, tenant: str, address: Address, payload: Mapping[str, JsonValue], thread_name: str = ""
    ) -> Delivery:
        """The post as a platform takes it, which is never kept."""
        return Delivery(
            thread_name=thread_name,
            id=post.id,
            tenant=tenant,
            user=post.user,
            marker=post.marker,
            where=address.to_json(),
            payload=dict(payload),
            state=DeliveryState.PENDING,
            attempts=post.attempts,
            created_at=post.created_at,
        )


def _file(lead: Lead) -> dict[str, JsonValue]:
    """The conversation as a file."""
    transcript = cast(Sequence[Mapping[str, str]], lead.details.get("transcript") or ())
    said, file = cards.said_of("desk_file", lead), cards.said_of("desk_file_name", lead)
    return {"text": said, "file": file, "content": transcript_text(transcript, cards.detail(lead, "name"))}
