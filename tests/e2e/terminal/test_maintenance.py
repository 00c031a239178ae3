"""The operator's commands on the database: migrate, forget, resend, desk and export, and what doctor says of it."""

import asyncio
import csv
import getpass
import io
import json
import re
from pathlib import Path

import pytest

from bot.settings import Settings
from bot.store.accepting import Message
from bot.store.database import Clock, Database, DatabaseUrls, now
from bot.store.encryption import key_in
from bot.store.inbox import Answer
from bot.store.post import Post
from bot.store.records import Lead
from bot.store.store import Store
from tests.conftest import KEY
from tests.peers.postgres import Postgres
from tests.support.processes import run
from tests.support.rooms import Clock as SetClock
from tests.support.town import MONDAY, Town, ann, cem

ESCAPES = "\x1b]0;another title\x07 \x1b[2J\x9b1A\r\u202eback"  # renames, clears, overwrites and turns round
OBEYED = re.compile(r"[^\n\x20-\x7e\xa0-\u2029\u2030-\U0010ffff]")


def store_in(folder: Path, clock: Clock = now) -> Store:
    url = f"sqlite:///{folder}/rag-or-tune.sqlite"
    return Store(Database(DatabaseUrls.of(url, folder), [key_in(folder)], clock))


@pytest.fixture
def lead(tmp_path: Path) -> Lead:
    """A request that is claimed and answered, and whose answer cannot be delivered."""
    run(tmp_path, "migrate")

    async def made() -> Lead:
        store = store_in(tmp_path, SetClock(MONDAY))
        town = Town(store, store.database.clock, Settings(consultant_slack_channel="C1"))
        lead = await town.request(ann(), need=f"=HYPERLINK(1){ESCAPES}", consent="all")
        await town.work()
        await town.reply(cem(), lead, f"Hello from a person{ESCAPES}")
        town.places["discord"].trouble = ConnectionError()
        for _ in range(26):
            await town.work(rounds=1)
            town.clock.advance(hours=1)
        await store.close()
        return lead

    return asyncio.run(made())


def test_requests_are_listed_shown_and_sent_again(tmp_path: Path, lead: Lead) -> None:
    listed = run(tmp_path, "desk", "list").stdout.decode()
    assert f"{lead.reference}  claimed  Cem  This week" in listed
    assert "undelivered" in listed
    assert "1 of 1 requests." in listed
    shown = run(tmp_path, "desk", "show", lead.reference.lower()).stdout.decode()
    for said in ("=HYPERLINK(1)", "Recommendation: RAG", "Hello from a person", "requested", "hush", "is failed"):
        assert said in shown, said
    refused = run(tmp_path, "desk", "show", "NOSUCHON")
    assert (refused.returncode, b"There is no request NOSUCHON" in refused.stderr) == (1, True)
    assert b"1 post(s) will be sent" in run(tmp_path, "desk", "resend", lead.reference).stdout
    assert b"undelivered" not in run(tmp_path, "desk", "list").stdout


def test_they_are_exported_as_json_lines_and_as_a_table(tmp_path: Path, lead: Lead) -> None:
    [record] = map(json.loads, run(tmp_path, "desk", "export").stdout.splitlines())
    assert (record["type"], record["reference"], record["email"]) == ("lead", lead.reference, "")
    assert [event["kind"] for event in record["events"]] == ["opened", "requested", "replied"]
    [row] = csv.DictReader(io.StringIO(run(tmp_path, "export", "leads", "--csv").stdout.decode()))
    assert (row["need"][:14], row["state"], row["email"]) == ("'=HYPERLINK(1)", "claimed", "")
    assert run(tmp_path, "export", "--csv").returncode == 1
    assert [json.loads(line)["type"] for line in run(tmp_path, "export").stdout.splitlines()] == ["lead"]
    assert run(tmp_path, "export", "analytics", "--csv").stdout.startswith(b"tenant,day,questions,")


@pytest.mark.parametrize("command", ["desk list", "desk show {}", "export", "export leads --csv"])
def test_nothing_that_others_wrote_is_obeyed_by_a_terminal(tmp_path: Path, lead: Lead, command: str) -> None:
    shown = run(tmp_path, *command.format(lead.reference).split()).stdout
    assert lead.reference in shown.decode()
    assert OBEYED.findall(shown.replace(b"\r\n", b"\n").decode()) == []


@pytest.fixture
def failed(tmp_path: Path) -> int:
    """The number of a turn whose answering failed."""
    run(tmp_path, "migrate")

    async def fail() -> int:
        store = store_in(tmp_path)
        accepted = await store.inbox.accept(Message("slack:T1", "C1", "U024BE7LH", "why is it slow?", ["e1"]))
        assert accepted and accepted.work
        turn = await store.inbox.turn(accepted.work)
        assert turn
        posts = await store.inbox.answered(turn, Answer([Post({"text": "sorry"})]), "answering failed", "ab12cd34")
        assert posts
        await store.inbox.delivered(posts[0], "1.1")
        await store.close()
        return turn.id

    return asyncio.run(fail())


def test_what_failed_is_listed_and_sent_again(failed: int, tmp_path: Path, data_dir: Path) -> None:
    listed = run(tmp_path, "resend").stdout.decode()
    assert f"{failed}  slack:T1" in listed
    assert "answering failed, reference ab12cd34" in listed
    assert "why is it slow?" not in listed
    refused = run(tmp_path, "resend", "77")
    assert (refused.returncode, b"no failed turn 77" in refused.stderr) == (1, True)
    kept = {"DATABASE_URL": f"sqlite:///{tmp_path}/rag-or-tune.sqlite"}
    ill = run(data_dir, "doctor", **kept)
    assert ill.returncode == 1
    assert "1 question(s) could not be answered or delivered" in " ".join(ill.stdout.decode().split())
    assert b"1 turn(s) will be sent" in run(tmp_path, "resend", "--all").stdout
    assert b"Nothing failed" in run(tmp_path, "resend").stdout
    assert b"deliveries: nothing failed" in run(data_dir, "doctor", **kept).stdout


def test_a_person_is_forgotten_and_what_they_typed_on_this_machine(failed: int, tmp_path: Path) -> None:
    typed = tmp_path / "chat-history"
    for user, is_kept in (("U024BE7LH", True), (getpass.getuser(), False)):
        typed.write_text("+our secret recipe\n")
        assert b"Deleted" in run(tmp_path, "forget", user).stdout
        assert typed.exists() is is_kept
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
