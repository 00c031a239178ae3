"""The Procfile, started as an operator does, against the loopback platforms."""

import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest
from honcho.environ import parse_procfile

from tests.conftest import KEY, ROOT
from tests.peers.loopback import free_port
from tests.peers.postgres import Postgres
from tests.support.everything import everything, of_slack
from tests.support.processes import environment
from tests.support.running import ANSWERING, STARTING, STOPPING, status
from tests.support.slack.bots import QUESTION

pytestmark = pytest.mark.takes_long

HONCHO = [sys.executable, "-m", "honcho"]
APART = 100  # ports, from one process to the next
ALL_STARTING = 2 * STARTING  # on two cores
PARTS = ["web", "slack", "discord", "worker"]


def test_it_names_every_part() -> None:
    lines = parse_procfile((ROOT / "Procfile").read_text()).processes
    assert list(lines) == [*PARTS, "release"]
    assert all(lines[part] == f"rag-or-tune {part}" for part in PARTS)


def test_its_processes_run_side_by_side_and_end_when_they_are_asked_to(
    data_dir: Path, tmp_path: Path, postgres: Postgres
) -> None:
    with everything(data_dir, tmp_path) as bot:
        slack, discord = bot.slack, bot.discord
        port = free_port()
        own = bot.settings | of_slack(slack, sockets=False) | {"DATABASE_URL": postgres.database(uuid4().hex)}
        variables = environment(data_dir, **own, SECRET_KEYS=KEY, PORT=str(port), PYTHONPATH=str(ROOT))
        variables["PATH"] = f"{Path(sys.executable).parent}:{variables['PATH']}"
        release = parse_procfile((ROOT / "Procfile").read_text()).processes["release"]
        subprocess.run(release, shell=True, cwd=ROOT, env=variables, check=True, stdout=subprocess.DEVNULL)
        with (tmp_path / "honcho.txt").open("wb") as log:
            running = subprocess.Popen([*HONCHO, "start", *PARTS], cwd=ROOT, env=variables, stdout=log, stderr=log)
        urls = [f"http://127.0.0.1:{port + APART * number}" for number in range(len(PARTS))]
        try:
            slack.wait_for(lambda: all(status(f"{url}/readyz") == 200 for url in urls), ALL_STARTING, "the processes")
            ann, ben = slack.user("ann"), discord.user("ben")
            over_sockets = slack.mention(slack.channel("one", ann), ann, QUESTION)
            told = discord.dm(ben, QUESTION)
            slack.wait_for(lambda: slack.answers(over_sockets) and discord.answers(told), ANSWERING, "answers")
            slack.deliver_to(urls[0])
            over_http = slack.mention(slack.channel("two", ann), ann, QUESTION)
            slack.wait_for(lambda: slack.answers(over_http), ANSWERING, "an answer")
        finally:
            running.terminate()
            running.wait(STOPPING)
        assert [len(slack.answers(asked)) for asked in (over_sockets, over_http)] == [1, 1]
        assert len(discord.answers(told)) == 1
    said = (tmp_path / "honcho.txt").read_text()
    assert said.count(" stopped (rc=") == len(PARTS)
    assert "Traceback" not in said
    assert "SIGKILL" not in said
