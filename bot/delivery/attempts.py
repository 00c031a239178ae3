"""Attempts to send a post: for how long each may take, when the next one is due, and when there is no point in it."""

import random
from datetime import datetime, timedelta

from bot.delivery.ports import BusyError, RefusedError, platform_of
from bot.observing import metrics
from bot.store import outbox

SEND_TIMEOUT = 60.0  # seconds for one attempt
FIRST_PAUSE, MAX_PAUSE = 0.5, outbox.MAX_PAUSE.total_seconds()
MAX_DOUBLINGS = 20  # enough to reach the longest
GIVE_UP_AFTER = timedelta(days=1)


def pause(error: Exception, attempts: int) -> float:
    """Return the seconds until the next attempt after `attempts` that failed: doubling with jitter, or as asked for."""
    if isinstance(error, BusyError):
        return min(error.seconds, MAX_PAUSE) + random.uniform(0, 0.25)  # noqa: S311 no secret
    return min(FIRST_PAUSE * 2.0 ** min(attempts, MAX_DOUBLINGS), MAX_PAUSE) * random.uniform(0.5, 1)  # noqa: S311 no secret


def is_final(error: Exception, since: datetime, now: datetime) -> bool:
    """Return True if another attempt is pointless: the platform refused, or it has been tried for a day."""
    return isinstance(error, RefusedError) or now - since > GIVE_UP_AFTER


def describe(error: Exception) -> str:
    """Return a message safe to store: other errors are reduced to their type, for they may quote texts or tokens."""
    return str(error) if isinstance(error, BusyError | RefusedError) else type(error).__name__


def count_attempt(tenant: str, result: str) -> None:
    """Count an attempt to deliver a post: `sent`, `retried` or `failed`."""
    metrics.deliveries.labels(platform_of(tenant), result).inc()
