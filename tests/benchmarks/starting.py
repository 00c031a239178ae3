"""Cold start: from the start of the process until it is connected to Slack and Discord and says that it is ready."""

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.figures import Figure
from tests.benchmarks.length import Length
from tests.benchmarks.timing import learned, resident, timed
from tests.conftest import ROOT
from tests.everything import everything

LIMIT = "import torch, sentence_transformers"  # which embedding takes in any case


def figures(length: Length) -> list[Figure]:
    """The median of some starts, in turns with that of the limit; the files are in the system's cache for both."""
    ours, theirs = list[float](), list[float]()
    with tempfile.TemporaryDirectory() as folder, everything(learned(), Path(folder)) as bot:
        for _ in range(length.starts):
            ours.append(timed(bot.start) / 1000)
            assert bot.process
            memory = resident(bot.process.pid)
            bot.stop()
            theirs.append(timed(lambda: subprocess.run([sys.executable, "-c", LIMIT], cwd=ROOT, check=True)) / 1000)
    name = "process start → ready on both platforms"
    return [
        Figure(name, statistics.median(ours), "s", statistics.median(theirs), LIMIT, "≤ 2"),
        Figure("resident memory then", memory, "MB"),
    ]
