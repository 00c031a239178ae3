"""Ratios and durations that show how many values they stand on."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from bot import texts

FEWEST_FOR_PERCENT = 20  # a percentage of fewer looks more exact than it is
FEWEST_FOR_P90 = 10
HOUR, DAY = 60.0, 24 * 60.0  # minutes


@dataclass(frozen=True)
class Ratio:
    """A part of a whole: counts, and a percentage if the whole is large enough."""

    part: int
    whole: int

    @property
    def short(self) -> str:
        """The percentage alone, or the counts where the whole is too small for one."""
        return self.counts if self.whole < FEWEST_FOR_PERCENT else self._percent

    def __str__(self) -> str:
        if self.whole < FEWEST_FOR_PERCENT:
            return self.counts
        return texts.sentence("share", percent=self._percent, counts=self.counts)

    @property
    def counts(self) -> str:
        return texts.sentence("share_counts", part=f"{self.part:,}", whole=f"{self.whole:,}")

    @property
    def _percent(self) -> str:
        """Rounded, but neither to nothing nor to everything."""
        rounded = round(100 * self.part / self.whole)
        if rounded == 0 and self.part:
            return "< 1 %"
        if rounded == 100 and self.part < self.whole:
            return "> 99 %"
        return f"{rounded} %"


@dataclass(frozen=True)
class Durations:
    """Durations in minutes."""

    minutes: tuple[float, ...]

    @classmethod
    def of(cls, durations: Iterable[timedelta]) -> "Durations":
        return cls(tuple(duration.total_seconds() / 60 for duration in durations))

    @property
    def median(self) -> str:
        """The median, formatted; a dash without values."""
        return self._quantile(0.5, fewest=1)

    @property
    def p90(self) -> str:
        """The 90th percentile, formatted; a dash with fewer than ten values."""
        return self._quantile(0.9, fewest=FEWEST_FOR_P90)

    def _quantile(self, quantile: float, *, fewest: int) -> str:
        if len(self.minutes) < fewest:
            return texts.sentence("insights_nothing")
        return format_duration(float(np.quantile(self.minutes, quantile)))


def format_duration(minutes: float) -> str:
    """Format minutes in the largest unit that fits twice: minutes, hours or days."""
    if minutes < 1:
        return "< 1 min"
    if minutes < 2 * HOUR:
        return f"{minutes:.0f} min"
    return f"{minutes / HOUR:.1f} h" if minutes < 2 * DAY else f"{minutes / DAY:.1f} d"
