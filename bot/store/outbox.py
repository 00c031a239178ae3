"""The outbox: what is to be sent, until the platform has confirmed it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Update, case, func, or_, select, update

from bot.store.database import Database, add_in_order
from bot.store.post import Notification, PostKind
from bot.store.records import DeliveryState, QueuedNotification, Turn, Waiting
from bot.store.tables import IN_LANES, DeliveryRow

ON_DISPLAY = (
    PostKind.CARD,
    PostKind.FILE,
    PostKind.THREAD,
    PostKind.NOTICE,
)  # what stays where consultants see it


MAX_PAUSE = timedelta(minutes=10)  # between two attempts


class Outbox:
    """Deliveries and notifications, from pending to sent. Every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def sent_of(self, turn: Turn) -> list[str]:
        """Return what the platform calls the posts of a turn, in their order."""
        own = select(DeliveryRow.sent_as).where(DeliveryRow.turn_id == turn.id, DeliveryRow.sent_as.is_not(None))
        async with self._db.reading(turn.tenant) as session:
            return [name for name in await session.scalars(own.order_by(DeliveryRow.id)) if name]

    async def heads(self, process: str | None = None, longest: timedelta = MAX_PAUSE) -> list[Waiting]:
        """Return the first post of every lane, if it is due and no other process is sending it.

        Those that this `process` has are among them: it may have lost them on the way. None waits for longer than
        `longest`, even if the clock was set back.
        """
        first = select(func.min(DeliveryRow.id)).where(IN_LANES).group_by(DeliveryRow.lane)
        due = select(DeliveryRow).where(DeliveryRow.id.in_(first), _is_free(process), self._is_due(longest))
        async with self._db.reading_across_tenants() as session:
            return [row.waiting() for row in await session.scalars(due.order_by(DeliveryRow.id))]

    async def take(self, post: Waiting, process: str, longest: timedelta = MAX_PAUSE) -> Waiting | None:
        """Lease a post to a process, until it is put back or the process dies; return it as it is now.

        One that the process has already may have been sent, so that counts as an attempt.
        """
        again = DeliveryRow.attempts + case((DeliveryRow.taken_by == process, 1), else_=0)
        own = change_of(post, taken_by=process, attempts=again).where(_is_free(process), self._is_due(longest))
        async with self._db.transaction(post.tenant) as session:
            row: DeliveryRow | None = await session.scalar(own.returning(DeliveryRow))
            return row.waiting() if row else None

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
            change = change_of(post, state=DeliveryState.FAILED, error=error, taken_by=None)
        else:
            there = replace(post.notification, platform=platform or post.notification.platform)
            values: dict[str, object] = {"payload": there.to_json(), "state": DeliveryState.SENT, "sent_as": sent_as}
            change = change_of(post, **values, error=None, taken_by=None)
        async with self._db.transaction(post.tenant) as session:
            if (await session.scalars(change.returning(DeliveryRow.id))).first() is None:
                is_there = await session.scalar(select(DeliveryRow.id).where(DeliveryRow.id == post.id)) is not None
                if sent_as and platform and post.notification.kind in ON_DISPLAY and not is_there:
                    taking_back = take_back(post, platform, sent_as, "")  # its user was forgotten meanwhile
                    session.add(row_of(taking_back, "", moment, None))
                return
            await add_in_order(session, [row_of(each, post.user, moment, post.lead_id) for each in then])

    async def put_back(self, post: Waiting, until: datetime, error: str, *, counts: bool = True) -> None:
        """Store that an attempt failed, or does not count; any process may send it from `until` on."""
        attempts = DeliveryRow.attempts + int(counts)
        await self._update(post, attempts=attempts, retry_at=until, error=error, taken_by=None)

    async def redirect(self, post: QueuedNotification, platform: str) -> None:
        """Send a notification to another platform, which may be another process's."""
        there = replace(post.notification, platform=platform).to_json()
        await self._update(post, payload=there, taken_by=None, attempts=0, retry_at=None)

    async def resend(self, lead: int) -> int:
        """Queue again what could not be delivered of a request; return how many notifications that is."""
        lost = update(DeliveryRow).where(DeliveryRow.lead_id == lead, DeliveryRow.state == DeliveryState.FAILED)
        values = {"state": DeliveryState.PENDING, "attempts": 1, "retry_at": None, "created_at": self._db.clock()}
        async with self._db.across_tenants() as session:
            again = lost.values(values).returning(DeliveryRow.id).execution_options(synchronize_session=False)
            return len((await session.scalars(again)).all())

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

    def _is_due(self, longest: timedelta) -> ColumnElement[bool]:
        now = self._db.clock()
        return or_(DeliveryRow.retry_at.is_(None), DeliveryRow.retry_at <= now, DeliveryRow.retry_at > now + longest)

    async def _update(self, post: Waiting, **values: object) -> None:
        async with self._db.transaction(post.tenant) as session:
            await session.execute(change_of(post, **values))


def change_of(post: Waiting, **values: object) -> Update:
    """Return the statement that changes a post, unless it is settled."""
    own = update(DeliveryRow).where(DeliveryRow.id == post.id, DeliveryRow.state == DeliveryState.PENDING)
    return own.values(**values).execution_options(synchronize_session=False)


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


def _is_free(process: str | None) -> ColumnElement[bool]:
    return or_(DeliveryRow.taken_by.is_(None), DeliveryRow.taken_by == process)
