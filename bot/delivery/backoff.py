"""When to try again, by kind of error."""

import random
from datetime import datetime, timedelta

from bot.delivery.platform import BusyError, RefusedError

FIRST, LONGEST = 0.5, 600.0  # seconds
DOUBLINGS = 20  # enough to reach the longest
PATIENCE = timedelta(days=1)


def pause(error: Exception, attempts: int) -> float:
    """Seconds until the next attempt after `attempts` that failed: doubling, with jitter, or as we were asked."""
    if isinstance(error, BusyError):
        return min(error.seconds, LONGEST) + random.uniform(0, 0.25)  # noqa: S311 no secret
    return min(FIRST * 2.0 ** min(attempts, DOUBLINGS), LONGEST) * random.uniform(0.5, 1)  # noqa: S311 no secret


def is_final(error: Exception, since: datetime, now: datetime) -> bool:
    """Whether there is no point in another attempt: refused, or tried for a day."""
    return isinstance(error, RefusedError) or now - since > PATIENCE


def said(error: Exception) -> str:
    """An error as it is kept: of those that we do not know, only the kind, for they may quote texts or tokens."""
    return str(error) if isinstance(error, BusyError | RefusedError) else type(error).__name__
