"""Opens the store that the settings name, with its tables as this version needs them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from bot.errors import BotError, SettingsError
from bot.settings import Settings
from bot.store import schema
from bot.store.database import Database
from bot.store.encryption import key_in
from bot.store.sqlite import make_private
from bot.store.store import Store
from bot.store.where import Where


class DatabaseError(BotError):
    """The database cannot be used."""


@asynccontextmanager
async def opened(settings: Settings, *, migrating: bool = False, reading: bool = False) -> AsyncIterator[Store]:
    """The store, closed at the end. The tables of SQLite are brought up to date; those of Postgres when `migrating`.

    For `reading` it must be there and up to date, and it stays as it is. Raises DatabaseError, SchemaError or
    SettingsError, each saying what to do.
    """
    where = where_of(settings)
    try:
        if where.embedded and reading:
            _must_be_there(where)
        elif where.embedded:
            make_private(where.own)
        database = Database(where, _keys(settings, where))
        try:
            is_ours = where.embedded and not reading
            await (schema.migrate(database) if migrating or is_ours else schema.check(database))
        except BaseException:
            await database.close()
            raise
    except OSError as error:
        raise DatabaseError(
            f"The database cannot be kept in {where.own.database} ({error.strerror}); set DATA_DIR to another folder, "
            "or DATABASE_URL to another file."
        ) from error
    except DBAPIError as error:
        raise DatabaseError(f"The database cannot be used: {error.orig}. {_what_to_do(where)}") from error
    store = Store(database)
    try:
        yield store
    finally:
        await store.close()


def where_of(settings: Settings) -> Where:
    """Return the database's location. Raises SettingsError for a DATABASE_URL that cannot be used."""
    url = settings.database_url.get_secret_value() if settings.database_url else None
    return Where.of(url, settings.data_dir)


def _what_to_do(where: Where) -> str:
    """Return advice on a database that cannot be used."""
    if not where.embedded:
        return "Check DATABASE_URL and the server."
    return (
        f"Stop what else uses {where.own.database}; if it is damaged, bring back a copy of it, or move it away to "
        "begin a new one."
    )


def _must_be_there(where: Where) -> None:
    if not Path(where.own.database or "").is_file():
        raise DatabaseError("No database found. Start the bot first, or set DATABASE_URL.")


def _keys(settings: Settings, where: Where) -> list[str]:
    if settings.secret_keys:
        return [key.get_secret_value() for key in settings.secret_keys]
    if where.embedded:
        return [key_in(Path(where.own.database or "").parent)]
    raise SettingsError(
        "SECRET_KEYS: the processes of a Postgres database must share one. Make it with "
        "python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'."
    )
