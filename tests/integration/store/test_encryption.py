"""Secrets at rest: nobody reads them without a key, and keys can be rotated."""

import asyncio
import stat
import sys
from asyncio.subprocess import PIPE, create_subprocess_exec
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from bot.errors import SettingsError
from bot.store.accepting import Work
from bot.store.database import Database, DatabaseUrls
from bot.store.encryption import key_in
from bot.store.store import Store
from tests.conftest import KEY, ROOT
from tests.support.rooms import ONE, REPLY, accepted, everything, pending, raw_bytes, said

SECRET = "xoxb-very-secret ü"
NEW_KEY = Fernet.generate_key().decode()
MAKE_A_KEY = """
import sys
from pathlib import Path
from bot.store.encryption import key_in

print("ready", flush=True)
input()
print(key_in(Path(sys.argv[1])))
"""


async def token_with(keys: list[str], url: str, tmp_path: Path, turn: int) -> str | None:
    """The secret of a turn, as a process with those keys reads it."""
    store = Store(Database(DatabaseUrls.of(url, tmp_path), keys))
    kept = await store.inbox.turn(Work(ONE, turn))
    await store.close()
    assert kept
    return kept.token


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_a_secret_is_not_readable_in_the_database(store: Store, tmp_path: Path) -> None:
    turn = await accepted(store, said("hello", token=SECRET))
    await store.inbox.answered(turn, REPLY)
    assert (await pending(store, turn))[0].token == SECRET
    kept = str(await everything(store.database))
    assert "hello" in kept
    assert "xoxb" not in kept
    await store.close()
    if store.database.urls.is_embedded:
        written = raw_bytes(tmp_path)
        assert b"hello" in written
        assert b"xoxb" not in written


async def test_a_secret_is_not_shown_with_its_message() -> None:
    assert "xoxb" not in repr(said("hello", token=SECRET))


async def test_after_a_rotation_old_secrets_are_still_read(store: Store, database_url: str, tmp_path: Path) -> None:
    old = await accepted(store, said("old", token=SECRET))
    rotated = Store(Database(DatabaseUrls.of(database_url, tmp_path), [NEW_KEY, KEY]))
    new = await accepted(rotated, said("new", token=SECRET))
    await rotated.close()
    assert await token_with([NEW_KEY, KEY], database_url, tmp_path, old.id) == SECRET
    assert await token_with([NEW_KEY], database_url, tmp_path, new.id) == SECRET
    assert await token_with([KEY], database_url, tmp_path, new.id) is None


async def test_what_no_key_can_read_is_none(store: Store, database_url: str, tmp_path: Path) -> None:
    turn = await accepted(store, said("hello", token=SECRET))
    assert await token_with([NEW_KEY], database_url, tmp_path, turn.id) is None
    async with store.database.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE turns SET token = 'garbage'")
    assert await token_with([KEY], database_url, tmp_path, turn.id) is None


async def test_two_databases_in_one_process_keep_their_own_keys(store: Store, tmp_path: Path) -> None:
    elsewhere = Database(DatabaseUrls.of(f"sqlite:///{tmp_path}/elsewhere.sqlite", tmp_path), [NEW_KEY])
    turn = await accepted(store, said("hello", token=SECRET))
    assert (await store.inbox.turn(Work(ONE, turn.id))).token == SECRET
    await elsewhere.close()


@pytest.mark.parametrize("keys", [["hunter2"], [KEY, "hunter2"], ["hunter2" * 7], ["hünter2"], []])
def test_a_key_that_is_none_is_refused_and_not_printed(keys: list[str], tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="SECRET_KEYS: each key must be 32 bytes") as caught:
        Database(DatabaseUrls.of(None, tmp_path), keys)
    assert "nter2" not in str(caught.value) + str(caught.value.__cause__)


def test_a_key_is_made_once_and_is_its_owners_only(tmp_path: Path) -> None:
    key = key_in(tmp_path)
    assert key_in(tmp_path) == key
    assert Fernet(key)
    assert names(tmp_path) == ["secret.key"]
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600


@pytest.mark.parametrize("damaged", [b"", b"half a k", "Schlüssel".encode("latin-1")])
def test_a_damaged_key_is_named_by_its_file_and_kept(tmp_path: Path, damaged: bytes) -> None:
    (tmp_path / "secret.key").write_bytes(damaged)
    with pytest.raises(SettingsError, match=r"secret\.key is damaged"):
        key_in(tmp_path)
    assert (tmp_path / "secret.key").read_bytes() == damaged


async def test_two_processes_make_one_key(tmp_path: Path) -> None:
    command = (sys.executable, "-c", MAKE_A_KEY, str(tmp_path))
    processes = [await create_subprocess_exec(*command, cwd=ROOT, stdin=PIPE, stdout=PIPE) for _ in range(3)]
    for process in processes:
        assert await process.stdout.readline() == b"ready\n"
    said = [out for out, _ in await asyncio.gather(*(process.communicate(b"\n") for process in processes))]
    assert set(said) == {key_in(tmp_path).encode() + b"\n"}
    assert names(tmp_path) == ["secret.key"]


async def test_many_threads_make_one_key(tmp_path: Path) -> None:
    for number in range(20):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert len(set(await asyncio.gather(*(asyncio.to_thread(key_in, folder) for _ in range(8))))) == 1
        assert names(folder) == ["secret.key"]
