"""The outbox: posts that are to be sent, until the platform has confirmed them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Update, select, update

from bot.store.database import Database
from bot.store.tables import Delivery, DeliveryState, Turn


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

    async def sent(self, sent: Sent) -> None:
        """The platform has it."""
        async with self._db.transaction(sent.delivery.tenant) as session:
            await session.execute(sent.kept())

    async def postpone(self, delivery: Delivery, until: datetime, error: str) -> None:
        """An attempt failed; the next one is at `until`."""
        await self._update(delivery, attempts=Delivery.attempts + 1, retry_at=until, error=error)

    async def fail(self, delivery: Delivery, error: str) -> None:
        """It cannot be delivered."""
        await self._update(delivery, state=DeliveryState.FAILED, error=error)

    async def _update(self, delivery: Delivery, **values: object) -> None:
        async with self._db.transaction(delivery.tenant) as session:
            await session.execute(_change(delivery, **values))


def _change(delivery: Delivery, **values: object) -> Update:
    own = update(Delivery).where(Delivery.id == delivery.id, Delivery.state == DeliveryState.PENDING)
    return own.values(**values).execution_options(synchronize_session=False)
