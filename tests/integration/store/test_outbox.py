"""The outbox: posts go out in their order, and what is no longer pending is left alone."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.store.inbox import Answer
from bot.store.post import Notification, Post, PostKind
from bot.store.records import Delivery, DeliveryState, QueuedNotification, Turn
from bot.store.store import Store
from bot.store.tables import DeliveryRow
from tests.support.rooms import ONE, TWO, accepted, fail, pending, said

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
    posts = await pending(store, turn)
    assert [delivery.content for delivery in posts] == POSTS
    assert {(one.user, one.token, str(one.address), one.attempts) for one in posts} == {
        ("U1", "secret", str(turn.address), 0)
    }
    assert len({delivery.marker for delivery in posts}) == len(POSTS)
    assert all(len(delivery.marker) <= 25 for delivery in posts)


async def test_a_turns_posts_are_its_own(store: Store) -> None:
    mine, theirs = await with_posts(store), await with_posts(store, tenant=TWO)
    assert {one.turn_id for one in await pending(store, mine)} == {mine.id}
    assert {one.turn_id for one in await pending(store, theirs)} == {theirs.id}


async def test_what_was_sent_is_not_pending_and_its_secret_is_forgotten(store: Store) -> None:
    turn = await with_posts(store)
    first, *rest = await pending(store, turn)
    await store.outbox.put_back(first, first.created_at, "busy")
    await store.inbox.delivered(first, "1700000000.1")
    assert [one.id for one in await pending(store, turn)] == [one.id for one in rest]
    row = await kept(store, first)
    assert (row.state, row.sent_as, row.token, row.error) == (DeliveryState.SENT, "1700000000.1", None, None)


async def test_a_postponed_post_is_pending_with_its_attempts(store: Store) -> None:
    turn = await with_posts(store)
    first = (await pending(store, turn))[0]
    later = first.created_at + timedelta(seconds=30)
    await store.outbox.put_back(first, first.created_at, "busy")
    await store.outbox.put_back(first, later, "busy again")
    again = (await pending(store, turn))[0]
    assert (again.id, again.attempts, again.retry_at, again.token) == (first.id, 2, later, "secret")


async def test_a_failed_post_is_not_pending(store: Store) -> None:
    turn = await with_posts(store)
    first = (await pending(store, turn))[0]
    await fail(store, first, "no such channel")
    assert await pending(store, turn) == []  # nor are those behind it
    row = await kept(store, first)
    assert (row.state, row.error) == (DeliveryState.FAILED, "no such channel")


Deed = Callable[[Store, Delivery], Awaitable[None]]
DEEDS: dict[str, Deed] = {
    "sent": lambda store, post: store.inbox.delivered(post, "again"),
    "put back": lambda store, post: store.outbox.put_back(post, post.created_at, "again"),
    "fail": lambda store, post: fail(store, post, "again"),
}


@pytest.mark.parametrize("deed", DEEDS.values(), ids=list(DEEDS))
async def test_what_is_no_longer_pending_stays_as_it_is(store: Store, deed: Deed) -> None:
    turn = await with_posts(store)
    sent, failed, *_ = await pending(store, turn)
    await store.inbox.delivered(sent, "first")
    await fail(store, failed, "first")
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
    post = (await pending(store, turn))[0]
    await deed(store, replace(post, tenant=TWO))
    assert (await pending(store, turn))[0].id == post.id
    assert (await kept(store, post)).attempts == 0


@pytest.mark.parametrize("deed", DEEDS.values(), ids=list(DEEDS))
async def test_a_post_that_was_deleted_touches_none_that_came_after_it(store: Store, deed: Deed) -> None:
    turn = await with_posts(store)
    gone = (await pending(store, turn))[-1]
    await store.erasure.forget("U1")
    following = await with_posts(store, user="U2")
    await deed(store, gone)
    assert [one.attempts for one in await pending(store, following)] == [0] * len(POSTS)


async def with_a_card(store: Store) -> QueuedNotification:
    assert await store.leads.post(ONE, "a key", Notification(PostKind.CARD, "a lane"))
    return (await store.outbox.heads())[0]


async def test_of_processes_that_take_a_post_one_has_it_and_asks_again_if_it_may_have_sent_it(
    store: Store, other: Store
) -> None:
    card = await with_a_card(store)
    first, again = await store.outbox.take(card, "one"), await store.outbox.take(card, "one")
    assert first and again
    assert (first.attempts, again.attempts) == (0, 1)
    assert not await other.outbox.take(card, "two")


async def test_a_card_that_is_settled_twice_is_not_taken_back(store: Store, other: Store) -> None:
    card = await with_a_card(store)
    for room in (store, other):
        await room.outbox.settle(card, "1700000000.1", None, [Notification(PostKind.UPDATE, "a lane")], "slack")
    assert [post.notification.kind for post in await store.outbox.heads()] == ["update"]
