"""What a terminal keeps in the store: its conversation, and its open interview. Blocking, as a prompt is."""

import asyncio
import getpass
import secrets
import socket
import tempfile
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError

from bot.deciding.interview import Session
from bot.interviews.poll import SESSION
from bot.messages.reply import Reply
from bot.settings import Settings
from bot.store.accepting import Message, Work
from bot.store.inbox import Answer
from bot.store.interviews import StaleError
from bot.store.opening import DatabaseError, opened, where_of
from bot.store.store import Store
from bot.store.tables import Interview, Turn

PLATFORM = "terminal"
TENANT = f"{PLATFORM}:{socket.gethostname()}"
NOBODY = "somebody"  # in a container, a user may have no name


@dataclass(frozen=True)
class Memory:
    """The store and the loop that it lives on; `lasts` says whether it will still be there next time."""

    store: Store
    runner: asyncio.Runner
    lasts: bool


@contextmanager
def remembering(settings: Settings) -> Iterator[Memory]:
    """A memory; where no file can be kept, one for this time only. Raises DatabaseError when a server is not there."""
    with asyncio.Runner() as runner, tempfile.TemporaryDirectory() as folder:
        stack = AsyncExitStack()
        try:
            yield runner.run(_opened(stack, runner, settings, Path(folder)))
        finally:
            runner.run(stack.aclose())


async def _opened(stack: AsyncExitStack, runner: asyncio.Runner, settings: Settings, folder: Path) -> Memory:
    try:
        store = await stack.enter_async_context(opened(settings))
        if where_of(settings).embedded:  # where there is no server, perhaps no other process of the bot ever runs
            await _expire(store, settings)
        return Memory(store, runner, lasts=True)
    except DatabaseError:
        if not where_of(settings).embedded:
            raise
    passing = settings.model_copy(update={"data_dir": folder, "database_url": None})
    return Memory(await stack.enter_async_context(opened(passing)), runner, lasts=False)


async def _expire(store: Store, settings: Settings) -> None:
    """Deletes what has been kept for long enough; when the database is busy, the next time."""
    with suppress(DBAPIError):
        await store.erasure.expire(settings.retention_days)


class Talk:
    """The conversation of this machine's user."""

    def __init__(self, memory: Memory, *, new: bool) -> None:
        """The last conversation, or a `new` one."""
        self._inbox, self._conversations = memory.store.inbox, memory.store.conversations
        self._run = memory.runner.run
        last = None if new else self._run(self._conversations.last_place(TENANT, this_user()))
        self._place = last or f"terminal-{secrets.token_hex(8)}"

    def recent(self, most: int) -> list[str]:
        """The last questions that were answered, the oldest first."""
        return self._run(self._conversations.recent(TENANT, self._place, most))

    def answered_turns(self, most: int) -> list[Turn]:
        """The last turns that were answered, the oldest first."""
        return self._run(self._conversations.said(TENANT, this_user(), most, None, self._place))

    def unanswered(self) -> list[Turn]:
        """The questions that an interruption left unanswered."""
        return self._run(self._conversations.unanswered(TENANT, self._place))

    def asked(self, text: str) -> Turn | None:
        """Keeps a question."""
        message = Message(TENANT, self._place, this_user(), text, [secrets.token_hex(16)])
        accepted = self._run(self._inbox.accept(message))
        return self._run(self._inbox.turn(Work(TENANT, accepted.turn))) if accepted else None

    def answered(self, turn: Turn, reply: Reply) -> None:
        """Keeps the reply."""
        self._run(self._inbox.answered(turn, Answer((), reply.to_kept())))
        self._run(self._inbox.finish(turn))

    def failed(self, turn: Turn, reference: str) -> None:
        """Keeps that there is none."""
        self._run(self._inbox.answered(turn, Answer(()), "answering failed", reference))
        self._run(self._inbox.finish(turn, "answering failed"))


class KeptInterview:
    """The open interview of this machine's user."""

    def __init__(self, memory: Memory) -> None:
        self._interviews = memory.store.interviews
        self._run = memory.runner.run
        self._row: Interview | None = None

    def read(self) -> Session | None:
        """The session that was left open; what another version kept and this one cannot read is none."""
        rows = self._run(self._interviews.of(TENANT, this_user()))
        self._row = rows[0] if rows else None
        try:
            return SESSION.validate_python(self._row.session) if self._row else None
        except ValidationError:
            return None

    def write(self, session: Session) -> Session:
        """Keeps the session. Where another window went on meanwhile, it returns the session as it is there."""
        values = SESSION.dump_python(session, mode="json")
        try:
            if self._row:
                self._row = self._run(self._interviews.save(self._row, values))
            else:
                self._row = self._run(self._interviews.start(TENANT, "terminal", this_user(), values))
        except StaleError:
            return self.read() or session
        return session

    def remove(self) -> None:
        """Forgets it."""
        if self._row:
            self._run(self._interviews.remove(self._row))
            self._row = None


def this_user() -> str:
    """The login name of whoever sits here."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return NOBODY
