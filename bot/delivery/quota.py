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
    def exceeded(self) -> Usage:
        """As much as is too much; what is used beyond need not be counted."""
        return Usage(self.by_user + 1, self.by_tenant + 1)

    def allows(self, used: Usage) -> bool:
        """Whether a question is still within it."""
        return used.by_user <= self.by_user and used.by_tenant <= self.by_tenant
