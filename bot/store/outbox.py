"""The outbox: posts that are to be sent, until the platform has confirmed them."""

from datetime import datetime

from sqlalchemy import select, update

from bot.store.database import Database
from bot.store.tables import Delivery, DeliveryState, Turn


class Outbox:
    """Posts, from pending to sent. Every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def pending(self, turn: Turn) -> list[Delivery]:
        """What is still to be sent of a turn, in its order."""
        mine = select(Delivery).where(Delivery.turn_id == turn.id, Delivery.state == DeliveryState.PENDING)
        async with self._db.transaction(turn.tenant) as session:
            return list(await session.scalars(mine.order_by(Delivery.id)))

    async def is_pending(self, delivery: Delivery) -> bool:
        """Whether it is still to be sent: not when its user was forgotten meanwhile."""
        mine = select(Delivery.id).where(Delivery.id == delivery.id, Delivery.state == DeliveryState.PENDING)
        async with self._db.transaction(delivery.tenant) as session:
            return await session.scalar(mine) is not None

    async def sent(self, delivery: Delivery, sent_as: str) -> None:
        """The platform has it, under the name `sent_as`; the secret is forgotten."""
        await self._update(delivery, state=DeliveryState.SENT, sent_as=sent_as, token=None, error=None)

    async def postpone(self, delivery: Delivery, until: datetime, error: str) -> None:
        """An attempt failed; the next one is at `until`."""
        await self._update(delivery, attempts=Delivery.attempts + 1, retry_at=until, error=error)

    async def fail(self, delivery: Delivery, error: str) -> None:
        """It cannot be delivered."""
        await self._update(delivery, state=DeliveryState.FAILED, error=error)

    async def _update(self, delivery: Delivery, **values: object) -> None:
        async with self._db.transaction(delivery.tenant) as session:
            own = update(Delivery).where(Delivery.id == delivery.id, Delivery.state == DeliveryState.PENDING)
            await session.execute(own.values(**values).execution_options(synchronize_session=False))
