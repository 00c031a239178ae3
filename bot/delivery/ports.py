"""The flow's view of a platform, and the errors by which a platform says what went wrong."""

from typing import Protocol

from bot.store.records import Delivery


class Platform(Protocol):
    """An adapter: sends posts, and finds those that were sent already."""

    async def send(self, delivery: Delivery) -> str:
        """Send the content of a delivery to its address, together with its marker; return the platform's name of it.

        Raises BusyError or RefusedError; every other error is taken for a passing one, after which the post may or
        may not have arrived.
        """

    async def find(self, delivery: Delivery) -> str | None:
        """Return the platform's name of the post that carries the delivery's marker; None if there is none."""


class BusyError(Exception):
    """The platform wants us to wait; nothing was sent. It `counts` as an attempt if the next one is to wait longer."""

    def __init__(self, seconds: float, *, counts: bool = False) -> None:
        super().__init__(f"asked to wait {seconds:g} s")
        self.seconds = seconds
        self.counts = counts


class RefusedError(Exception):
    """The platform will never take this post; the message says why, without secrets."""


def platform_of(tenant: str) -> str:
    """The name of a tenant's platform."""
    return tenant.partition(":")[0]
