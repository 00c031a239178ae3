"""Makes the posts of requests when they are sent, so that they say what is so by then."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from bot.delivery.attempts import GIVE_UP_AFTER
from bot.delivery.ports import BusyError, RefusedError, platform_of
from bot.handoff import request_cards as cards
from bot.handoff.channel import DeskChannel, in_order
from bot.handoff.disclosure import render_transcript
from bot.handoff.reminders import FALLBACK_AFTER, Reminders, other_platform
from bot.handoff.response_times import ResponseTimes
from bot.handoff.ticket import WAITING, Act
from bot.handoff.transitions import DESK, lane
from bot.handoff.webhook import event_payload
from bot.messages.card import Card
from bot.store.address import NOWHERE, Address
from bot.store.post import Content, File, Notification, Post, PostKind, Removal, Rendered
from bot.store.records import Delivery, Lead, LeadEvent, LeadState, QueuedNotification
from bot.store.store import Store

CARD_WAIT = 0.5  # seconds, at first, until a card that is on its way can be updated
MAX_THREAD_NAME = 100  # characters, Discord's limit
NEWS = frozenset((Act.REPLY, Act.RESOLVE))  # what users would not know otherwise


class NoCardError(RefusedError):
    """A post that belongs under a card that is not there."""

    def __init__(self) -> None:
        super().__init__("the request's card is not there")


class Shows(Protocol):
    """A platform that can show a card as one post."""

    def post(self, card: Card) -> Rendered:
        """The post that shows a card, in one message."""


class HandoffClerk:
    """Knows what the posts of requests say, for the post office."""

    def __init__(
        self, store: Store, surfaces: Mapping[str, Shows], channels: tuple[DeskChannel, ...], rules: ResponseTimes
    ) -> None:
        self._store = store
        self._surfaces = surfaces
        self._channels = channels
        self._rules = rules
        self._reminding = Reminders(store, channels, rules)

    async def render(self, post: QueuedNotification) -> Delivery | None:
        delivery = await self._rendered(post)
        if delivery and post.attempts and (earlier := await self._store.leads.before(post)):
            return replace(delivery, previous=earlier)
        return delivery

    async def _rendered(self, post: QueuedNotification) -> Delivery | None:
        match post.notification.kind:
            case PostKind.DIGEST:
                return await self._digest(post)
            case PostKind.TAKE_BACK:
                return self._taking_back(post)
        lead = await self._store.leads.own(post.tenant, post.lead_id or 0)
        if lead is None:
            return None
        match post.notification.kind:
            case PostKind.USER:
                return await self._told_to_user(post, lead)
            case PostKind.WEBHOOK:
                payload = await event_payload(self._store.leads, lead, post.notification.event or 0)
                return _delivery(post, f"{PostKind.WEBHOOK}:", NOWHERE, Post(payload))
        return await self._for_desk(post, lead)

    def fallback_platform(self, post: QueuedNotification, error: Exception, now: datetime) -> str | None:
        """Return the other platform, if its consultants can get a card that cannot be posted, or not for an hour."""
        is_late = isinstance(error, RefusedError) or now - post.created_at > FALLBACK_AFTER
        return other_platform(self._channels, post) if is_late else None

    def is_final(self, post: QueuedNotification, error: Exception, now: datetime) -> bool:
        """Return True after a day; until then somebody may end a refusal, for example by inviting the bot.

        A file that is refused holds up nothing that comes after it; what was deleted is taken back whenever it can be.
        """
        kind = post.notification.kind
        is_refused_file = (
            kind is PostKind.FILE and isinstance(error, RefusedError) and not isinstance(error, NoCardError)
        )
        return is_refused_file or (kind is not PostKind.TAKE_BACK and now - post.created_at > GIVE_UP_AFTER)

    async def follow_ups(self, post: QueuedNotification, error: str | None) -> Sequence[Notification]:
        """Update the card with what has become of a reply; tell the consultants what did not arrive."""
        kind = post.notification.kind
        if kind not in (PostKind.USER, PostKind.FILE) or not self._channels or post.lead_id is None:
            return ()
        if error is None and not await self._is_counted(post):
            return ()
        lead = await self._store.leads.own(post.tenant, post.lead_id)
        if kind is PostKind.FILE and (lead is None or await self._store.leads.card(lead) is None):
            return ()  # there is nothing below which that could be said
        there = in_order(self._channels, post.tenant)[0].platform
        failure = Notification(PostKind.THREAD, lane(post.lead_id, DESK), there, undelivered=error, about=kind)
        update = Notification(PostKind.UPDATE, lane(post.lead_id, PostKind.UPDATE), there)
        return [failure, update] if error else [update]

    async def _is_counted(self, post: QueuedNotification) -> bool:
        """Return True if the card counts posts of this kind."""
        event = await self._store.leads.event(post.tenant, post.notification.event or 0)
        return post.notification.kind is PostKind.USER and event is not None and event.kind in NEWS

    async def run_scheduled(self) -> None:
        """Queue reminders of what nobody has claimed, and once a day a list of what is not finished."""
        await self._reminding.run_scheduled()

    async def _for_desk(self, post: QueuedNotification, lead: Lead) -> Delivery | None:
        """A card goes to the channel that its post names; everything else to where the card is."""
        said, kind = post.notification, post.notification.kind
        card = None if kind is PostKind.CARD else await self._store.leads.card(lead)
        if kind is not PostKind.CARD and card is None:
            if kind is not PostKind.UPDATE:
                raise NoCardError
            if await self._store.leads.has_card_coming(lead):
                raise BusyError(
                    CARD_WAIT * 2 ** min(post.attempts, 7), counts=True
                )  # it may be on its way as things were before
            return None
        is_reminder = kind in (PostKind.THREAD, PostKind.NOTICE) and said.event is None and said.undelivered is None
        channel = self._channel((card or post).platform)
        if channel is None or (is_reminder and lead.state != LeadState.OPEN):
            return None  # there is nowhere to say it, or nothing to be reminded of any more
        address, name = channel.address, ""
        if card and kind in (PostKind.THREAD, PostKind.FILE):
            address = replace(address, thread=card.sent_as)
            name = cards.said_of("desk_thread", lead)[:MAX_THREAD_NAME]
        if kind is PostKind.FILE:
            return _delivery(post, channel.tenant, address, _file(lead), name)
        replaces = card.sent_as if card and kind is PostKind.UPDATE else None
        shown = Post(self._shown(channel.tenant, await self._desk_card(post, lead)), replaces=replaces)
        return _delivery(post, channel.tenant, address, shown, name)

    async def _desk_card(self, post: QueuedNotification, lead: Lead) -> Card:
        said, leads = post.notification, self._store.leads
        if said.kind in (PostKind.CARD, PostKind.UPDATE):
            promised = self._rules.by(lead.opened_at or post.created_at).strftime(cards.TIME_FORMAT)
            return cards.desk_card(lead, await leads.events(lead), await leads.posts(lead), promised)
        if said.undelivered is not None:
            sentence = "desk_no_file" if said.about is PostKind.FILE else "desk_undelivered"
            return cards.sentence_card(sentence, error=said.undelivered, reference=lead.reference)
        event = await leads.event(lead.tenant, said.event or 0)
        if event is None:
            since = (lead.opened_at or post.created_at).astimezone(self._rules.hours.zone)
            return cards.reminder_card(lead, since, is_again=said.kind is PostKind.NOTICE)
        return cards.event_card(lead, event, said.piece)

    async def _told_to_user(self, post: QueuedNotification, lead: Lead) -> Delivery | None:
        """Render a notification to the user, with a fallback for users who take no direct messages."""
        event = await self._store.leads.event(lead.tenant, post.notification.event or 0)
        if event is None:
            return None
        is_news = event.kind in NEWS and not post.notification.piece
        fallback = self._shown(lead.tenant, cards.closed_card(lead, event)) if is_news else {}
        shown = self._shown(lead.tenant, self.user_card(post, lead, event))
        return _delivery(post, lead.tenant, lead.address, Post(shown, fallback=fallback))

    def user_card(self, post: QueuedNotification, lead: Lead, event: LeadEvent) -> Card:
        """Return the card that notifies the user of an event."""
        match event.kind:
            case Act.REQUEST:
                return cards.confirmation(lead, self._rules.expected(event.happened_at))
            case Act.REPLY:
                return cards.reply_card(lead, event, post.notification.piece)
        return cards.closing_card(lead)

    async def _digest(self, post: QueuedNotification) -> Delivery | None:
        """Render the list of what was open when the consultants' day began."""
        begin = self._rules.hours.opening(post.created_at)
        leads = [lead for lead in await self._store.leads.all(sorted(WAITING)) if (lead.opened_at or begin) < begin]
        channel = self._channel(platform_of(post.tenant))
        if channel is None or not leads:
            return None
        return _delivery(
            post, channel.tenant, channel.address, Post(self._shown(channel.tenant, cards.digest_card(leads)))
        )

    def _taking_back(self, post: QueuedNotification) -> Delivery | None:
        """Take a post back from the consultants; a card is replaced by a note that it was deleted."""
        said, channel = post.notification, self._channel(post.platform)
        if channel is None or said.post is None:
            return None
        content: Content = Removal(said.post, is_file=said.about is PostKind.FILE)
        if said.about is PostKind.CARD:
            card = cards.sentence_card("desk_taken_back", reference=said.reference)
            content = Post(self._shown(channel.tenant, card), replaces=said.post)
        return _delivery(post, channel.tenant, channel.address, content)

    def _channel(self, platform: str) -> DeskChannel | None:
        return next((channel for channel in self._channels if channel.platform == platform), None)

    def _shown(self, tenant: str, card: Card) -> Rendered:
        """The card as its platform shows it; nothing where another process takes care of that platform."""
        surface = self._surfaces.get(platform_of(tenant))
        return surface.post(card) if surface else {}


def _delivery(
    post: QueuedNotification, tenant: str, address: Address, content: Content, thread_name: str = ""
) -> Delivery:
    return Delivery(
        post.id,
        tenant,
        post.user,
        post.marker,
        address,
        content,
        post.created_at,
        attempts=post.attempts,
        thread_name=thread_name,
    )


def _file(lead: Lead) -> File:
    """The conversation as a file."""
    text = render_transcript(lead.details.transcript or (), lead.details.name or "")
    return File(cards.said_of("desk_file_name", lead), text, cards.said_of("desk_file", lead))
