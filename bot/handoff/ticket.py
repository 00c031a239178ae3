"""A ticket: how far a request for a human consultant is, who holds it, and what may happen to it next. Pure."""

from dataclasses import dataclass, replace
from enum import StrEnum

from bot.store.records import LeadState


class Act(StrEnum):
    """The actions on a ticket; these words are stored in its events."""

    REQUEST = "requested"
    CLAIM = "claimed"
    RELEASE = "released"
    REPLY = "replied"
    RESOLVE = "resolved"
    NOTE = "noted"
    EDIT = "edited"
    DELETE = "deleted"
    WITHDRAW = "withdrawn"
    SOLVED = "solved"
    UNSOLVED = "unsolved"


@dataclass(frozen=True)
class Ticket:
    """A request; `holder` is the consultant who has claimed it."""

    state: LeadState = LeadState.DRAFT
    holder: str | None = None


class ImpossibleError(Exception):
    """It cannot happen to a ticket as it is; `sentence` names what is said of it."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


WAITING = frozenset((LeadState.OPEN, LeadState.CLAIMED))
REACHABLE = frozenset((*WAITING, LeadState.RESOLVED))  # the user may still add something

BY_CONSULTANTS = frozenset((Act.CLAIM, Act.RELEASE, Act.REPLY, Act.RESOLVE))
ADDING = frozenset((Act.NOTE, Act.EDIT, Act.DELETE))


def after(ticket: Ticket, act: Act, actor: str) -> Ticket:
    """The ticket after an act of the actor's. Raises ImpossibleError, and then nothing has changed."""
    if act in BY_CONSULTANTS:
        return _worked_on(ticket, act, actor)
    if act is Act.REQUEST:
        return _only_from(ticket, {LeadState.DRAFT}, LeadState.OPEN, "lead_sent_already")
    if act is Act.NOTE and ticket.state is LeadState.RESOLVED:
        return Ticket(LeadState.OPEN)  # it was not the end
    if act in ADDING:
        return _only_from(ticket, REACHABLE, ticket.state, "lead_over")
    if act is Act.WITHDRAW:
        return _only_from(ticket, WAITING, LeadState.WITHDRAWN, "lead_over")
    closing = LeadState.CLOSED if act is Act.SOLVED else LeadState.OPEN
    return _only_from(ticket, {LeadState.RESOLVED}, closing, "lead_told_already")


def _worked_on(ticket: Ticket, act: Act, actor: str) -> Ticket:
    """Apply a consultant's action: a free one is claimed by replying or resolving; a held one is its holder's."""
    if act is Act.REPLY and ticket.state is LeadState.RESOLVED:
        return Ticket(LeadState.CLAIMED, actor)  # it was not the end
    if ticket.state not in WAITING:
        raise ImpossibleError("desk_over")
    if act is Act.RELEASE:
        if ticket.state is LeadState.OPEN:
            raise ImpossibleError("lead_free")
        return Ticket(LeadState.OPEN)  # by anyone: its holder may be away
    if ticket.state is LeadState.CLAIMED and (ticket.holder != actor or act is Act.CLAIM):
        raise ImpossibleError("lead_held" if ticket.holder != actor else "lead_yours")
    return Ticket(LeadState.RESOLVED if act is Act.RESOLVE else LeadState.CLAIMED, actor)


def _only_from(
    ticket: Ticket, states: frozenset[LeadState] | set[LeadState], state: LeadState, sentence: str
) -> Ticket:
    if ticket.state not in states:
        raise ImpossibleError(sentence)
    is_free = state in (LeadState.OPEN, LeadState.WITHDRAWN) and state is not ticket.state
    return replace(ticket, state=state, holder=None if is_free else ticket.holder)
