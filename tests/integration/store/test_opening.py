"""Opening the store: private files, and a sentence for everything that can be wrong."""

import os
import stat
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from bot.errors import SettingsError
from bot.settings import Settings
from bot.store.schema import SchemaError
from bot.store.store import DatabaseError, open_store
from tests.conftest import KEY
from tests.peers.postgres import Postgres
from tests.support.rooms import accepted, is_new, said


def settings(folder: Path, url: str | None = None, keys: str = "") -> Settings:
    return Settings(data_dir=folder, database_url=url, secret_keys=keys)


def modes(folder: Path) -> dict[str, int]:
    """Who may do what with a folder's files."""
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


async def test_without_settings_the_store_is_files_in_the_data_directory(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    async with open_store(settings(folder)) as store:
        turn = await accepted(store, said("hello", token="secret"))
    assert set(modes(folder)) == {"rag-or-tune.sqlite", "secret.key"}
    async with open_store(settings(folder)) as store:
        again = (await store.inbox.heads())[0]
        assert (await store.inbox.turn(again)).token == "secret"
        assert again.turn == turn.id


async def test_every_file_is_its_owners_only(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        async with open_store(settings(tmp_path)) as store:
            await accepted(store, said("hello"))
            found = modes(tmp_path)
    finally:
        os.umask(before)
    assert {"rag-or-tune.sqlite", "rag-or-tune.sqlite-wal", "secret.key"} <= set(found)
    assert set(found.values()) == {0o600}


async def test_what_earlier_versions_kept_beside_it_is_removed(tmp_path: Path) -> None:
    (tmp_path / "rag-or-tune-engine.locks").mkdir()
    for name in ("rag-or-tune-engine.sqlite", "rag-or-tune-engine.sqlite-wal", "rag-or-tune-engine.locks/a-process"):
        (tmp_path / name).touch()
    async with open_store(settings(tmp_path)):
        assert not [name for name in modes(tmp_path) if "engine" in name]


async def test_keys_that_are_set_are_used_instead_of_a_file(tmp_path: Path) -> None:
    async with open_store(settings(tmp_path, keys=KEY)):
        assert "secret.key" not in modes(tmp_path)


async def test_a_file_of_its_own_may_be_named(tmp_path: Path) -> None:
    async with open_store(settings(tmp_path, f"sqlite:///{tmp_path}/deep/mine.sqlite")):
        assert {"mine.sqlite", "secret.key"} <= set(modes(tmp_path / "deep"))


async def refusal(given: Settings, kind: type[Exception] = DatabaseError) -> str:
    with pytest.raises(kind) as caught:
        async with open_store(given):
            pass
    return str(caught.value)


@pytest.mark.parametrize(
    ("put", "told"),
    [
        (lambda path: path.write_bytes(b"This is a letter, not a database. " * 100), "file is not a database"),
        (lambda path: path.write_bytes(b"SQLite format 3\0" + bytes(5000)), "rag-or-tune.sqlite; if it is damaged"),
        (lambda path: path.mkdir(), "cannot be"),
    ],
    ids=["a letter", "a damaged database", "a folder"],
)
async def test_a_file_that_is_no_database_is_refused(tmp_path: Path, put: Callable[[Path], object], told: str) -> None:
    put(tmp_path / "rag-or-tune.sqlite")
    sentence = await refusal(settings(tmp_path))
    assert told in sentence
    assert "server" not in sentence


@pytest.mark.parametrize("folder", [__file__ + "/data", "/proc/rag-or-tune"], ids=["in a file", "of the kernel's"])
async def test_a_data_directory_that_cannot_be_made_is_named(folder: str) -> None:
    sentence = await refusal(settings(Path(folder)))
    assert "cannot be kept" in sentence
    assert "DATA_DIR" in sentence


async def test_a_server_that_is_not_there_is_told_without_the_password(tmp_path: Path) -> None:
    sentence = await refusal(settings(tmp_path, "postgresql://me:hunter2@127.0.0.1:1/name", KEY))
    assert "Connection refused" in sentence
    assert "DATABASE_URL" in sentence
    assert "hunter2" not in sentence


async def test_a_database_that_is_not_there_is_told(tmp_path: Path, postgres: Postgres) -> None:
    url = f"postgresql://postgres:hunter2@127.0.0.1:{postgres.port}/nowhere"
    sentence = await refusal(settings(tmp_path, url, KEY))
    assert 'database "nowhere" does not exist' in sentence
    assert "hunter2" not in sentence


async def test_postgres_needs_keys(tmp_path: Path, postgres: Postgres) -> None:
    sentence = await refusal(settings(tmp_path, postgres.database(uuid4().hex)), SettingsError)
    assert sentence.startswith("SECRET_KEYS: ")


async def test_postgres_is_migrated_only_when_asked(tmp_path: Path, postgres: Postgres) -> None:
    given = settings(tmp_path, postgres.database(uuid4().hex), KEY)
    assert "rag-or-tune migrate" in await refusal(given, SchemaError)
    async with open_store(given, migrating=True):
        pass
    async with open_store(given) as store:
        assert await is_new(store, "event")
    assert modes(tmp_path) == {}


async def test_an_error_while_the_store_is_used_is_not_taken_for_one_of_opening(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="mine"):
        async with open_store(settings(tmp_path)):
            raise OSError("mine")


async def test_for_reading_nothing_is_made(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="No database found"):
        async with open_store(settings(tmp_path), reading=True):
            pass
    assert modes(tmp_path) == {}


async def test_for_reading_nothing_is_brought_up_to_date(tmp_path: Path) -> None:
    (tmp_path / "rag-or-tune.sqlite").touch()
    with pytest.raises(SchemaError, match="Run rag-or-tune migrate"):
        async with open_store(settings(tmp_path), reading=True):
            pass
    async with open_store(settings(tmp_path)) as store:
        await accepted(store, said("hello"))
    async with open_store(settings(tmp_path), reading=True) as store:
        assert len(await store.inbox.heads()) == 1
