"""What a person did with the app, and what the app answered to it."""

import asyncio
import time
from collections.abc import Generator
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.peers.loopback import refuse_in_coroutines

if TYPE_CHECKING:
    from tests.peers.discord.state import Message

COMMAND, COMPONENT, MODAL_SUBMIT = 2, 3, 5
MESSAGE, DEFER, DEFER_UPDATE, UPDATE, MODAL = 4, 5, 6, 7, 9
FOLLOWUPS = 5


@dataclass(eq=False)
class Modal:
    """A form on a person's screen."""

    custom_id: str
    title: str
    components: list[dict[str, Any]]
    user_id: str
    channel_id: str
    source: "Message | None" = None
    open: bool = True


@dataclass(eq=False)
class Interaction:
    """One interaction. `wait()` blocks until the app acknowledged it or the time for that is over.

    `type` is the type of the app's response (4 message, 5 deferred, 6 deferred update, 7 update, 9 modal), `response`
    the original response as it stands now, `followups` what came after it, `modal` the form that was opened.
    """

    id: str
    token: str
    kind: int
    user_id: str
    channel_id: str
    guild_id: str | None
    owners: dict[str, str]
    context: int
    data: dict[str, Any]
    source: "Message | None" = None
    payload: dict[str, Any] = field(default_factory=dict)
    at: float = field(default_factory=time.monotonic)
    acked_at: float | None = None
    type: int | None = None
    ephemeral: bool = False
    response: "Message | None" = None
    deleted: bool = False
    followups: "list[Message]" = field(default_factory=list)
    modal: Modal | None = None
    failed: bool = False
    expired: bool = False
    _done: "Future[Interaction]" = field(default_factory=Future)

    def wait(self, seconds: float = 10.0) -> "Interaction":
        """Blocks until it is acknowledged, or `failed`."""
        refuse_in_coroutines("await")
        return self._done.result(seconds)

    def __await__(self) -> "Generator[Any, None, Interaction]":
        return asyncio.wrap_future(self._done).__await__()

    def __deepcopy__(self, _memo: object) -> "Interaction":
        return self

    @property
    def acked(self) -> bool:
        return self.acked_at is not None

    @property
    def done(self) -> bool:
        return self._done.done()

    @property
    def seconds(self) -> float | None:
        """How long the acknowledgement took."""
        return None if self.acked_at is None else self.acked_at - self.at

    @property
    def answers(self) -> "list[Message]":
        """The messages it brought so far, without one that is still loading and without one it only edited."""
        own = [self.response] if self.type in (MESSAGE, DEFER) and self.response else []
        return [message for message in own + self.followups if not message.loading]

    @property
    def text(self) -> str:
        """All that was answered so far."""
        return "\n".join(message.text for message in self.answers)

    @property
    def guest(self) -> bool:
        """The app is there for this person only, not for the guild."""
        return "0" not in self.owners

    def acknowledge(self, kind: int) -> None:
        self.type, self.acked_at = kind, time.monotonic()
        self.finish()

    def finish(self) -> None:
        if not self._done.done():
            self._done.set_result(self)

    def __str__(self) -> str:
        what = self.data.get("name") or self.data.get("custom_id")
        took = f"answered with type {self.type} in {(self.seconds or 0) * 1000:.0f} ms" if self.acked else "unanswered"
        return f"app told {what!r} by {self.user_id}: {'failed, ' if self.failed else ''}{took}"
