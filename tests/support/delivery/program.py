"""A bot of one platform, to be killed: takes messages from its standard input, and acknowledges each.

    python -m tests.support.delivery.program URL RECORD [--no-work] [--deadly P] [--slowness SECONDS]

A line of input is {"key", "place", "user", "text"}; a line of output is the key of a message that was accepted, or the
error when it was not.
"""

import argparse
import asyncio
import json
import random
import sys
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from bot.delivery.janitor import run_flow
from bot.delivery.quota import Quota
from bot.store import schema
from bot.store.accepting import Message
from bot.store.address import Address
from bot.store.database import Database, DatabaseUrls
from bot.store.inbox import Answer
from bot.store.post import Post
from bot.store.records import Turn
from bot.store.store import Store
from tests.peers.recorder import Recorder

KEY = "YSBrZXkgZm9yIHRlc3RzLCB3aGljaCBpcyBwdWJsaWM="  # not conftest's, which would import all that the tests need


class Echo:
    """Answers with what it heard."""

    async def answer(self, turn: Turn, earlier: Sequence[str]) -> Answer:
        await asyncio.sleep(random.uniform(0, 0.02))
        said = {"text": turn.text, "place": turn.address.channel}
        return Answer([Post({**said, "part": 1}), Post({**said, "part": 2})], {"earlier": list(earlier)})

    def too_many(self, turn: Turn) -> Answer:
        return Answer([Post({"text": "too many", "place": turn.address.channel})])

    def apology(self, turn: Turn, reference: str) -> Answer:
        return Answer([Post({"text": f"sorry {reference}", "place": turn.address.channel})])


def message(raw: dict[str, str]) -> Message:
    return Message("test:one", raw["place"], raw["user"], raw["text"], [raw["key"]], Address(raw["place"]), "secret")


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("record", type=Path)
    parser.add_argument("--no-work", action="store_true")
    parser.add_argument("--deadly", type=float, default=0)
    parser.add_argument("--slowness", type=float, default=0.02)
    given = parser.parse_args()
    store = Store(Database(DatabaseUrls.of(given.url, Path()), [KEY]))
    if store.database.urls.is_embedded:
        await schema.migrate(store.database)
    platform = Recorder(given.record, slowness=given.slowness, deadly=given.deadly)
    unlimited = Quota(10**9, 10**9)
    async with run_flow(
        store, {"test": platform}, Echo(), unlimited, retention_days=30, here=not given.no_work
    ) as flow:
        print("ready", flush=True)
        reader = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        async with asyncio.TaskGroup() as tasks:
            while line := await reader.readline():
                tasks.create_task(_accept(flow, json.loads(line)))
    await store.close()


async def _accept(flow, raw: dict[str, str]) -> None:
    try:
        await flow.accept(message(raw))
    except DBAPIError as error:
        print(f"{error.orig}".splitlines()[0], flush=True)
    else:
        print(raw["key"], flush=True)


if __name__ == "__main__":
    asyncio.run(main())
