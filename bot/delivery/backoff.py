"""Backing off: when to try again, by kind of error."""

import random
from datetime import datetime, timedelta

from bot.delivery.platform import BusyError, RefusedError

FIRST_PAUSE, MAX_PAUSE = 0.5, 600.0  # seconds
DOUBLINGS = 20  # enough to reach the longest
GIVE_UP_AFTER = timedelta(days=1)


def pause(error: Exception, attempts: int) -> float:
    """Return the seconds until the next attempt after `attempts` that failed: doubling with jitter, or as asked for."""
    if isinstance(error, BusyError):
        return min(error.seconds, MAX_PAUSE) + random.uniform(0, 0.25)  # noqa: S311 no secret
    return min(FIRST_PAUSE * 2.0 ** min(attempts, DOUBLINGS), MAX_PAUSE) * random.uniform(0.5, 1)  # noqa: S311 no secret


def is_final(error: Exception, since: datetime, now: datetime) -> bool:
    """Return True if another attempt is pointless: the platform refused, or it has been tried for a day."""
    return isinstance(error, RefusedError) or now - since > GIVE_UP_AFTER


def describe(error: Exception) -> str:
    """Return a message safe to store: other errors are reduced to their type, for they may quote texts or tokens."""
    return str(error) if isinstance(error, BusyError | RefusedError) else type(error).__name__
