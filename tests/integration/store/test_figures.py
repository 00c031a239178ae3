"""Figures for operators: what waits, since when, and how requests stand; everybody's, and of everything."""

from bot.store.accepting import Work
from bot.store.figures import Figures, Queue, figures
from bot.store.leads import Change
from bot.store.post import Notification, PostKind
from bot.store.records import LeadDetails, LeadState
from bot.store.store import Store
from tests.support.rooms import ONE, REPLY, TWO, Clock, said

NOBODY = dict.fromkeys(LeadState, 0)


async def test_where_nothing_waits_there_is_nothing(store: Store) -> None:
    assert await figures(store.database) == Figures(Queue(0, 0.0), Queue(0, 0.0), NOBODY)


async def test_questions_wait_until_they_are_delivered(timed: Store, clock: Clock) -> None:
    first = await timed.inbox.accept(said("one"))
    clock.advance(minutes=2)
    await timed.inbox.accept(said("two", tenant=TWO))
    assert (await figures(timed.database)).questions == Queue(2, 120.0)
    turn = await timed.inbox.turn(Work(ONE, first.turn))
    [post] = await timed.inbox.answered(turn, REPLY)
    waiting = await figures(timed.database)
    assert (waiting.questions.depth, waiting.posts.depth) == (2, 0)
    await timed.inbox.delivered(post, "1.1")
    clock.advance(seconds=5)
    assert (await figures(timed.database)).questions == Queue(1, 5.0)


async def test_requests_are_counted_by_state_and_their_posts_wait(timed: Store, clock: Clock) -> None:
    lead = await timed.leads.open(ONE, "U1", LeadDetails())
    await timed.leads.open(TWO, "U2", LeadDetails())
    claim = Change("claimed", "U9", LeadState.CLAIMED, holder="U9", posts=[Notification(PostKind.CARD, "desk")])
    await timed.leads.apply(lead, claim)
    clock.advance(seconds=30)
    found = await figures(timed.database)
    assert found.leads == NOBODY | {LeadState.OPEN: 1, LeadState.CLAIMED: 1}
    assert found.posts == Queue(1, 30.0)


async def test_a_clock_that_went_back_makes_nothing_younger_than_now(timed: Store, clock: Clock) -> None:
    await timed.inbox.accept(said("one"))
    clock.advance(minutes=-1)
    assert (await figures(timed.database)).questions == Queue(1, 0.0)
