"""The store as a terminal uses it, blocking like its prompts, and the interview that it keeps there."""

import asyncio
import getpass
import socket
import tempfile
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError

from bot.deciding.questionnaire import Session
from bot.interviews.poll import SESSION
from bot.settings import Settings
from bot.store.accepting import Message, Work
from bot.store.interviews import StaleError
from bot.store.records import Interview
from bot.store.store import DatabaseError, Store, open_store, urls_of

PLATFORM = "terminal"
TENANT = f"{PLATFORM}:{socket.gethostname()}"
UNKNOWN_USER = "unknown"  # in a container, a user may have no name


@dataclass(frozen=True)
class Memory:
    """The store and its event loop; unless it `is_permanent`, it is gone when the command ends."""

    store: Store
    runner: asyncio.Runner
    is_permanent: bool


@contextmanager
def open_memory(settings: Settings) -> Iterator[Memory]:
    """Open the store, or a temporary one where no file can be written. Raises DatabaseError when a server is down."""
    with asyncio.Runner() as runner, tempfile.TemporaryDirectory() as folder:
        stack = AsyncExitStack()
        try:
            yield runner.run(_open(stack, runner, settings, Path(folder)))
        finally:
            runner.run(stack.aclose())


async def _open(stack: AsyncExitStack, runner: asyncio.Runner, settings: Settings, folder: Path) -> Memory:
    try:
        store = await stack.enter_async_context(open_store(settings))
        if urls_of(settings).is_embedded:  # without a server, perhaps no other process ever runs
            with suppress(DBAPIError):  # while the database is busy: next time
                await store.erasure.expire(settings.retention_days)
        return Memory(store, runner, is_permanent=True)
    except DatabaseError:
        if not urls_of(settings).is_embedded:
            raise
    temporary = settings.model_copy(update={"data_dir": folder, "database_url": None})
    return Memory(await stack.enter_async_context(open_store(temporary)), runner, is_permanent=False)


class StoredQuestions:
    """Takes the questions of a chat, which answers each at once; `last` is the newest."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.last: Work | None = None

    async def accept(self, message: Message) -> bool:
        """Store a question."""
        accepted = await self.store.inbox.accept(message)
        self.last = Work(message.tenant, accepted.turn) if accepted else None
        return accepted is not None

    def begin(self, work: Work) -> None:
        """Leave it to the chat, which answers one question after the other."""


class StoredInterview:
    """The open interview of this machine's user."""

    def __init__(self, memory: Memory) -> None:
        self._interviews = memory.store.interviews
        self._run = memory.runner.run
        self._row: Interview | None = None

    def read(self) -> Session | None:
        """Return the session that was left open, or None; also for one of another version that this one cannot read."""
        rows = self._run(self._interviews.of(TENANT, this_user()))
        self._row = rows[0] if rows else None
        try:
            return SESSION.validate_python(self._row.session) if self._row else None
        except ValidationError:
            return None

    def write(self, session: Session) -> Session:
        """Store the session. If another window stored a newer one meanwhile, return that."""
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
        """Delete it."""
        if self._row:
            self._run(self._interviews.remove(self._row))
            self._row = None


def this_user() -> str:
    """Return the login name of the user."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return UNKNOWN_USER
