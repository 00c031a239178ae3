"""Processes over one Postgres: one accepts and another answers; five are restarted while people go on asking."""

import asyncio
from pathlib import Path
from uuid import uuid4

import pytest

from tests.peers.postgres import Postgres
from tests.support.delivery.crashing import prepare
from tests.support.everything import Everything, everything
from tests.support.running import ANSWERING, Running, status
from tests.support.scaling import fleet
from tests.support.slack.bots import QUESTION


def test_a_worker_answers_what_another_process_accepted(postgres: Postgres, data_dir: Path, tmp_path: Path) -> None:
    url = postgres.database(uuid4().hex)
    asyncio.run(prepare(url))
    with everything(data_dir, tmp_path) as listener:
        listener.settings |= {"DATABASE_URL": url, "ANSWERED_BY": "workers"}
        worker = Everything(listener.slack, listener.discord, data_dir, tmp_path, listener.settings)
        try:
            listener.start("serve", "--only", "slack")
            assert not listener.discord.connected
            slack, ann = listener.slack, listener.slack.user("ann")
            asked = slack.mention(slack.channel("general", ann), ann, QUESTION)
            slack.settle(ANSWERING)
            assert not slack.answers(asked)
            worker.start("worker")
            assert status(f"{worker.url}/healthz") == 200
            slack.wait_for(lambda: slack.answers(asked), ANSWERING, "an answer")
            assert "Risk of catastrophic forgetting" in slack.answers(asked)[0].text
            assert (worker.stop(), listener.stop()) == (0, 0)
        finally:
            worker.kill()
        assert listener.log == ""


@pytest.mark.takes_long
def test_a_rolling_restart_of_five_processes_loses_nothing_and_says_nothing_twice(
    postgres: Postgres, data_dir: Path, tmp_path: Path
) -> None:
    url = postgres.database(uuid4().hex)
    asyncio.run(prepare(url))
    with fleet(url, data_dir, tmp_path) as bots:
        bots.start()
        with bots.talking():
            bots.restart(Running.stop)
        bots.finished()
        assert bots.answered == bots.asked
        assert bots.is_in_order
        assert len(bots.balancer.taken) > 2  # both from before the restart, and after
        assert [process.stop() for process in bots.processes] == [0] * len(bots.processes)
        for process in bots.processes:
            assert "Traceback" not in process.log, process.log
