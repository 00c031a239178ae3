"""How fast the bot is: one answer, many at once, indexing, the start, memory, and a plain chain."""

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import cast

import psutil

from bot.advising.consultant import Consultant
from bot.guidance.embedding import PACKAGED_SHA256, Embedder
from bot.guidance.index import Index, IndexFolder
from bot.guidance.model_cache import ModelCache
from tests.conftest import PREBUILT, ROOT
from tools.benchmarks.figures import Figure, interleaved
from tools.benchmarks.length import Length
from tools.benchmarks.timing import MEGABYTE, packaged_embedder

QUESTIONS = [
    "which one is cheaper in the long run",
    "our docs change every week and auditors want the source of each answer, so what should we take?",
    "does a fine-tuned model forget things",
    "we have 150 examples, enough to tune?",
    "what do we have to host for retrieval",
    "how do we make it sound like our brand, always",
    "where should a team without experience begin",
    "can both be combined and who does that",
]
AT_ONCE = 64


def figures(_length: Length) -> list[Figure]:
    """Every measurement of this module, in turn."""
    embedder = packaged_embedder()
    with tempfile.TemporaryDirectory() as name:
        folder = IndexFolder(ROOT / "corpus", Path(name), embedder)
        indexing, index = _indexing(folder)
        found = [*_answers(index), *_at_once(index), *indexing, *_unchanged(folder)]
        return [*found, *_peer(index), *_cold_start(Path(name))]


def _answers(index: Index) -> list[Figure]:
    consultant, encode = Consultant(index), index.embedder.embed
    with asyncio.Runner() as runner:
        ours, one = interleaved(
            12,
            lambda: [runner.run(consultant.respond(question)) for question in QUESTIONS],
            lambda: [encode([question]) for question in QUESTIONS],
        )
    each = 1000 / len(QUESTIONS)
    return [Figure("a warm answer without a model", ours * each, "ms", one * each, "one embedding", "≤ 1.5")]


def _at_once(index: Index) -> list[Figure]:
    consultant, encode = Consultant(index), index.embedder.embed
    texts = [f"{QUESTIONS[n % len(QUESTIONS)]} ({n})" for n in range(AT_ONCE)]

    async def ask() -> None:
        await asyncio.gather(*(consultant.respond(text) for text in texts))

    with asyncio.Runner() as runner:
        ours, batch = interleaved(8, lambda: runner.run(ask()), lambda: encode(texts))
    return [
        Figure(f"{AT_ONCE} questions at once", AT_ONCE / ours, "/s", AT_ONCE / batch, "one batched encode", "≥ 0.8")
    ]


def _indexing(folder: IndexFolder) -> tuple[list[Figure], Index]:
    started = time.perf_counter()
    index = folder.build()
    folder.save(index)
    ours = time.perf_counter() - started
    texts = list(dict.fromkeys(document.text for document in index.library.documents))
    started = time.perf_counter()
    index.embedder.embed(texts)
    encode = time.perf_counter() - started
    name = f"indexing {len(texts):,} texts from nothing"
    return [Figure(name, ours, "s", encode, "encoding them", "≤ 1.2")], index


def _unchanged(folder: IndexFolder) -> list[Figure]:
    def load() -> None:
        embedder = Embedder(folder.embedder.folder, PACKAGED_SHA256, ModelCache(PREBUILT))
        assert IndexFolder(folder.corpus, folder.data, embedder).load()

    (ours,) = interleaved(5, load)
    return [Figure("an unchanged corpus, beyond imports", ours, "s", aim="≤ 1 s")]


def _peer(index: Index) -> list[Figure]:
    """A plain LangChain chain over the same article: FAISS retriever, same embeddings, three statements joined."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        from langchain_community.vectorstores import FAISS
        from langchain_core.documents import Document
        from langchain_core.embeddings import Embeddings
        from langchain_core.runnables import RunnableLambda

    Embeddings.register(Embedder)
    statements = list(index.statements.values())
    store = FAISS.from_texts([s.text for s in statements], cast(Embeddings, index.embedder))

    def join(documents: list[Document]) -> str:
        return "\n".join(document.page_content for document in documents)

    chain = store.as_retriever(search_kwargs={"k": 3}) | RunnableLambda(join)
    consultant = Consultant(index)
    with asyncio.Runner() as runner:
        ours, theirs = interleaved(
            12,
            lambda: [runner.run(consultant.respond(question)) for question in QUESTIONS],
            lambda: [chain.invoke(question) for question in QUESTIONS],
        )
    each = 1000 / len(QUESTIONS)
    return [Figure("a warm answer", ours * each, "ms", theirs * each, "plain LangChain chain")]


CHAIN = """
import warnings; warnings.simplefilter("ignore")
from pathlib import Path
from langchain_community.vectorstores import FAISS
from langchain_core.embeddings import Embeddings
from bot.guidance.article import read_articles
from tools.benchmarks.timing import packaged_embedder
texts = [s.text for a in read_articles(Path("corpus")) for s in a.statements]
embedder = packaged_embedder()
Embeddings.register(type(embedder))
store = FAISS.from_texts(texts, embedder)
print(store.as_retriever().invoke("which is cheaper?")[0].page_content)
"""


def _cold_start(data: Path) -> list[Figure]:
    ours, memory = _run([sys.executable, "-m", "bot", "ask", "which is cheaper?"], data)
    theirs, their_memory = _run([sys.executable, "-c", CHAIN], data)
    return [
        Figure("cold start to first answer", ours, "s", theirs, "plain LangChain chain"),
        Figure("resident memory", memory, "MB", their_memory, "plain LangChain chain"),
    ]


def _run(command: list[str], data: Path) -> tuple[float, float]:
    """The median seconds of three runs of a command, and the median of their greatest resident memory in MB."""
    times, memories = list[float](), list[float]()
    for _ in range(3):
        started, memory = time.perf_counter(), 0.0
        environment = {**os.environ, "DATA_DIR": str(data), "PREBUILT_DIR": str(PREBUILT)}
        process = psutil.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
        while process.poll() is None:
            memory = max(memory, process.memory_info().rss / MEGABYTE)
            time.sleep(0.05)
        times.append(time.perf_counter() - started)
        memories.append(memory)
        assert process.returncode == 0
    return statistics.median(times), statistics.median(memories)
