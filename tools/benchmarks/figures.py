"""One line of a benchmark, and how it is timed."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

HEADER = ("measure", "ours", "baseline", "ours / baseline", "aim")


@dataclass(frozen=True)
class Figure:
    """What was measured, in `unit`, beside its baseline, if it has one; `aim` is for the ratio, or for the figure."""

    name: str
    ours: float
    unit: str
    baseline: float | None = None
    beside: str = ""
    aim: str = ""

    def cells(self) -> tuple[str, str, str, str, str]:
        """What stands under HEADER."""
        ours = f"{_written(self.ours)} {self.unit}".strip()
        if self.baseline is None:
            return self.name, ours, self.beside, "", self.aim
        baseline = f"{_written(self.baseline)} {self.unit}".strip() + f" ({self.beside})"
        ratio = f"{self.ours / self.baseline:.2f}" if self.baseline else "–"
        return self.name, ours, baseline, ratio, self.aim


def _written(value: float) -> str:
    """Four digits, but counts in full."""
    return f"{value:,.0f}" if value >= 1_000 or value == int(value) else f"{value:.4g}"


def interleaved(rounds: int, *actions: Callable[[], object]) -> list[float]:
    """The median seconds of each action; they take turns, so that a noisy machine disturbs all alike."""
    times = [list[float]() for _ in actions]
    for _ in range(rounds):
        for taken, action in zip(times, actions, strict=True):
            started = time.perf_counter()
            action()
            taken.append(time.perf_counter() - started)
    return [statistics.median(taken) for taken in times]
