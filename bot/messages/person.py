"""The person behind an interaction."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue


@dataclass(frozen=True)
class Person:
    """The person behind an interaction, and where to reply to them: `address` is for the platform's adapter.

    `place` is where they are, in words for consultants, `is_public` if others read what is posted to them there.
    `spans_tenants` in a direct message on a platform whose user ids are global (Discord): include what is theirs in
    all of its tenants.
    """

    tenant: str
    user: str
    name: str = ""
    address: Mapping[str, JsonValue] = field(default_factory=dict)
    spans_tenants: bool = False
    place: str = ""
    is_public: bool = False
