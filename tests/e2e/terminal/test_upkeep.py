"""The operator's commands on the database: migrate, forget, resend, and what doctor says of it."""

import asyncio
import getpass
import json
from pathlib import Path

from bot.store.accepting import Message
from bot.store.database import Database
from bot.store.encryption import key_in
from bot.store.inbox import Answer
from bot.store.post import Post
from bot.store.store import Store
from bot.store.where import Where
from tests.conftest import KEY
from tests.peers.postgres import Postgres
from tests.support.processes import run


def a_failed_turn(url: str, folder: Path, key: str) -> int:
    async def fail() -> int:
        store = Store(Database(Where.of(url, folder), [key]))
        accepted = await store.inbox.accept(Message("slack:T1", "C1", "U024BE7LH", "why is it slow?", ["e1"]))
        assert accepted and accepted.work
        turn = await store.inbox.turn(accepted.work)
        assert turn
        await store.inbox.answered(turn, Answer([Post({"text": "sorry"})]), "answering failed", "ab12cd34")
        await store.inbox.finish(turn, "answering failed")
        await store.close()
        return turn.id

    return asyncio.run(fail())


def test_what_failed_is_listed_and_sent_again(tmp_path: Path) -> None:
    assert b"up to date" in run(tmp_path, "migrate").stdout
    assert b"Nothing failed" in run(tmp_path, "resend").stdout
    number = a_failed_turn(f"sqlite:///{tmp_path}/rag-or-tune.sqlite", tmp_path, key_in(tmp_path))
    listed = run(tmp_path, "resend").stdout.decode()
    assert f"{number}  slack:T1" in listed
    assert "answering failed, reference ab12cd34" in listed
    assert "why is it slow?" not in listed
    refused = run(tmp_path, "resend", "77")
    assert (refused.returncode, b"no failed turn 77" in refused.stderr) == (1, True)
    assert b"1 turn(s) will be sent" in run(tmp_path, "resend", "--all").stdout
    assert b"Nothing failed" in run(tmp_path, "resend").stdout


def test_the_doctor_counts_what_failed(data_dir: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/kept.sqlite"
    well = run(data_dir, "doctor", DATABASE_URL=url)
    assert b"deliveries: nothing failed" in well.stdout
    a_failed_turn(url, tmp_path, key_in(tmp_path))
    ill = run(data_dir, "doctor", DATABASE_URL=url)
    assert ill.returncode == 1
    assert "1 question(s) could not be answered or delivered" in " ".join(ill.stdout.decode().split())


def test_a_person_is_forgotten(tmp_path: Path) -> None:
    run(tmp_path, "migrate")
    a_failed_turn(f"sqlite:///{tmp_path}/rag-or-tune.sqlite", tmp_path, key_in(tmp_path))
    assert b"Deleted" in run(tmp_path, "forget", "U024BE7LH").stdout
    assert all(b"U024BE7LH" not in file.read_bytes() for file in tmp_path.glob("*.sqlite*"))
    assert run(tmp_path, "forget", " ").returncode == 1


def test_postgres_is_migrated_by_command_only(postgres: Postgres, tmp_path: Path) -> None:
    given = {"DATABASE_URL": postgres.database("upkeep"), "SECRET_KEYS": KEY}
    early = run(tmp_path, "resend", **given)
    assert (early.returncode, b"Run rag-or-tune migrate." in early.stderr) == (1, True)
    assert b"up to date" in run(tmp_path, "migrate", **given).stdout
    assert b"Nothing failed" in run(tmp_path, "resend", **given).stdout


def test_a_database_that_is_not_there_is_a_sentence(tiny: Path, tmp_path: Path) -> None:
    gone = "postgresql://somebody:the-password@127.0.0.1:9/nothing"
    for command in ("chat", "resend", "migrate"):
        refused = run(tmp_path, command, DATABASE_URL=gone, SECRET_KEYS=KEY, CORPUS_DIR=str(tiny))
        assert refused.returncode == 1
        assert b"The database cannot be used" in refused.stderr
        assert b"Traceback" not in refused.stderr
        assert b"the-password" not in refused.stderr
    assert json.loads(run(tmp_path, "interview", "--answers", "-", typed=b"{}").stdout)  # which needs no database


def test_what_a_person_typed_on_this_machine_is_forgotten_too(tmp_path: Path) -> None:
    run(tmp_path, "migrate")
    typed = tmp_path / "chat-history"
    for user, is_kept in (("somebody-else", True), (getpass.getuser(), False)):
        typed.write_text("+our secret recipe\n")
        assert b"Deleted" in run(tmp_path, "forget", user).stdout
        assert typed.exists() is is_kept
