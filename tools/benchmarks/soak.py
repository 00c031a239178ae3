"""Soak: the memory of a bot that has answered 100,000 messages, beside that of the same one after 1,000.

To be through within two hours the connections to the platforms are left out (`soaked.py` says what is real); those are
measured under load. Embedding has one core, the flow the other. What does not come within the longest time is not
waited for; the figures say how many came.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.conftest import KEY, ROOT
from tests.support.processes import environment
from tools.benchmarks.figures import Figure
from tools.benchmarks.length import Length
from tools.benchmarks.timing import learned, resident


def figures(length: Length) -> list[Figure]:
    """Memory and speed, from the first thousand messages to the last."""
    with tempfile.TemporaryDirectory() as folder:
        memory, seconds = _soaked(Path(folder), length)
    first, last = min(memory), max(memory)
    name = f"resident memory after {last:,} of {length.soak:,} messages, flow and consultant in one process"
    beside = f"after {first:,}"
    return [
        Figure(name, memory[last], "MB", memory[first], beside, "≤ 1.1"),
        Figure("its greatest", max(memory.values()), "MB", memory[first], beside, "≤ 1.1"),
        Figure("answers a second", last / seconds, "/s"),
    ]


def _soaked(folder: Path, length: Length) -> tuple[dict[int, float], float]:
    """The memory in MB by how many messages were answered, and the seconds that they took."""
    own = {"OMP_NUM_THREADS": "1", "DATABASE_URL": f"sqlite:///{folder}/database.sqlite", "SECRET_KEYS": KEY}
    command = [sys.executable, "-m", "tools.benchmarks.soaked", str(length.soak), str(length.longest)]
    variables = environment(learned(), **own)
    with subprocess.Popen(command, cwd=ROOT, env=variables, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        memory = dict[int, float]()
        try:
            assert process.stdout.readline() == "ready\n"
            began = time.monotonic()
            for line in process.stdout:
                taken = time.monotonic() - began
                if line == "over\n":
                    break
                memory[int(line)] = resident(process.pid)
        finally:
            process.kill()
    return memory, taken
