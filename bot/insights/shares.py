"""Figures with what they are figures of: shares with their denominators, times with how many they were measured on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from bot import texts

FEWEST_FOR_PERCENT = 20  # below that a share in percent pretends to know more than there is
FEWEST_FOR_P90 = 10
HOUR, DAY = 60.0, 24 * 60.0  # minutes


@dataclass(frozen=True)
class Share:
    """A part of a whole."""

    part: int
    whole: int

    @property
    def is_small(self) -> bool:
        """Whether the whole is too small for a percentage."""
        return self.whole < FEWEST_FOR_PERCENT

    @property
    def headline(self) -> str:
        """In as few words as possible: a percentage, or the counts where that would pretend too much."""
        return self._counts if self.is_small else self._percent

    def __str__(self) -> str:
        return self._counts if self.is_small else texts.sentence("share", percent=self._percent, counts=self._counts)

    @property
    def _counts(self) -> str:
        return texts.sentence("share_counts", part=f"{self.part:,}", whole=f"{self.whole:,}")

    @property
    def _percent(self) -> str:
        """Rounded, but not to nothing and not to everything."""
        rounded = round(100 * self.part / self.whole)
        if rounded == 0 and self.part:
            return "< 1 %"
        if rounded == 100 and self.part < self.whole:
            return "> 99 %"
        return f"{rounded} %"


@dataclass(frozen=True)
class Times:
    """How long things took, in minutes."""

    minutes: tuple[float, ...]

    @classmethod
    def of(cls, taken: Sequence[timedelta]) -> "Times":
        return cls(tuple(time.total_seconds() / 60 for time in taken))

    @property
    def median(self) -> str:
        """Half of them were at most that long."""
        return lasting(float(np.median(self.minutes))) if self.minutes else texts.sentence("insights_nothing")

    @property
    def p90(self) -> str:
        """Nine in ten were at most that long; too few to say so give nothing."""
        if len(self.minutes) < FEWEST_FOR_P90:
            return texts.sentence("insights_nothing")
        return lasting(float(np.quantile(self.minutes, 0.9)))


def lasting(minutes: float) -> str:
    """A time as one would say it."""
    if minutes < 1:
        return "< 1 min"
    if minutes < 2 * HOUR:
        return f"{minutes:.0f} min"
    return f"{minutes / HOUR:.1f} h" if minutes < 2 * DAY else f"{minutes / DAY:.1f} d"
