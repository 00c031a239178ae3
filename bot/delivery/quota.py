"""The hourly quota of questions, by user and by tenant."""

from dataclasses import dataclass
from datetime import timedelta

from bot.store.inbox import Usage

PERIOD = timedelta(hours=1)


@dataclass(frozen=True)
class Quota:
    """Questions an hour."""

    by_user: int
    by_tenant: int

    @property
    def limits(self) -> Usage:
        """The usage that exhausts it; more need not be counted."""
        return Usage(self.by_user, self.by_tenant)

    def allows(self, used: Usage) -> bool:
        """Return True if another question is still within it."""
        return used.by_user < self.by_user and used.by_tenant < self.by_tenant
