"""Requests for a consultant: how they stand, how urgent they are, how long they wait."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from bot.handoff.forms import URGENCIES
from bot.insights.shares import Times
from bot.store.insights import Requested
from bot.store.tables import LeadState

DONE = (LeadState.RESOLVED, LeadState.CLOSED)
STATES = (LeadState.OPEN, LeadState.CLAIMED, LeadState.RESOLVED, LeadState.CLOSED, LeadState.WITHDRAWN)


@dataclass(frozen=True)
class Desk:
    """Requests by how they stand and how urgent they are; how long until somebody had them, and until resolved."""

    total: int
    standing: Counter[tuple[LeadState, str]]
    to_claim: Times
    to_resolve: Times

    @classmethod
    def of(cls, requests: Iterable[Requested]) -> "Desk":
        """The figures of all requests."""
        kept = list(requests)
        ended = [(request.at, request.resolved_at) for request in kept if LeadState(request.state) in DONE]
        return cls(
            total=len(kept),
            standing=Counter((LeadState(request.state), _urgency(request)) for request in kept),
            to_claim=Times.of([request.taken_at - request.at for request in kept if request.taken_at]),
            to_resolve=Times.of([resolved - asked for asked, resolved in ended if resolved]),
        )


def _urgency(request: Requested) -> str:
    return request.urgency if request.urgency in URGENCIES else "later"  # as the consultants' card has it
