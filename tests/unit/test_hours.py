"""Service hours: parsing, and the time that passes within them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.hours import ServiceHours

WORKING = ServiceHours.of("Mon-Fri 09:00-17:00", UTC)


@pytest.mark.parametrize(
    ("written", "moment", "is_open"),
    [
        ("Mon-Fri 09:00-17:00", datetime(2026, 11, 23, 9, tzinfo=UTC), True),
        ("Mon-Fri 09:00-17:00", datetime(2026, 11, 23, 17, tzinfo=UTC), False),
        ("Mon-Fri 09:00-17:00", datetime(2026, 11, 22, 12, tzinfo=UTC), False),
        ("Sat-Mon 00:00-24:00", datetime(2026, 11, 22, 23, 59, tzinfo=UTC), True),
        ("Sat-Mon 00:00-24:00", datetime(2026, 11, 24, 0, tzinfo=UTC), False),
    ],
)
def test_within_and_without(written: str, moment: datetime, is_open: bool) -> None:  # noqa: FBT001 pytest's
    assert ServiceHours.of(written, UTC).is_open(moment) is is_open


@pytest.mark.parametrize(
    "written",
    ["", "always", "Mon-Fri", "Mon-Fry 09:00-17:00", "Mon-Fri 17:00-09:00", "Mon-Fri 9-17", "Mon-Fri 09:75-17:00"],
)
def test_what_is_written_otherwise_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="Mon-Fri 09:00-17:00"):
        ServiceHours.of(written, UTC)


@given(some.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=some.just(UTC)))
def test_from_any_moment_without_the_next_opening_is_the_first_moment_within(moment: datetime) -> None:
    if WORKING.is_open(moment):
        return
    opens = WORKING.next_opening(moment)
    assert opens > moment
    assert WORKING.is_open(opens)
    assert not WORKING.is_open(opens - timedelta(minutes=1))
    assert opens - moment <= timedelta(days=3)


def test_hours_are_those_of_their_time_zone() -> None:
    berlin = ServiceHours.of("Mon-Fri 09:00-17:00", ZoneInfo("Europe/Berlin"))
    assert berlin.is_open(datetime(2026, 7, 6, 7, tzinfo=UTC))
    assert not berlin.is_open(datetime(2026, 11, 23, 7, tzinfo=UTC))


@given(some.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=some.just(UTC)), some.integers(1, 30 * 60))
def test_later_counts_only_the_minutes_in_which_somebody_is_there(moment: datetime, minutes: int) -> None:
    moment = moment.replace(second=0, microsecond=0)
    if not WORKING.is_open(moment):
        return
    passed = moment
    for _ in range(minutes):
        passed += timedelta(minutes=1)
        while not WORKING.is_open(passed - timedelta(minutes=1)):
            passed += timedelta(minutes=1)
    assert WORKING.add(moment, timedelta(minutes=minutes)) == passed


def test_where_somebody_is_always_there_no_day_is_left_out() -> None:
    late = datetime(2026, 11, 23, 22, tzinfo=UTC)
    assert ServiceHours.of("Mon-Sun 00:00-24:00", UTC).add(late, timedelta(hours=4)) == late + timedelta(hours=4)
    assert ServiceHours.of("Mon-Sun 00:00-24:00", UTC).add(late, timedelta(hours=60)) == late + timedelta(hours=60)
