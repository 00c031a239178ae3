"""How many questions are answered, so that nobody takes the bot away from the others."""

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
    def whole(self) -> Usage:
        """As much as can be used; what is beyond need not be counted."""
        return Usage(self.by_user, self.by_tenant)

    def allows(self, used: Usage) -> bool:
        """Whether another question is still within it."""
        return used.by_user < self.by_user and used.by_tenant < self.by_tenant
