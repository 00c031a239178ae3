"""`index --propose`: files of drafted phrasings, beside the articles, for a person to read."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import count, groupby
from pathlib import Path

import yaml

from bot.errors import BotError
from bot.guidance.article import Article, read_articles
from bot.guidance.phrasings import MIN_WORDINGS, WHOLE_LIST, Kind, Label, Phrasing, read_wordings
from bot.settings import Settings
from bot.terminal.progress import bar
from bot.terminal.render import console
from bot.writing.drafting import Drafter, DraftRequest
from bot.writing.model import LanguageModelError

AT_ONCE = 4  # questions to the model
LIST = 3  # bullets of a section that people ask for as a whole
HEAD = """\
# Drafted by {model}, and not read by anybody yet. Strike what does not ask for the statement that it stands under, mend
# what nobody would say, and add your own, so that each statement has {fewest} or more. Then name this file
# {name}; until then it is not used.
"""

Drafted = Mapping[DraftRequest, Sequence[str]]


def propose(settings: Settings) -> None:
    """Has the model draft wordings for statements that have too few; where a draft waits to be read, it stays as it is.

    Raises BotError without a model, and when the model fails; what it wrote is kept.
    """
    if settings.llm_model is None:
        raise BotError("index --propose drafts with a language model; set LLM_MODEL, as the README says.")
    corpus, drafter = settings.corpus_dir, Drafter(settings.llm_model)
    articles = read_articles(corpus)
    phrasings = read_wordings(corpus, articles)
    lacking = {article: wanted for article in articles if (wanted := _wanted(article, phrasings))}
    if not lacking:
        console.print(f"Every statement has {MIN_WORDINGS} wordings or more; there is nothing to draft.")
        return
    asyncio.run(_all(drafter, corpus, lacking, settings.llm_model))


async def _all(drafter: Drafter, corpus: Path, lacking: Mapping[Article, Sequence[DraftRequest]], model: str) -> None:
    for article, wanted in lacking.items():
        draft = corpus / f"{Path(article.source).stem}.proposed.yaml"  # no name of phrasings that are read
        if draft.exists():
            console.print(f"{draft.name} is there already: read it and rename it as it says, or delete it.")
            continue
        drafted, problem = await _drafted(drafter, wanted)
        _write(draft, article, drafted, model)
        if problem:
            kept = f"; what it had written is in {draft.name}" if draft.exists() else ""
            raise BotError(f"LLM_MODEL does not answer ({problem}){kept}. Ask it a small question: rag-or-tune doctor.")
        console.print(f"{draft.name}: {sum(map(len, drafted.values()))} wordings to read.")


def _wanted(article: Article, phrasings: Sequence[Phrasing]) -> list[DraftRequest]:
    known = defaultdict[Label, list[str]](list)
    for phrasing in phrasings:
        for label in phrasing.labels:
            known[label].append(phrasing.text)
    return [
        DraftRequest(section, named, text, tuple(known[label]))
        for section, named, text, label in _nameable(article)
        if len(known[label]) < MIN_WORDINGS
    ]


def _nameable(article: Article) -> Iterator[tuple[str, str, str, Label]]:
    """What can stand in a file of phrasings: each section's whole list, if it has one, and its statements."""
    for section, statements in groupby(article.statements, lambda statement: statement.section):
        under = [*statements]
        bullets = [statement.text for statement in under if statement.listed]
        if len(bullets) >= LIST:
            whole = "\n".join(("All of these together:", *bullets))
            yield section, WHOLE_LIST, whole, Label(Kind.SECTION, section)
        for statement in under:
            yield section, statement.text, statement.text, Label(Kind.STATEMENT, statement.anchor)


async def _drafted(drafter: Drafter, wanted: Sequence[DraftRequest]) -> tuple[Drafted, LanguageModelError | None]:
    """What is drafted for each, and why the rest is not."""
    room, drafted, problems = (
        asyncio.Semaphore(AT_ONCE),
        dict[DraftRequest, Sequence[str]](),
        list[LanguageModelError](),
    )
    with bar("Drafting how people ask") as progress:

        async def one(each: DraftRequest) -> None:
            async with room:
                if problems:
                    return
                try:
                    drafted[each] = await drafter.draft(each)
                except LanguageModelError as error:
                    problems.append(error)
                progress(len(drafted), len(wanted))

        await asyncio.gather(*(one(each) for each in wanted))
    return {each: drafted[each] for each in wanted if each in drafted}, problems[0] if problems else None


def _write(draft: Path, article: Article, drafted: Drafted, model: str) -> None:
    asked = defaultdict[str, dict[str, list[str]]](dict)
    for wanted, texts in drafted.items():
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
