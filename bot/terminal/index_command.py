"""`index`: build, check and tune the index; `--propose` has a model draft phrasings beside the articles."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import count, groupby
from pathlib import Path

import yaml

from bot.advising.bootstrap import is_current, make_learning
from bot.errors import BotError
from bot.guidance.article import Article, read_articles
from bot.guidance.embedding import PACKAGED_SHA256, Embedder, find_packaged_model
from bot.guidance.model_cache import ModelCache
from bot.guidance.phrasings import MIN_WORDINGS, WHOLE_LIST, Kind, Label, Phrasing, read_wordings
from bot.guidance.tuning import TuningResult
from bot.guidance.tuning import tune as run_tuning
from bot.settings import Settings
from bot.terminal.console import console, progress_bar
from bot.writing.drafting import Drafter, DraftRequest
from bot.writing.model import LanguageModelError

MAX_CALLS = 4  # concurrent calls of the model
MIN_LIST = 3  # bullets of a section that people ask for as a whole
HEAD = """\
# Drafted by {model}, and not reviewed yet. Delete what does not ask for the statement above it, rewrite what nobody
# would say, and add your own, so that each statement has {fewest} or more. Then rename this file to
# {name}; until then it is not used.
"""

Drafts = Mapping[DraftRequest, Sequence[str]]


def check(settings: Settings) -> bool:
    """Return True if the index is current, and say so."""
    current = is_current(settings)
    console.print("The index is current." if current else "The index is stale; run `rag-or-tune index`.")
    return current


def build(settings: Settings) -> None:
    """Learn what is not current: the index, and the reader of use cases."""
    if is_current(settings):
        console.print("The index is current; nothing to do.")
        return
    started = time.perf_counter()
    try:
        with progress_bar("Learning from the corpus") as progress:
            learned = make_learning(settings).run(progress)
    except OSError as error:
        raise BotError(
            f"The index cannot be written to DATA_DIR ({error.strerror}); free some space or set another DATA_DIR."
        ) from error
    if learned:
        examples = f" and {learned.examples} texts on use cases" if learned.examples else ""
        seconds = time.perf_counter() - started
        console.print(f"Learned from {learned.phrasings} statements and phrasings{examples} in {seconds:.0f} s.")


def tune(settings: Settings) -> None:
    """Tune the packaged embedding model; the result is used from then on if it does better on held-out phrasings."""
    if settings.embedding_model:
        raise BotError("EMBEDDING_MODEL is set; unset it to tune the packaged model.")
    cache = ModelCache(settings.data_dir, settings.prebuilt_dir)
    base = Embedder(find_packaged_model(), PACKAGED_SHA256, cache)
    started = time.perf_counter()
    try:
        with progress_bar("Tuning the embedding model on the phrasings") as progress:
            outcome = run_tuning(settings.corpus_dir, settings.data_dir, base, progress)
    except OSError as error:
        raise BotError(
            f"The tuned model cannot be written to DATA_DIR ({error.strerror}); free some space or set another."
        ) from error
    _show_outcome(outcome, time.perf_counter() - started)


def _show_outcome(outcome: TuningResult, seconds: float) -> None:
    for name, read in (("as packaged", outcome.before), ("tuned", outcome.after)):
        console.print(
            f"Held-out phrasings, {name}: right section first {read.hit_1:.3f}, within three {read.hit_3:.3f}, "
            f"refused {read.refused or 0:.3f}, refused wrongly {read.over_refused:.3f}"
        )
    verdict = (
        "The tuned model is better and is used from now on" if outcome.improved else "Not better: nothing was changed"
    )
    console.print(f"{verdict} ({seconds / 60:.0f} min).")


def propose(settings: Settings) -> None:
    """Have the model draft phrasings for statements that have too few; an unreviewed draft stays as it is.

    Raises BotError without a model, or when the model fails; what was drafted by then is kept.
    """
    if settings.llm_model is None:
        raise BotError("index --propose drafts with a language model; set LLM_MODEL, as the README says.")
    corpus, drafter = settings.corpus_dir, Drafter(settings.llm_model)
    articles = read_articles(corpus)
    phrasings = read_wordings(corpus, articles)
    missing = {article: wanted for article in articles if (wanted := _find_missing(article, phrasings))}
    if not missing:
        console.print(f"Every statement has {MIN_WORDINGS} wordings or more; there is nothing to draft.")
        return
    asyncio.run(_draft_all(drafter, corpus, missing, settings.llm_model))


async def _draft_all(
    drafter: Drafter, corpus: Path, missing: Mapping[Article, Sequence[DraftRequest]], model: str
) -> None:
    for article, wanted in missing.items():
        draft = corpus / f"{Path(article.source).stem}.proposed.yaml"  # not a name that is read as phrasings
        if draft.exists():
            console.print(f"{draft.name} exists already: review it and rename it as it says, or delete it.")
            continue
        drafts, problem = await _draft(drafter, wanted)
        _write_draft(draft, article, drafts, model)
        if problem:
            saved = f"; its drafts so far are in {draft.name}" if draft.exists() else ""
            raise BotError(f"LLM_MODEL does not answer ({problem}){saved}. Test it: rag-or-tune doctor.")
        console.print(f"{draft.name}: {sum(map(len, drafts.values()))} wordings to review.")


def _find_missing(article: Article, phrasings: Sequence[Phrasing]) -> list[DraftRequest]:
    known = defaultdict[Label, list[str]](list)
    for phrasing in phrasings:
        for label in phrasing.labels:
            known[label].append(phrasing.text)
    return [
        DraftRequest(section, named, text, tuple(known[label]))
        for section, named, text, label in _list_targets(article)
        if len(known[label]) < MIN_WORDINGS
    ]


def _list_targets(article: Article) -> Iterator[tuple[str, str, str, Label]]:
    """Yield what a file of phrasings can name: each section's whole list, if it has one, and its statements."""
    for section, statements in groupby(article.statements, lambda statement: statement.section):
        under = [*statements]
        bullets = [statement.text for statement in under if statement.listed]
        if len(bullets) >= MIN_LIST:
            whole = "\n".join(("All of these together:", *bullets))
            yield section, WHOLE_LIST, whole, Label(Kind.SECTION, section)
        for statement in under:
            yield section, statement.text, statement.text, Label(Kind.STATEMENT, statement.anchor)


async def _draft(drafter: Drafter, wanted: Sequence[DraftRequest]) -> tuple[Drafts, LanguageModelError | None]:
    """Return the drafts, and the error that stopped the rest."""
    slots, drafts, problems = (
        asyncio.Semaphore(MAX_CALLS),
        dict[DraftRequest, Sequence[str]](),
        list[LanguageModelError](),
    )
    with progress_bar("Drafting how people ask") as progress:

        async def one(each: DraftRequest) -> None:
            async with slots:
                if problems:
                    return
                try:
                    drafts[each] = await drafter.draft(each)
                except LanguageModelError as error:
                    problems.append(error)
                progress(len(drafts), len(wanted))

        await asyncio.gather(*(one(each) for each in wanted))
    return {each: drafts[each] for each in wanted if each in drafts}, problems[0] if problems else None


def _write_draft(draft: Path, article: Article, drafts: Drafts, model: str) -> None:
    asked = defaultdict[str, dict[str, list[str]]](dict)
    for wanted, texts in drafts.items():
        if texts:
            asked[wanted.section][wanted.named] = [*texts]
    if not asked:
        return
    stem, voice = Path(article.source).stem, "drafted"
    for number in count(2):
        name = f"{stem}.{voice}.phrasings.yaml"
        if not draft.with_name(name).exists():
            break
        voice = f"drafted-{number}"
    content = {"article": article.source, "voice": voice, "asked": dict(asked)}
    head = HEAD.format(model=model, fewest=MIN_WORDINGS, name=name)
    try:
        draft.write_text(head + yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=10**6), "utf-8")
    except OSError as error:
        raise BotError(f"The draft cannot be written into CORPUS_DIR ({error.strerror}).") from error
