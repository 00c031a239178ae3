"""The ticket's state machine: no request is lost, no impossible state is reached, one holder at a time."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.handoff.ticket import BY_CONSULTANTS, WAITING, Act, ImpossibleError, Ticket, after
from bot.store.records import LeadState

PEOPLE = ("ann", "ben", "cem")
STEPS = some.lists(some.tuples(some.sampled_from(Act), some.sampled_from(PEOPLE)), max_size=30)
HELD = {LeadState.CLAIMED, LeadState.RESOLVED, LeadState.CLOSED}


def walk(steps: list[tuple[Act, str]]) -> list[tuple[Ticket, Act, str, Ticket]]:
    """What each possible step makes of a ticket."""
    ticket, walked = Ticket(), list[tuple[Ticket, Act, str, Ticket]]()
    for act, actor in steps:
        try:
            following = after(ticket, act, actor)
        except ImpossibleError:
            continue
        walked.append((ticket, act, actor, following))
        ticket = following
    return walked


def reachable() -> set[Ticket]:
    """Every ticket that there can be."""
    known, new = set[Ticket](), {Ticket()}
    while new:
        known |= new
        new = {step[3] for t in known for act, actor in product(Act, PEOPLE) if (step := _step(t, act, actor))} - known
    return known


def _step(ticket: Ticket, act: Act, actor: str) -> tuple[Ticket, Act, str, Ticket] | None:
    try:
        return ticket, act, actor, after(ticket, act, actor)
    except ImpossibleError:
        return None


def test_these_are_all_states_and_no_other() -> None:
    assert {ticket.state for ticket in reachable()} == set(LeadState)
    assert all((ticket.holder is not None) is (ticket.state in HELD) for ticket in reachable())
    assert len(reachable()) == 3 + 3 * len(PEOPLE)  # draft, open, withdrawn; and held by each


def test_from_every_state_that_waits_there_is_a_way_to_the_end() -> None:
    for ticket in reachable():
        if ticket.state in WAITING:
            actor = ticket.holder or "ann"
            assert after(after(ticket, Act.RESOLVE, actor), Act.SOLVED, "user").state is LeadState.CLOSED
            assert after(ticket, Act.WITHDRAW, "user").state is LeadState.WITHDRAWN


@given(STEPS)
def test_a_request_is_never_lost(steps: list[tuple[Act, str]]) -> None:
    for before, act, _, following in walk(steps):
        if before.state in WAITING and following.state not in WAITING:
            assert act in (Act.RESOLVE, Act.WITHDRAW)  # only a person ends it
        assert following.state is not LeadState.DRAFT


@given(STEPS)
def test_it_has_one_holder_and_only_they_answer(steps: list[tuple[Act, str]]) -> None:
    for before, act, actor, following in walk(steps):
        if act in (Act.CLAIM, Act.REPLY, Act.RESOLVE):
            assert before.holder in (None, actor) or before.state is LeadState.RESOLVED
            assert following.holder == actor
        if act not in BY_CONSULTANTS and following.state is before.state:
            assert following == before


@given(STEPS)
def test_what_is_over_stays_over_and_what_is_resolved_until_there_is_more_to_say(steps: list[tuple[Act, str]]) -> None:
    for before, act, actor, following in walk(steps):
        if before.state in (LeadState.CLOSED, LeadState.WITHDRAWN):
            raise AssertionError("something happened to what was over")
        if before.state is LeadState.RESOLVED and following.state in WAITING:
            opened = {Act.UNSOLVED: Ticket(LeadState.OPEN), Act.NOTE: Ticket(LeadState.OPEN)}
            assert following == ({**opened, Act.REPLY: Ticket(LeadState.CLAIMED, actor)})[act]


@pytest.mark.parametrize(
    ("ticket", "act", "actor", "sentence"),
    [
        (Ticket(LeadState.CLAIMED, "ann"), Act.CLAIM, "ben", "lead_held"),
        (Ticket(LeadState.CLAIMED, "ann"), Act.CLAIM, "ann", "lead_yours"),
        (Ticket(LeadState.CLAIMED, "ann"), Act.REPLY, "ben", "lead_held"),
        (Ticket(LeadState.OPEN), Act.RELEASE, "ann", "lead_free"),
        (Ticket(LeadState.WITHDRAWN), Act.CLAIM, "ann", "desk_over"),
        (Ticket(LeadState.OPEN), Act.REQUEST, "user", "lead_sent_already"),
        (Ticket(LeadState.CLOSED, "ann"), Act.UNSOLVED, "user", "lead_told_already"),
    ],
)
def test_what_cannot_be_says_why(ticket: Ticket, act: Act, actor: str, sentence: str) -> None:
    with pytest.raises(ImpossibleError) as refused:
        after(ticket, act, actor)
    assert refused.value.sentence == sentence
