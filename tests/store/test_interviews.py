"""Interviews: of two clicks at once one counts, and each member of a team has one vote."""

import asyncio

import pytest

from bot.store.interviews import StaleError
from bot.store.store import Store
from bot.store.tables import Interview
from tests.store.rooms import ONE, TWO, Clock, at_once


async def test_an_interview_is_found_as_it_was_kept(store: Store, other: Store) -> None:
    interview = await store.interviews.start(ONE, "here", "U1", {"answers": {"data": None}, "n": [1, 2.5]})
    found = await other.interviews.find(ONE, interview.id)
    assert (found.place, found.user, found.session) == ("here", "U1", {"answers": {"data": None}, "n": [1, 2.5]})
    assert found.version == 0
    assert await other.interviews.find(ONE, interview.id + 1) is None


async def test_saving_raises_the_version(store: Store) -> None:
    interview = await store.interviews.start(ONE, "here", "U1", {"step": 0})
    saved = await store.interviews.save(interview, {"step": 1})
    assert (saved.id, saved.version, saved.session) == (interview.id, 1, {"step": 1})
    assert (await store.interviews.save(saved, {"step": 2})).version == 2


async def test_of_clicks_at_once_in_two_processes_one_counts(store: Store, other: Store) -> None:
    interview = await store.interviews.start(ONE, "here", "U1", {"step": 0})
    rooms = [store, other] * 4
    saved = await at_once(room.interviews.save(interview, {"by": n}) for n, room in enumerate(rooms))
    winners = [one for one in saved if isinstance(one, Interview)]
    assert len(winners) == 1
    assert [type(one) for one in saved if one is not winners[0]] == [StaleError] * 7
    found = await store.interviews.find(ONE, interview.id)
    assert (found.session, found.version) == (winners[0].session, 1)


async def test_an_interview_that_was_deleted_is_stale(store: Store) -> None:
    interview = await store.interviews.start(ONE, "here", "U1", {})
    await store.interviews.vote(interview, "U2", {"q": "yes"})
    await store.interviews.remove(interview)
    assert await store.interviews.find(ONE, interview.id) is None
    assert await store.interviews.ballots(interview) == {}
    with pytest.raises(StaleError):
        await store.interviews.save(interview, {})
    with pytest.raises(StaleError):
        await store.interviews.vote(interview, "U2", {})


async def test_a_persons_interviews_come_last_touched_first(timed: Store, clock: Clock) -> None:
    made = []
    for user in ("U1", "U1", "U2", "U1"):
        made.append(await timed.interviews.start(ONE, "here", user, {}))
        clock.advance(minutes=1)
    await timed.interviews.save(made[0], {})
    assert [one.id for one in await timed.interviews.of(ONE, "U1")] == [made[0].id, made[3].id, made[1].id]
    assert await timed.interviews.of(TWO, "U1") == []


async def test_interviews_touched_at_once_come_the_newest_first(timed: Store) -> None:
    made = [await timed.interviews.start(ONE, "here", "U1", {}) for _ in range(3)]
    assert [one.id for one in await timed.interviews.of(ONE, "U1")] == [one.id for one in made[::-1]]


async def test_a_member_has_one_vote_and_may_change_it(store: Store) -> None:
    interview = await store.interviews.start(ONE, "here", "U1", {})
    await store.interviews.vote(interview, "U2", {"q": "yes", "r": None})
    await store.interviews.vote(interview, "U1", {"q": "yes"})
    await store.interviews.vote(interview, "U2", {"q": "no"})
    ballots = await store.interviews.ballots(interview)
    assert list(ballots.items()) == [("U2", {"q": "no"}), ("U1", {"q": "yes"})]


async def test_votes_at_once_in_two_processes_all_count(store: Store, other: Store) -> None:
    interview = await store.interviews.start(ONE, "here", "U1", {})
    members = [f"U{number}" for number in range(5)] * 4
    await asyncio.gather(
        *((store, other)[n % 2].interviews.vote(interview, member, {"n": str(n)}) for n, member in enumerate(members))
    )
    assert sorted(await store.interviews.ballots(interview)) == sorted(set(members))


async def test_a_vote_belongs_to_its_interview(store: Store) -> None:
    first, second = [await store.interviews.start(ONE, "here", "U1", {}) for _ in range(2)]
    await store.interviews.vote(first, "U2", {"q": "yes"})
    assert await store.interviews.ballots(second) == {}


async def test_another_tenants_interview_is_out_of_reach(store: Store) -> None:
    interview = await store.interviews.start(ONE, "here", "U1", {"step": 0})
    await store.interviews.vote(interview, "U1", {"q": "yes"})
    forged = Interview(id=interview.id, tenant=TWO, version=0)
    assert await store.interviews.find(TWO, interview.id) is None
    assert await store.interviews.ballots(forged) == {}
    await store.interviews.remove(forged)
    with pytest.raises(StaleError):
        await store.interviews.save(forged, {"step": "forged"})
    with pytest.raises(StaleError):
        await store.interviews.vote(forged, "U1", {"q": "forged"})
    found = await store.interviews.find(ONE, interview.id)
    assert (found.session, found.version) == ({"step": 0}, 0)
    assert await store.interviews.ballots(interview) == {"U1": {"q": "yes"}}
