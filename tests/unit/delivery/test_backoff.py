"""When to try again."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as some

from bot.delivery.attempts import FIRST_PAUSE, GIVE_UP_AFTER, MAX_PAUSE, describe, is_final, pause
from bot.delivery.ports import BusyError, RefusedError

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@given(attempts=some.integers(0, 100_000))
def test_a_pause_doubles_up_to_the_longest_and_differs_by_chance(attempts: int) -> None:
    whole = min(FIRST_PAUSE * 2 ** min(attempts, 30), MAX_PAUSE)
    pauses = {pause(OSError(), attempts) for _ in range(5)}
    assert len(pauses) > 1
    assert all(whole / 2 <= seconds <= whole for seconds in pauses)


@given(seconds=some.floats(0, 10_000), attempts=some.integers(0, 100_000))
def test_a_busy_platform_is_not_asked_before_its_time(seconds: float, attempts: int) -> None:
    assert min(seconds, MAX_PAUSE) <= pause(BusyError(seconds), attempts) <= min(seconds, MAX_PAUSE) + 0.25


@given(age=some.timedeltas(timedelta(days=-2), timedelta(days=3)))
def test_it_is_tried_for_a_day_unless_it_is_refused(age: timedelta) -> None:
    assert is_final(OSError(), NOW - age, NOW) == is_final(BusyError(1), NOW - age, NOW) == (age > GIVE_UP_AFTER)
    assert is_final(RefusedError("no"), NOW - age, NOW)


def test_only_errors_of_ours_are_quoted() -> None:
    assert describe(ValueError("xoxb-token")) == "ValueError"
    assert describe(RefusedError("not_in_channel")) == "not_in_channel"
    assert describe(BusyError(2.5)) == "asked to wait 2.5 s"
