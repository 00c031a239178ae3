"""Where a payload comes from, in workspaces and in organisations (Enterprise Grid) of them."""

from dataclasses import dataclass
from typing import Any

from slack_bolt.async_app import AsyncBoltContext

from bot.store.address import Address

Body = dict[str, Any]  # a payload of Slack's, or a part of one, as JSON


@dataclass(frozen=True)
class Origin:
    """A workspace; where the app is installed in its whole organisation also that one, perhaps without a workspace."""

    team: str | None
    enterprise: str | None

    @property
    def tenant(self) -> str:
        """The tenant whose rows it is about."""
        return f"slack:{self.team or self.enterprise}"

    @property
    def address(self) -> Address:
        """The organisation, by which a delivery finds the token."""
        return Address(enterprise=self.enterprise)


def origin(body: Body, context: AsyncBoltContext) -> Origin:
    """Where a payload comes from, as Bolt has read it.

    An event's authorization names no workspace when the app is installed in the whole organisation; its envelope does.
    """
    team = context.team_id or body.get("team_id")
    return Origin(team, context.enterprise_id if context.is_enterprise_install or not team else None)
