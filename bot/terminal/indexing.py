"""`index`: builds, checks and tunes, and says what it is doing."""

import time

from bot.advising.bootstrap import is_current, load_case_reader, load_index, make_embedder
from bot.errors import BotError
from bot.guidance.embedding import PACKAGED_SHA256, Embedder, find_packaged_model
from bot.guidance.tuning import TuningResult
from bot.guidance.tuning import tune as run_tuning
from bot.settings import Settings
from bot.terminal.progress import bar
from bot.terminal.render import console


def check(settings: Settings) -> bool:
    """Says whether the index is current."""
    current = is_current(settings)
    console.print("The index is current." if current else "The index is stale; run `rag-or-tune index`.")
    return current


def build(settings: Settings) -> None:
    """Builds what is not current: the index, and what the reader of use cases learns."""
    if is_current(settings):
        console.print("The index is current; nothing to do.")
        return
    started = time.perf_counter()
    embedder = make_embedder(settings)
    try:
        with bar("Embedding the guidance and how people ask") as progress:
            index = load_index(settings, embedder, progress, must_keep=True)
        with bar("Embedding use cases") as progress:
            cases = load_case_reader(settings, embedder, progress, must_keep=True)
    except OSError as error:
        raise BotError(
            f"The index cannot be written to DATA_DIR ({error.strerror}); free some space or set another DATA_DIR."
        ) from error
    learned = f" and {len(cases.ranker.vectors)} examples of use cases" if cases else ""
    console.print(
        f"Indexed {len(index.statements)} statements of {len(index.articles)} article(s), "
        f"{len(index.documents) - len(index.statements)} phrasings{learned} in {time.perf_counter() - started:.0f} s."
    )


def tune(settings: Settings) -> None:
    """Tunes the packaged embedding model; it is used from then on if it did better on held-out phrasings."""
    if settings.embedding_model:
        raise BotError("EMBEDDING_MODEL is set; unset it to tune the packaged model.")
    base = Embedder(find_packaged_model(), PACKAGED_SHA256)
    started = time.perf_counter()
    try:
        with bar("Tuning the embedding model on the phrasings") as progress:
            outcome = run_tuning(settings.corpus_dir, settings.data_dir, base, progress)
    except OSError as error:
        raise BotError(
            f"The tuned model cannot be written to DATA_DIR ({error.strerror}); free some space or set another."
        ) from error
    _tell(outcome, time.perf_counter() - started)


def _tell(outcome: TuningResult, seconds: float) -> None:
    for name, read in (("as packaged", outcome.before), ("tuned", outcome.after)):
        console.print(
            f"Held-out phrasings, {name}: right section first {read.hit_1:.3f}, within three {read.hit_3:.3f}, "
            f"refused {read.refused or 0:.3f}, refused wrongly {read.over_refused:.3f}"
        )
    verdict = (
        "The tuned model is better and is used from now on" if outcome.improved else "Not better: nothing was changed"
    )
    console.print(f"{verdict} ({seconds / 60:.0f} min).")
