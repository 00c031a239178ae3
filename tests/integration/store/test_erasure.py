"""Erasure: who is forgotten stands nowhere any more, and what is old enough goes, but not what is still to be done."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from bot.delivery.handover import migrate_handover
from bot.store.accepting import Work
from bot.store.address import Address
from bot.store.erasure import FORGOTTEN
from bot.store.inbox import Answer
from bot.store.leads import Change
from bot.store.post import Notification, Post, PostKind
from bot.store.records import DeliveryState, LeadDetails, LeadState, Turn
from bot.store.store import Store
from bot.store.tables import (
    BallotRow,
    ConversationRow,
    DeliveryRow,
    EventRow,
    FeedbackRow,
    InterviewRow,
    LeadRow,
    Row,
    TurnRow,
)
from tests.support.rooms import ONE, TWO, Clock, accepted, done, everything, raw_bytes, said

WORDS = "My secret recipe is plum jam"
THEIRS = "We all like cherries"


async def speak(store: Store, user: str, words: str, tenant: str = ONE) -> None:
    """Everything that a person can leave behind of their own."""
    interview = await store.interviews.start(tenant, f"dm/{user}", user, {"answers": words, "by": user})
    await store.interviews.vote(interview, user, "q", words)
    lead = await store.leads.open(tenant, user, LeadDetails.model_validate({"about": words, "by": user}))
    await store.leads.apply(lead, Change("withdrawn", user, LeadState.WITHDRAWN, text=words))
    for number, state in enumerate(("waiting", "answered", "done", "failed")):
        message = said(
            words, f"dm/{user}/{number}", place=f"dm/{user}/{number}", tenant=tenant, user=user, address=Address(user)
        )
        turn = await accepted(store, message)
        if state != "waiting":
            await store.inbox.answered(turn, Answer([Post({"text": f"<@{user}>: {words}"})], {"text": words}))
        if state in ("done", "failed"):
            await store.inbox.finish(turn, words if state == "failed" else None)
        await store.feedback.give(tenant, turn.id, user, helpful=True)


async def mention(store: Store, user: str) -> Turn:
    """What others leave behind of that person."""
    everywhere = f"{user} and <@{user}>,\n{user}\t{user}|{user}: {THEIRS}, U12, XU1, U1Y"
    nested = {"text": everywhere, user: [{"deep": user}, user, 5, None, True], "no": THEIRS}
    message = said(everywhere, f"click/{user}/U2", place=f"mpim/U2/{user}", user="U2", address=Address("C1", user))
    turn = await accepted(store, message)
    await store.inbox.answered(turn, Answer([Post(nested)], nested), everywhere)
    await store.inbox.finish(turn)
    await store.feedback.give(ONE, turn.id, user, helpful=False)
    await store.feedback.give(ONE, turn.id, "U2", helpful=True)
    interview = await store.interviews.start(ONE, f"mpim/U2/{user}", "U2", nested)
    await store.interviews.vote(interview, user, "q", "yes")
    await store.interviews.vote(interview, "U2", "q", everywhere)
    lead = await store.leads.open(ONE, "U2", LeadDetails.model_validate(nested))
    await store.leads.apply(lead, Change("claimed", user, LeadState.CLAIMED, holder=user, text=everywhere))
    return turn


@pytest.mark.parametrize("user", ["U1", "184467440737095516", "jürg", "a+b (c)", "per%cent_", "back\\slash"])
async def test_who_is_forgotten_stands_nowhere_any_more(store: Store, tmp_path: Path, user: str) -> None:
    await speak(store, user, WORDS)
    await speak(store, user, WORDS, tenant=TWO)
    await speak(store, "U2", THEIRS)
    await mention(store, user)
    migrate_handover(store.database.urls)
    assert await store.erasure.forget(user) > 0
    for table, rows in (await everything(store.database)).items():
        for row in rows:
            for value in map(str, row):
                told = value.replace("U12", "").replace("XU1", "").replace("U1Y", "")
                assert WORDS not in value and user not in told, (table, row)
                assert user.encode("ascii", "backslashreplace").decode() not in told, (table, row)
    await store.close()
    if store.database.urls.is_embedded:
        written = raw_bytes(tmp_path).replace(b"U12", b"").replace(b"XU1", b"").replace(b"U1Y", b"")
        assert THEIRS.encode() in written
        assert WORDS.encode() not in written
        assert user.encode() not in written


async def test_sqlites_files_forget_while_the_bot_runs(tmp_path: Path, store: Store, other: Store) -> None:
    if not store.database.urls.is_embedded:
        pytest.skip("about SQLite's files")
    await speak(store, "U1", WORDS)
    assert await other.inbox.heads()
    assert WORDS.encode() in raw_bytes(tmp_path)
    await store.erasure.forget("U1")
    assert WORDS.encode() not in raw_bytes(tmp_path)
    assert b"U1" not in raw_bytes(tmp_path)


async def test_others_keep_what_is_theirs(store: Store) -> None:
    await speak(store, "U2", THEIRS)
    await speak(store, "U12", THEIRS)
    before = await everything(store.database)
    await speak(store, "U1", WORDS)
    await store.erasure.forget("U1")
    after = await everything(store.database)
    assert {name: sorted(map(str, rows)) for name, rows in after.items() if name != "sqlite_sequence"} == {
        name: sorted(map(str, rows)) for name, rows in before.items() if name != "sqlite_sequence"
    }


async def test_who_is_mentioned_is_taken_out_of_what_others_said(store: Store) -> None:
    turn = await mention(store, "U1")
    await store.erasure.forget("U1")
    kept = await store.inbox.turn(Work(ONE, turn.id))
    said = f"{FORGOTTEN} and <@{FORGOTTEN}>,\n{FORGOTTEN}\t{FORGOTTEN}|{FORGOTTEN}: {THEIRS}, U12, XU1, U1Y"
    assert kept.text == said
    nested = {"text": said, FORGOTTEN: [{"deep": FORGOTTEN}, FORGOTTEN, 5, None, True], "no": THEIRS}
    assert (kept.address, kept.reply) == (Address("C1", FORGOTTEN), nested)
    lead = (await rows_of(store, LeadRow))[0]
    assert (lead.details.to_json(), lead.holder) == (nested, FORGOTTEN)
    interview = (await rows_of(store, InterviewRow))[0]
    assert await store.interviews.ballots(interview) == {"U2": {"q": said}}
    assert [word.user for word in await rows_of(store, FeedbackRow)] == ["U2"]


async def test_an_id_may_be_a_number(store: Store) -> None:
    reply = {"ids": [12345, 123456, "12345"], "n": 1.5}
    turn = await done(store, said("hello", user="U2"), Answer([], reply))
    await store.erasure.forget("12345")
    assert (await store.inbox.turn(Work(ONE, turn.id))).reply == {"ids": [FORGOTTEN, 123456, FORGOTTEN], "n": 1.5}


async def test_one_may_be_forgotten_after_the_other(store: Store) -> None:
    for user in ("U1", "U2", "U3"):
        await store.interviews.start(ONE, "here", user, {}, key=f"click/{user}")
        await speak(store, user, WORDS)
        await store.erasure.forget(user)
    assert not any(rows for name, rows in (await everything(store.database)).items() if name in Row.metadata.tables)


async def test_what_others_do_while_somebody_is_forgotten_is_kept(store: Store, other: Store) -> None:
    row = await store.interviews.start(ONE, "here", "U2", {"by": "U1"})
    async with other.database.transaction(ONE) as session:
        await session.execute(
            update(InterviewRow).where(InterviewRow.id == row.id).values(session={"by": "U1", "step": 2})
        )
        forgetting = asyncio.create_task(store.erasure.forget("U1"))
        await asyncio.sleep(0.5)
    await forgetting
    found = await store.interviews.find(ONE, row.id)
    assert found
    assert found.session == {"by": FORGOTTEN, "step": 2}


async def test_a_card_that_arrives_while_its_user_is_forgotten_is_taken_back(store: Store, other: Store) -> None:
    lead = await store.leads.open(ONE, "U1", LeadDetails.model_validate({"need": WORDS}))
    await store.leads.apply(
        lead, Change("requested", "U1", LeadState.OPEN, posts=[Notification(PostKind.CARD, "desk")])
    )
    async with other.database.transaction(ONE) as session:
        sent = {"state": DeliveryState.SENT, "sent_as": "1700000000.1"}
        await session.execute(update(DeliveryRow).where(DeliveryRow.lead_id == lead.id).values(sent))
        forgetting = asyncio.create_task(store.erasure.forget("U1"))
        await asyncio.sleep(0.5)
    await forgetting
    assert [(post.notification.kind, post.notification.post) for post in await store.outbox.heads()] == [
        ("take back", "1700000000.1")
    ]


async def test_forgetting_says_how_many_rows_there_were(store: Store) -> None:
    assert await store.erasure.forget("U1") == 0
    await store.interviews.start(ONE, "here", "U1", {})
    await store.interviews.start(TWO, "here", "U1", {})
    await store.interviews.start(TWO, "here", "U2", {})
    assert await store.erasure.forget("U1") == 2
    assert await store.erasure.forget("U1") == 0


async def test_the_next_in_a_conversation_comes_up_when_its_head_is_forgotten(store: Store) -> None:
    await accepted(store, said("first"))
    second = await accepted(store, said("second", user="U2"))
    await store.erasure.forget("U1")
    assert await store.inbox.heads() == [Work(ONE, second.id)]


async def rows_of(store: Store, table: type[Row]) -> list[Row]:
    async with store.database.across_tenants() as session:
        return list(await session.scalars(select(table).order_by(table.id)))


@pytest.mark.parametrize("error", [None, "it failed"])
async def test_a_finished_turn_goes_with_all_that_hangs_on_it_after_its_days(
    timed: Store, clock: Clock, error: str | None
) -> None:
    turn = await done(timed, said("hello"), error=error)
    await timed.feedback.give(ONE, turn.id, "U1", helpful=True)
    clock.advance(days=90)
    await timed.erasure.expire(days=90)
    assert len(await rows_of(timed, TurnRow)) == 1
    clock.advance(seconds=1)
    await timed.erasure.expire(days=90)
    assert [
        await rows_of(timed, table) for table in (TurnRow, DeliveryRow, FeedbackRow, ConversationRow, EventRow)
    ] == [[]] * 5


async def test_the_days_of_a_turn_count_from_its_end(timed: Store, clock: Clock) -> None:
    turn = await accepted(timed, said("hello"))
    clock.advance(days=89)
    await timed.inbox.finish(turn)
    clock.advance(days=89)
    await timed.erasure.expire(days=90)
    assert len(await rows_of(timed, TurnRow)) == 1


async def test_what_is_still_to_be_answered_or_delivered_never_expires(timed: Store, clock: Clock) -> None:
    await accepted(timed, said("waiting", place="one"))
    await timed.inbox.answered(
        await accepted(timed, said("answered", place="two")), Answer([Post({"text": "post"})], {})
    )
    clock.advance(days=1000)
    await timed.erasure.expire(days=1)
    assert len(await rows_of(timed, TurnRow)) == len(await rows_of(timed, ConversationRow)) == 2
    assert len(await rows_of(timed, DeliveryRow)) == 1


async def test_an_interview_expires_after_its_last_touch(timed: Store, clock: Clock) -> None:
    interview = await timed.interviews.start(ONE, "here", "U1", {})
    await timed.interviews.vote(interview, "U2", "q", None)
    clock.advance(days=89)
    interview = await timed.interviews.save(interview, {"step": 1})
    clock.advance(days=90)
    await timed.erasure.expire(days=90)
    assert await timed.interviews.find(ONE, interview.id)
    clock.advance(seconds=1)
    await timed.erasure.expire(days=90)
    assert await rows_of(timed, InterviewRow) == await rows_of(timed, BallotRow) == []


@pytest.mark.parametrize("state", LeadState)
async def test_a_lead_expires_only_when_it_is_closed(timed: Store, clock: Clock, state: LeadState) -> None:
    lead = await timed.leads.open(ONE, "U1", LeadDetails())
    await timed.leads.apply(lead, Change("changed", "U9", state))
    days = 1 if state is LeadState.DRAFT else 90
    clock.advance(days=days)
    await timed.erasure.expire(days=90)
    assert await rows_of(timed, LeadRow)
    clock.advance(seconds=1)
    await timed.erasure.expire(days=90)
    stays = state in (LeadState.OPEN, LeadState.CLAIMED)
    assert bool(await rows_of(timed, LeadRow)) is stays
    assert bool(await timed.leads.events(lead)) is stays


@pytest.mark.parametrize("state", DeliveryState)
async def test_a_post_of_no_turn_expires_when_it_is_not_pending(
    timed: Store, clock: Clock, state: DeliveryState
) -> None:
    post = insert(DeliveryRow).values(user="U1", marker="m", where={}, payload={}, state=state, created_at=clock())
    async with timed.database.transaction(ONE) as session:
        await session.execute(post)
    clock.advance(days=90)
    await timed.erasure.expire(days=90)
    assert await rows_of(timed, DeliveryRow)
    clock.advance(seconds=1)
    await timed.erasure.expire(days=90)
    assert bool(await rows_of(timed, DeliveryRow)) is (state == DeliveryState.PENDING)


async def test_a_conversation_stays_as_long_as_it_is_used(timed: Store, clock: Clock) -> None:
    await done(timed, said("hello"))
    clock.advance(days=60)
    await done(timed, said("again"))
    clock.advance(days=60)
    await timed.erasure.expire(days=90)
    assert [turn.text for turn in await rows_of(timed, TurnRow)] == ["again"]
    assert len(await rows_of(timed, ConversationRow)) == 1
