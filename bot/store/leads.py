"""Leads: requests for a human consultant, with everything that happens to them, and the posts that this leads to."""

import secrets
from collections.abc import Collection, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.accepting import storable
from bot.store.address import Address
from bot.store.database import Database, add_in_order
from bot.store.deduplication import KnownError, remember
from bot.store.interviews import StaleError
from bot.store.outbox import row_of
from bot.store.post import Notification, PostKind
from bot.store.records import DeliveryState, Lead, LeadDetails, LeadEvent, LeadState, QueuedNotification
from bot.store.tables import ConversationRow, DeliveryRow, EventRow, LeadEventRow, LeadRow, TallyRow, TurnRow

REFERENCE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # without those that are taken for one another
LEAD_TALLY = "leads"


@dataclass(frozen=True)
class Change:
    """A change of a lead, with the notifications that follow.

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
    details: LeadDetails | None = None
    posts: Sequence[Notification] = ()
    is_counted: bool = False


class Leads:
    """Leads and their events. Every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def open(
        self,
        tenant: str,
        user: str,
        details: LeadDetails,
        address: Address | None = None,
        state: LeadState = LeadState.OPEN,
    ) -> Lead:
        """Keep a new request, under a reference that a person can read out."""
        moment = self._db.clock()
        reference = "".join(secrets.choice(REFERENCE_LETTERS) for _ in range(8))
        row = LeadRow(reference=reference, user=user, details_json=details.to_json(), state=state, touched_at=moment)
        row.where = address.to_json() if address is not None else None
        async with self._db.transaction(tenant) as transaction:
            transaction.add(row)
            await transaction.flush()
            transaction.add(LeadEventRow(lead_id=row.id, kind="opened", actor=user, happened_at=moment))
        return row.record()

    async def by_reference(self, reference: str) -> Lead | None:
        """The request that was sent under a reference, whoever's tenant it is of; for the operator."""
        sent = select(LeadRow).where(LeadRow.reference == reference, LeadRow.state != LeadState.DRAFT)
        async with self._db.reading_across_tenants() as transaction:
            return _record_of(await transaction.scalar(sent))

    async def of(self, tenant: str, user: str, states: Collection[str], *, spans_tenants: bool = False) -> list[Lead]:
        """A person's requests in these states, the newest first.

        With `spans_tenants` those in all tenants of the platform, where a person is the same in each of them.
        """
        mine = select(LeadRow).where(LeadRow.user == user, LeadRow.state.in_(states), _of_platform(tenant))
        async with self._within(tenant, spans_tenants=spans_tenants) as transaction:
            return [row.record() for row in await transaction.scalars(mine.order_by(LeadRow.id.desc()))]

    async def own(self, tenant: str, lead: int) -> Lead | None:
        """The request of that id in a tenant."""
        async with self._db.reading(tenant) as transaction:
            return _record_of(await transaction.scalar(select(LeadRow).where(LeadRow.id == lead)))

    async def at_desk(self, lead: int) -> Lead | None:
        """The request of that id, whoever's tenant it is of: the consultants', who have it on their desk."""
        async with self._db.reading_across_tenants() as transaction:
            return _record_of(await transaction.scalar(select(LeadRow).where(LeadRow.id == lead)))

    async def all(self, states: Collection[str]) -> list[Lead]:
        """All requests in these states, the oldest first."""
        async with self._db.reading_across_tenants() as transaction:
            rows = await transaction.scalars(select(LeadRow).where(LeadRow.state.in_(states)).order_by(LeadRow.id))
            return [row.record() for row in rows]

    async def apply(self, lead: Lead, change: Change) -> Lead:
        """The request after a change, with its event and its posts: all of it is kept, or nothing.

        Raises StaleError when it changed meanwhile, KnownError when the change was applied before.
        """
        moment = self._db.clock()
        values = _values(lead, change, moment)
        own = (
            update(LeadRow)
            .where(LeadRow.id == lead.id, LeadRow.version == lead.version)
            .values(values)
            .returning(LeadRow)
        )
        async with self._db.transaction(lead.tenant) as transaction:
            await self._remember(transaction, change.keys, moment)
            changed: LeadRow | None = await transaction.scalar(own.execution_options(populate_existing=True))
            if changed is None:
                raise StaleError
            event = LeadEventRow(
                lead_id=lead.id, kind=change.kind, actor=change.actor, text=storable(change.text), name=change.name
            )
            event.happened_at = moment
            transaction.add(event)
            await transaction.flush()
            await add_in_order(
                transaction, [row_of(post, lead.user, moment, lead.id, event.id) for post in change.posts]
            )
            if change.is_counted:
                await self._count(transaction)
            return changed.record()

    async def remind(self, lead: Lead, posts: Sequence[Notification]) -> bool:
        """Count a reminder of a request that waits; False when another process did so, or somebody has claimed it."""
        own = update(LeadRow).where(
            LeadRow.id == lead.id, LeadRow.reminders == lead.reminders, LeadRow.state == LeadState.OPEN
        )
        moment = self._db.clock()
        async with self._db.transaction(lead.tenant) as transaction:
            counted = await transaction.scalar(own.values(reminders=lead.reminders + 1).returning(LeadRow.id))
            if counted is None:
                return False
            await add_in_order(transaction, [row_of(post, lead.user, moment, lead.id) for post in posts])
            return True

    async def post(self, tenant: str, key: str, notification: Notification) -> bool:
        """Keep a post that is of no request, once under that key."""
        moment = self._db.clock()
        try:
            async with self._db.transaction(tenant) as transaction:
                await self._remember(transaction, [key], moment)
                transaction.add(row_of(notification, "", moment, None))
        except KnownError:
            return False
        return True

    async def knows(self, tenant: str, keys: Sequence[str]) -> bool:
        """Return True if something was accepted or refused under one of these keys."""
        async with self._db.reading(tenant) as transaction:
            return await transaction.scalar(select(EventRow.id).where(EventRow.key.in_(keys)).limit(1)) is not None

    async def remember(self, tenant: str, keys: Sequence[str]) -> None:
        """Keep that something was refused under these keys."""
        async with self._db.transaction(tenant) as transaction:
            with suppress(KnownError):
                await self._remember(transaction, keys, self._db.clock())

    async def events(self, lead: Lead) -> list[LeadEvent]:
        """Return the events of a request, in order."""
        all_of_it = select(LeadEventRow).where(LeadEventRow.lead_id == lead.id).order_by(LeadEventRow.id)
        async with self._db.reading(lead.tenant) as transaction:
            return [row.record() for row in await transaction.scalars(all_of_it)]

    async def event(self, tenant: str, event: int) -> LeadEvent | None:
        """One of the things that happened."""
        async with self._db.reading(tenant) as transaction:
            row = await transaction.scalar(select(LeadEventRow).where(LeadEventRow.id == event))
            return row.record() if row else None

    async def named(self, tenant: str, name: str, *, spans_tenants: bool = False) -> tuple[Lead, LeadEvent] | None:
        """The request to which the user's message of that name was added, with what it said last."""
        said = select(LeadRow, LeadEventRow).join(LeadEventRow, LeadEventRow.lead_id == LeadRow.id)
        said = said.where(LeadEventRow.name == name, LeadEventRow.actor == LeadRow.user, _of_platform(tenant))
        async with self._within(tenant, spans_tenants=spans_tenants) as transaction:
            found = (await transaction.execute(said.order_by(LeadEventRow.id.desc()).limit(1))).first()
            return (found[0].record(), found[1].record()) if found else None

    async def posts(self, lead: Lead) -> list[QueuedNotification]:
        """Every post of a request, in order."""
        its = select(DeliveryRow).where(DeliveryRow.lead_id == lead.id).order_by(DeliveryRow.id)
        async with self._db.reading(lead.tenant) as transaction:
            return [row.queued() for row in await transaction.scalars(its)]

    async def before(self, post: QueuedNotification) -> str | None:
        """Return the platform's name of the last post sent in the same lane."""
        sent = select(DeliveryRow.sent_as).where(
            DeliveryRow.lane == post.notification.lane,
            DeliveryRow.id < post.id,
            DeliveryRow.state == DeliveryState.SENT,
        )
        async with self._db.reading(post.tenant) as transaction:
            last = sent.where(DeliveryRow.sent_as != "").order_by(DeliveryRow.id.desc()).limit(1)
            return await transaction.scalar(last)

    async def card(self, lead: Lead) -> QueuedNotification | None:
        """The post that shows a request to the consultants: the last that was sent, and not to nowhere."""
        is_there = (DeliveryRow.state == DeliveryState.SENT) & (DeliveryRow.sent_as != "")
        cards = select(DeliveryRow).where(DeliveryRow.lead_id == lead.id, DeliveryRow.kind == PostKind.CARD, is_there)
        async with self._db.reading(lead.tenant) as transaction:
            row = await transaction.scalar(cards.order_by(DeliveryRow.id.desc()).limit(1))
            return row.queued() if row else None

    async def has_card_coming(self, lead: Lead) -> bool:
        """Return True if the card of a request is still to be sent."""
        coming = select(DeliveryRow.id).where(
            DeliveryRow.lead_id == lead.id,
            DeliveryRow.kind == PostKind.CARD,
            DeliveryRow.state == DeliveryState.PENDING,
        )
        async with self._db.reading(lead.tenant) as transaction:
            return await transaction.scalar(coming.limit(1)) is not None

    async def last_asked(self, tenant: str, user: str, place: str) -> datetime | None:
        """Return the moment when a person last asked the bot something in a conversation, if they ever did."""
        last = select(func.max(TurnRow.accepted_at)).join(
            ConversationRow, TurnRow.conversation_id == ConversationRow.id
        )
        async with self._db.reading(tenant) as transaction:
            return await transaction.scalar(last.where(TurnRow.user == user, ConversationRow.place == place))

    async def of_card(self, sent_as: str) -> list[QueuedNotification]:
        """The cards that a platform calls so, in every tenant; for what happens in the consultants' channel only."""
        cards = select(DeliveryRow).where(
            DeliveryRow.lead_id.is_not(None), DeliveryRow.kind == PostKind.CARD, DeliveryRow.sent_as == sent_as
        )
        async with self._db.reading_across_tenants() as transaction:
            return [row.queued() for row in await transaction.scalars(cards)]

    async def count(self) -> int:
        """Return how many requests there ever were, including deleted ones."""
        async with self._db.reading_across_tenants() as transaction:
            return await transaction.scalar(select(func.sum(TallyRow.count)).where(TallyRow.name == LEAD_TALLY)) or 0

    def _within(self, tenant: str, *, spans_tenants: bool) -> AbstractAsyncContextManager[AsyncSession]:
        return self._db.reading_across_tenants() if spans_tenants else self._db.reading(tenant)

    async def _remember(self, transaction: AsyncSession, keys: Sequence[str], moment: datetime) -> None:
        if not await remember(self._db, transaction, keys, moment):
            raise KnownError

    async def _count(self, transaction: AsyncSession) -> None:
        row = self._db.insert(TallyRow).values(name=LEAD_TALLY, count=1)
        await transaction.execute(
            row.on_conflict_do_update(index_elements=["tenant", "name"], set_={"count": TallyRow.count + 1})
        )


def _record_of(row: LeadRow | None) -> Lead | None:
    return row.record() if row else None


def _of_platform(tenant: str) -> ColumnElement[bool]:
    return LeadRow.tenant.startswith(f"{tenant.partition(':')[0]}:", autoescape=True)


def _values(lead: Lead, change: Change, moment: datetime) -> dict[str, object]:
    values: dict[str, object] = {"state": change.state, "holder": change.holder}
    values |= {"version": lead.version + 1, "touched_at": moment}
    if change.details is not None:
        values["details_json"] = change.details.to_json()
    if change.state == LeadState.OPEN != lead.state:
        values |= {"opened_at": moment, "reminders": 0}
    return values
