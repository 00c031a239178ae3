"""`doctor`: check what the bot needs, and say how to fix problems."""

import asyncio
import shutil
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import partial

from bot.advising.bootstrap import is_current, make_embedder
from bot.cases.casebook import has_framework, load_framework, load_voices
from bot.chat.listener import PlatformFactory
from bot.errors import BotError
from bot.guidance.article import read_articles
from bot.guidance.phrasings import read_phrasings
from bot.handoff.channel import desk_channels
from bot.handoff.ticket import WAITING
from bot.settings import Settings, load_settings
from bot.store.figures import figures
from bot.store.store import open_store, urls_of
from bot.terminal.console import console, err
from bot.terminal.memory import PLATFORM
from bot.writing.writer import Writer

OVERDUE = timedelta(hours=1)  # for a post of a request
MIN_FREE_MB = 300  # for an index and a tuned model


Platforms = Mapping[str, Callable[[], PlatformFactory]]


def doctor(platforms: Platforms) -> bool:
    """Print a line for each check, those of the `platforms` among them; return True if nothing failed."""
    is_well = True
    for name, check in _checks(platforms):
        try:
            with err.status(f"Checking {name}…"):
                result = check()
            console.print(f"[green]ok[/]    {name}: ", end="")
            console.print(result, markup=False)
        except BotError as error:
            is_well = False
            console.print(f"[red]FAIL[/]  {name}: ", end="")
            console.print(str(error), markup=False)
    return is_well


def _checks(platforms: Platforms) -> Iterator[tuple[str, Callable[[], str]]]:
    yield "configuration", _configuration
    try:
        settings = load_settings()
    except BotError:
        return
    yield "corpus", lambda: _corpus(settings)
    if has_framework(settings.corpus_dir):
        yield "decision framework", lambda: _framework(settings)
    yield "data directory", lambda: _data_directory(settings)
    yield "embedding model", lambda: _embedding_model(settings)
    yield "index", lambda: _index(settings)
    yield "language model", lambda: _language_model(settings)
    yield "database", lambda: asyncio.run(_database(settings))
    for name, load in platforms.items():
        yield name, partial(_platform, settings, load)
    yield "deliveries", lambda: asyncio.run(_deliveries(settings))
    yield "requests", lambda: asyncio.run(_requests(settings))


def _configuration() -> str:
    load_settings()
    return "all variables that are set are valid"


def _corpus(settings: Settings) -> str:
    articles = read_articles(settings.corpus_dir)
    phrasings = read_phrasings(settings.corpus_dir, articles)
    return (
        f"{len(articles)} article(s), {sum(len(a.statements) for a in articles)} statements, {len(phrasings)} phrasings"
    )


def _framework(settings: Settings) -> str:
    framework = load_framework(settings.corpus_dir)
    voices = load_voices(settings.corpus_dir, framework)
    sayings, cases = sum(len(v.sayings) for v in voices), sum(len(v.cases) for v in voices)
    return f"{len(framework.questions)} questions, {sayings} wordings and {cases} use cases in {len(voices)} voices"


def _data_directory(settings: Settings) -> str:
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        probe = settings.data_dir / ".doctor"
        probe.write_text("")
        probe.unlink()
    except OSError as error:
        raise BotError(f"cannot be written ({error.strerror}); set DATA_DIR to a folder that can") from error
    free = shutil.disk_usage(settings.data_dir).free // 1_000_000
    if free < MIN_FREE_MB:
        raise BotError(f"only {free} MB are free; make room for {MIN_FREE_MB} MB")
    return f"{settings.data_dir}, {free:,} MB free"


def _embedding_model(settings: Settings) -> str:
    import onnxruntime

    embedder = make_embedder(settings)
    (vector,) = embedder.embed(["a question"])
    return f"SHA-256 {embedder.sha256[:12]}…, {len(vector)} dimensions, ONNX Runtime {onnxruntime.__version__}"


def _index(settings: Settings) -> str:
    if not is_current(settings):
        raise BotError("missing or out of date; run `rag-or-tune index` (starting the bot also does this)")
    return "current"


def _platform(settings: Settings, load: Callable[[], PlatformFactory]) -> str:
    async def check() -> str:
        async with open_store(settings) as store:
            adapter = load().make_adapter(settings, store)
            if adapter is None:
                return "not set up"
            try:
                return await adapter.check()
            finally:
                await adapter.close()

    return asyncio.run(check())


async def _database(settings: Settings) -> str:
    async with open_store(settings) as store:
        waiting = (await figures(store.database)).questions.depth
    kind = "SQLite in DATA_DIR" if urls_of(settings).is_embedded else "Postgres"
    return f"{kind}, up to date; {waiting} question(s) waiting for an answer"


async def _deliveries(settings: Settings) -> str:
    async with open_store(settings) as store:
        failed = len(await store.inbox.failures())
    if failed:
        raise BotError(f"{failed} question(s) could not be answered or delivered; `rag-or-tune resend` lists them")
    return "nothing failed"


async def _requests(settings: Settings) -> str:
    async with open_store(settings) as store:
        waiting = await store.leads.all(sorted(WAITING))
        undelivered = await store.outbox.undelivered()
        overdue = await store.outbox.waiting(store.database.clock() - OVERDUE)
        overdue = [post for post in overdue if post.platform != PLATFORM]
    if undelivered:
        raise BotError(f"{len(undelivered)} post(s) of requests are undelivered; `rag-or-tune desk list` lists them")
    if overdue:
        raise BotError(
            f"{len(overdue)} post(s) of requests have waited over an hour; run a process for each platform that has "
            "consultants or users: rag-or-tune slack, web, discord or worker"
        )
    if waiting and not desk_channels(settings):
        raise BotError(
            f"{len(waiting)} request(s) wait, and no consultants' channel is set; "
            "set CONSULTANT_SLACK_CHANNEL or CONSULTANT_DISCORD_CHANNEL"
        )
    there = ", ".join(f"{channel.platform} {channel.channel}" for channel in desk_channels(settings))
    return f"{len(waiting)} unfinished request(s); consultants in {there or 'no channel'}"


def _language_model(settings: Settings) -> str:
    if settings.llm_model is None:
        return "none set; only the article's own sentences are shown"
    return asyncio.run(Writer(settings.llm_model, settings.llm_timeout).check())
