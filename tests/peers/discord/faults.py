"""What goes wrong on demand, and the log of what was asked."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.peers.discord.errors import CODES
from tests.peers.loopback import abbreviate


@dataclass
class Request:
    """One request of the app: its route with `{}` for ids, what it said, and what it was answered."""

    route: str
    path: str
    payload: dict[str, Any]
    query: dict[str, str]
    at: float = field(default_factory=time.monotonic)
    status: int | None = None
    answer: Any = None
    fault: str = ""
    files: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def code(self) -> int | None:
        """Discord's error code."""
        return None if self.ok or not isinstance(self.answer, dict) else self.answer.get("code")

    def __str__(self) -> str:
        said = {name: abbreviate(value) for name, value in self.payload.items() if value not in (None, [], False)}
        why = "" if self.ok else f" {abbreviate(self.answer, 300)}"
        verb = self.route.split()[0]
        return f"app asks {verb} {self.path} {said} -> {self.status}{why}{f' (fault: {self.fault})' * bool(self.fault)}"


@dataclass
class Fault:
    """How requests of a route fail: a status, an error code, a rate limit, a delay, a reset connection.

    `route` is a pattern such as "POST /channels/{}/messages" or "* /webhooks/*". `delay` waits before the effect,
    `late` after it; `reset` cuts the connection "before" or "after" the effect; `status` is answered instead of it, or
    although it `takes_effect`; `status=429` is a rate limit with `retry_after`, which counts for all routes with
    `everywhere` and comes from the proxy before Discord with `banned`.
    """

    route: str
    status: int | None = None
    code: int | None = None
    retry_after: float = 0.1
    everywhere: bool = False
    banned: bool = False
    delay: float = 0.0
    late: float = 0.0
    reset: str | None = None
    takes_effect: bool = False
    times: int = 1
    when: Callable[[dict[str, Any]], bool] | None = None

    def __post_init__(self) -> None:
        if self.code is not None and self.status is None:
            self.status = CODES.get(self.code, (400, ""))[0]
        pattern = re.escape(self.route).replace(r"\{\}", "[^/]+").replace(r"\*", ".*")
        self._pattern = re.compile(pattern)

    def meets(self, verb: str, path: str, payload: dict[str, Any]) -> bool:
        known = self.times > 0 and self._pattern.fullmatch(f"{verb} {path}")
        return bool(known) and (self.when is None or self.when(payload))

    def __str__(self) -> str:
        parts = {"status": self.status, "code": self.code, "delay": self.delay, "late": self.late, "reset": self.reset}
        return ", ".join(f"{name} {value}" for name, value in parts.items() if value)
