"""How well it answers, on the development set beside this checkout, and how well the best simple system does."""

import asyncio
from collections.abc import Callable, Sequence

from bot.advising.bootstrap import make_consultant
from bot.advising.consultant import Consultant
from bot.settings import Settings
from tests.conftest import ROOT
from tools.benchmarks.figures import Figure
from tools.benchmarks.length import Length
from tools.benchmarks.timing import learned
from tools.evaluation.baselines import Baseline, baselines
from tools.evaluation.casereading import simple_reader
from tools.evaluation.dataset import Dataset
from tools.evaluation.report import MEASURES
from tools.evaluation.scores import Scores, score

SET = ROOT.parent / "shared" / "eval"
ALONE = ("unmoved", "small_talk", "follow_ups", "verbatim", "own_words")  # no baseline does these
BETTER = "> 1"


def figures(_length: Length) -> list[Figure]:
    """Shares from 0 to 1; without the set there is nothing to measure."""
    if not SET.is_dir():
        return []
    dataset = Dataset.read(SET)
    consultant = make_consultant(Settings(data_dir=learned()))
    scores = asyncio.run(score(consultant, dataset))
    return [*_answers(consultant, scores, dataset), *_cases(consultant, scores, dataset), *_alone(scores)]


def _answers(consultant: Consultant, scores: Scores, dataset: Dataset) -> list[Figure]:
    simple = baselines(consultant.index, dataset)
    abstaining = [system for system in simple if system.refusal is not None]
    wrongly = 1 - scores.answered.share
    return [
        _beside("first", scores.first.share, simple, lambda system: system.first),
        _beside("within_three", scores.within_three.share, simple, lambda system: system.within_three, "≥ 1"),
        _beside("refusals", scores.refusals.share, abstaining, lambda system: system.refusal or 0.0),
        _beside("answered", 1 - wrongly, abstaining, lambda system: 1 - (system.over_refusal or 0.0)),
    ]


def _beside(
    name: str, ours: float, systems: Sequence[Baseline], of: Callable[[Baseline], float], aim: str = BETTER
) -> Figure:
    """Our share beside the best simple system's."""
    best = max(systems, key=of)
    return Figure(MEASURES[name], ours, "", of(best), best.name, aim)


def _cases(consultant: Consultant, scores: Scores, dataset: Dataset) -> list[Figure]:
    """How use cases are read."""
    if consultant.adviser is None:
        return []
    index, settings = consultant.index, Settings(data_dir=learned())
    simple = simple_reader(settings.corpus_dir, consultant.adviser.cases, index.embedder.embed, dataset.vignettes)
    theirs = {"approaches": simple.approach, "precision": simple.precision, "recall": simple.recall}
    return [
        Figure(MEASURES[name], getattr(scores, name).share, "", share, simple.name, BETTER)
        for name, share in theirs.items()
    ]


def _alone(scores: Scores) -> list[Figure]:
    tallies = {name: getattr(scores, name) for name in ALONE}
    return [
        Figure(f"{MEASURES[name]} ({tally.right} of {tally.total})", tally.share, "", aim="1")
        for name, tally in tallies.items()
    ]
