"""Service hours of the consultants. Pure."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
FORMAT = re.compile(r"(\w{3})-(\w{3}) (\d{1,2}):([0-5]\d)-(\d{1,2}):([0-5]\d)\Z")
MINUTES_A_DAY = 24 * 60


@dataclass(frozen=True)
class ServiceHours:
    """The weekdays, Monday being 0, and the minutes of a day from `start` up to `end`, in their time zone."""

    days: frozenset[int]
    start: int
    end: int
    zone: tzinfo

    @classmethod
    def of(cls, text: str, zone: tzinfo) -> "ServiceHours":
        """Parse `Mon-Fri 09:00-17:00`. Raises ValueError, saying how to write it."""
        match = FORMAT.match(text.strip())
        if not match or not {match[1], match[2]} <= set(DAYS):
            raise ValueError("write the hours like Mon-Fri 09:00-17:00")
        first, last = DAYS.index(match[1]), DAYS.index(match[2])
        start, end = int(match[3]) * 60 + int(match[4]), int(match[5]) * 60 + int(match[6])
        if not 0 <= start < end <= MINUTES_A_DAY:
            raise ValueError("write the hours like Mon-Fri 09:00-17:00, from earlier to later")
        return cls(frozenset((first + n) % 7 for n in range((last - first) % 7 + 1)), start, end, zone)

    def is_open(self, moment: datetime) -> bool:
        """Return True within the service hours."""
        local = moment.astimezone(self.zone)
        return local.weekday() in self.days and self.start <= local.hour * 60 + local.minute < self.end

    def opening(self, moment: datetime) -> datetime:
        """Return the start of the hours on the day of a moment, whatever weekday that is."""
        local = moment.astimezone(self.zone)
        return local.replace(hour=self.start // 60, minute=self.start % 60, second=0, microsecond=0)

    def next_opening(self, moment: datetime) -> datetime:
        """Return the first opening at or after a moment."""
        local = moment.astimezone(self.zone)
        for day in range(8):
            opening = self.opening(local + timedelta(days=day))
            if opening >= local and opening.weekday() in self.days:
                return opening
        raise AssertionError("there is a day in each week")

    def add(self, moment: datetime, span: timedelta) -> datetime:
        """Return the moment when a span of service hours has passed since a moment within them."""
        end = self._closing(moment)
        while moment + span > end:
            span -= end - moment
            moment = self.next_opening(end)
            end = self._closing(moment)
        return moment + span

    def _closing(self, moment: datetime) -> datetime:
        return self.opening(moment) + timedelta(minutes=self.end - self.start)
