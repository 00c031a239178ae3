"""What reports read: everything at one moment, without names, and nothing is changed or held up by it."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DBAPIError

from bot.store.inbox import Answer
from bot.store.insights import InterviewRecord, MessageRecord, RequestRecord
from bot.store.leads import Change
from bot.store.records import Lead, LeadDetails, LeadState
from bot.store.store import Store
from bot.store.tables import TurnRow
from tests.support.rooms import ONE, TWO, Clock, accepted, done, everything, said

ANSWER = {
    "kind": "answer",
    "text": "a reply",
    "citations": [{"section": "A > B", "quote": "It is so.", "source": "a.md", "anchor": "a"}],
    "recommendation": None,
}
ADVICE = ANSWER | {
    "kind": "advice",
    "recommendation": {"approach": "rag", "reasons": [{"criterion": c, "because": "we"} for c in ("b", "a", "b")]},
}
ABSTAINED = ANSWER | {"kind": "abstain", "text": "no answer\nnearest", "citations": []}


async def all_asked(store: Store, since=None) -> list[MessageRecord]:
    async with store.insights.snapshot() as snapshot:
        return [asked async for asked in snapshot.messages(since)]


async def requests(store: Store, since=None) -> list[RequestRecord]:
    async with store.insights.snapshot() as snapshot:
        return [request async for request in snapshot.requests(since)]


async def lead(store: Store, clock: Clock, *happened: tuple[str, LeadState, float], urgency: str = "now") -> Lead:
    """A request to which these things happened, each so many minutes after the one before."""
    row = await store.leads.open(ONE, "U1", LeadDetails.model_validate({"urgency": urgency}), state=LeadState.DRAFT)
    for kind, state, minutes in happened:
        clock.advance(minutes=minutes)
        row = await store.leads.apply(row, Change(kind, "C1", state))
    return row


async def test_a_message_is_told_with_its_reply_and_without_names(timed: Store, clock: Clock) -> None:
    answered = await done(timed, said("a secret", user="U024BE7LH"), Answer([], ANSWER))
    for user, is_helpful in (("U1", True), ("U2", True), ("U3", False)):
        await timed.feedback.give(ONE, answered.id, user, helpful=is_helpful)
    await done(timed, said("we are", "e2", tenant=TWO), Answer([], ADVICE))
    await done(timed, said("how dear?", "e3", user="U024BE7LH"), Answer([], ABSTAINED))
    await done(timed, said("broken", "e4"), Answer([]), "answering failed")
    await accepted(timed, said("waits", "e5", place="elsewhere"))
    first, second, third, fourth, fifth = await all_asked(timed)
    assert (first.at, first.platform, first.kind, first.text) == (clock(), "test", "answer", None)
    assert (first.citations[0]["section"], first.helpful, first.unhelpful) == ("A > B", 2, 1)
    assert (first.approach, first.criteria, first.is_waiting) == (None, (), False)
    assert (second.kind, second.approach, second.criteria, second.text) == ("advice", "rag", ("b", "a"), None)
    assert (third.kind, third.text) == ("abstain", "how dear?")
    assert [asked.asker for asked in (first, second, third, fourth, fifth)] == [0, 1, 0, 2, 2]
    assert [asked.home for asked in (first, second, third)] == [0, 1, 0]
    assert [(asked.kind, asked.is_waiting) for asked in (fourth, fifth)] == [(None, False), (None, True)]
    for name in ("U024BE7LH", "a secret", "test:one"):
        assert name not in str([first, second, fourth, fifth])


@pytest.mark.parametrize(
    ("kept", "is_gap"),
    [
        ({"reason": "near_topic", "text": "in one line"}, True),
        ({"reason": "off_topic", "text": "in two\nlines"}, False),
        ({"text": "from before reasons were kept\nnearest"}, True),
        ({"text": "from before reasons were kept"}, False),
    ],
)
async def test_a_gap_is_known_by_the_reason_that_the_reply_keeps(timed: Store, kept: dict, *, is_gap: bool) -> None:
    await done(timed, said("how dear?"), Answer([], ABSTAINED | kept))
    [message] = await all_asked(timed)
    assert message.text == ("how dear?" if is_gap else None)


async def test_only_what_is_asked_for_is_told(timed: Store, clock: Clock) -> None:
    await done(timed, said("old", "e1"), Answer([], ANSWER))
    await timed.interviews.start(ONE, "here", "U1", {"step": 1})
    clock.advance(days=10)
    await done(timed, said("new", "e2"), Answer([], ADVICE))
    await timed.interviews.start(ONE, "here", "U1", {"step": 2})
    since = clock() - timedelta(days=5)
    assert [asked.kind for asked in await all_asked(timed, since)] == ["advice"]
    assert len(await all_asked(timed)) == 2
    async with timed.insights.snapshot() as snapshot:
        found = [interview async for interview in snapshot.interviews(since)]
        assert len([interview async for interview in snapshot.interviews()]) == 2
    assert found == [InterviewRecord({"step": 2}, clock())]


async def test_a_request_knows_when_it_was_taken_first_and_resolved_last(timed: Store, clock: Clock) -> None:
    start = clock()
    await lead(timed, clock, ("requested", LeadState.OPEN, 1))
    told = ("requested", LeadState.OPEN, 2), ("replied", LeadState.CLAIMED, 30), ("resolved", LeadState.RESOLVED, 10)
    again = ("unsolved", LeadState.OPEN, 5), ("claimed", LeadState.CLAIMED, 5), ("resolved", LeadState.RESOLVED, 5)
    await lead(timed, clock, *told, *again, urgency="week")
    await lead(timed, clock)
    first, second = await requests(timed)
    assert first == RequestRecord("open", "now", start + timedelta(minutes=1), None, None)
    asked = start + timedelta(minutes=3)
    resolved = asked + timedelta(minutes=55)
    assert second == RequestRecord("resolved", "week", asked, asked + timedelta(minutes=30), resolved)
    assert await requests(timed, start + timedelta(minutes=2)) == [second]


async def test_a_snapshot_sees_one_moment_and_holds_nobody_up(store: Store, other: Store) -> None:
    await done(store, said("before", "e1"), Answer([], ANSWER))
    async with store.insights.snapshot() as snapshot:
        assert len([asked async for asked in snapshot.messages()]) == 1
        await done(other, said("meanwhile", "e2"), Answer([], ANSWER))
        assert len([asked async for asked in snapshot.messages()]) == 1
    assert len(await all_asked(store)) == 2


@pytest.mark.parametrize("statement", [delete(TurnRow), update(TurnRow).values(text="x")], ids=["delete", "update"])
async def test_nothing_can_be_changed_in_a_snapshot(store: Store, statement) -> None:
    await done(store, said("before"), Answer([], ANSWER))
    before = await everything(store.database)
    with pytest.raises(DBAPIError):
        async with store.database.snapshot() as session:
            await session.execute(statement)
    assert await everything(store.database) == before
    await done(store, said("after", "e2"), Answer([], ANSWER))  # the connection can write again


async def test_what_was_forgotten_is_not_there(store: Store) -> None:
    await done(store, said("how dear?", "e1", user="U024BE7LH"), Answer([], ABSTAINED))
    await done(store, said("how quick?", "e2"), Answer([], ABSTAINED))
    await store.erasure.forget("U024BE7LH")
    assert [asked.text for asked in await all_asked(store)] == ["how quick?"]
