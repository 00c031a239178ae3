"""The inbox: every message is accepted once, and comes out in its order."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy import func, select

from bot.store.accepting import Work
from bot.store.address import Address
from bot.store.inbox import Amendment, Answer, Usage
from bot.store.post import Post
from bot.store.records import TurnState
from bot.store.store import Store
from bot.store.tables import DeliveryRow, EventRow, TurnRow
from tests.support.rooms import ONE, REPLY, TWO, Clock, accepted, at_once, done, fail, is_new, pending, said


async def count(store: Store, column) -> int:
    async with store.database.across_tenants() as session:
        return await session.scalar(select(func.count(column)))


async def test_a_message_is_accepted_once_under_any_of_its_keys(store: Store) -> None:
    assert await store.inbox.accept(said("hello", "event-1", "C1/1.1"))
    assert await store.inbox.accept(said("hello", "event-1")) is None
    assert await store.inbox.accept(said("hello", "event-2", "C1/1.1")) is None
    assert await store.inbox.accept(said("hello", "event-1", tenant=TWO))


async def test_a_message_that_was_refused_leaves_none_of_its_keys(store: Store) -> None:
    await store.inbox.accept(said("hello", "b"))
    assert await store.inbox.accept(said("hello", "a", "b")) is None
    assert await store.inbox.accept(said("another", "a"))


async def test_of_twenty_deliveries_at_once_to_two_processes_one_is_accepted(store: Store, other: Store) -> None:
    rooms = [store, other] * 10
    taken = await at_once(room.inbox.accept(said("hello", "event", "message")) for room in rooms)
    assert not [one for one in taken if isinstance(one, BaseException)]
    assert len([one for one in taken if one]) == 1
    assert await count(store, TurnRow.id) == 1


async def test_what_was_accepted_is_kept_as_it_was_said(store: Store, other: Store) -> None:
    address = Address("C1", is_private=True)
    message = said("Häßlich 🙂\n'; DROP TABLE turns; --", token="xoxb-secret", address=address)
    turn = await accepted(store, message)
    kept = await other.inbox.turn(Work(ONE, turn.id))
    assert kept
    assert (kept.text, kept.user, kept.address, kept.token) == (message.text, "U1", address, "xoxb-secret")
    assert kept.state == TurnState.ACCEPTED
    assert kept.accepted_at.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("text", "kept"), [("a\0b", "ab"), ("half \ud83d", "half ?"), ("\0", ""), ("whole \U0001f642", "whole \U0001f642")]
)
async def test_any_text_can_be_kept(store: Store, text: str, kept: str) -> None:
    message = said(text, "key")
    turn = await accepted(store, message)
    assert turn.text == kept
    await store.inbox.answered(turn, Answer([Post({"text": text})], {"text": text}))
    assert [post.content for post in await pending(store, turn)] == [Post({"text": text})]


async def test_a_click_is_new_once_also_in_two_processes(store: Store, other: Store) -> None:
    new = await at_once(is_new(room, "click") for room in [store, other] * 5)
    assert sorted(new) == [False] * 9 + [True]
    assert await is_new(store, "other")
    assert await is_new(store, "click", TWO)


async def test_an_event_is_remembered_for_longer_than_platforms_repeat_it(timed: Store, clock: Clock) -> None:
    await timed.inbox.accept(said("hello", "event"))
    clock.advance(hours=24)
    await timed.erasure.expire(days=90)
    assert await timed.inbox.accept(said("hello", "event")) is None
    clock.advance(hours=25)
    await timed.erasure.expire(days=90)
    assert await timed.inbox.accept(said("hello", "event"))
    assert await count(timed, EventRow.id) == 1


async def test_a_conversation_is_worked_on_in_its_order(store: Store) -> None:
    first = await store.inbox.accept(said("first"))
    second = await store.inbox.accept(said("second"))
    assert first and second and first.work and second.work is None
    turn = await store.inbox.turn(first.work)
    assert turn
    await store.inbox.answered(turn, Answer([Post({"text": "one"}), Post({"text": "two"})], {"text": "both"}))
    one, two = await pending(store, turn)
    assert (await store.inbox.delivered(one, "1.1")).following is None
    assert await store.inbox.finish(turn) is None
    following = (await store.inbox.delivered(two, "1.2")).following
    assert following and following.turn == second.turn


async def test_conversations_do_not_wait_for_one_another(store: Store) -> None:
    for place, tenant in (("here", ONE), ("there", ONE), ("here", TWO)):
        taken = await store.inbox.accept(said("hello", place, place=place, tenant=tenant))
        assert taken and taken.work == Work(tenant, taken.turn)


async def test_the_last_turn_is_followed_by_none(store: Store) -> None:
    turn = await accepted(store, said("only"))
    assert await store.inbox.finish(turn) is None
    assert await store.inbox.finish(turn) is None
    assert (await store.inbox.accept(said("next"))).work


async def test_no_turn_is_stranded_however_accepting_and_finishing_meet(store: Store, other: Store) -> None:
    begun = list[int]()

    async def work_on(room: Store, work: Work | None) -> None:
        while work:
            begun.append(work.turn)
            turn = await room.inbox.turn(work)
            work = await room.inbox.finish(turn)

    async def take(room: Store, worker: Store, number: int) -> int:
        taken = await room.inbox.accept(said(str(number), place=str(number % 3)))
        await work_on(worker, taken.work)
        return taken.turn

    rooms = (store, other)
    turns = await asyncio.gather(*(take(rooms[n % 2], rooms[n // 2 % 2], n) for n in range(200)))
    assert sorted(begun) == sorted(turns)
    assert await store.inbox.heads() == []


async def test_a_message_waits_while_the_one_before_it_is_being_finished(store: Store, other: Store) -> None:
    for number in range(20):
        turn = await accepted(store, said(f"first {number}"))
        following, taken = await asyncio.gather(store.inbox.finish(turn), other.inbox.accept(said(f"second {number}")))
        assert taken
        assert [work.turn for work in (following, taken.work) if work] == [taken.turn]
        second = await store.inbox.turn(Work(ONE, taken.turn))
        assert await store.inbox.finish(second) is None


async def test_only_the_first_answer_counts(store: Store, other: Store) -> None:
    turn = await accepted(store, said("hello"))
    await store.inbox.answered(turn, REPLY)
    await other.inbox.answered(turn, Answer([Post({"text": "late"})], {"text": "late"}), "late", "late")
    kept = await store.inbox.turn(Work(ONE, turn.id))
    assert (kept.reply, kept.error, kept.reference, kept.state) == (REPLY.reply, None, None, TurnState.ANSWERED)
    assert [post.content for post in await pending(store, turn)] == list(REPLY.posts)


async def test_of_two_answers_at_once_one_is_kept(store: Store, other: Store) -> None:
    turn = await accepted(store, said("hello"))
    answers = [Answer([Post({"text": str(n)})], {"text": str(n)}) for n in range(6)]
    rooms = [store, other] * 3
    await asyncio.gather(*(room.inbox.answered(turn, answer) for room, answer in zip(rooms, answers, strict=True)))
    kept = await store.inbox.turn(Work(ONE, turn.id))
    assert [post.content for post in await pending(store, turn)] == [Post(kept.reply)]


async def test_an_answer_to_a_deleted_turn_is_lost_without_a_word(store: Store) -> None:
    turn = await accepted(store, said("hello"))
    await store.erasure.forget("U1")
    await store.inbox.answered(turn, REPLY)
    assert await store.inbox.finish(turn) is None
    assert await store.inbox.turn(Work(ONE, turn.id)) is None
    assert await count(store, DeliveryRow.id) == 0


async def test_an_edit_replaces_the_text_of_a_message_that_is_not_answered(store: Store) -> None:
    await accepted(store, said("the first", "e1", name="m1"))
    waiting = await accepted(store, said("old", "e2", name="m2"))
    assert await store.inbox.amend(ONE, "m2", "new", ["edit-1"]) is Amendment.AMENDED
    assert await store.inbox.amend(ONE, "m2", "new", ["edit-1"]) is Amendment.SAME
    assert await store.inbox.amend(ONE, "m2", "newer", ["edit-2"]) is Amendment.AMENDED
    assert await store.inbox.amend(ONE, "m2", "new", ["edit-1"]) is Amendment.REPEATED
    assert (await store.inbox.turn(Work(ONE, waiting.id))).text == "newer"
    assert await count(store, TurnRow.id) == 2
    assert await store.inbox.accept(said("newer", "edit-2")) is None


async def test_an_answer_to_the_text_before_an_edit_is_not_stored(store: Store, other: Store) -> None:
    turn = await accepted(store, said("old", name="m1"))
    assert await other.inbox.amend(ONE, "m1", "new", ["edit"]) is Amendment.AMENDED
    assert await store.inbox.answered(turn, REPLY) is None
    edited = await store.inbox.turn(Work(ONE, turn.id))
    assert await store.inbox.answered(edited, REPLY)


async def test_an_edit_that_comes_after_the_answer_leaves_its_keys_to_a_message_of_its_own(store: Store) -> None:
    turn = await accepted(store, said("old", name="m1"))
    await store.inbox.answered(turn, REPLY)
    assert await store.inbox.amend(ONE, "m1", "new", ["edit"]) is Amendment.LATE
    assert await store.inbox.accept(said("new", "edit", name="m1"))
    assert await store.inbox.amend(ONE, "m1", "newest", ["edit-2"]) is Amendment.AMENDED
    assert (await store.inbox.turn(Work(ONE, turn.id))).text == "old"


async def test_an_edit_of_what_was_never_accepted_is_unknown(store: Store) -> None:
    await accepted(store, said("hello", name="m1", tenant=TWO))
    assert await store.inbox.amend(ONE, "m1", "new", ["edit"]) is Amendment.UNKNOWN
    assert await is_new(store, "edit")


async def test_of_an_answer_and_an_edit_at_once_one_comes_first(store: Store, other: Store) -> None:
    for number in range(10):
        turn = await accepted(store, said("old", f"m{number}", name=f"m{number}"))
        amended, posts = await asyncio.gather(
            other.inbox.amend(ONE, f"m{number}", "new", [f"edit {number}"]), store.inbox.answered(turn, REPLY)
        )
        assert (amended, posts is None) in [(Amendment.AMENDED, True), (Amendment.LATE, False)]


async def test_a_finished_turn_forgets_its_secret_and_when_it_was(timed: Store, clock: Clock) -> None:
    turn = await accepted(timed, said("hello", token="secret"))
    clock.advance(minutes=5)
    await timed.inbox.finish(turn)
    kept = await timed.inbox.turn(Work(ONE, turn.id))
    assert (kept.state, kept.token, kept.finished_at) == (TurnState.DONE, None, clock())


async def test_a_failed_turn_keeps_its_secret_and_why_it_failed(store: Store) -> None:
    turn = await done(store, said("hello", token="secret"), error="no such channel")
    kept = (await store.inbox.failures())[0]
    assert (kept.id, kept.state, kept.token, kept.error) == (turn.id, TurnState.FAILED, "secret", "no such channel")


async def test_a_finished_turn_is_not_finished_otherwise(store: Store) -> None:
    turn = await done(store, said("hello"))
    await store.inbox.finish(turn, "an error that comes late")
    assert await store.inbox.failures() == []


async def test_failures_come_in_their_order_and_from_every_tenant(store: Store) -> None:
    failed = [await done(store, said("hello", tenant=tenant), error="why") for tenant in (TWO, ONE)]
    await done(store, said("fine"))
    assert [turn.id for turn in await store.inbox.failures()] == [turn.id for turn in failed]


async def test_a_failed_delivery_is_sent_again_without_answering_again(store: Store) -> None:
    turn = await accepted(store, said("hello"))
    await store.inbox.answered(turn, Answer([Post({"text": "one"}), Post({"text": "two"})], {"text": "both"}))
    first, second = await pending(store, turn)
    await store.inbox.delivered(first, "1.1")
    await fail(store, second, "refused")
    await store.inbox.finish(turn, "refused")
    assert await store.inbox.resend([turn.id]) == [turn.id]
    assert await store.inbox.heads() == []
    assert [post.id for post in await store.outbox.heads()] == [second.id]
    kept = await store.inbox.turn(Work(ONE, turn.id))
    assert (kept.state, kept.error, kept.finished_at) == (TurnState.ANSWERED, None, None)
    assert [(post.id, post.attempts, post.retry_at) for post in await pending(store, kept)] == [(second.id, 0, None)]


async def test_what_stands_behind_a_failed_post_has_a_day_again_too(store: Store) -> None:
    turn = await accepted(store, said("hello"))
    await store.inbox.answered(turn, Answer([Post({"text": "one"}), Post({"text": "two"})], {"text": "both"}))
    first, second = await pending(store, turn)
    await fail(store, first, "refused")
    await store.inbox.finish(turn, "refused")
    await store.inbox.resend([turn.id])
    again = await pending(store, turn)
    assert [post.id for post in again] == [first.id, second.id]
    assert all(post.created_at > second.created_at for post in again)


@pytest.mark.parametrize("is_refused", [False, True])
async def test_a_failed_answer_is_sought_again_without_the_apology(store: Store, *, is_refused: bool) -> None:
    turn = await accepted(store, said("hello"))
    await store.inbox.answered(turn, Answer([Post({"text": "sorry"})]), "answering failed", "ab12")
    if is_refused:
        await fail(store, (await pending(store, turn))[0], "refused")
    else:
        await store.inbox.delivered((await pending(store, turn))[0], "1.1")
    await store.inbox.finish(turn, "answering failed")
    assert await store.inbox.resend([turn.id]) == [turn.id]
    kept = await store.inbox.turn(Work(ONE, turn.id))
    assert (kept.state, kept.error, kept.reference, kept.runs) == (TurnState.ACCEPTED, None, None, 0)
    await store.inbox.answered(turn, REPLY)
    assert [post.content for post in await pending(store, turn)] == list(REPLY.posts)


async def test_only_what_failed_is_sent_again(store: Store) -> None:
    fine, failed = await done(store, said("fine")), await done(store, said("not"), error="why")
    waiting = await accepted(store, said("waiting"))
    assert await store.inbox.resend([fine.id, failed.id, waiting.id, 12345]) == [failed.id]
    assert await store.inbox.resend([failed.id]) == []
    assert await store.inbox.resend([]) == []


async def test_of_two_processes_one_takes_a_turn_until_it_dies(store: Store, other: Store) -> None:
    turn = await accepted(store, said("hello"))
    work = Work(ONE, turn.id)
    takers = {"one": store, "two": other}
    taken = await asyncio.gather(*(room.inbox.take([work], name) for name, room in takers.items()))
    assert sorted(taken) == [[], [work]]
    [holder] = await store.leases.holders()
    [late] = {*takers} - {holder}
    assert await store.inbox.heads(late) == []
    assert await store.inbox.heads(holder) == await takers[holder].inbox.take([work], holder) == [work]
    await store.leases.free([holder])
    assert await other.inbox.take([work], late) == [work]
    assert (await store.inbox.turn(work)).runs == 1
    await store.inbox.finish(turn)
    assert await other.inbox.take([work], late) == []


async def test_a_process_that_stops_gives_back_what_it_has_not_begun(store: Store) -> None:
    turns = [await accepted(store, said(place, place=place)) for place in ("begun", "waiting")]
    begun, waiting = (Work(ONE, turn.id) for turn in turns)
    await store.inbox.take([begun, waiting], "one")
    await store.leases.release("one", [begun.turn])
    assert await store.inbox.heads() == [waiting]
    assert await store.leases.holders() == {"one"}
    assert (await store.inbox.turn(waiting)).runs == 0


async def test_who_accepts_a_message_may_take_it_at_once_but_not_before_it_is_its_turn(store: Store) -> None:
    first = await store.inbox.accept(said("first"), "one")
    await store.inbox.accept(said("second"), "one")
    assert first and first.work
    assert await store.inbox.heads("two") == []
    turn = await store.inbox.turn(first.work)
    assert turn
    posts = await store.inbox.answered(turn, REPLY, process="one")
    assert posts
    assert await store.outbox.heads("two") == await store.inbox.heads("two") == []
    settled = await store.inbox.delivered(posts[0], "1.1", process="one")
    assert settled.following
    assert await store.inbox.heads("two") == []
    assert await store.inbox.heads("one") == [settled.following]


async def test_the_heads_are_the_first_unfinished_turns(store: Store) -> None:
    await done(store, said("over"))
    head = await accepted(store, said("head"))
    await store.inbox.answered(head, REPLY)
    await accepted(store, said("waiting"))
    elsewhere = await accepted(store, said("elsewhere", place="there"))
    theirs = await accepted(store, said("head", tenant=TWO))
    heads = await store.inbox.heads()
    assert {(work.tenant, work.turn) for work in heads} == {(ONE, elsewhere.id), (TWO, theirs.id)}
    assert len(heads) == 2
    assert [post.turn_id for post in await store.outbox.heads()] == [head.id]


async def test_earlier_messages_are_the_last_answered_ones_of_the_conversation(store: Store) -> None:
    for text in ("one", "two", "three"):
        await done(store, said(text))
    await done(store, said("unanswered"), Answer([Post({"text": "too many"})]))
    await done(store, said("elsewhere", place="there"))
    await done(store, said("another tenant's", tenant=TWO))
    turn = await accepted(store, said("now"))
    await accepted(store, said("later"))
    work = Work(ONE, turn.id)
    assert (await store.inbox.question(work, turn.accepted_at, 6)).earlier == ["one", "two", "three"]
    assert (await store.inbox.question(work, turn.accepted_at, 2)).earlier == ["two", "three"]


async def test_questions_are_counted_by_user_and_by_tenant(timed: Store, clock: Clock) -> None:
    await done(timed, said("long ago"))
    clock.advance(hours=1)
    since = clock()
    clock.advance(minutes=1)
    await done(timed, said("one"))
    await done(timed, said("elsewhere", place="there"))
    await done(timed, said("another's", user="U2"))
    await done(timed, said("another tenant's", tenant=TWO))
    await done(timed, said("too many", place="third"), Answer([Post({"text": "too many"})]))
    turn = await accepted(timed, said("now"))
    await accepted(timed, said("later"))
    work = Work(ONE, turn.id)
    assert (await timed.inbox.question(work, since, 0)).usage == Usage(by_user=2, by_tenant=3)
    assert (await timed.inbox.question(work, since, 0, Usage(1, 1))).usage == Usage(by_user=1, by_tenant=1)
    assert (await timed.inbox.question(work, clock() + timedelta(hours=1), 0)).usage == Usage(by_user=0, by_tenant=0)


async def test_a_user_is_told_once_in_a_conversation_that_it_is_too_much(timed: Store, clock: Clock) -> None:
    since = clock() - timedelta(hours=1)
    await done(timed, said("too many"), Answer([Post({"text": "too many"})]))
    again = await accepted(timed, said("again"))
    elsewhere = await accepted(timed, said("elsewhere", place="there"))
    another = await accepted(timed, said("another", user="U2"))
    told = [await timed.inbox.was_notified(turn, since) for turn in (again, elsewhere, another)]
    assert told == [True, False, False]
    assert not await timed.inbox.was_notified(again, clock())


async def test_a_turn_of_another_tenant_is_out_of_reach(store: Store) -> None:
    mine, theirs = await accepted(store, said("mine")), await accepted(store, said("theirs", tenant=TWO))
    await store.inbox.answered(mine, REPLY)
    before = await store.inbox.turn(Work(ONE, mine.id))
    forged = replace(mine, tenant=TWO)
    assert await store.inbox.turn(Work(TWO, mine.id)) is None
    await store.inbox.answered(forged, Answer([Post({"text": "forged"})]))
    assert await store.inbox.finish(forged, "forged") is None
    assert await store.inbox.question(Work(TWO, mine.id), mine.accepted_at, 6) is None
    assert await pending(store, forged) == []
    seen = await store.inbox.question(Work(TWO, theirs.id), mine.accepted_at - timedelta(hours=1), 6)
    assert (seen.earlier, seen.usage) == ([], Usage(by_user=0, by_tenant=0))
    assert await store.inbox.turn(Work(ONE, mine.id)) == before
    assert [post.content for post in await pending(store, mine)] == list(REPLY.posts)


async def test_a_moment_is_the_same_in_whatever_time_zone_it_comes(store: Store) -> None:
    moment = datetime(2026, 6, 1, 14, tzinfo=timezone(timedelta(hours=2)))
    turn = await accepted(store, replace(said("a question"), said_at=moment))
    kept = await store.inbox.turn(Work(ONE, turn.id))
    assert kept
    assert kept.said_at == moment


async def test_the_answer_to_an_edited_message_replaces_the_posts_of_the_one_before(store: Store) -> None:
    first = await accepted(store, said("old", name="m1"))
    for post in await store.inbox.answered(first, REPLY):
        await store.inbox.delivered(post, "1.1")
    await store.inbox.finish(first)
    edited = await accepted(store, said("new", name="m1"))
    context = await store.inbox.question(Work(ONE, edited.id), edited.accepted_at, 0)
    named = await store.inbox.named(ONE, "m1")
    assert context.turn.draft.replaces == named.draft.replaces == ("1.1",)
    assert first.draft.replaces == ()
