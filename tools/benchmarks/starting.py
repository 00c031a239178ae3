"""Cold start: from the start of the process until it is connected to Slack and Discord and says that it is ready."""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.conftest import ROOT
from tests.peers.loopback import free_port
from tests.support.everything import Everything, everything
from tests.support.running import STARTING, status
from tools.benchmarks.figures import Figure
from tools.benchmarks.length import Length
from tools.benchmarks.timing import learned, resident, timed

LIMIT = "import onnxruntime, tokenizers, faiss, sqlalchemy, dbos, slack_bolt.async_app, discord"  # its libraries


def figures(length: Length) -> list[Figure]:
    """The median of some starts, in turns with that of the limit; the files are in the system's cache for both."""
    ours, theirs, memory = list[float](), list[float](), list[float]()
    with tempfile.TemporaryDirectory() as folder, everything(learned(), Path(folder)) as bot:
        for _ in range(length.starts):
            seconds, megabytes = _start(bot)
            ours.append(seconds)
            memory.append(megabytes)
            theirs.append(timed(lambda: subprocess.run([sys.executable, "-c", LIMIT], cwd=ROOT, check=True)) / 1000)
    name = "process start → ready on both platforms"
    return [
        Figure(name, statistics.median(ours), "s", statistics.median(theirs), LIMIT, "≤ 2"),
        Figure("resident memory then", statistics.median(memory), "MB"),
    ]


def _start(bot: Everything) -> tuple[float, float]:
    """Starts it as a user does, not forked; the seconds until it is ready, and its memory then in MB."""
    port, started = free_port(), time.monotonic()
    command, variables = [sys.executable, "-m", "bot", "serve"], bot.environment(PORT=str(port))
    with subprocess.Popen(command, cwd=ROOT, env=variables, stderr=subprocess.DEVNULL) as process:
        try:
            bot.slack.wait_for(lambda: status(f"http://127.0.0.1:{port}/readyz") == 200, STARTING, "the bot")
            return time.monotonic() - started, resident(process.pid)
        finally:
            process.terminate()
