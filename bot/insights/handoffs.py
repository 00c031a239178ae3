"""Requests for a consultant: their state and urgency, and how long they wait."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.handoff.request_forms import URGENCIES
from bot.insights.ratios import Durations
from bot.store.insights import RequestRecord
from bot.store.records import LeadState

STATES = (LeadState.OPEN, LeadState.CLAIMED, LeadState.RESOLVED, LeadState.CLOSED, LeadState.WITHDRAWN)
UNFINISHED, RESOLVED = (LeadState.OPEN, LeadState.CLAIMED), (LeadState.RESOLVED, LeadState.CLOSED)


@dataclass(frozen=True)
class RequestCounts:
    """Requests by state and urgency; the time until a consultant took them, and until they were resolved."""

    by_state: Mapping[LeadState, Counter[str]]
    to_claim: Durations
    to_resolve: Durations

    @classmethod
    def of(cls, records: Iterable[RequestRecord]) -> "RequestCounts":
        requests = list(records)
        by_state = {state: Counter[str]() for state in STATES}
        for request in requests:
            by_state[LeadState(request.state)][_urgency(request)] += 1
        ended = [(request.at, request.resolved_at) for request in requests if request.state in RESOLVED]
        return cls(
            by_state,
            to_claim=Durations.of(request.taken_at - request.at for request in requests if request.taken_at),
            to_resolve=Durations.of(end - start for start, end in ended if end),
        )

    @property
    def by_urgency(self) -> Counter[str]:
        return sum(self.by_state.values(), Counter[str]())

    @property
    def total(self) -> int:
        return self.by_urgency.total()

    @property
    def unfinished(self) -> int:
        return sum(self.by_state[state].total() for state in UNFINISHED)


def _urgency(request: RequestRecord) -> str:
    return request.urgency if request.urgency in URGENCIES else "later"  # as the consultants' card has it
