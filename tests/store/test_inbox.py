"""The inbox: every message is accepted once, and comes out in its order."""

from bot.store.inbox import Answer, Message
from bot.store.store import Store


def said(text: str, *keys: str, place: str = "here", tenant: str = "test:one", user: str = "U1") -> Message:
    return Message(tenant, place, user, text, keys or (text,), {"channel": place})


async def test_a_message_is_accepted_once_under_any_of_its_keys(store: Store) -> None:
    assert await store.inbox.accept(said("hello", "event-1", "C1/1.1"))
    assert await store.inbox.accept(said("hello", "event-1")) is None
    assert await store.inbox.accept(said("hello", "event-2", "C1/1.1")) is None
    assert await store.inbox.accept(said("hello", "event-1", tenant="test:two"))


async def test_a_conversation_is_worked_on_in_its_order(store: Store) -> None:
    first = await store.inbox.accept(said("first"))
    second = await store.inbox.accept(said("second"))
    assert first and second and first.work and second.work is None
    turn = await store.inbox.turn(first.work)
    assert turn
    await store.inbox.answered(turn, Answer([{"text": "one"}, {"text": "two"}], {"text": "both"}))
    assert [delivery.payload["text"] for delivery in await store.outbox.pending(turn)] == ["one", "two"]
    following = await store.inbox.finish(turn)
    assert following and following.turn == second.turn
