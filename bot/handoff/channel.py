"""The consultants' channels: on which platform, in whose workspace, and who works there."""

from dataclasses import dataclass
from typing import Protocol

from bot.delivery.ports import platform_of
from bot.settings import Settings
from bot.store.address import Address


@dataclass(frozen=True)
class DeskChannel:
    """A channel of consultants. Its tenant may name only the platform where there is but one workspace.

    `enterprise` is the organisation whose installation of the app is used there, on Slack's Enterprise Grid.
    """

    tenant: str
    channel: str
    enterprise: str = ""

    @property
    def platform(self) -> str:
        return platform_of(self.tenant)

    @property
    def address(self) -> Address:
        """The address of posts to it; nothing stands in for it."""
        return Address(self.channel, enterprise=self.enterprise or None, is_desk=True)

    def is_at(self, tenant: str, channel: object) -> bool:
        """Return True if this is a tenant's channel."""
        is_of = tenant == self.tenant or (self.tenant.endswith(":") and platform_of(tenant) == self.platform)
        return is_of and channel == self.channel


class MembershipChecker(Protocol):
    """A platform that can tell who is in a channel."""

    async def is_member(self, tenant: str, channel: str, user: str) -> bool:
        """Return True if a person is a member of a channel, or may see it on platforms without members."""


def desk_channels(settings: Settings) -> tuple[DeskChannel, ...]:
    """The channels that the settings name."""
    named = (("slack", settings.consultant_slack_channel), ("discord", settings.consultant_discord_channel))
    return tuple(_channel(platform, written) for platform, written in named if written)


def desk_channel(settings: Settings, platform: str) -> DeskChannel | None:
    """The channel on a platform, if there is one."""
    return next((channel for channel in desk_channels(settings) if channel.platform == platform), None)


def in_order(channels: tuple[DeskChannel, ...], tenant: str) -> list[DeskChannel]:
    """The channels for a tenant's requests: first that of their own platform, then the one to fall back to."""
    return sorted(channels, key=lambda channel: channel.platform != platform_of(tenant))


def _channel(platform: str, written: str) -> DeskChannel:
    *enterprise, workspace, channel = ["", "", *written.split("/")][-3:]
    return DeskChannel(f"{platform}:{workspace}", channel, "".join(enterprise))
