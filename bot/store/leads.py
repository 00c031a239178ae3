"""Leads: requests for a human consultant, with everything that happens to them, and the posts that this leads to."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.address import Address
from bot.store.database import Database, add_in_order
from bot.store.events import KnownError, remember
from bot.store.interviews import StaleError
from bot.store.tables import Conversation, Delivery, DeliveryState, Event, Lead, LeadEvent, LeadState, Tally, Turn

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # without those that are taken for one another
TALLY = "leads"
CARD = "card"  # the kind of the post that shows a lead to the consultants


@dataclass(frozen=True)
class Post:
    """Something to be posted, by its kind; those of a lane are sent in order. It is made when it is sent."""

    kind: str
    lane: str
    payload: Mapping[str, JsonValue] = field(default_factory=dict)

    def row(self, user: str, moment: datetime, lead: int | None, event: int | None = None) -> Delivery:
        """The post as it is kept; it begins where the event is told."""
        told: dict[str, JsonValue] = {} if event is None else {"event": event}
        return Delivery(
            user=user,
            where={},
            payload={**told, **self.payload},
            created_at=moment,
            lead_id=lead,
            kind=self.kind,
            lane=self.lane,
        )


@dataclass(frozen=True)
class Change:
    """What happens to a lead, with what it leads to.

    `name` is that of the message that said it, `keys` those under which the platform may deliver it again; `details`
    takes the place of what was kept, and `is_counted` for a request that counts from now on.
    """

    kind: str
    actor: str
    state: str
    holder: str | None = None
    text: str = ""
    name: str | None = None
    keys: Sequence[str] = ()
    details: Mapping[str, JsonValue] | None = None
    posts: Sequence[Post] = ()
    is_counted: bool = False


class Leads:
    """Leads and their events. Every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def open(
        self,
        tenant: str,
        user: str,
        details: Mapping[str, JsonValue],
        address: Address | None = None,
        state: LeadState = LeadState.OPEN,
    ) -> Lead:
        """Keeps a new request, under a reference that a person can read out."""
        moment = self._db.clock()
        reference = "".join(secrets.choice(LETTERS) for _ in range(8))
        row = Lead(reference=reference, user=user, details=dict(details), state=state, touched_at=moment)
        row.where = address.to_json() if address is not None else None
        async with self._db.transaction(tenant) as transaction:
            transaction.add(row)
            await transaction.flush()
            transaction.add(LeadEvent(lead_id=row.id, kind="opened", actor=user, happened_at=moment))
        return row

    async def by_reference(self, reference: str) -> Lead | None:
        """The request that was sent under a reference, whoever's tenant it is of; for the operator."""
        sent = select(Lead).where(Lead.reference == reference, Lead.state != LeadState.DRAFT)
        async with self._db.across_tenants() as transaction:
            return await transaction.scalar(sent)

    async def of(self, tenant: str, user: str, states: Collection[str], *, spans_tenants: bool = False) -> list[Lead]:
        """A person's requests in these states, the newest first.

        With `spans_tenants` those in all tenants of the platform, where a person is the same in each of them.
        """
        mine = select(Lead).where(Lead.user == user, Lead.state.in_(states), _of_platform(tenant))
        async with self._within(tenant, spans_tenants=spans_tenants) as transaction:
            return list(await transaction.scalars(mine.order_by(Lead.id.desc())))

    async def own(self, tenant: str, lead: int) -> Lead | None:
        """The request of that id in a tenant."""
        async with self._db.transaction(tenant) as transaction:
            return await transaction.scalar(select(Lead).where(Lead.id == lead))

    async def at_desk(self, lead: int) -> Lead | None:
        """The request of that id, whoever's tenant it is of: the consultants', who have it on their desk."""
        async with self._db.across_tenants() as transaction:
            return await transaction.scalar(select(Lead).where(Lead.id == lead))

    async def all(self, states: Collection[str]) -> list[Lead]:
        """All requests in these states, the oldest first."""
        async with self._db.across_tenants() as transaction:
            return list(await transaction.scalars(select(Lead).where(Lead.state.in_(states)).order_by(Lead.id)))

    async def apply(self, lead: Lead, change: Change) -> Lead:
        """The request after a change, with its event and its posts: all of it is kept, or nothing.

        Raises StaleError when it changed meanwhile, KnownError when the change was applied before.
        """
        moment = self._db.clock()
        values = _values(lead, change, moment)
        own = update(Lead).where(Lead.id == lead.id, Lead.version == lead.version).values(values).returning(Lead)
        async with self._db.transaction(lead.tenant) as transaction:
            await self._remember(transaction, change.keys, moment)
            changed: Lead | None = await transaction.scalar(own.execution_options(populate_existing=True))
            if changed is None:
                raise StaleError
            event = LeadEvent(lead_id=lead.id, kind=change.kind, actor=change.actor, text=change.text, name=change.name)
            event.happened_at = moment
            transaction.add(event)
            await transaction.flush()
            await add_in_order(transaction, [post.row(lead.user, moment, lead.id, event.id) for post in change.posts])
            if change.is_counted:
                await self._count(transaction)
            return changed

    async def remind(self, lead: Lead, posts: Sequence[Post]) -> bool:
        """Counts a reminder of a request that waits; False when another process did so, or somebody has claimed it."""
        own = update(Lead).where(Lead.id == lead.id, Lead.reminders == lead.reminders, Lead.state == LeadState.OPEN)
        moment = self._db.clock()
        async with self._db.transaction(lead.tenant) as transaction:
            counted = await transaction.scalar(own.values(reminders=lead.reminders + 1).returning(Lead.id))
            if counted is None:
                return False
            await add_in_order(transaction, [post.row(lead.user, moment, lead.id) for post in posts])
            return True

    async def post(self, tenant: str, key: str, post: Post) -> bool:
        """Keeps a post that is of no request, once under that key."""
        moment = self._db.clock()
        try:
            async with self._db.transaction(tenant) as transaction:
                await self._remember(transaction, [key], moment)
                transaction.add(post.row("", moment, None))
        except KnownError:
            return False
        return True

    async def knows(self, tenant: str, keys: Sequence[str]) -> bool:
        """Whether something was accepted or refused under one of these keys."""
        async with self._db.transaction(tenant) as transaction:
            return await transaction.scalar(select(Event.id).where(Event.key.in_(keys)).limit(1)) is not None

    async def remember(self, tenant: str, keys: Sequence[str]) -> None:
        """Keeps that something was refused under these keys."""
        async with self._db.transaction(tenant) as transaction:
            with suppress(KnownError):
                await self._remember(transaction, keys, self._db.clock())

    async def events(self, lead: Lead) -> list[LeadEvent]:
        """What happened to a request, in order."""
        all_of_it = select(LeadEvent).where(LeadEvent.lead_id == lead.id).order_by(LeadEvent.id)
        async with self._db.transaction(lead.tenant) as transaction:
            return list(await transaction.scalars(all_of_it))

    async def event(self, tenant: str, event: int) -> LeadEvent | None:
        """One of the things that happened."""
        async with self._db.transaction(tenant) as transaction:
            return await transaction.scalar(select(LeadEvent).where(LeadEvent.id == event))

    async def named(self, tenant: str, name: str, *, spans_tenants: bool = False) -> tuple[Lead, LeadEvent] | None:
        """The request to which the user's message of that name was added, with what it said last."""
        said = select(Lead, LeadEvent).join(LeadEvent, LeadEvent.lead_id == Lead.id)
        said = said.where(LeadEvent.name == name, LeadEvent.actor == Lead.user, _of_platform(tenant))
        async with self._within(tenant, spans_tenants=spans_tenants) as transaction:
            found = (await transaction.execute(said.order_by(LeadEvent.id.desc()).limit(1))).first()
            return (found[0], found[1]) if found else None

    async def posts(self, lead: Lead) -> list[Delivery]:
        """Every post of a request, in order."""
        its = select(Delivery).where(Delivery.lead_id == lead.id).order_by(Delivery.id)
        async with self._db.transaction(lead.tenant) as transaction:
            return list(await transaction.scalars(its))

    async def before(self, post: Delivery) -> str | None:
        """What the platform calls the last post of the same lane that it has, if there is one."""
        sent = select(Delivery.sent_as).where(
            Delivery.lane == post.lane, Delivery.id < post.id, Delivery.state == DeliveryState.SENT
        )
        async with self._db.transaction(post.tenant) as transaction:
            last = sent.where(Delivery.sent_as != "").order_by(Delivery.id.desc()).limit(1)
            return await transaction.scalar(last)

    async def card(self, lead: Lead) -> Delivery | None:
        """The post that shows a request to the consultants: the last that was sent, and not to nowhere."""
        is_there = (Delivery.state == DeliveryState.SENT) & (Delivery.sent_as != "")
        cards = select(Delivery).where(Delivery.lead_id == lead.id, Delivery.kind == CARD, is_there)
        async with self._db.transaction(lead.tenant) as transaction:
            return await transaction.scalar(cards.order_by(Delivery.id.desc()).limit(1))

    async def has_card_coming(self, lead: Lead) -> bool:
        """Whether a post that shows a request to the consultants is still to be sent."""
        coming = select(Delivery.id).where(
            Delivery.lead_id == lead.id, Delivery.kind == CARD, Delivery.state == DeliveryState.PENDING
        )
        async with self._db.transaction(lead.tenant) as transaction:
            return await transaction.scalar(coming.limit(1)) is not None

    async def last_asked(self, tenant: str, user: str, place: str) -> datetime | None:
        """When a person last asked the bot something in a conversation: do they go on with a consultant?"""
        last = select(func.max(Turn.accepted_at)).join(Conversation, Turn.conversation_id == Conversation.id)
        async with self._db.transaction(tenant) as transaction:
            return await transaction.scalar(last.where(Turn.user == user, Conversation.place == place))

    async def of_card(self, sent_as: str) -> list[Delivery]:
        """The cards that a platform calls so, in every tenant; for what happens in the consultants' channel only."""
        cards = select(Delivery).where(
            Delivery.lead_id.is_not(None), Delivery.kind == CARD, Delivery.sent_as == sent_as
        )
        async with self._db.across_tenants() as transaction:
            return list(await transaction.scalars(cards))

    async def count(self) -> int:
        """How many requests there ever were, those that are deleted included."""
        async with self._db.across_tenants() as transaction:
            return await transaction.scalar(select(func.sum(Tally.count)).where(Tally.name == TALLY)) or 0

    def _within(self, tenant: str, *, spans_tenants: bool) -> AbstractAsyncContextManager[AsyncSession]:
        return self._db.across_tenants() if spans_tenants else self._db.transaction(tenant)

    async def _remember(self, transaction: AsyncSession, keys: Sequence[str], moment: datetime) -> None:
        if not await remember(self._db, transaction, keys, moment):
            raise KnownError

    async def _count(self, transaction: AsyncSession) -> None:
        row = self._db.insert(Tally).values(name=TALLY, count=1)
        await transaction.execute(
            row.on_conflict_do_update(index_elements=["tenant", "name"], set_={"count": Tally.count + 1})
        )


def _of_platform(tenant: str) -> ColumnElement[bool]:
    return Lead.tenant.startswith(f"{tenant.partition(':')[0]}:", autoescape=True)


def _values(lead: Lead, change: Change, moment: datetime) -> dict[str, object]:
    values: dict[str, object] = {"state": change.state, "holder": change.holder}
    values |= {"version": lead.version + 1, "touched_at": moment}
    if change.details is not None:
        values["details"] = dict(change.details)
    if change.state == LeadState.OPEN != lead.state:
        values |= {"opened_at": moment, "reminders": 0}
    return values
