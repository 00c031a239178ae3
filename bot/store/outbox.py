"""The outbox: what is to be sent, until the platform has confirmed it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, Update, func, or_, select, update

from bot.store.database import Database, add_in_order
from bot.store.post import Notification, PostKind
from bot.store.records import Delivery, DeliveryState, QueuedNotification, Turn
from bot.store.tables import IN_LANES, DeliveryRow

ON_DISPLAY = (
    PostKind.CARD,
    PostKind.FILE,
    PostKind.THREAD,
    PostKind.NOTICE,
)  # what stays where consultants see it


@dataclass(frozen=True)
class Sent:
    """A delivery that the platform has, under the name `sent_as`."""

    delivery: Delivery
    sent_as: str

    def statement(self) -> Update:
        """Return the statement that stores it; the secret is forgotten."""
        return _change(self.delivery, state=DeliveryState.SENT, sent_as=self.sent_as, token=None, error=None)


class Outbox:
    """Deliveries and notifications, from pending to sent. Every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def pending(self, turn: Turn) -> list[Delivery]:
        """Return what is still to be sent of a turn, in its order."""
        own = select(DeliveryRow).where(DeliveryRow.turn_id == turn.id, DeliveryRow.state == DeliveryState.PENDING)
        async with self._db.reading(turn.tenant) as session:
            return [row.record() for row in await session.scalars(own.order_by(DeliveryRow.id))]

    async def sent_of(self, turn: Turn) -> list[str]:
        """Return what the platform calls the posts of a turn, in their order."""
        own = select(DeliveryRow.sent_as).where(DeliveryRow.turn_id == turn.id, DeliveryRow.sent_as.is_not(None))
        async with self._db.reading(turn.tenant) as session:
            return [name for name in await session.scalars(own.order_by(DeliveryRow.id)) if name]

    async def is_pending(self, delivery: Delivery) -> bool:
        """Return True if it is still to be sent; not if its user was forgotten meanwhile."""
        own = select(DeliveryRow.id).where(DeliveryRow.id == delivery.id, DeliveryRow.state == DeliveryState.PENDING)
        async with self._db.reading(delivery.tenant) as session:
            return await session.scalar(own) is not None

    async def sent(self, sent: Sent) -> bool:
        """Store that the platform has it. Return False if its user was forgotten meanwhile."""
        async with self._db.transaction(sent.delivery.tenant) as session:
            await session.execute(sent.statement())
            own = select(DeliveryRow.id).where(DeliveryRow.id == sent.delivery.id)
            return await session.scalar(own) is not None

    async def postpone(self, delivery: Delivery, until: datetime, error: str) -> None:
        """Store that an attempt failed; the next one is at `until`."""
        await self._update(delivery, attempts=DeliveryRow.attempts + 1, retry_at=until, error=error)

    async def fail(self, delivery: Delivery, error: str) -> None:
        """Store that it cannot be delivered."""
        await self._update(delivery, state=DeliveryState.FAILED, error=error)

    async def heads(self) -> list[QueuedNotification]:
        """Return the first notification of every lane, if it is due and no process is sending it."""
        first = select(func.min(DeliveryRow.id)).where(IN_LANES).group_by(DeliveryRow.lane)
        free = select(DeliveryRow).where(DeliveryRow.id.in_(first), DeliveryRow.taken_by.is_(None), self._is_due())
        async with self._db.reading_across_tenants() as session:
            return [row.queued() for row in await session.scalars(free.order_by(DeliveryRow.id))]

    async def take(self, post: QueuedNotification, process: str) -> QueuedNotification | None:
        """Lease a notification to a process, until it is put back or the process dies; return it as it is now.

        Idempotent: the first answer may have been lost on the way.
        """
        is_free = or_(DeliveryRow.taken_by.is_(None), DeliveryRow.taken_by == process)
        own = _change(post, taken_by=process).where(is_free, self._is_due())
        async with self._db.transaction(post.tenant) as session:
            row: DeliveryRow | None = await session.scalar(own.returning(DeliveryRow))
            return row.queued() if row else None

    async def settle(
        self,
        post: QueuedNotification,
        sent_as: str | None,
        error: str | None,
        then: Sequence[Notification],
        platform: str | None = None,
    ) -> None:
        """Store that a platform has it, under the name `sent_as`, or never will (`error`), and what follows from that.

        Nothing follows if it was settled before.
        """
        moment = self._db.clock()
        if sent_as is None:
            change = _change(post, state=DeliveryState.FAILED, error=error, taken_by=None)
        else:
            there = replace(post.notification, platform=platform or post.notification.platform)
            values: dict[str, object] = {"payload": there.to_json(), "state": DeliveryState.SENT, "sent_as": sent_as}
            change = _change(post, **values, error=None, taken_by=None)
        async with self._db.transaction(post.tenant) as session:
            if (await session.scalars(change.returning(DeliveryRow.id))).first() is None:
                is_there = await session.scalar(select(DeliveryRow.id).where(DeliveryRow.id == post.id)) is not None
                if sent_as and platform and post.notification.kind in ON_DISPLAY and not is_there:
                    taking_back = take_back(post, platform, sent_as, "")  # its user was forgotten meanwhile
                    session.add(row_of(taking_back, "", moment, None))
                return
            await add_in_order(session, [row_of(each, post.user, moment, post.lead_id) for each in then])

    async def put_back(self, post: QueuedNotification, until: datetime, error: str) -> None:
        """Store that an attempt failed; any process may send it from `until` on."""
        await self._update(post, attempts=DeliveryRow.attempts + 1, retry_at=until, error=error, taken_by=None)

    async def redirect(self, post: QueuedNotification, platform: str) -> None:
        """Send it to another platform, which may be another process's."""
        there = replace(post.notification, platform=platform).to_json()
        await self._update(post, payload=there, taken_by=None, attempts=0, retry_at=None)

    async def resend(self, lead: int) -> int:
        """Queue again what could not be delivered of a request; return how many notifications that is."""
        lost = update(DeliveryRow).where(DeliveryRow.lead_id == lead, DeliveryRow.state == DeliveryState.FAILED)
        values = {"state": DeliveryState.PENDING, "attempts": 1, "retry_at": None, "created_at": self._db.clock()}
        async with self._db.across_tenants() as session:
            again = lost.values(values).returning(DeliveryRow.id).execution_options(synchronize_session=False)
            return len((await session.scalars(again)).all())

    async def takers(self) -> set[str]:
        """Return the processes that hold a lease, dead ones among them."""
        async with self._db.reading_across_tenants() as session:
            taken = select(DeliveryRow.taken_by).where(IN_LANES, DeliveryRow.taken_by.is_not(None)).distinct()
            return {name for name in await session.scalars(taken) if name}

    async def free(self, dead: Collection[str]) -> None:
        """End the leases of dead processes; what they had may have been sent, so it counts as an attempt."""
        theirs = update(DeliveryRow).where(IN_LANES, DeliveryRow.taken_by.in_(dead))
        values = {"taken_by": None, "attempts": DeliveryRow.attempts + 1}
        async with self._db.across_tenants() as session:
            await session.execute(theirs.values(values).execution_options(synchronize_session=False))

    async def undelivered(self) -> list[QueuedNotification]:
        """Return the notifications of requests that could not be sent, the oldest first."""
        lost = select(DeliveryRow).where(DeliveryRow.lead_id.is_not(None), DeliveryRow.state == DeliveryState.FAILED)
        async with self._db.reading_across_tenants() as session:
            return [row.queued() for row in await session.scalars(lost.order_by(DeliveryRow.id))]

    async def waiting(self, since: datetime) -> list[QueuedNotification]:
        """Return the notifications of requests that wait since before then, the oldest first."""
        late = select(DeliveryRow).where(IN_LANES, DeliveryRow.lead_id.is_not(None), DeliveryRow.created_at < since)
        async with self._db.reading_across_tenants() as session:
            return [row.queued() for row in await session.scalars(late.order_by(DeliveryRow.id))]

    def _is_due(self) -> ColumnElement[bool]:
        return or_(DeliveryRow.retry_at.is_(None), DeliveryRow.retry_at <= self._db.clock())

    async def _update(self, post: Delivery | QueuedNotification, **values: object) -> None:
        async with self._db.transaction(post.tenant) as session:
            await session.execute(_change(post, **values))


def row_of(
    notification: Notification, user: str, moment: datetime, lead: int | None, event: int | None = None
) -> DeliveryRow:
    """Return a notification's row, about an event if there is one."""
    details = notification if event is None else replace(notification, event=event)
    return DeliveryRow(
        user=user,
        where={},
        payload=details.to_json(),
        created_at=moment,
        lead_id=lead,
        kind=notification.kind,
        lane=notification.lane,
    )


def take_back(post: QueuedNotification, platform: str, sent_as: str, reference: str) -> Notification:
    """Return the notification by which the consultants' platform takes back what it was sent."""
    lane, kind = f"{PostKind.TAKE_BACK}/{post.marker}", post.notification.kind
    return Notification(PostKind.TAKE_BACK, lane, platform, about=kind, post=sent_as, reference=reference)


def _change(post: Delivery | QueuedNotification, **values: object) -> Update:
    own = update(DeliveryRow).where(DeliveryRow.id == post.id, DeliveryRow.state == DeliveryState.PENDING)
    return own.values(**values).execution_options(synchronize_session=False)
