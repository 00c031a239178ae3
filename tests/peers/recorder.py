"""A platform that keeps what it was sent in a file, which outlives every process that sends to it."""

import asyncio
import json
import os
import random
import signal
from pathlib import Path

from bot.store.records import Delivery


class Recorder:
    """The adapter: a post is a line of the file, with its marker, as a platform would keep it."""

    def __init__(self, file: Path, *, slowness: float = 0.0, deadly: float = 0.0) -> None:
        """`slowness` is the longest time in seconds that sending takes; with the probability `deadly` the process dies
        between the sending and its confirmation.
        """
        self._file = file
        self._slowness = slowness
        self._deadly = deadly

    async def send(self, delivery: Delivery) -> str:
        await asyncio.sleep(random.uniform(0, self._slowness))
        line = json.dumps({"marker": delivery.marker, "to": delivery.address.to_json(), **delivery.content.to_json()})
        with self._file.open("ab", buffering=0) as file:
            file.write(line.encode() + b"\n")
        if random.random() < self._deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        return f"post-{delivery.marker}"

    async def find(self, delivery: Delivery) -> str | None:
        sent = (post["marker"] for post in posts(self._file))
        return f"post-{delivery.marker}" if delivery.marker in sent else None


def posts(file: Path) -> list[dict[str, object]]:
    """Everything that was sent, in order."""
    return [json.loads(line) for line in file.read_bytes().splitlines()] if file.exists() else []
