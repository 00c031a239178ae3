"""How long the long parts measure: in full for the report, or short to try things out."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Length:
    """`name` stands in the title of each table that depends on it, so that no short figure passes for a full one."""

    name: str
    load: float
    """Seconds of sustained load."""
    rounds: int
    """Kills of the real bot, on both platforms."""
    crashes: int
    """Kills of a process of the flow alone, on each kind of database."""
    restarts: int
    """Restarts of each of five processes."""
    starts: int
    """Cold starts, of which the median counts."""
    statements: tuple[int, ...]
    """Sizes of the index."""
    soak: int
    """Messages."""
    longest: float = 9_000
    """Seconds after which the soak is over, however many of them are answered."""


FULL = Length("full", 600, 20, 50, 3, 5, (25, 1_000, 10_000, 50_000, 100_000), 100_000)
SHORT = Length("short", 30, 3, 3, 1, 1, (25, 1_000, 10_000), 2_000)
