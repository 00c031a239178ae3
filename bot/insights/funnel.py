"""Interviews by question: how many saw it, answered it, or stopped there."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from pydantic import JsonValue, ValidationError

from bot import texts
from bot.deciding.questionnaire import Questionnaire, Screen, Session
from bot.insights.ratios import Ratio
from bot.interviews.poll import SESSION
from bot.store.insights import InterviewRecord

ABANDONED_AFTER = timedelta(days=1)  # without a step
REVIEW = "review"  # a place that is no question


class FunnelStage(NamedTuple):
    """Interviews that came to one place; `whole` counts those at a place where nothing is asked."""

    label: str
    answered: int = 0
    skipped: int = 0
    left: int = 0
    whole: int = 0

    @property
    def total(self) -> int:
        return self.answered + self.skipped + self.left + self.whole


@dataclass
class Funnel:
    """Counts of interviews and of the questions they came to; at `now` some are still going on."""

    interview: Questionnaire
    now: datetime
    started: int = 0
    finished: int = 0
    going_on: int = 0
    shown: Counter[str] = field(default_factory=Counter)
    answered: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)

    def add(self, record: InterviewRecord) -> Session | None:
        """Count one interview and return its session if it is finished; one that cannot be read is not counted."""
        session = self._session(record.session)
        if session is None:
            return None
        self.started += 1
        shown = _shown(session)
        is_finished = session.screen is Screen.SUMMARY
        is_left = not is_finished and self.now - record.touched_at >= ABANDONED_AFTER
        place = _place(session) if is_left else ""
        self.shown.update(shown)
        self.answered.update(name for name in shown if session.known.get(name) is not None and name != place)
        self.left.update([place] if is_left else [])
        self.finished += is_finished
        self.going_on += not is_finished and not is_left
        return session if is_finished else None

    @property
    def completion(self) -> Ratio:
        """Finished interviews, of those that are over."""
        return Ratio(self.finished, self.started - self.going_on)

    def label(self, place: str) -> str:
        if place == REVIEW:
            return texts.sentence("insights_funnel_review")
        return self.interview.framework.questions[place].label

    def stages(self) -> Iterator[FunnelStage]:
        """Yield all interviews, the review, the questions by how often they were shown, and the finished interviews."""
        yield FunnelStage(texts.sentence("insights_funnel_started"), whole=self.started)
        if self.left[REVIEW]:
            yield FunnelStage(self.label(REVIEW), left=self.left[REVIEW])
        for name, shown in sorted(self.shown.items(), key=lambda item: (-item[1], item[0])):
            answered, left = self.answered[name], self.left[name]
            yield FunnelStage(self.label(name), answered, shown - answered - left, left)
        yield FunnelStage(texts.sentence("insights_funnel_finished"), whole=self.finished)

    def _session(self, stored: Mapping[str, JsonValue]) -> Session | None:
        try:
            return self.interview.resume(SESSION.validate_python(stored))[0]
        except ValidationError:
            return None


def _shown(session: Session) -> set[str]:
    """Return the questions that were on the screen, not those that were only read from a text."""
    current = {session.question} if session.screen is Screen.QUESTION else {session.left} - {""}
    return {*session.asked, *session.later, *session.answers, *session.skipped, *current}


def _place(session: Session) -> str:
    """Return the question that an interview is at, or the review."""
    return session.question if session.screen is Screen.QUESTION else REVIEW
