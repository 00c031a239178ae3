"""The database: tenants are kept apart by construction, and passing errors are told from lasting ones."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import JSON, Column, String, delete, func, insert, inspect, literal, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import aliased

from bot.errors import SettingsError
from bot.store import schema
from bot.store.database import Database, DatabaseUrls
from bot.store.retrying import passing, persistently
from bot.store.store import Store
from bot.store.tables import ConversationRow, EventRow, FeedbackRow, Row, StateColumn, TurnRow
from bot.store.tenancy import TenantIsolationError
from tests.conftest import KEY
from tests.peers.postgres import Postgres
from tests.support.rooms import ONE, TWO, held, impatient, is_new, said

PATIENCE = 5.0  # seconds
MOMENT = datetime(2026, 6, 1, tzinfo=UTC)
TABLES = sorted((mapper.class_ for mapper in Row.registry.mappers), key=lambda table: table.__name__)


def row_of(table: type[Row], parents: dict[str, int]) -> Row:
    """A row with something in each of its columns, whatever table it is."""
    values = {}
    for attribute in inspect(table).column_attrs:
        column = attribute.columns[0]
        if column.foreign_keys:
            values[attribute.key] = parents[next(iter(column.foreign_keys)).column.table.name]
        elif attribute.key not in ("id", "tenant"):
            values[attribute.key] = value_of(column)
    return table(**values)


def value_of(column: Column) -> object:
    if isinstance(column.type, StateColumn):
        return next(iter(column.type.kind))
    kind = getattr(column.type, "impl_instance", column.type)
    if isinstance(kind, String):
        return uuid4().hex[:12] if column.unique else "same"
    if isinstance(kind, JSON):
        return {"said": "same"}
    return {int: 1, bool: True, datetime: MOMENT}[kind.python_type]


async def fill(database: Database, tenant: str) -> dict[str, int]:
    """One row in every table; returns their ids."""
    ids = dict[str, int]()
    async with database.transaction(tenant) as session:
        for table in Row.metadata.sorted_tables:
            mapped = next(one for one in TABLES if one.__table__ is table)
            row = row_of(mapped, ids)
            session.add(row)
            await session.flush()
            ids[table.name] = row.id
    return ids


@pytest.fixture
async def filled(store: Store) -> Database:
    for tenant in (ONE, TWO):
        await fill(store.database, tenant)
    return store.database


async def all_rows(database: Database) -> list[tuple[object, ...]]:
    async with database.engine.connect() as connection:
        found = list[tuple[object, ...]]()
        for table in Row.metadata.sorted_tables:
            columns = ", ".join(f'"{column.name}"' for column in table.columns)
            rows = await connection.exec_driver_sql(f"SELECT {columns} FROM {table.name} WHERE tenant = '{ONE}'")
            found += [(table.name, *map(str, row)) for row in rows]
    return sorted(found, key=str)


@pytest.mark.parametrize("tenant", ["", "*"])
async def test_a_transaction_without_a_tenant_is_refused(store: Store, tenant: str) -> None:
    with pytest.raises(TenantIsolationError):
        async with store.database.transaction(tenant):
            pass


REFUSED = {
    "text": text("SELECT id FROM turns"),
    "text as entities": select(TurnRow).from_statement(text("SELECT * FROM turns")),
    "core select": select(TurnRow.__table__.c.id),
    "core update": update(TurnRow.__table__).values(text="x"),
    "core delete": delete(TurnRow.__table__),
    "core insert": insert(EventRow.__table__).values(tenant=ONE, key="x", seen_at=MOMENT),
    "nothing": select(literal(1)),
}


@pytest.mark.parametrize("statement", REFUSED.values(), ids=list(REFUSED))
async def test_a_statement_that_is_not_on_the_mapped_tables_is_refused(store: Store, statement) -> None:
    with pytest.raises(TenantIsolationError):
        async with store.database.transaction(TWO) as session:
            await session.execute(statement)


@pytest.mark.parametrize("statement", [insert(EventRow), update(EventRow)], ids=["insert", "update"])
async def test_rows_given_beside_a_statement_are_refused(store: Store, statement) -> None:
    with pytest.raises(TenantIsolationError):
        async with store.database.transaction(TWO) as session:
            await session.execute(statement, [{"id": 7, "tenant": ONE, "key": "x", "seen_at": MOMENT}])


async def test_every_table_shows_a_tenant_its_own_rows_only(filled: Database) -> None:
    async with filled.transaction(TWO) as session:
        for table in TABLES:
            again, within = aliased(table), select(table).subquery()
            assert {row.tenant for row in await session.scalars(select(table))} == {TWO}
            assert list(await session.scalars(select(table.tenant))) == [TWO]
            assert list(await session.scalars(select(again.tenant))) == [TWO]
            assert await session.scalar(select(func.count(table.id))) == 1
            assert await session.scalar(select(func.count()).select_from(table)) == 1
            assert await session.scalar(select(func.min(table.tenant))) == TWO
            assert list(await session.scalars(select(within.c.tenant))) == [TWO]
            assert list(await session.scalars(select(select(table.tenant).cte().c.tenant))) == [TWO]
            assert await session.scalar(select(select(table.id).where(table.tenant == ONE).exists())) is False
            assert (await session.execute(select(again.id, table.id).join(table, table.id != again.id))).all() == []


async def test_a_join_and_a_subquery_see_only_the_tenants_rows(filled: Database) -> None:
    async with filled.transaction(TWO) as session:
        for table in TABLES:
            again = aliased(table)
            joined = select(EventRow.tenant, again.tenant).select_from(EventRow).outerjoin(again, again.id > 0)
            assert (await session.execute(joined)).all() == [(TWO, TWO)]
            theirs = select(table.id).where(table.tenant == ONE)
            assert (await session.scalars(select(EventRow.id).where(theirs.exists()))).all() == []
            counted = select(EventRow.id, select(func.count(table.id)).scalar_subquery())
            assert [count for _, count in await session.execute(counted)] == [1]


async def test_another_tenants_row_is_not_found_by_its_id(store: Store) -> None:
    ids = await fill(store.database, ONE)
    async with store.database.transaction(TWO) as session:
        for table in TABLES:
            assert await session.get(table, ids[table.__tablename__]) is None
            assert await session.scalar(select(table).where(table.id == ids[table.__tablename__])) is None


async def test_updates_and_deletes_do_not_reach_another_tenant(filled: Database) -> None:
    before = await all_rows(filled)
    async with filled.transaction(TWO) as session:
        for table in TABLES:
            changed = update(table).values(id=table.id).returning(table.tenant)
            without_sync = changed.execution_options(synchronize_session=False)
            assert set(await session.scalars(without_sync)) == {TWO}
            assert list(await session.scalars(without_sync.where(table.tenant == ONE))) == []
        theirs = select(ConversationRow.id).where(ConversationRow.tenant == ONE)
        named = update(TurnRow).where(TurnRow.conversation_id.in_(theirs)).values(text="x").returning(TurnRow.id)
        assert list(await session.scalars(named)) == []
        for table in reversed(Row.metadata.sorted_tables):
            mapped = next(one for one in TABLES if one.__table__ is table)
            await session.execute(delete(mapped).execution_options(synchronize_session=False))
    assert await all_rows(filled) == before
    async with filled.transaction(TWO) as session:
        assert [await session.scalar(select(func.count(table.id))) for table in TABLES] == [0] * len(TABLES)


async def test_an_inserted_row_is_the_sessions_even_if_it_names_another_tenant(store: Store) -> None:
    new = {"tenant": ONE, "key": "x", "seen_at": MOMENT}
    async with store.database.transaction(TWO) as session:
        assert await session.scalar(insert(EventRow).values(new).returning(EventRow.tenant)) == TWO
        new_one = store.database.insert(EventRow).values(new | {"key": "y"}).returning(EventRow.tenant)
        assert await session.scalar(new_one) == TWO
        row = EventRow(tenant=ONE, key="z", seen_at=MOMENT)
        session.add(row)
    assert row.tenant == TWO


async def test_a_row_cannot_be_moved_to_another_tenant(filled: Database) -> None:
    async with filled.transaction(TWO) as session:
        await session.execute(update(EventRow).values(tenant=ONE))
        assert list(await session.scalars(select(EventRow.tenant))) == [TWO]
    with pytest.raises(TenantIsolationError):
        async with filled.transaction(TWO) as session:
            (await session.scalars(select(EventRow))).one().tenant = ONE


@pytest.mark.parametrize("deed", ["change", "steal", "delete"])
async def test_a_row_that_was_read_as_one_tenant_is_not_written_as_another(filled: Database, deed: str) -> None:
    async with filled.transaction(ONE) as session:
        row = (await session.scalars(select(EventRow))).one()
    before = await all_rows(filled)
    with pytest.raises(TenantIsolationError):
        async with filled.transaction(TWO) as session:
            session.add(row)
            if deed == "delete":
                await session.delete(row)
            else:
                row.key = "changed"
            if deed == "steal":
                row.tenant = TWO
    assert await all_rows(filled) == before


async def test_a_new_row_across_tenants_is_refused(store: Store) -> None:
    with pytest.raises(TenantIsolationError):
        async with store.database.across_tenants() as session:
            session.add(EventRow(tenant=ONE, key="x", seen_at=MOMENT))


async def test_across_tenants_sees_everybody(filled: Database) -> None:
    async with filled.across_tenants() as session:
        for table in TABLES:
            assert set(await session.scalars(select(table.tenant))) == {ONE, TWO}


async def test_two_tenants_at_once_see_only_their_own(store: Store, other: Store) -> None:
    async def busy(room: Store, tenant: str) -> None:
        for number in range(10):
            await room.inbox.accept(said(f"{number} of {tenant}", str(number), tenant=tenant))
            async with room.database.transaction(tenant) as session:
                assert {turn.tenant for turn in await session.scalars(select(TurnRow))} == {tenant}
                assert await session.scalar(select(func.count(TurnRow.id))) == number + 1

    await asyncio.gather(busy(store, ONE), busy(other, TWO), busy(store, "test:three"))


async def test_a_transaction_is_rolled_back_when_it_fails(store: Store) -> None:
    with pytest.raises(RuntimeError):
        async with store.database.transaction(ONE) as session:
            session.add(EventRow(key="x", seen_at=MOMENT))
            await session.flush()
            raise RuntimeError
    assert await is_new(store, "x")


async def test_a_row_without_its_parent_is_refused_for_good(store: Store) -> None:
    with pytest.raises(IntegrityError) as caught:
        async with store.database.transaction(ONE) as session:
            session.add(FeedbackRow(turn_id=12345, user="U1", helpful=True, given_at=MOMENT))
    assert not passing(caught.value)


async def test_a_missing_table_does_not_pass(empty_url: str, tmp_path: Path) -> None:
    store = Store(Database(DatabaseUrls.of(empty_url, tmp_path), [KEY]))
    with pytest.raises(DBAPIError) as caught:
        async with store.database.transaction(ONE) as session:
            await session.scalars(select(EventRow))
    assert not passing(caught.value)
    with pytest.raises(DBAPIError):
        await asyncio.wait_for(persistently(is_new, store, "x"), 5)
    await store.close()


@pytest.mark.parametrize("error", [ValueError(), OSError(), sqlite3.OperationalError("locked")])
def test_an_error_of_something_else_does_not_pass(error: Exception) -> None:
    assert not passing(error)


class TestSqlite:
    """What happens to a file."""

    @pytest.fixture
    async def hurried(self, tmp_path: Path):
        database = Database(DatabaseUrls.of(None, tmp_path), [KEY])
        impatient(database)
        await schema.migrate(database)
        yield Store(database)
        await database.close()

    async def test_a_locked_file_passes_and_is_tried_again_until_it_is_free(
        self, hurried: Store, tmp_path: Path
    ) -> None:
        process = Database(DatabaseUrls.of(None, tmp_path), [KEY])
        async with held(process):
            with pytest.raises(DBAPIError) as caught:
                await is_new(hurried, "x")
            assert passing(caught.value)
            waiting = asyncio.create_task(persistently(is_new, hurried, "x"))
            await asyncio.sleep(0.3)
            assert not waiting.done()
        assert await asyncio.wait_for(waiting, 10)
        await process.close()

    async def test_a_full_disk_passes_and_nothing_is_kept_by_halves(self, hurried: Store) -> None:
        engine = hurried.database.engine
        async with engine.connect() as connection:
            pages = (await connection.exec_driver_sql("PRAGMA page_count")).scalar()
            await connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
        with pytest.raises(DBAPIError) as caught:
            await hurried.inbox.accept(said("x" * 100_000, "key"))
        assert passing(caught.value)
        async with engine.connect() as connection:
            await connection.exec_driver_sql("PRAGMA max_page_count=1000000")
        assert await hurried.inbox.accept(said("x" * 100_000, "key"))

    async def test_what_is_committed_is_on_the_disk_and_what_is_deleted_is_overwritten(self, hurried: Store) -> None:
        async with hurried.database.engine.connect() as connection:
            names = ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
            values = [(await connection.exec_driver_sql(f"PRAGMA {name}")).scalar() for name in names]
        assert values == ["wal", 2, 1, 1]


async def test_a_server_that_goes_away_passes_and_is_waited_for(mortal_postgres: Postgres, tmp_path: Path) -> None:
    store = Store(Database(DatabaseUrls.of(mortal_postgres.database("mortal"), tmp_path), [KEY]))
    await schema.migrate(store.database)
    assert await is_new(store, "before")
    with pytest.raises(DBAPIError) as lost:
        async with store.database.transaction(ONE) as session:
            await session.scalars(select(EventRow))
            await asyncio.to_thread(mortal_postgres.stop)
            await session.scalars(select(EventRow))
    assert passing(lost.value)
    with pytest.raises(DBAPIError) as refused:
        await is_new(store, "meanwhile")
    assert passing(refused.value)
    waiting = asyncio.create_task(persistently(is_new, store, "meanwhile"))
    await asyncio.to_thread(mortal_postgres.start)
    assert await asyncio.wait_for(waiting, 20)
    await store.close()


@pytest.mark.parametrize(
    ("url", "own"), [(None, "/data/rag-or-tune.sqlite"), ("sqlite:////some/where.db", "/some/where.db")]
)
def test_sqlite_is_a_file(url: str | None, own: str) -> None:
    urls = DatabaseUrls.of(url, Path("/data"))
    assert (urls.is_embedded, urls.own.database) == (True, own)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg", "postgresql+asyncpg"])
def test_a_url_of_postgres_is_taken_however_it_is_spelt(scheme: str, tmp_path: Path) -> None:
    urls = DatabaseUrls.of(f"{scheme}://me:hunter2@host:5433/name?sslmode=require", tmp_path)
    assert not urls.is_embedded
    assert urls.own.render_as_string(hide_password=False) == (
        "postgresql+psycopg://me:hunter2@host:5433/name?sslmode=require"
    )
    assert "hunter2" not in repr(urls)


@pytest.mark.parametrize(
    "url",
    [
        "mysql://me:hunter2@host/name",
        "nothing://me:hunter2@host/name",
        "postgresql://me:hunter2@host:port/name",
        "postgresql://me:hunter2@[::1/name",
        "me:hunter2@host",
        "postgresql:me:hunter2",
        "sqlite://",
        "sqlite:///:memory:",
    ],
)
def test_another_url_is_refused_and_its_password_not_printed(url: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="DATABASE_URL") as caught:
        DatabaseUrls.of(url, tmp_path)
    assert "hunter2" not in str(caught.value) + str(caught.value.__cause__)


def test_every_table_belongs_to_a_tenant() -> None:
    assert {mapper.local_table for mapper in Row.registry.mappers} == set(Row.metadata.tables.values())
    assert all(not table.c.tenant.nullable for table in Row.metadata.tables.values())


async def test_who_is_cancelled_twice_before_a_locked_file_keeps_nobody_waiting(tmp_path: Path) -> None:
    database = Database(DatabaseUrls.of(f"sqlite:///{tmp_path}/database.sqlite", tmp_path), [KEY])

    async def ask() -> None:
        async with database.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    await ask()
    with closing(sqlite3.connect(tmp_path / "database.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        asking = asyncio.create_task(ask())
        await asyncio.sleep(0.2)
        asking.cancel()  # as a probe that takes too long
        await asyncio.sleep(0.2)
        closing_it = asyncio.all_tasks() - {asyncio.current_task(), asking}
        assert closing_it
        for task in (asking, *closing_it):  # as the end of a process
            task.cancel()
        await asyncio.sleep(0.2)
        other.execute("ROLLBACK")
    _, waiting = await asyncio.wait({asking, *closing_it}, timeout=PATIENCE)
    assert not waiting
    await ask()
    await database.close()
