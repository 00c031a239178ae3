"""The person behind an interaction."""

from dataclasses import dataclass

from bot.store.address import NOWHERE, Address


@dataclass(frozen=True)
class Person:
    """The person behind an interaction, and where to reply to them.

    `place` is where they are, in words for consultants, `is_public` if others read what is posted to them there.
    `spans_tenants` in a direct message on a platform whose user ids are global (Discord): include what is theirs in
    all of its tenants.
    """

    tenant: str
    user: str
    name: str = ""
    address: Address = NOWHERE
    spans_tenants: bool = False
    place: str = ""
    is_public: bool = False
