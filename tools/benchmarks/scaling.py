"""Scale-out over Postgres: round after round, each of five processes is stopped or killed while people go on asking."""

import asyncio
import tempfile
from pathlib import Path

from tests.peers.postgres import binaries, postgres_server
from tests.support.delivery.crashing import prepare
from tests.support.running import Running
from tests.support.scaling import Fleet, fleet
from tools.benchmarks.figures import Figure
from tools.benchmarks.length import Length
from tools.benchmarks.timing import learned


def figures(length: Length) -> list[Figure]:
    """What becomes of what people ask; without Postgres there is nothing to measure."""
    if binaries() is None:
        return []
    data = learned()
    with tempfile.TemporaryDirectory() as server, postgres_server(Path(server)) as postgres:
        found = list[Figure]()
        for name, end in (("stopped", Running.stop), ("killed", Running.kill)):
            url = postgres.database(name)
            asyncio.run(prepare(url))
            with tempfile.TemporaryDirectory() as folder, fleet(url, data, Path(folder)) as bots:
                bots.start()
                with bots.talking():
                    for _ in range(length.restarts):
                        bots.restart(end)
                bots.finished()
                found += _of(bots, f"five processes, each {name}, {length.restarts} ×")
        return found


def _of(bots: Fleet, what: str) -> list[Figure]:
    asked, answered = bots.asked, bots.answered
    lost = sum(max(asked[place] - answered[place], 0) for place in asked)
    doubled = sum(max(answered[place] - asked[place], 0) for place in asked)
    return [
        Figure(f"questions ({what})", sum(asked.values()), ""),
        Figure("lost", lost, "", aim="0"),
        Figure("said twice", doubled, "", aim="0"),
        Figure("in order", float(bots.is_in_order), "", aim="1"),
    ]
