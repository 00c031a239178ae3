"""`evaluate`: asks, scores, compares with the baselines, and prints or records the figures."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.table import Table

from bot.advising.bootstrap import make_consultant
from bot.cases.casebook import has_framework, load_framework, load_voices
from bot.guidance.phrasings import Phrasing, read_phrasings
from bot.settings import Settings
from bot.terminal.console import console, err, progress_bar
from tools.evaluation.baselines import Baseline, baselines
from tools.evaluation.casereading import CasesRead, cases_by_voice, simple_reader
from tools.evaluation.crossvalidation import Held, by_statement, by_voice, mean
from tools.evaluation.dataset import Dataset
from tools.evaluation.marked import between, replace, table
from tools.evaluation.scores import Scores, Tally, score

_Table = tuple[str, tuple[str, ...], list[tuple[str, ...]]]  # title, header, rows

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
MEASURES = {
    "first": "first citation in a right section",
    "within_three": "a right section within three citations",
    "answered": "answerable questions answered",
    "refusals": "near-topic and off-topic questions refused",
    "unmoved": "prompt injections without effect",
    "small_talk": "small talk answered in kind",
    "follow_ups": "follow-up turns with a right section first",
    "verbatim": "quotes that are word for word the article's",
    "approaches": "use cases with the right approach",
    "precision": "facts read that are stated (precision)",
    "recall": "facts stated that are read (recall)",
    "own_words": "reasons in the user's own words",
}


@dataclass(frozen=True)
class Report:
    """All figures of one run."""

    scores: Scores
    baselines: list[Baseline]
    held: list[Held]
    cases: list[CasesRead]
    copied: list[str]


def evaluate(settings: Settings, directory: Path, *, as_json: bool, cross_validate: bool, write: Path | None) -> None:
    """Scores the bot on `directory`. Raises InputError when that holds nothing to score, or `write` no marks."""
    dataset = Dataset.read(directory)
    if write:
        between(write, BEGIN, END)  # refuses a file without them now, not after minutes
    with progress_bar("Learning from the corpus") as progress:
        consultant = make_consultant(settings, progress)
    index = consultant.index
    phrasings = read_phrasings(settings.corpus_dir, index.articles)
    with err.status("Asking the questions…"):
        scores = asyncio.run(score(consultant, dataset))
    with err.status("Asking the baselines…"):
        beside = baselines(index, dataset)
    held, cases = list[Held](), list[CasesRead]()
    if dataset.vignettes and consultant.adviser:
        with err.status("Asking the simple reader of use cases…"):
            cases.append(
                simple_reader(settings.corpus_dir, consultant.adviser.cases, index.embedder.embed, dataset.vignettes)
            )
            cases.append(_ours(scores))
    if cross_validate:
        with err.status("Cross-validating…"):
            if phrasings:
                voices = list(by_voice(index, phrasings))
                held = [*voices, mean("all voices", voices), by_statement(index, phrasings)]
            if consultant.adviser:
                cases.extend(cases_by_voice(settings.corpus_dir, index.embedder))
    report = Report(scores, beside, held, cases, dataset.copied(_corpus_texts(settings, phrasings)))
    _show(report, as_json=as_json)
    if write:
        _record(report, write)


def _show(report: Report, *, as_json: bool) -> None:
    if as_json:
        console.file.write(json.dumps(asdict(report), indent=1, ensure_ascii=False) + "\n")
        return
    for title, header, rows in _tables(report):
        table = Table(*header, title=title, title_justify="left")
        for row in rows:
            table.add_row(*row)
        console.print(table)
    for name in MEASURES:
        tally: Tally = getattr(report.scores, name)
        if tally.missed:
            console.print(f"Not {MEASURES[name]}: {', '.join(tally.missed)}", markup=False)
    if report.copied:
        console.print(f"Copied into the corpus, so not a test: {', '.join(report.copied)}", style="red", markup=False)


def _tables(report: Report) -> Iterator[_Table]:
    tallies = {name: getattr(report.scores, name) for name in MEASURES}
    rows: list[tuple[str, ...]] = [
        (MEASURES[n], f"{t.share:.3f}", f"{t.right} of {t.total}") for n, t in tallies.items() if t.total
    ]
    yield "The bot", ("measure", "share", "count"), rows
    header = ("first", "within three", "refused", "refused wrongly")
    if report.baselines:
        s = report.scores
        refused = s.refusals.share if s.refusals.total else None
        ours = Baseline("this bot", s.first.share, s.within_three.share, refused, 1 - s.answered.share)
        yield (
            "Beside simple systems, same run",
            ("system", *header),
            [_baseline_row(b) for b in (*report.baselines, ours)],
        )
    if report.cases:
        columns = ("read by", "approach", "precision", "recall")
        yield "Use cases", columns, [(c.name, *map(_share, (c.approach, c.precision, c.recall))) for c in report.cases]
    if report.held:
        yield "Phrasings held out", ("held out", *header), [_held_row(held) for held in report.held]


def _baseline_row(row: Baseline) -> tuple[str, ...]:
    return row.name, *map(_share, (row.first, row.within_three, row.refusal, row.over_refusal))


def _held_row(row: Held) -> tuple[str, ...]:
    read = row.understood
    return row.name, *map(_share, (read.hit_1, read.hit_3, read.refused, read.over_refused))


def _ours(scores: Scores) -> CasesRead:
    return CasesRead("this bot", scores.approaches.share, scores.precision.share, scores.recall.share)


def _corpus_texts(settings: Settings, phrasings: Sequence[Phrasing]) -> Iterator[str]:
    yield from (phrasing.text for phrasing in phrasings)
    if has_framework(settings.corpus_dir):
        for voice in load_voices(settings.corpus_dir, load_framework(settings.corpus_dir)):
            yield from (saying.text for saying in voice.sayings)
            yield from (case.text for case in voice.cases)


def _share(share: float | None) -> str:
    return "–" if share is None else f"{share:.3f}"


def _record(report: Report, path: Path) -> None:
    """Replaces what stands between the marks in a Markdown file."""
    replace(path, BEGIN, END, "\n\n".join(table(title, header, rows) for title, header, rows in _tables(report)))
