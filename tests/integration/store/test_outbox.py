"""The outbox: posts go out in their order, and what is no longer pending is left alone."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.store.inbox import Answer
from bot.store.outbox import Sent
from bot.store.post import Notification, Post, PostKind
from bot.store.records import Delivery, DeliveryState, QueuedNotification, Turn
from bot.store.store import Store
from bot.store.tables import DeliveryRow
from tests.support.rooms import ONE, TWO, accepted, said

POSTS = [Post({"text": str(number)}, number) for number in range(12)]


async def with_posts(store: Store, tenant: str = ONE, user: str = "U1") -> Turn:
    turn = await accepted(store, said(f"hello from {user}", tenant=tenant, user=user, token="secret", place=user))
    await store.inbox.answered(turn, Answer(POSTS, {}))
    return turn


async def kept(store: Store, delivery: Delivery) -> DeliveryRow:
    async with store.database.transaction(delivery.tenant) as session:
        return (await session.scalars(select(DeliveryRow).where(DeliveryRow.id == delivery.id))).one()


async def test_posts_are_pending_in_their_order_with_all_that_sending_needs(store: Store) -> None:
    turn = await with_posts(store)
    pending = await store.outbox.pending(turn)
    assert [delivery.content for delivery in pending] == POSTS
    assert {(one.user, one.token, str(one.address), one.attempts) for one in pending} == {
        ("U1", "secret", str(turn.address), 0)
    }
    assert len({delivery.marker for delivery in pending}) == len(POSTS)
    assert all(len(delivery.marker) <= 25 for delivery in pending)


async def test_a_turns_posts_are_its_own(store: Store) -> None:
    mine, theirs = await with_posts(store), await with_posts(store, tenant=TWO)
    assert {one.turn_id for one in await store.outbox.pending(mine)} == {mine.id}
    assert {one.turn_id for one in await store.outbox.pending(theirs)} == {theirs.id}


async def test_what_was_sent_is_not_pending_and_its_secret_is_forgotten(store: Store) -> None:
    turn = await with_posts(store)
    first, *rest = await store.outbox.pending(turn)
    await store.outbox.postpone(first, first.created_at, "busy")
    await store.outbox.sent(Sent(first, "1700000000.1"))
    assert [one.id for one in await store.outbox.pending(turn)] == [one.id for one in rest]
    row = await kept(store, first)
    assert (row.state, row.sent_as, row.token, row.error) == (DeliveryState.SENT, "1700000000.1", None, None)


async def test_a_postponed_post_is_pending_with_its_attempts(store: Store) -> None:
    turn = await with_posts(store)
    first = (await store.outbox.pending(turn))[0]
    later = first.created_at + timedelta(seconds=30)
    await store.outbox.postpone(first, first.created_at, "busy")
    await store.outbox.postpone(first, later, "busy again")
    again = (await store.outbox.pending(turn))[0]
    assert (again.id, again.attempts, again.retry_at, again.token) == (first.id, 2, later, "secret")


async def test_a_failed_post_is_not_pending(store: Store) -> None:
    turn = await with_posts(store)
    first = (await store.outbox.pending(turn))[0]
    await store.outbox.fail(first, "no such channel")
    assert first.id not in [one.id for one in await store.outbox.pending(turn)]
    row = await kept(store, first)
    assert (row.state, row.error) == (DeliveryState.FAILED, "no such channel")


Deed = Callable[[Store, Delivery], Awaitable[None]]
DEEDS: dict[str, Deed] = {
    "sent": lambda store, post: store.outbox.sent(Sent(post, "again")),
    "postpone": lambda store, post: store.outbox.postpone(post, post.created_at, "again"),
    "fail": lambda store, post: store.outbox.fail(post, "again"),
}


@pytest.mark.parametrize("deed", DEEDS.values(), ids=list(DEEDS))
async def test_what_is_no_longer_pending_stays_as_it_is(store: Store, deed: Deed) -> None:
    turn = await with_posts(store)
    sent, failed, *_ = await store.outbox.pending(turn)
    await store.outbox.sent(Sent(sent, "first"))
    await store.outbox.fail(failed, "first")
    for post in (sent, failed):
        before = await kept(store, post)
        await deed(store, post)
        after = await kept(store, post)
        assert [getattr(after, name) for name in ("state", "sent_as", "error", "attempts", "retry_at")] == [
            getattr(before, name) for name in ("state", "sent_as", "error", "attempts", "retry_at")
        ]


@pytest.mark.parametrize("deed", DEEDS.values(), ids=list(DEEDS))
async def test_another_tenants_post_is_out_of_reach(store: Store, deed: Deed) -> None:
    turn = await with_posts(store)
    post = (await store.outbox.pending(turn))[0]
    await deed(store, replace(post, tenant=TWO))
    assert (await store.outbox.pending(turn))[0].id == post.id
    assert (await kept(store, post)).attempts == 0


@pytest.mark.parametrize("deed", DEEDS.values(), ids=list(DEEDS))
async def test_a_post_that_was_deleted_touches_none_that_came_after_it(store: Store, deed: Deed) -> None:
    turn = await with_posts(store)
    gone = (await store.outbox.pending(turn))[-1]
    await store.erasure.forget("U1")
    following = await with_posts(store, user="U2")
    await deed(store, gone)
    assert [one.attempts for one in await store.outbox.pending(following)] == [0] * len(POSTS)


async def with_a_card(store: Store) -> QueuedNotification:
    assert await store.leads.post(ONE, "a key", Notification(PostKind.CARD, "a lane"))
    return (await store.outbox.heads())[0]


async def test_of_processes_that_take_a_post_one_has_it_however_often_it_asks(store: Store, other: Store) -> None:
    card = await with_a_card(store)
    assert await store.outbox.take(card, "one")
    assert await store.outbox.take(card, "one")
    assert not await other.outbox.take(card, "two")


async def test_a_card_that_is_settled_twice_is_not_taken_back(store: Store, other: Store) -> None:
    card = await with_a_card(store)
    for room in (store, other):
        await room.outbox.settle(card, "1700000000.1", None, [Notification(PostKind.UPDATE, "a lane")], "slack")
    assert [post.notification.kind for post in await store.outbox.heads()] == ["update"]
