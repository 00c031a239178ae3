"""What goes wrong on demand, and the log of what was asked."""

import fnmatch
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.peers.loopback import abbreviate
from tests.peers.slack.state import Json


@dataclass
class Request:
    """One request of the app: a method (or "response_url", "upload"), what it said, and what it was answered."""

    method: str
    args: Json
    token: str | None
    verb: str
    at: float = field(default_factory=time.monotonic)
    status: int | None = None
    answer: Json = field(default_factory=dict)
    fault: str = ""

    @property
    def ok(self) -> bool:
        return self.answer.get("ok") is True

    @property
    def error(self) -> str | None:
        return self.answer.get("error")

    def __str__(self) -> str:
        said = {name: abbreviate(value) for name, value in self.args.items() if name != "token"}
        outcome = "ok" if self.ok else self.answer.get("error") or self.status or "no answer"
        return f"app asks {self.method} {said} -> {outcome}{f' (fault: {self.fault})' if self.fault else ''}"


@dataclass
class Fault:
    """How a method fails: an error code, an HTTP status, a delay before or after the effect, a reset connection."""

    method: str
    error: str | None = None
    status: int | None = None
    retry_after: int = 1
    delay: float = 0.0
    late: float = 0.0
    reset: str | None = None
    times: int = 1
    when: Callable[[Json], bool] | None = None

    def meets(self, method: str, args: Json) -> bool:
        return self.times > 0 and fnmatch.fnmatch(method, self.method) and (self.when is None or self.when(args))

    def __str__(self) -> str:
        parts = {"error": self.error, "status": self.status, "delay": self.delay, "late": self.late}
        return ", ".join(f"{name} {value}" for name, value in (parts | {"reset": self.reset}).items() if value)
