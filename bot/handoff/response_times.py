"""The consultants' rules: when they are there, and by when they answer."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot import texts
from bot.handoff.request_cards import TIME_FORMAT
from bot.hours import ServiceHours
from bot.settings import Settings


@dataclass(frozen=True)
class ResponseTimes:
    """The consultants' hours, how fast they answer, and after how long they are reminded."""

    hours: ServiceHours
    response_hours: int
    reminder: timedelta

    @classmethod
    def of(cls, settings: Settings) -> "ResponseTimes":
        zone = UTC if settings.desk_timezone == "UTC" else ZoneInfo(settings.desk_timezone)
        reminder = timedelta(minutes=settings.desk_reminder_minutes)
        return cls(ServiceHours.of(settings.desk_hours, zone), settings.desk_response_hours, reminder)

    def expected(self, moment: datetime) -> str:
        """Return the sentence by when somebody who asks then can expect an answer."""
        hours = texts.plural("hours", self.response_hours)
        if not self.hours.is_open(moment):
            when = self.hours.next_opening(moment).strftime(TIME_FORMAT)
            return texts.sentence("lead_out_of_hours", when=when, hours=hours)
        if self.by(moment) == moment + timedelta(hours=self.response_hours):
            return texts.sentence("lead_expected", hours=hours)
        return texts.sentence("lead_expected_by", when=self.by(moment).strftime(TIME_FORMAT))

    def by(self, moment: datetime) -> datetime:
        """Return the moment by which somebody who asks then is answered."""
        since = moment if self.hours.is_open(moment) else self.hours.next_opening(moment)
        return self.hours.add(since, timedelta(hours=self.response_hours)).astimezone(self.hours.zone)
