"""npm's `emulate`: somebody else's Slack, with signed events and a complete OAuth install, on loopback."""

import json
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

from tests.peers.slack.state import SCOPES, App

VERSION = "0.12.2"  # `latest` of this name is another package
RUNNER = Path(__file__).with_suffix(".mjs")
PERSON, STRANGER = "xoxp-a-person", "xoxp-somebody-of-another-workspace"
BOT, TEAM, OTHER_TEAM, CHANNEL = "U0RAGORTUNE", "T000000001", "T000000009", "C000000001"

T = TypeVar("T")
Json = dict[str, Any]


class MissingError(Exception):
    """It cannot be run here; the message says what to do."""


def package(cache: Path) -> Path:
    """The folder with emulate in it, installed when it is not. Raises MissingError where that cannot be."""
    if not (shutil.which("node") and shutil.which("npm")):
        raise MissingError("Node.js and npm are not installed (Debian: apt-get install nodejs npm)")
    if not (cache / "node_modules" / "emulate").is_dir():
        npm = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", f"emulate@{VERSION}"]
        done = subprocess.run([*npm, "--prefix", str(cache)], capture_output=True, timeout=300, check=False)
        if done.returncode:
            raise MissingError(f"npm cannot install emulate@{VERSION}: {done.stderr.decode()[-300:]}")
    return cache


@dataclass
class Emulate:
    """A running Slack with one workspace, one app, and a person in its channel."""

    url: str
    process: subprocess.Popen[bytes]
    app: App = field(default_factory=App)

    @property
    def api_url(self) -> str:
        return f"{self.url}/api/"

    def deliver_to(self, base_url: str) -> None:
        """Says where the app listens."""
        self._command({"app": base_url})

    def tell(self, event: Json, team: str = TEAM) -> int:
        """Tells the app an event, signed; the status of its answer."""
        now = int(time.time())
        envelope = {"type": "event_callback", "team_id": team, "event_id": f"Ev{time.time_ns()}", "event_time": now}
        return int(self._command({"event": {**envelope, "event": event}}))

    def say(self, text: str, token: str = PERSON) -> str:
        """Has a person say something in the channel; it returns once the app was told. The message's ts."""
        return str(self.call("chat.postMessage", token, channel=CHANNEL, text=text)["ts"])

    def thread(self, ts: str) -> list[Json]:
        """A message and the replies to it."""
        return list(self.call("conversations.replies", PERSON, channel=CHANNEL, ts=ts)["messages"])

    def call(self, method: str, token: str, **arguments: str) -> Json:
        headers = {"Authorization": f"Bearer {token}"}
        request = urllib.request.Request(f"{self.api_url}{method}", urlencode(arguments).encode(), headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            said: Json = json.load(answer)
        assert said["ok"], said
        return said

    def wait_for(self, predicate: Callable[[], T], seconds: float = 5.0, what: str = "") -> T:
        """Blocks until the predicate gives something true."""
        end = time.monotonic() + seconds
        while not (found := predicate()):
            assert time.monotonic() < end, f"{what or 'what was awaited'} did not come within {seconds} s"
            time.sleep(0.05)
        return found

    def _command(self, command: Json) -> Any:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(command).encode() + b"\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


@contextmanager
def emulate_server(folder: Path) -> Iterator[Emulate]:
    """Runs the emulate that is installed in `folder` until the block ends."""
    app = App()
    seed = {
        "team": {"name": "Emulated", "domain": "emulated"},
        "users": [{"name": "ann"}],
        "oauth_apps": [
            {
                "app_id": app.id,
                "client_id": app.client_id,
                "client_secret": app.client_secret,
                "name": "rag-or-tune",
                "redirect_uris": [],
                "scopes": list(SCOPES),
                "bot_name": "rag-or-tune",
                "bot_user_id": BOT,
            }
        ],
        "tokens": [
            {"token": PERSON, "user": "ann", "scopes": ["chat:write", "channels:history"]},
            {"token": STRANGER, "user": "ann", "scopes": ["chat:write"], "team_id": OTHER_TEAM},
        ],
        "signing_secret": app.signing_secret,
        "strict_scopes": True,
    }
    command = ["node", str(RUNNER), str(folder), json.dumps(seed)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert process.stdout
        yield Emulate(json.loads(process.stdout.readline())["url"], process, app)
    finally:
        process.terminate()
        process.communicate(timeout=10)
