"""A bot in a process of its own that is asked again and again, as fast as it answers; what it says goes nowhere.

    python -m tools.benchmarks.soaked MESSAGES SECONDS

Everything of the bot's is real (consultant, durable flow, database, Slack's rendering, janitor) but the connection to
Slack: what is asked is put into the flow, and a post counts as sent. It prints how many are answered, each STEP.
"""

import argparse
import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from bot import threads
from bot.advising.bootstrap import make_consultant
from bot.advising.consultant import ShowLine
from bot.chat.adapter import Keep
from bot.delivery.flow import Flow
from bot.process.run import start_service
from bot.settings import load_settings
from bot.slack.adapter import SlackAdapter
from bot.store.accepting import Message
from bot.store.address import Address
from bot.store.records import Delivery, Turn
from tests.support.slack.bots import CASE
from tools.benchmarks.timing import QUESTIONS

STEP = 1_000  # messages
AT_ONCE = 64
RARE = 20  # of so many messages one follows another up, and one describes a use case: those take far longer
FOLLOWING, DESCRIBING = 19, 7
WORKSPACES, CHANNELS, USERS = 4_000, 50, 500  # so many that nobody asks more in an hour than is answered
FIRST = 1_700_000_000  # the thread's name, a time as Slack has them
LOOKED_AT = 60.0  # seconds in which one may look at the process before it ends


class Nowhere(SlackAdapter):
    """Slack without a network: shows replies as Slack's blocks, and takes every post at once."""

    def __init__(self) -> None:
        self._article_url = None
        self.arrived = dict[str, asyncio.Event]()

    async def send(self, delivery: Delivery) -> str:
        if arrived := self.arrived.get(str(delivery.address.thread)):
            arrived.set()  # by the first post of an answer
        return delivery.marker

    async def find(self, delivery: Delivery) -> str | None:
        return None

    @asynccontextmanager
    async def progress(self, turn: Turn, keep: Keep) -> AsyncIterator[ShowLine]:
        yield lambda line: None


class Soak:
    """People who ask until so many questions are answered, or for so many seconds."""

    def __init__(self, flow: Flow, slack: Nowhere, messages: int, seconds: float) -> None:
        self._flow, self._slack = flow, slack
        self._end = time.monotonic() + seconds
        self._numbers = iter(range(messages))
        self.answered = 0

    async def run(self) -> None:
        await asyncio.gather(*(self._person() for _ in range(AT_ONCE)))

    async def _person(self) -> None:
        """Asks one question after another, each in a thread of its own unless it follows one up."""
        thread: int | None = None
        for number in self._numbers:
            if time.monotonic() > self._end:
                return
            if thread is None or number % RARE != FOLLOWING:
                thread = number
            await self._ask(thread, number)

    async def _ask(self, thread: int, number: int) -> None:
        """Asks a question, and waits for the answer."""
        name, channel = f"{FIRST + thread}.000100", f"C{thread % CHANNELS:09d}"
        arrived = self._slack.arrived[name] = asyncio.Event()
        address = Address(channel, name)
        tenant = f"slack:T{thread % WORKSPACES}"
        text, user = CASE if number % RARE == DESCRIBING else QUESTIONS[number % len(QUESTIONS)], f"U{thread % USERS}"
        await self._flow.accept(Message(tenant, f"{channel}/{name}", user, text, [f"{number}"], address))
        await arrived.wait()
        del self._slack.arrived[name]
        self.answered += 1
        if self.answered % STEP == 0:
            print(self.answered, flush=True)


async def main(messages: int, seconds: float) -> None:
    slack = Nowhere()
    settings = load_settings()
    load = partial(threads.compute, lambda: make_consultant(settings))
    async with start_service(settings, lambda settings, store: {"slack": slack}, load) as service:
        print("ready", flush=True)
        soak = Soak(service.flow, slack, messages, seconds)
        await soak.run()
        print(soak.answered, "over", sep="\n", flush=True)
        await asyncio.sleep(LOOKED_AT)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("messages", type=int)
    parser.add_argument("seconds", type=float)
    given = parser.parse_args()
    asyncio.run(main(given.messages, given.seconds))
