"""Where interviews are left: how many see each question, answer it, or go no further."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pydantic import JsonValue, ValidationError

from bot.deciding.interview import Questionnaire, Screen, Session
from bot.interviews.poll import SESSION
from bot.store.insights import Interviewed

GOING_ON = timedelta(days=1)  # after the last step; then an interview counts as left
REVIEW = "review"  # a place that is no question


@dataclass
class Funnel:
    """Interviews that began, and how far they came; `now` tells which are still going on."""

    interview: Questionnaire
    now: datetime
    started: int = 0
    finished: int = 0
    going_on: int = 0
    shown: Counter[str] = field(default_factory=Counter)
    answered: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)

    def add(self, kept: Interviewed) -> Session | None:
        """Counts one more; its session when it has come to the summary. One that cannot be read is left out."""
        session = self._session(kept.session)
        if session is None:
            return None
        self.started += 1
        seen = _seen(session)
        is_over = session.screen is Screen.SUMMARY
        is_left = not is_over and self.now - kept.touched_at >= GOING_ON
        place = _place(session) if is_left else ""
        self.shown.update(seen)
        self.answered.update(name for name in seen if session.known.get(name) is not None and name != place)
        self.left.update([place] if is_left else [])
        self.finished += is_over
        self.going_on += not is_over and not is_left
        return session if is_over else None

    @property
    def ended(self) -> int:
        """Those that are not going on."""
        return self.started - self.going_on

    def _session(self, kept: Mapping[str, JsonValue]) -> Session | None:
        try:
            return self.interview.resume(SESSION.validate_python(kept))[0]
        except ValidationError:
            return None


def _seen(session: Session) -> set[str]:
    """The questions that were on the screen; what was only read in a text was not."""
    here = {session.question} if session.screen is Screen.QUESTION else {session.left} - {""}
    return {*session.asked, *session.later, *session.answers, *session.skipped, *here}


def _place(session: Session) -> str:
    """The question at which an interview stands, or the review."""
    return session.question if session.screen is Screen.QUESTION else REVIEW
