"""The outbox: posts that are to be sent, until the platform has confirmed them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Update, func, or_, select, update

from bot.store.database import Database, add_in_order
from bot.store.leads import Post
from bot.store.tables import IN_LANES, Delivery, DeliveryState, Turn

ON = "on"  # in a payload: the platform that a post without a turn is for, when it is another one than its tenant's
SEEN = ("card", "file", "thread", "notice")  # the kinds of posts that stay where consultants see them
TAKE_BACK = "take back"  # the kind of post that takes one of those back


@dataclass(frozen=True)
class Sent:
    """A post that the platform has, under the name `sent_as`."""

    delivery: Delivery
    sent_as: str

    def kept(self) -> Update:
        """The statement that keeps it; the secret is forgotten."""
        return _change(self.delivery, state=DeliveryState.SENT, sent_as=self.sent_as, token=None, error=None)


class Outbox:
    """Posts, from pending to sent. Every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def pending(self, turn: Turn) -> list[Delivery]:
        """What is still to be sent of a turn, in its order."""
        mine = select(Delivery).where(Delivery.turn_id == turn.id, Delivery.state == DeliveryState.PENDING)
        async with self._db.transaction(turn.tenant) as session:
            return list(await session.scalars(mine.order_by(Delivery.id)))

    async def sent_of(self, turn: Turn) -> list[str]:
        """What the platform calls the posts of a turn, in their order."""
        mine = select(Delivery.sent_as).where(Delivery.turn_id == turn.id, Delivery.sent_as.is_not(None))
        async with self._db.transaction(turn.tenant) as session:
            return [name for name in await session.scalars(mine.order_by(Delivery.id)) if name]

    async def is_pending(self, delivery: Delivery) -> bool:
        """Whether it is still to be sent: not when its user was forgotten meanwhile."""
        mine = select(Delivery.id).where(Delivery.id == delivery.id, Delivery.state == DeliveryState.PENDING)
        async with self._db.transaction(delivery.tenant) as session:
            return await session.scalar(mine) is not None

    async def sent(self, sent: Sent) -> bool:
        """The platform has it; returns whether it is still to be known here, and its user not forgotten meanwhile."""
        async with self._db.transaction(sent.delivery.tenant) as session:
            await session.execute(sent.kept())
            return await session.scalar(select(Delivery.id).where(Delivery.id == sent.delivery.id)) is not None

    async def postpone(self, delivery: Delivery, until: datetime, error: str) -> None:
        """An attempt failed; the next one is at `until`."""
        await self._update(delivery, attempts=Delivery.attempts + 1, retry_at=until, error=error)

    async def fail(self, delivery: Delivery, error: str) -> None:
        """It cannot be delivered."""
        await self._update(delivery, state=DeliveryState.FAILED, error=error)

    async def heads(self) -> list[Delivery]:
        """The first post of every lane, when it is due and nobody is sending it."""
        first = select(func.min(Delivery.id)).where(IN_LANES).group_by(Delivery.lane)
        free = select(Delivery).where(Delivery.id.in_(first), Delivery.taken_by.is_(None), self._is_due())
        async with self._db.across_tenants() as session:
            return list(await session.scalars(free.order_by(Delivery.id)))

    async def take(self, delivery: Delivery, process: str) -> Delivery | None:
        """A post as it is now, for this process to send; no other does, until it is put back or this one dies.

        Asked again by the same process, it is so still: the first word of it may have been lost.
        """
        is_free = or_(Delivery.taken_by.is_(None), Delivery.taken_by == process)
        own = _change(delivery, taken_by=process).where(is_free, self._is_due())
        async with self._db.transaction(delivery.tenant) as session:
            taken: Delivery | None = await session.scalar(own.returning(Delivery))
            return taken

    async def settle(
        self, delivery: Delivery, sent_as: str | None, error: str | None, then: Sequence[Post], on: str | None = None
    ) -> None:
        """A platform (`on`) has a post, `sent_as`, or never will (`error`); `then` are posts that follow from that.

        Nothing follows when it was settled before.
        """
        moment = self._db.clock()
        if sent_as is None:
            change = _change(delivery, state=DeliveryState.FAILED, error=error, taken_by=None)
        else:
            where = {**delivery.payload, ON: on} if on else delivery.payload
            values: dict[str, object] = {"payload": where, "state": DeliveryState.SENT, "sent_as": sent_as}
            change = _change(delivery, **values, error=None, taken_by=None)
        async with self._db.transaction(delivery.tenant) as session:
            if (await session.scalars(change.returning(Delivery.id))).first() is None:
                is_there = await session.scalar(select(Delivery.id).where(Delivery.id == delivery.id)) is not None
                if sent_as and on and delivery.kind in SEEN and not is_there:  # its user was forgotten meanwhile
                    session.add(taking_back(delivery, on, sent_as, "", moment))
                return
            await add_in_order(session, [post.row(delivery.user, moment, delivery.lead_id) for post in then])

    async def put_back(self, delivery: Delivery, until: datetime, error: str) -> None:
        """An attempt failed; anyone may send it from `until` on."""
        await self._update(delivery, attempts=Delivery.attempts + 1, retry_at=until, error=error, taken_by=None)

    async def redirect(self, delivery: Delivery, platform: str) -> None:
        """It goes to another platform, of which perhaps another process takes care."""
        there = {**delivery.payload, ON: platform}
        await self._update(delivery, payload=there, taken_by=None, attempts=0, retry_at=None)

    async def resend(self, lead: int) -> int:
        """Sends again what could not be delivered of a request; returns how many posts that is."""
        lost = update(Delivery).where(Delivery.lead_id == lead, Delivery.state == DeliveryState.FAILED)
        values = {"state": DeliveryState.PENDING, "attempts": 1, "retry_at": None, "created_at": self._db.clock()}
        async with self._db.across_tenants() as session:
            again = lost.values(values).returning(Delivery.id).execution_options(synchronize_session=False)
            return len((await session.scalars(again)).all())

    async def takers(self) -> set[str]:
        """The processes that are sending posts, or died over it."""
        async with self._db.across_tenants() as session:
            taken = select(Delivery.taken_by).where(IN_LANES, Delivery.taken_by.is_not(None)).distinct()
            return {name for name in await session.scalars(taken) if name}

    async def free(self, dead: Collection[str]) -> None:
        """Puts back what dead processes were sending; it may have been sent, so it counts as an attempt."""
        theirs = update(Delivery).where(IN_LANES, Delivery.taken_by.in_(dead))
        values = {"taken_by": None, "attempts": Delivery.attempts + 1}
        async with self._db.across_tenants() as session:
            await session.execute(theirs.values(values).execution_options(synchronize_session=False))

    async def undelivered(self) -> list[Delivery]:
        """Posts of requests that could not be sent, the oldest first."""
        lost = select(Delivery).where(Delivery.lead_id.is_not(None), Delivery.state == DeliveryState.FAILED)
        async with self._db.across_tenants() as session:
            return list(await session.scalars(lost.order_by(Delivery.id)))

    async def waiting(self, since: datetime) -> list[Delivery]:
        """Posts of requests that have been to be sent for longer than that, the oldest first."""
        late = select(Delivery).where(IN_LANES, Delivery.lead_id.is_not(None), Delivery.created_at < since)
        async with self._db.across_tenants() as session:
            return list(await session.scalars(late.order_by(Delivery.id)))

    def _is_due(self) -> ColumnElement[bool]:
        return or_(Delivery.retry_at.is_(None), Delivery.retry_at <= self._db.clock())

    async def _update(self, delivery: Delivery, **values: object) -> None:
        async with self._db.transaction(delivery.tenant) as session:
            await session.execute(_change(delivery, **values))


def _change(delivery: Delivery, **values: object) -> Update:
    own = update(Delivery).where(Delivery.id == delivery.id, Delivery.state == DeliveryState.PENDING)
    return own.values(**values).execution_options(synchronize_session=False)


def taking_back(post: Delivery, on: str, sent_as: str, reference: str, moment: datetime) -> Delivery:
    """A post by which the consultants' platform forgets what it was sent."""
    payload = {ON: on, "was": post.kind, "sent_as": sent_as, "reference": reference}
    return Post(TAKE_BACK, f"{TAKE_BACK}/{post.marker}", payload).row("", moment, None)
