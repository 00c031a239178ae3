"""Addresses: where on its platform something is said or answered, and what stands there before the answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, JsonValue, TypeAdapter


@dataclass(frozen=True)
class Address:
    """A place on a platform, and how something is posted there. Without a `channel` it is the user's direct messages.

    `is_direct`: the user is alone with the bot. `is_private`: only the user sees it. `is_command`: it answers a slash
    command, by the command's token. `is_desk`: the consultants' channel, which no direct message stands in for.
    `has_mention`: the user is mentioned. `is_plain`: Discord shows no embeds there. `question` is the message that is
    answered, `fallback_channel` where a user who takes no direct messages can be told so. `enterprise` is the
    organisation whose installation is used (Slack), `application` the one of a command (Discord).
    """

    channel: str | None = None
    thread: str | None = None
    enterprise: str | None = None
    application: str | None = None
    question: Annotated[str | None, Field(alias="asked")] = None
    fallback_channel: Annotated[str | None, Field(alias="asked_in")] = None
    is_direct: Annotated[bool, Field(alias="direct")] = False
    is_private: Annotated[bool, Field(alias="private")] = False
    is_command: Annotated[bool, Field(alias="command")] = False
    is_desk: Annotated[bool, Field(alias="only_there")] = False
    is_plain: Annotated[bool, Field(alias="plain")] = False
    has_mention: Annotated[bool, Field(alias="ping")] = False

    @classmethod
    def from_json(cls, kept: Mapping[str, JsonValue]) -> "Address":
        """Read the address of a row, of any version; keys that are no part of one are ignored."""
        return _ADDRESS.validate_python(kept)

    def to_json(self) -> dict[str, JsonValue]:
        """Write it as rows keep it, under the names that they have had since the first version."""
        return _to_json(_ADDRESS, self)


@dataclass(frozen=True)
class Draft:
    """The posts that an answer will replace: those of the answer before an edit, or a message that is still growing.

    A message `is_growing` from before it is begun on; once the platform has named it, it is in `replaces`.
    """

    replaces: tuple[str, ...] = ()
    is_growing: Annotated[bool, Field(alias="growing")] = False

    @classmethod
    def from_json(cls, kept: Mapping[str, JsonValue]) -> "Draft":
        """Read it from a row, which keeps it beside the address."""
        return _DRAFT.validate_python(kept)

    def to_json(self) -> dict[str, JsonValue]:
        """Write it as rows keep it."""
        return _to_json(_DRAFT, self)


NOWHERE = Address()

_ADDRESS, _DRAFT = TypeAdapter(Address), TypeAdapter(Draft)


def _to_json(adapter: TypeAdapter[Any], value: Address | Draft) -> dict[str, JsonValue]:
    return dict(adapter.dump_python(value, mode="json", by_alias=True, exclude_defaults=True))
