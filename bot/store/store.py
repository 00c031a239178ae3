"""The store: one database with a room for each thing that is kept in it, opened as the settings say."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from bot.errors import BotError, SettingsError
from bot.settings import Settings
from bot.store import schema
from bot.store.conversations import Conversations, Feedbacks
from bot.store.database import Database, DatabaseUrls
from bot.store.encryption import key_in
from bot.store.erasure import Erasure
from bot.store.inbox import Inbox
from bot.store.insights import Insights
from bot.store.interviews import Interviews
from bot.store.leads import Leads
from bot.store.leases import Leases
from bot.store.outbox import Outbox
from bot.store.sqlite import make_private


class Store:
    """Everything that outlives a process."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.inbox = Inbox(database)
        self.outbox = Outbox(database)
        self.conversations = Conversations(database)
        self.interviews = Interviews(database)
        self.leads = Leads(database)
        self.leases = Leases(database)
        self.feedback = Feedbacks(database)
        self.erasure = Erasure(database)
        self.insights = Insights(database)

    async def close(self) -> None:
        """Close the connections."""
        await self.database.close()


class DatabaseError(BotError):
    """The database cannot be used."""


@asynccontextmanager
async def open_store(settings: Settings, *, migrating: bool = False, reading: bool = False) -> AsyncIterator[Store]:
    """The store, closed at the end. The tables of SQLite are brought up to date; those of Postgres when `migrating`.

    For `reading` it must be there and up to date, and it stays as it is. Raises DatabaseError, SchemaError or
    SettingsError, each saying what to do.
    """
    urls = urls_of(settings)
    try:
        if urls.is_embedded and reading:
            _must_be_there(urls)
        elif urls.is_embedded:
            make_private(urls.own)
            _remove_engine(Path(urls.own.database or ""))
        database = Database(urls, _keys(settings, urls))
        try:
            is_ours = urls.is_embedded and not reading
            await (schema.migrate(database) if migrating or is_ours else schema.check(database))
        except BaseException:
            await database.close()
            raise
    except OSError as error:
        raise DatabaseError(
            f"The database cannot be kept in {urls.own.database} ({error.strerror}); set DATA_DIR to another folder, "
            "or DATABASE_URL to another file."
        ) from error
    except DBAPIError as error:
        raise DatabaseError(f"The database cannot be used: {error.orig}. {_what_to_do(urls)}") from error
    store = Store(database)
    try:
        yield store
    finally:
        await store.close()


def _remove_engine(file: Path) -> None:
    """Remove what versions before 0006 of the schema kept beside the database: all of it was in the database, too."""
    for end in ("", "-wal", "-shm"):
        file.with_name(f"{file.stem}-engine{file.suffix}{end}").unlink(missing_ok=True)
    shutil.rmtree(file.with_name(f"{file.stem}-engine.locks"), ignore_errors=True)


def urls_of(settings: Settings) -> DatabaseUrls:
    """Return the database's location. Raises SettingsError for a DATABASE_URL that cannot be used."""
    url = settings.database_url.get_secret_value() if settings.database_url else None
    return DatabaseUrls.of(url, settings.data_dir)


def _what_to_do(urls: DatabaseUrls) -> str:
    """Return advice on a database that cannot be used."""
    if not urls.is_embedded:
        return "Check DATABASE_URL and the server."
    return (
        f"Stop what else uses {urls.own.database}; if it is damaged, bring back a copy of it, or move it away to "
        "begin a new one."
    )


def _must_be_there(urls: DatabaseUrls) -> None:
    if not Path(urls.own.database or "").is_file():
        raise DatabaseError("No database found. Start the bot first, or set DATABASE_URL.")


def _keys(settings: Settings, urls: DatabaseUrls) -> list[str]:
    if settings.secret_keys:
        return [key.get_secret_value() for key in settings.secret_keys]
    if urls.is_embedded:
        return [key_in(Path(urls.own.database or "").parent)]
    raise SettingsError(
        "SECRET_KEYS: the processes of a Postgres database must share one. Make it with "
        "python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'."
    )
