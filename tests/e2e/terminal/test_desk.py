"""The operator's commands on requests: list, show, resend, export."""

import asyncio
import csv
import io
import json
import re
from pathlib import Path

import pytest

from bot.settings import Settings
from bot.store.database import Database
from bot.store.encryption import key_in
from bot.store.records import Lead
from bot.store.store import Store
from bot.store.where import Where
from tests.support.processes import run
from tests.support.town import Clock, Town, ann, cem

ESCAPES = "\x1b]0;another title\x07 \x1b[2J\x9b1A\r\u202eback"  # renames, clears, overwrites and turns round
OBEYED = re.compile(r"[^\n\x20-\x7e\xa0-\u2029\u2030-\U0010ffff]")


@pytest.fixture
def lead(tmp_path: Path) -> Lead:
    """A request that is claimed and answered, and whose answer cannot be delivered."""
    run(tmp_path, "migrate")

    async def made() -> Lead:
        url = f"sqlite:///{tmp_path}/rag-or-tune.sqlite"
        store = Store(Database(Where.of(url, tmp_path), [key_in(tmp_path)], Clock()))
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
