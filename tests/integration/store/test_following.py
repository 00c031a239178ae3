"""Follow-ups that are not addressed to us, and messages that are edited or deleted."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.store.accepting import Work
from bot.store.inbox import Answer
from bot.store.post import Post
from bot.store.store import Store
from tests.support.rooms import ONE, REPLY, TWO, accepted, done, pending, said


async def goes_on(store: Store, text: str, *, user: str = "U1", for_others: bool = False) -> bool:
    return await store.inbox.follows_up(said(text, user=user), is_for_others=for_others)


async def test_who_talked_with_us_goes_on_and_who_did_not_makes_us_quiet(store: Store) -> None:
    assert not await goes_on(store, "nobody talked with us here")
    await done(store, said("a question"))
    assert await goes_on(store, "and the other one?")
    assert not await goes_on(store, "I think that is wrong", user="U2")
    assert not await goes_on(store, "why?")
    await done(store, said("addressed again"))
    assert await goes_on(store, "and now?")


async def test_words_from_before_we_were_asked_are_none_of_ours_however_late_they_come(store: Store) -> None:
    asked = datetime(2026, 11, 2, 12, tzinfo=UTC)
    await done(store, replace(said("a question"), said_at=asked))
    earlier = replace(said("an idea"), said_at=asked - timedelta(microseconds=1))
    assert not await store.inbox.follows_up(earlier, is_for_others=False)
    assert not await store.inbox.follows_up(replace(earlier, user="U2"), is_for_others=True)
    later = replace(earlier, said_at=asked)  # two messages of one moment: Discord tells only milliseconds
    assert await store.inbox.follows_up(later, is_for_others=False)


async def test_words_for_others_make_us_quiet(store: Store) -> None:
    await done(store, said("a question"))
    assert not await goes_on(store, "what do you think?", for_others=True)
    assert not await goes_on(store, "well?")


async def test_another_tenants_conversation_is_none_of_ours(store: Store) -> None:
    await done(store, said("a question", tenant=TWO))
    assert not await goes_on(store, "and the other one?")
    assert await store.inbox.follows_up(said("and?", tenant=TWO), is_for_others=False)


async def test_a_message_is_found_by_its_name_as_it_was_asked_last(store: Store) -> None:
    await accepted(store, replace(said("asked"), name="C1/1.1"))
    edited = await accepted(store, replace(said("asked better"), name="C1/1.1"))
    found = await store.inbox.named(ONE, "C1/1.1")
    assert found is not None
    assert (found.id, found.text) == (edited.id, "asked better")
    assert await store.inbox.named(TWO, "C1/1.1") is None
    assert await store.inbox.named(ONE, "C1/2.2") is None


async def test_a_message_that_is_taken_back_leaves_nothing_and_lets_the_next_one_pass(store: Store) -> None:
    taken_back = await accepted(store, said("taken back"))
    waiting = await accepted(store, said("waiting"))
    posts = await store.inbox.answered(taken_back, Answer([Post({"text": "one"}), Post({"text": "two"})], {}))
    await store.inbox.delivered(posts[0], "1.1")
    assert await store.outbox.sent_of(taken_back) == ["1.1"]
    assert await store.inbox.remove(taken_back) == Work(ONE, waiting.id)
    assert await store.inbox.turn(Work(ONE, taken_back.id)) is None
    assert await pending(store, taken_back) == []
    assert await store.inbox.remove(taken_back) == Work(ONE, waiting.id)
    [post] = await store.inbox.answered(waiting, REPLY)
    assert (await store.inbox.delivered(post, "2.2")).following is None
