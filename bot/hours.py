"""When the consultants are there. Pure."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
WRITTEN = re.compile(r"(\w{3})-(\w{3}) (\d{1,2}):([0-5]\d)-(\d{1,2}):([0-5]\d)\Z")
DAY = 24 * 60  # minutes


@dataclass(frozen=True)
class Hours:
    """The days, Monday being 0, and the minutes of a day from `start` up to `end`, in their time zone."""

    days: frozenset[int]
    start: int
    end: int
    zone: tzinfo

    @classmethod
    def of(cls, written: str, zone: tzinfo) -> "Hours":
        """From `Mon-Fri 09:00-17:00`. Raises ValueError, saying how to write it."""
        found = WRITTEN.match(written.strip())
        if not found or not {found[1], found[2]} <= set(DAYS):
            raise ValueError("write the hours like Mon-Fri 09:00-17:00")
        first, last = DAYS.index(found[1]), DAYS.index(found[2])
        start, end = int(found[3]) * 60 + int(found[4]), int(found[5]) * 60 + int(found[6])
        if not 0 <= start < end <= DAY:
            raise ValueError("write the hours like Mon-Fri 09:00-17:00, from earlier to later")
        return cls(frozenset((first + n) % 7 for n in range((last - first) % 7 + 1)), start, end, zone)

    def is_open(self, moment: datetime) -> bool:
        """Whether somebody is there."""
        local = moment.astimezone(self.zone)
        return local.weekday() in self.days and self.start <= local.hour * 60 + local.minute < self.end

    def begin(self, moment: datetime) -> datetime:
        """When the hours of that day begin."""
        local = moment.astimezone(self.zone)
        return local.replace(hour=self.start // 60, minute=self.start % 60, second=0, microsecond=0)

    def later(self, moment: datetime, span: timedelta) -> datetime:
        """When that much time will have passed in which somebody is there, from a moment at which somebody is."""
        end = self.begin(moment) + timedelta(minutes=self.end - self.start)
        while moment + span > end:
            span -= end - moment
            moment = self.opens(end)
            end = moment + timedelta(minutes=self.end - self.start)
        return moment + span

    def opens(self, moment: datetime) -> datetime:
        """When somebody is there next, from a moment at which nobody is, or at which a day's hours have just ended."""
        local = moment.astimezone(self.zone)
        for day in range(8):
            begin = self.begin(local + timedelta(days=day))
            if begin >= local and begin.weekday() in self.days:
                return begin
        raise AssertionError("there is a day in each week")
