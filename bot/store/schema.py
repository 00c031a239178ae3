"""The schema: brought up to date by Alembic's migrations; a database newer than the code is refused."""

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.engine import Connection

from bot.errors import BotError
from bot.settings import PACKAGE
from bot.store.database import Database
from bot.store.sqlite import pragma

MIGRATION_LOCK = 0x7261672D  # Postgres's lock that one process holds while it migrates


class SchemaError(BotError):
    """The database does not fit this version of the bot."""


async def migrate(database: Database) -> None:
    """Bring the tables up to date. Raises SchemaError when they were made by a newer version."""
    async with database.engine.connect() as connection:
        # A table that a migration rebuilds is dropped first, and with foreign keys its rows' children would go along.
        await pragma(connection, "foreign_keys=OFF")
        try:
            async with connection.begin():
                if not database.urls.is_embedded:  # SQLite locks by itself
                    await connection.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
                await connection.run_sync(_upgrade)
        finally:
            await pragma(connection, "foreign_keys=ON")


async def check(database: Database) -> None:
    """Check that the tables are as this version needs them. Raises SchemaError, which says what to do."""
    async with database.engine.connect() as connection:
        is_current = await connection.run_sync(_is_current)
    if not is_current:
        raise SchemaError("The database is not up to date. Run rag-or-tune migrate.")


def _upgrade(connection: Connection) -> None:
    if not _is_current(connection):
        config = make_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _is_current(connection: Connection) -> bool:
    scripts = ScriptDirectory.from_config(make_config())
    revision = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in scripts.walk_revisions()}
    if revision is not None and revision not in known:
        raise SchemaError(
            "The database was made by a newer version of rag-or-tune. Install that version, or set DATABASE_URL to "
            "another database."
        )
    return revision == scripts.get_current_head()


def make_config() -> Config:
    """Return Alembic's configuration for the migrations of this package."""
    config = Config()
    config.set_main_option("script_location", str(PACKAGE / "store" / "migrations"))
    return config
