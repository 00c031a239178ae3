"""Posts as their platform renders them, and notifications, which are rendered when they are sent."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest
from typing import Annotated, Any

from pydantic import Field, JsonValue, TypeAdapter

Rendered = Mapping[str, JsonValue]  # a message as its platform's `Rendering` writes it, and reads it again


@dataclass(frozen=True)
class Post:
    """A message, in place of one that it `replaces`; it is the `number`-th of an answer, from 0.

    `fallback` stands in for it where the user takes no direct messages; if that is empty, nothing does.
    """

    rendered: Rendered
    number: int = 0
    replaces: str | None = None
    fallback: Rendered | None = None

    def to_json(self) -> dict[str, JsonValue]:
        details = {"number": self.number or None, "replaces": self.replaces}
        written = {**self.rendered, **{name: value for name, value in details.items() if value is not None}}
        return written if self.fallback is None else {**written, "instead": dict(self.fallback)}


@dataclass(frozen=True)
class Removal:
    """Takes a post away, or a file, by the platform's name of it."""

    name: str
    is_file: bool = False

    def to_json(self) -> dict[str, JsonValue]:
        return {"removes_file" if self.is_file else "removes": self.name}


@dataclass(frozen=True)
class File:
    """A text file, with a comment."""

    name: str
    text: str
    comment: str

    def to_json(self) -> dict[str, JsonValue]:
        return {"file": self.name, "content": self.text, "text": self.comment}


Content = Post | Removal | File


def content_from_json(kept: Mapping[str, Any]) -> Content:
    """Read the content of a delivery's row, of any version."""
    if name := kept.get("removes") or kept.get("removes_file"):
        return Removal(name, is_file="removes_file" in kept)
    if name := kept.get("file"):
        return File(name, kept["content"], kept["text"])
    rendered = {name: value for name, value in kept.items() if name not in ("number", "replaces", "instead")}
    return Post(rendered, kept.get("number") or 0, kept.get("replaces"), kept.get("instead"))


def replace_posts(earlier: Sequence[str], rendered: Sequence[Rendered]) -> Iterator[Post | Removal]:
    """Yield posts in place of the `earlier` ones, as far as there are any; what is left of those is removed."""
    for number, (message, replaced) in enumerate(zip_longest(rendered, earlier)):
        yield Removal(replaced) if message is None else Post(message, number, replaced)


class PostKind(StrEnum):
    """The kinds of notifications: to the user; to the consultants, with what is sent to them of a request; to a CRM."""

    USER = "user"
    CARD = "card"
    UPDATE = "update"
    THREAD = "thread"
    FILE = "file"
    NOTICE = "notice"
    DIGEST = "digest"
    WEBHOOK = "webhook"
    TAKE_BACK = "take back"


@dataclass(frozen=True)
class Notification:
    """Something to be said of a request; those of a `lane` are sent in their order.

    It goes to `platform`, else to that of its tenant. It tells of an `event`, and of a long text one `piece`; or of one
    `about` that is `undelivered`, for that reason; or it takes back the one `about`, which the platform calls `post`.
    """

    kind: PostKind
    lane: str
    platform: Annotated[str | None, Field(alias="on")] = None
    event: int | None = None
    piece: int = 0
    undelivered: str | None = None
    about: Annotated[PostKind | None, Field(alias="was")] = None
    post: Annotated[str | None, Field(alias="sent_as")] = None
    reference: str | None = None

    @classmethod
    def from_json(cls, kind: str | None, lane: str | None, kept: Mapping[str, JsonValue]) -> "Notification":
        """Read it from a row, of any version."""
        return _NOTIFICATION.validate_python({**kept, "kind": kind, "lane": lane})

    def to_json(self) -> dict[str, JsonValue]:
        """Write all but kind and lane, which have columns of their own."""
        without = {"kind", "lane"}
        return dict(_NOTIFICATION.dump_python(self, mode="json", by_alias=True, exclude_defaults=True, exclude=without))


_NOTIFICATION = TypeAdapter(Notification)
