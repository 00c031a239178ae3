"""The schema: made by the migrations alone, once, also by two processes at a time."""

import asyncio
import sys
from asyncio.subprocess import PIPE, create_subprocess_exec
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory

from bot.store import schema
from bot.store.accepting import Work
from bot.store.database import Database, DatabaseUrls
from bot.store.installations import TABLES
from bot.store.schema import SchemaError
from bot.store.store import Store
from bot.store.tables import Row
from tests.conftest import KEY, ROOT
from tests.support.rooms import everything, is_new, tables

MIGRATE = """
import asyncio, sys
from pathlib import Path
from bot.store import schema
from bot.store.database import Database
from bot.store.database import DatabaseUrls

async def main():
    database = Database(DatabaseUrls.of(sys.argv[1], Path()), [sys.argv[2]])
    print("ready", flush=True)
    input()
    await schema.migrate(database)
    await schema.check(database)
    await database.close()

asyncio.run(main())
"""


KEPT = (
    "INSERT INTO conversations (id, tenant, place, touched_at) VALUES (1, 'test:one', 'here', '2026-01-01')",
    "INSERT INTO turns (id, tenant, conversation_id, user_id, text, address, state, runs, accepted_at)"
    " VALUES (1, 'test:one', 1, 'U1', 'kept', '{}', 'done', 0, '2026-01-01')",
    "INSERT INTO deliveries (id, tenant, turn_id, user_id, marker, address, payload, state, attempts, created_at)"
    " VALUES (1, 'test:one', 1, 'U1', 'm', '{}', '{}', 'sent', 0, '2026-01-01')",
)


OURS = [Row.metadata, TABLES]  # the second is slack_sdk's, but for the secrets


@pytest.fixture
async def empty(empty_url: str, tmp_path: Path):
    database = Database(DatabaseUrls.of(empty_url, tmp_path), [KEY])
    yield database
    await database.close()


async def revise(database: Database, revision: str) -> None:
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{revision}'")


async def test_the_migrations_make_the_tables_that_the_code_knows(store: Store) -> None:
    async with store.database.engine.connect() as connection:
        context = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync, opts={"compare_type": True}), OURS)
        )
    assert context == []


async def test_constraints_and_partial_indexes_are_as_the_code_knows_them(store: Store) -> None:
    made = await tables(store.database)
    for table in Row.metadata.sorted_tables:
        real = made.tables[table.name]
        assert {index.name for index in real.indexes} >= {index.name for index in table.indexes}
        keys = {(key.parent.name, key.column.table.name, key.ondelete) for key in real.foreign_keys}
        assert keys == {(key.parent.name, key.column.table.name, key.ondelete) for key in table.foreign_keys}
    index = next(index for index in made.tables["turns"].indexes if index.name == "ix_turns_unfinished")
    kind = store.database.engine.dialect.name
    assert "accepted" in str(index.dialect_options[kind]["where"])


async def test_sqlite_counts_ids_up_wherever_the_code_says_so(store: Store) -> None:
    if not store.database.urls.is_embedded:
        pytest.skip("Postgres does so anyway")
    async with store.database.engine.connect() as connection:
        made = dict((await connection.exec_driver_sql("SELECT name, sql FROM sqlite_master")).tuples().all())
    counting = {name for name in Row.metadata.tables if "AUTOINCREMENT" in made[name]}
    tables = Row.metadata.tables.values()
    assert counting == {table.name for table in tables if table.dialect_options["sqlite"]["autoincrement"]}
    assert counting >= {"turns", "deliveries", "interviews", "leads"}  # whose ids are told to platforms


async def test_migrating_again_changes_nothing(store: Store) -> None:
    await is_new(store, "kept")
    before = await everything(store.database)
    await schema.migrate(store.database)
    await schema.check(store.database)
    assert await everything(store.database) == before


async def test_an_empty_database_is_refused_until_it_is_migrated(empty: Database) -> None:
    with pytest.raises(SchemaError, match=r"not up to date\. Run rag-or-tune migrate\."):
        await schema.check(empty)
    await schema.migrate(empty)
    await schema.check(empty)


async def test_a_newer_database_is_refused_and_left_alone(store: Store) -> None:
    async with store.database.engine.connect() as connection:
        revision = (await connection.exec_driver_sql("SELECT version_num FROM alembic_version")).scalar_one()
    await revise(store.database, "9999")
    before = await everything(store.database)
    for refuses in (schema.check, schema.migrate):
        with pytest.raises(SchemaError, match="made by a newer version of rag-or-tune"):
            await refuses(store.database)
    assert await everything(store.database) == before
    await revise(store.database, revision)  # others use the database after this test


async def test_a_migration_that_fails_leaves_nothing_behind(empty: Database) -> None:
    async with empty.engine.begin() as connection:
        await connection.exec_driver_sql("CREATE TABLE deliveries (id INTEGER)")
    with pytest.raises(Exception, match="already exists"):
        await schema.migrate(empty)
    assert set((await tables(empty)).tables) == {"deliveries"}


async def test_tables_of_others_are_left_alone(empty: Database) -> None:
    async with empty.engine.begin() as connection:
        await connection.exec_driver_sql("CREATE TABLE theirs (id INTEGER)")
    await schema.migrate(empty)
    assert "theirs" in (await tables(empty)).tables


async def test_two_processes_may_migrate_at_the_same_time(empty: Database, empty_url: str) -> None:
    pipes = {"stdin": PIPE, "stdout": PIPE, "stderr": PIPE}
    command = (sys.executable, "-c", MIGRATE, empty_url, KEY)
    processes = [await create_subprocess_exec(*command, cwd=ROOT, **pipes) for _ in range(2)]
    for process in processes:
        assert await process.stdout.readline() == b"ready\n"
    for _, errors in await asyncio.gather(*(process.communicate(b"\n") for process in processes)):
        assert errors == b""
    assert [process.returncode for process in processes] == [0, 0]
    await schema.check(empty)


async def upgraded(database: Database, revision: str) -> None:
    """The tables as they were at an earlier revision."""

    def upgrade(connection) -> None:
        config = schema.make_config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)

    async with database.engine.begin() as connection:
        await connection.run_sync(upgrade)


REVISIONS = sorted(script.revision for script in ScriptDirectory.from_config(schema.make_config()).walk_revisions())


@pytest.mark.parametrize("revision", REVISIONS)
async def test_what_an_earlier_version_kept_is_still_there(empty: Database, revision: str) -> None:
    await upgraded(empty, revision)
    async with empty.engine.begin() as connection:
        for statement in KEPT:
            await connection.exec_driver_sql(statement)
    await schema.migrate(empty)
    await schema.check(empty)
    async with empty.engine.connect() as connection:
        for table in ("conversations", "turns", "deliveries"):
            assert (await connection.exec_driver_sql(f"SELECT count(*) FROM {table}")).scalar() == 1, table


LEFT = {"accepted": (), "answered": ("sent", "pending"), "failed": ("failed", "pending")}  # turns, and their posts


async def test_what_an_earlier_version_had_still_to_do_is_found(empty: Database) -> None:
    await upgraded(empty, "0005")
    statements = list[str]()
    for number, (state, posts) in enumerate(LEFT.items(), 1):
        reply = "'{}'" if posts else "NULL"
        statements += [
            "INSERT INTO conversations (id, tenant, place, touched_at)"
            f" VALUES ({number}, 'test:one', 'place {number}', '2026-01-01')",
            "INSERT INTO turns (id, tenant, conversation_id, user_id, text, address, state, runs, reply, accepted_at)"
            f" VALUES ({number}, 'test:one', {number}, 'U1', 'kept', '{{}}', '{state}', 0, {reply}, '2026-01-01')",
        ]
        statements += [
            "INSERT INTO deliveries"
            " (id, tenant, turn_id, user_id, marker, address, payload, state, attempts, created_at)"
            f" VALUES ({name}, 'test:one', {number}, 'U1', 'm{name}', '{{}}', '{{}}', '{kept}', 0, '2026-01-01')"
            for name, kept in enumerate(posts, 10 * number)
        ]
    async with empty.engine.begin() as connection:
        for statement in statements:
            await connection.exec_driver_sql(statement)
    await schema.migrate(empty)
    store = Store(empty)
    assert await store.inbox.heads("a process") == [Work("test:one", 1)]
    assert [post.id for post in await store.outbox.heads("a process")] == [21]
    assert await store.inbox.resend([3]) == [3]
    assert [post.id for post in await store.outbox.heads("a process")] == [21, 30]


async def test_a_table_that_is_made_anew_on_sqlite_keeps_the_rows_that_belong_to_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = Database(DatabaseUrls.of(None, tmp_path), [KEY])
    await schema.migrate(empty)
    async with empty.engine.begin() as connection:
        for statement in KEPT:
            await connection.exec_driver_sql(statement)

    def remade(connection) -> None:
        with Operations(MigrationContext.configure(connection)).batch_alter_table("conversations", recreate="always"):
            pass

    monkeypatch.setattr(schema, "_upgrade", remade)
    await schema.migrate(empty)
    async with empty.engine.connect() as connection:
        assert (await connection.exec_driver_sql("SELECT count(*) FROM turns")).scalar() == 1
        assert (await connection.exec_driver_sql("PRAGMA foreign_keys")).scalar() == 1
    await empty.close()
