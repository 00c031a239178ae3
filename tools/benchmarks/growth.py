"""Growth of the index: search, build and memory from 25 to 100,000 statements, beside a plain inner product in numpy.

The statements are synthetic, around real ones: vectors of the corpus, moved a little at random, as are the questions.
Each size is measured in a process of its own (`grown.py`).
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from bot.advising.bootstrap import load_index, make_embedder
from bot.guidance.embedding import Vectors
from bot.guidance.index import EXACT_UP_TO
from bot.settings import Settings
from tests.conftest import ROOT
from tools.benchmarks.figures import Figure, interleaved
from tools.benchmarks.grown import COUNT, Grown
from tools.benchmarks.length import Length
from tools.benchmarks.timing import learned

QUESTIONS = 200
MOVED = 0.5  # how far, beside the length of a vector; the cosine of the two is 0.9 then
MEASURABLE = 10_000  # statements from which memory, and what is around the search, is more than noise
QUESTION = "our docs change every week and auditors want the source of each answer, so what should we take?"


def figures(length: Length) -> list[Figure]:
    """Each size in turn."""
    settings = Settings(data_dir=learned())
    embedder = make_embedder(settings)
    index = load_index(settings, embedder)
    assert index
    real = index.library.rows
    (embedding,) = interleaved(20, lambda: embedder.embed([QUESTION]))
    found = list[Figure]()
    for count in length.statements:
        with tempfile.TemporaryDirectory() as folder:
            generator = np.random.default_rng(count)
            np.save(Path(folder) / "statements.npy", _around(real, count, generator))
            np.save(Path(folder) / "questions.npy", _around(real, QUESTIONS, generator))
            found += _figures(count, _measured(Path(folder)), embedding)
    return found


def _around(real: Vectors, count: int, generator: np.random.Generator) -> Vectors:
    """So many unit vectors, each near a real one."""
    chosen = real[generator.integers(len(real), size=count)]
    away = generator.standard_normal(chosen.shape, dtype=np.float32)
    moved = chosen + MOVED * away / np.linalg.norm(away, axis=1, keepdims=True)
    unit: Vectors = moved / np.linalg.norm(moved, axis=1, keepdims=True)
    return unit


def _measured(folder: Path) -> Grown:
    command = [sys.executable, "-m", "tools.benchmarks.grown", str(folder)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    return Grown(**json.loads(done.stdout))


def _figures(count: int, grown: Grown, embedding: float) -> list[Figure]:
    many, kind = f"{count:,} statements", "exact" if count <= EXACT_UP_TO else "graph"
    is_large = count >= MEASURABLE
    aim = "≤ 2" if is_large else ""
    found = [
        Figure(f"search over {many} ({kind})", grown.search, "ms", grown.product, "inner product in numpy", aim),
        Figure(f"build of {many}", grown.build, "ms", grown.copy, "a copy of the vectors"),
    ]
    if is_large:
        found += [
            Figure(f"memory of {many}, their texts beside", grown.memory, "MB", grown.bare, "the vectors alone", "≤ 2"),
            Figure(f"search over {many}", grown.search, "ms", embedding * 1000, "one embedding", "≤ 1"),
        ]
    if kind == "graph":
        found.append(Figure(f"of the {COUNT} nearest found", grown.recall, "", 1.0, "exact search", "≥ 0.95"))
    return found
