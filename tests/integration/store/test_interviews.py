"""Interviews: of two clicks at once one counts, and each member of a team has one vote."""

from dataclasses import replace

import pytest

from bot.store.interviews import StaleError
from bot.store.records import Interview
from bot.store.store import Store
from tests.support.rooms import ONE, TWO, Clock, at_once


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
    await store.interviews.vote(interview, "U2", "q", "yes")
    await store.interviews.remove(interview)
    assert await store.interviews.find(ONE, interview.id) is None
    assert await store.interviews.ballots(interview) == {}
    with pytest.raises(StaleError):
        await store.interviews.save(interview, {})
    with pytest.raises(StaleError):
        await store.interviews.vote(interview, "U2", "q", None)


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


async def test_a_member_has_one_vote_a_question_and_may_change_it(store: Store) -> None:
    interview = await store.interviews.start(ONE, "here", "U1", {}, is_team=True)
    await store.interviews.vote(interview, "U2", "q", "yes")
    await store.interviews.vote(interview, "U1", "q", "yes")
    await store.interviews.vote(interview, "U2", "r", None)
    await store.interviews.vote(interview, "U2", "q", "no")
    ballots = await store.interviews.ballots(interview)
    assert list(ballots.items()) == [("U2", {"q": "no", "r": None}), ("U1", {"q": "yes"})]


async def test_votes_at_once_in_two_processes_all_count(store: Store, other: Store) -> None:
    interview = await store.interviews.start(ONE, "here", "U1", {})
    members, questions = [f"U{number}" for number in range(4)], [f"q{number}" for number in range(5)]
    votes = [(member, question) for question in questions for member in members]
    done = await at_once(
        (store, other)[n % 2].interviews.vote(interview, member, question, f"{member}{question}")
        for n, (member, question) in enumerate(votes)
    )
    assert done == [None] * len(votes)
    expected = {member: {question: f"{member}{question}" for question in questions} for member in members}
    assert await store.interviews.ballots(interview) == expected


async def test_a_vote_on_what_was_changed_since_it_was_read_is_stale(store: Store) -> None:
    interview = await store.interviews.start(ONE, "here", "U1", {"question": "q"})
    now = await store.interviews.save(interview, {"question": "r"})
    with pytest.raises(StaleError):
        await store.interviews.vote(interview, "U2", "q", "yes")
    await store.interviews.vote(now, "U2", "r", "yes")
    assert await store.interviews.ballots(interview) == {"U2": {"r": "yes"}}


async def test_of_votes_and_a_new_beginning_at_once_no_old_vote_is_left(store: Store, other: Store) -> None:
    interview = await store.interviews.start(ONE, "here", "U1", {})
    votes = [store.interviews.vote(interview, f"U{number}", "q", "yes") for number in range(6)]
    await at_once([*votes[:3], other.interviews.save(interview, {}, restart=True), *votes[3:]])
    assert await store.interviews.ballots(interview) == {}


async def test_somebody_else_may_take_it_over(store: Store) -> None:
    interview = await store.interviews.start(ONE, "here", "U1", {}, is_team=True)
    saved = await store.interviews.save(interview, {"step": 1}, "U2")
    assert (saved.user, saved.is_team) == ("U2", True)
    assert await store.interviews.of(ONE, "U1") == []
    assert [one.id for one in await store.interviews.of(ONE, "U2")] == [interview.id]


async def test_a_vote_belongs_to_its_interview(store: Store) -> None:
    first, second = [await store.interviews.start(ONE, "here", "U1", {}) for _ in range(2)]
    await store.interviews.vote(first, "U2", "q", "yes")
    assert await store.interviews.ballots(second) == {}


async def test_another_tenants_interview_is_out_of_reach(store: Store) -> None:
    interview = await store.interviews.start(ONE, "here", "U1", {"step": 0})
    await store.interviews.vote(interview, "U1", "q", "yes")
    forged = replace(interview, tenant=TWO)
    assert await store.interviews.find(TWO, interview.id) is None
    assert await store.interviews.ballots(forged) == {}
    await store.interviews.remove(forged)
    with pytest.raises(StaleError):
        await store.interviews.save(forged, {"step": "forged"})
    with pytest.raises(StaleError):
        await store.interviews.vote(forged, "U1", "q", "forged")
    found = await store.interviews.find(ONE, interview.id)
    assert (found.session, found.version) == ({"step": 0}, 0)
    assert await store.interviews.ballots(interview) == {"U1": {"q": "yes"}}
