"""The bot on simcord's Discord: discord.py's own machinery without sockets; the service and its database as they are.

simcord waits by itself for what an event sets off, the flow's work included; not for what a process takes up from a
former one, for which tests wait in real time. Its clock rules the lives of interactions and the cooldowns.
"""

import asyncio
import copy
import re
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import discord
from discord.http import Route
from simcord import actors
from simcord.actors import MemberActor
from simcord.backend.models import Message
from simcord.backend.models.interaction import ResponseKind
from simcord.backend.serializers import message_payload
from simcord.builders import ChannelHandle, UserHandle
from simcord.enums import InteractionType
from simcord.env import Env
from simcord.http.router import RequestContext, route
from simcord.interactions import base_payload
from simcord.results import InteractionResult, ResponseMessage
from yarl import URL

from bot.advising.consultant import Consultant
from bot.chat.presses import PressHandler
from bot.chat.responder import ConsultantResponder
from bot.chat.service import Service
from bot.delivery.process import taking_part
from bot.delivery.quota import Quota
from bot.discord.client import DiscordBot
from bot.discord.names import COMMAND
from bot.discord.rest import Rest
from bot.discord.surface import DiscordSurface
from bot.handoff.service import Handoff
from bot.settings import Settings
from bot.store.database import Database
from bot.store.store import Store
from bot.store.where import Where
from tests.conftest import KEY, ROOT

QUESTION = "What are the cons of fine-tuning?"
CASE = "We have 200 support tickets, our docs change weekly, and auditors want sources."
FOLLOW_UP = "And of RAG?"
GUIDANCE = (ROOT / "corpus" / "fine-tuning-vs-rag.md").read_text()
ARTICLE = "https://example.com/guides/fine-tuning-vs-rag"

ANSWERING = 30.0  # seconds; the machine may be busy
SOON = 0.02
RETENTION = 90

NOTE = re.compile(r"^\[(\d+)\] “(.+)” \[(.+?)\]\((.+)\)$", re.MULTILINE)

DAYS = count()
STARTS = {"total": 1_000, "remaining": 999, "reset_after": 0, "max_concurrency": 1}

Person = MemberActor | UserHandle
Shown = discord.Message | ResponseMessage


@route("GET", "/gateway/bot")
def gateway(_: RequestContext) -> dict[str, Any]:
    """What simcord lacks of Discord."""
    return {"url": "wss://gateway.example", "shards": 1, "session_start_limit": STARTS}


class Process:
    """A process of the bot's without its client: the service on a database."""

    def __init__(self, consultant: Consultant, database: Path) -> None:
        self._consultant = consultant
        self.database = database
        self._running = AsyncExitStack()
        self.service: Service
        self.rest: Rest

    async def start(self, *, here: bool = True, questions: int = 1_000) -> None:
        """Starts it; not `here` it only accepts, and `questions` are answered for each user in an hour."""
        self.rest = Rest("simulated.token", "https://discord.com/api/v10")
        self.service = await self._running.enter_async_context(self._serving(Quota(questions, 1_000), here=here))

    async def stop(self) -> None:
        """Ends it; what is begun comes to its end."""
        await self._running.aclose()

    @asynccontextmanager
    async def _serving(self, quota: Quota, *, here: bool) -> AsyncIterator[Service]:
        """As `bot.process.run.start_service`, but for the consultant, which is the same for all tests, and `here`."""
        store = Store(Database(Where.of(f"sqlite:///{self.database}", self.database.parent), [KEY]))
        try:
            platforms = {"discord": DiscordSurface(self.rest, ARTICLE)}
            responder = ConsultantResponder(self._consultant, platforms, store.inbox)
            async with taking_part(store, platforms, responder, quota, retention_days=RETENTION, here=here) as flow:
                handoff = Handoff(store, Settings(), platforms, flow.ring)
                yield Service(flow, PressHandler(store, self._consultant.adviser, handoff), handoff, RETENTION)
        finally:
            await store.close()


class Simulation:
    """A Discord with a server, where ann and ben are in the channel `general`, and the bot; `env` is simcord's."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.may_log_errors = False
        self._forgiven: list[BaseException] = []
        self._earlier = self.rows("SELECT coalesce(max(id), 0) FROM turns")[0][0]

    async def open(self) -> None:
        """Makes the Discord, and connects the bot to it."""
        self.bot = self._new_bot()
        self.env = Env(self.bot, shard_count=1, settle_timeout=ANSWERING)
        self.env.backend.clock.advance(next(DAYS) * 86_400)  # no id and no cooldown is another test's
        await self.env.start()
        self.guild = self.env.create_guild("Team")
        self.general = self.guild.create_text_channel("general")
        self.ann = self.guild.add_member(self.env.create_user("ann"))
        self.ben = self.guild.add_member(self.env.create_user("ben"))

    async def close(self) -> None:
        """Ends the Discord. Nothing may be left that discord.py caught."""
        await self.env.shutdown()
        caught = [error for error in self.env.errors if error not in self._forgiven]
        assert caught == [], self.env.transcript()

    async def reconnect(self, *, reads_all: bool = False) -> None:
        """A new client on the running service: one that knows nothing of what was shown before.

        With `reads_all` it has the message content intent.
        """
        self.bot = self._new_bot(reads_all=reads_all)
        await self.env.restart_bot(self.bot)

    async def restart(self, **how: Any) -> None:
        """A new process on the same database and on the same Discord."""
        await self.process.stop()
        await self.process.start(**how)
        await self.reconnect()

    def _new_bot(self, *, reads_all: bool = False) -> DiscordBot:
        bot = DiscordBot(self.process.service, ARTICLE, reads_all=reads_all)
        self.process.rest._client = bot  # its own would speak to the real Discord
        return bot

    def expects_trouble(self) -> None:
        """From now on the bot may log errors."""
        self.may_log_errors = True

    def forgives(self, errors: Sequence[BaseException]) -> None:
        """These errors, which discord.py caught, were to be expected."""
        self._forgiven += errors

    def called(self, address: Route, *arguments: Any, **named: Any) -> Any:
        """A call of discord.py's by an interaction's token; aiohttp would write its address as yarl does."""
        address.url = str(URL(address.url))
        return self.env._webhook_adapter.request(address, *arguments, **named)

    @property
    def mentioning(self) -> str:
        """The mention of the bot."""
        assert self.bot.user
        return self.bot.user.mention

    def thread(self, name: str) -> ChannelHandle:
        """A thread in the channel, begun by ann."""
        thread = self.env.backend.create_thread(self.general.id, name, owner_id=self.ann.id)
        return ChannelHandle(self.env, self.guild, thread)

    # What people do

    async def ask(self, text: str = QUESTION, *, by: Person | None = None) -> list[discord.Message]:
        """Asks directly; all that the bot said there by then."""
        person = by or self.ann
        await person.send_dm(text)
        await self.answered()
        return self.direct(person)

    async def mention(
        self, text: str = QUESTION, *, by: MemberActor | None = None, place: ChannelHandle | None = None
    ) -> list[discord.Message]:
        """Mentions the bot in a channel; all that the bot said there by then."""
        place = place or self.general
        await (by or self.ann).send(place, f"{self.mentioning} {text}")
        await self.answered()
        return self.said(place)

    async def command(self, name: str, *, by: MemberActor | None = None, **options: Any) -> InteractionResult:
        """Calls a command in the channel."""
        result = await (by or self.ann).slash(self.general, f"{COMMAND} {name}", **options)
        await self.answered()
        return result

    async def direct_command(self, name: str, **options: Any) -> InteractionResult:
        """Calls a command where ann is alone with the bot."""
        result = await self.ann.user.slash(f"{COMMAND} {name}", **options)
        await self.answered()
        return result

    async def press(self, message: Shown, label: str, *, by: Person | None = None) -> InteractionResult:
        """Press on a button of a message as it is now; in a direct message it is ann who does."""
        result = await (by or self._whose(message)).click(message, label=label)
        await self.answered()
        return result

    async def choose(self, message: Shown, text: str) -> InteractionResult:
        """Chooses from a message's menu."""
        [menu] = [item for item in items(self.now(message)) if isinstance(item, discord.SelectMenu)]
        [value] = [option.value for option in menu.options if option.label == text]
        return await self._whose(message).select(message, [value])

    async def press_forged(
        self, message: Shown, custom_id: str, *, by: Person | None = None, values: list[str] | None = None
    ) -> InteractionResult:
        """Press on a button that the message once had, or never: Discord sends along what the clicking app shows."""
        stored, data = self._forged(message, custom_id, values)
        with self._operation():
            return await actors._component_interaction(by or self._whose(message), stored, data)

    def pressed_at_once(self, message: Shown, custom_id: str, by: MemberActor) -> InteractionResult:
        """Presses without waiting for what comes of it."""
        stored, data = self._forged(message, custom_id)
        backend = self.env.backend
        record, payload = base_payload(
            backend,
            type=InteractionType.MESSAGE_COMPONENT,
            channel_id=stored.channel_id,
            guild_id=self.guild.id,
            user_id=by.id,
            data=data,
        )
        record.source_message_id = stored.id
        backend.emit("INTERACTION_CREATE", payload | {"message": dict(message_payload(backend, stored))})
        return InteractionResult(self.env, record)

    def _forged(
        self, message: Shown, custom_id: str, values: list[str] | None = None
    ) -> tuple[Message, dict[str, Any]]:
        """The message with a component of that id, and the data of a click on it."""
        stored = copy.deepcopy(self.stored(message))
        data: dict[str, Any] = {"custom_id": custom_id, "component_type": 2}
        component: dict[str, Any] = {"type": 2, "style": 2, "label": "old", "custom_id": custom_id}
        if values is not None:
            options = [{"label": value, "value": value} for value in values]
            component = {"type": 3, "custom_id": custom_id, "options": options}
            data |= {"component_type": 3, "values": values}
        stored.components = [{"type": 1, "components": [component]}]
        return stored, data

    # What there is to see

    def said(self, channel: ChannelHandle) -> list[discord.Message]:
        """What everybody there sees of the bot's messages."""
        return [message for message in channel.history() if self._is_own(message) and not message.flags.ephemeral]

    def private(self, channel: ChannelHandle, person: MemberActor) -> list[discord.Message]:
        """What of the bot's messages only this person sees."""
        history = channel.history(viewer=person)
        return [message for message in history if self._is_own(message) and message.flags.ephemeral]

    def direct(self, person: Person) -> list[discord.Message]:
        """What the bot said to this person directly."""
        return self.said(user_of(person).dm_channel)

    def now(self, message: Shown) -> discord.Message:
        """The message as it is now."""
        return ResponseMessage(self.env, self.stored(message)).message

    def stored(self, message: Shown) -> Message:
        """The message as simcord keeps it."""
        channel = message.channel_id if isinstance(message, ResponseMessage) else message.channel.id
        return self.env.backend.get_message(channel, message.id)

    def pinged(self) -> set[int]:
        """Whom any message of the bot's has pinged."""
        own = [m for kept in self.env.backend.messages.values() for m in kept.values() if self._is_own(m)]
        return {who for m in own for who in (*m.ping_user_ids, *m.ping_role_ids, *([0] if m.mention_everyone else []))}

    async def answered(self) -> list[tuple[str, str | None]]:
        """The states and errors of all that was asked, once everything is finished."""
        await self.env.settle()
        async with asyncio.timeout(ANSWERING):
            while any(state not in ("done", "failed") for state, _ in self.turns()):  # noqa: ASYNC110
                await asyncio.sleep(SOON)
        await self.env.settle()
        return self.turns()

    def turns(self) -> list[tuple[str, str | None]]:
        """The states and errors of all that was asked."""
        return self.rows("SELECT state, error FROM turns WHERE id > ? ORDER BY id", self._earlier)

    def rows(self, statement: str, *values: object) -> list[Any]:
        """What the database holds."""
        connection = sqlite3.connect(self.process.database, timeout=ANSWERING)
        try:
            return connection.execute(statement, values).fetchall()
        finally:
            connection.close()

    def _is_own(self, message: discord.Message | Message) -> bool:
        author = message.author.id if isinstance(message, discord.Message) else message.author_id
        return author == self.env.backend.bot_user.id and message.webhook_id is None

    def _whose(self, message: Shown) -> Person:
        channel = message.channel_id if isinstance(message, ResponseMessage) else message.channel.id
        return self.ann.user if channel == self.ann.user.dm_channel.id else self.ann

    @contextmanager
    def _operation(self) -> Iterator[None]:
        self.env._begin_operation("click")
        try:
            yield
        finally:
            self.env._end_operation()


def user_of(person: Person) -> UserHandle:
    return person.user if isinstance(person, MemberActor) else person


def said_anew(result: InteractionResult) -> list[ResponseMessage]:
    """What was said after a click, and not in place of the message that was clicked."""
    is_response = result._interaction.response_kind is ResponseKind.MESSAGE
    return [*([result.response] if is_response and result.response else []), *result.followups]


def items(message: discord.Message) -> list[Any]:
    """The buttons and menus of a message."""
    return [item for row in message.components for item in getattr(row, "children", ())]


def labels(message: discord.Message) -> list[str]:
    """What its buttons say."""
    return [item.label for item in items(message) if isinstance(item, discord.Button)]


def choices(message: discord.Message) -> list[str]:
    """The buttons that answer the question on a card."""
    return [item.label for item in items(message) if ":answer:" in (item.custom_id or "")]


def button_id(message: discord.Message, label: str) -> str:
    """The id of a button."""
    [name] = [item.custom_id for item in items(message) if getattr(item, "label", None) == label]
    return str(name)


def shown(message: Shown) -> str:
    """All that a message says, as a reader sees it."""
    texts = [message.content, *(embed.description or "" for embed in message.embeds)]
    return unescaped("\n".join(texts).strip())


def unescaped(text: str) -> str:
    """Markdown of the bot's without what it escapes with."""
    return re.sub(r"\\(.)", r"\1", text.replace("\u200b", ""))


def sources(message: Shown) -> list[tuple[str, str, str]]:
    """The quotes, sections and addresses under a reply."""
    return [(quote, section, url) for _, quote, section, url in NOTE.findall(shown(message))]
