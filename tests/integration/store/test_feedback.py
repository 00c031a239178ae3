"""Feedback: one word a user and reply, the last one counts."""

import asyncio

from sqlalchemy import select

from bot.store.store import Store
from bot.store.tables import FeedbackRow
from tests.support.rooms import ONE, TWO, Clock, done, said


async def kept(store: Store) -> list[tuple[str, int, str, bool]]:
    async with store.database.across_tenants() as session:
        rows = await session.scalars(select(FeedbackRow).order_by(FeedbackRow.id))
        return [(row.tenant, row.turn_id, row.user, row.helpful) for row in rows]


async def test_the_last_word_counts(timed: Store, clock: Clock) -> None:
    turn = await done(timed, said("hello"))
    await timed.feedback.give(ONE, turn.id, "U1", helpful=True)
    await timed.feedback.give(ONE, turn.id, "U2", helpful=True)
    clock.advance(minutes=1)
    await timed.feedback.give(ONE, turn.id, "U1", helpful=False)
    assert await kept(timed) == [(ONE, turn.id, "U1", False), (ONE, turn.id, "U2", True)]
    async with timed.database.transaction(ONE) as session:
        assert await session.scalar(select(FeedbackRow.given_at).where(FeedbackRow.user == "U1")) == clock()


async def test_words_at_once_in_two_processes_are_one(store: Store, other: Store) -> None:
    turn = await done(store, said("hello"))
    await asyncio.gather(*((store, other)[n % 2].feedback.give(ONE, turn.id, "U1", helpful=n < 5) for n in range(10)))
    assert len(await kept(store)) == 1


async def test_a_word_on_another_tenants_reply_does_nothing(store: Store) -> None:
    turn = await done(store, said("hello"))
    await store.feedback.give(ONE, turn.id, "U1", helpful=True)
    await store.feedback.give(TWO, turn.id, "U1", helpful=False)
    await store.feedback.give(TWO, turn.id, "U2", helpful=False)
    assert await kept(store) == [(ONE, turn.id, "U1", True)]


async def test_a_word_on_a_deleted_reply_does_nothing(store: Store) -> None:
    turn = await done(store, said("hello"))
    await store.erasure.forget("U1")
    await store.feedback.give(ONE, turn.id, "U2", helpful=True)
    assert await kept(store) == []
