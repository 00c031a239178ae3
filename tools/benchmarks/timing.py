"""What the benchmarks of Slack and Discord share: what is asked, and times beside those of their least parts."""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from bot.guidance.embedding import PACKAGED_SHA256, Embedder, find_packaged_model
from bot.guidance.model_cache import ModelCache
from tests.conftest import PREBUILT, ROOT
from tests.support.processes import environment
from tools.benchmarks.figures import Figure

DATA = ROOT / ".pytest_cache" / "d" / "data"  # what is learned, which the tests keep; to learn it takes minutes
QUESTIONS = (
    "What are the cons of fine-tuning?",
    "Which one is cheaper in the long run?",
    "Can both be combined?",
    "How much data does fine-tuning need?",
    "What do we have to host for retrieval?",
)
WARMING = 5
ROUNDS = 60
MEGABYTE = 1024 * 1024
UNLIMITED = {"QUESTIONS_PER_USER": "1000000", "QUESTIONS_PER_TENANT": "1000000"}


def learned() -> Path:
    """The data directory, with all that is learned from the corpus."""
    DATA.mkdir(parents=True, exist_ok=True)
    command, nowhere = [sys.executable, "-m", "bot", "index"], subprocess.DEVNULL
    subprocess.run(command, cwd=ROOT, env=environment(DATA), stdout=nowhere, check=True)
    return DATA


def packaged_embedder() -> Embedder:
    """The packaged model, loaded; its export is kept with that of the tests."""
    embedder = Embedder(find_packaged_model(), PACKAGED_SHA256, ModelCache(PREBUILT))
    embedder.embed(["warm up"])
    return embedder


@dataclass
class Times:
    """How long each round took, in milliseconds."""

    bot: list[float] = field(default_factory=list)
    echo: list[float] = field(default_factory=list)
    embedding: list[float] = field(default_factory=list)
    insert: list[float] = field(default_factory=list)

    def figure(self, name: str, measure: Callable[[Sequence[float]], float], aim: str) -> Figure:
        """What the bot took beside the sum of all else."""
        limits = {"echo": self.echo, "embedding": self.embedding, "insert": self.insert}
        least = {part: measure(times) for part, times in limits.items() if times}
        beside = " + ".join(f"{part} {value:.1f}" for part, value in least.items())
        return Figure(name, measure(self.bot), "ms", sum(least.values()), beside, aim)


def timed(action: Callable[[], object]) -> float:
    """Milliseconds that an action takes."""
    started = time.perf_counter()
    action()
    return (time.perf_counter() - started) * 1000


def resident(process: int) -> float:
    """The resident memory of a process and of those that it started, in MB."""
    parent = psutil.Process(process)
    return sum(one.memory_info().rss for one in (parent, *parent.children(recursive=True))) / MEGABYTE


def p95(times: Sequence[float]) -> float:
    return quantile(times, 95)


def quantile(times: Sequence[float], percent: int) -> float:
    return statistics.quantiles(times, n=100, method="inclusive")[percent - 1]
