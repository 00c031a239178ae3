"""Scale-out over Postgres: five processes, each of which is stopped and started anew while people go on asking."""

import asyncio
from pathlib import Path
from uuid import uuid4

import pytest

from tests.peers.postgres import Postgres
from tests.support.delivery.crashing import prepare
from tests.support.running import Running
from tests.support.scaling import fleet

pytestmark = pytest.mark.takes_long


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
