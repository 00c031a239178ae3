"""The front door: takes a message, finds out what it is, and replies. Knows no platform."""

import asyncio
from collections.abc import Callable, Sequence

from bot import prompts
from bot.answering.author import Author
from bot.answering.compose import compose
from bot.answering.followups import FollowUps
from bot.answering.grounding import Grounding
from bot.answering.input import LONGEST, clean, unreadable
from bot.answering.model import Writer
from bot.guidance.article import Statement
from bot.guidance.batching import Batched
from bot.guidance.index import Index
from bot.guidance.phrasings import Kind
from bot.guidance.search import Reading, Search
from bot.replies import Line, Notes, Reply, ReplyKind

Show = Callable[[Line], None]


class Consultant:
    """Answers questions from one index; with a writer, in a language model's words, checked against the index."""

    def __init__(self, index: Index, writer: Writer | None = None, article_url: str | None = None) -> None:
        self.index = index
        self.search = Search(index)
        self._read_soon = Batched(lambda texts: self.search.read_all(texts, index.embedder.embed(texts)))
        self._followups = FollowUps(self.search, index.embedder)
        self._author = Author(writer, Grounding(tuple(index.statements.values()), index.embedder)) if writer else None
        self._article_url = article_url

    async def respond(self, text: str, earlier: Sequence[str] = (), show: Show | None = None) -> Reply:
        """Replies to `text`; `earlier` are the user's questions before it, oldest first.

        `show` is called with each line of an answer as soon as it is certain.
        """
        question = clean(text)
        problem = unreadable(question)
        if problem:
            words = prompts.sentence(problem, length=f"{len(question):,}", most=f"{LONGEST:,}")
            return Reply(ReplyKind.ABSTAIN, (Line(words),))
        earlier = [turn for said in earlier if (turn := clean(said)[:LONGEST])]
        return await self._reply(question, earlier, await self._read(question, earlier), show)

    async def _read(self, question: str, earlier: Sequence[str]) -> Reading:
        if not earlier:
            return await self._read_soon(question)
        _, reading = await asyncio.to_thread(self._followups.read, question, earlier)
        return reading

    async def _reply(self, question: str, earlier: Sequence[str], reading: Reading, show: Show | None) -> Reply:
        if reading.kind is Kind.SMALL_TALK:
            where = f" at {self._article_url}" if self._article_url else ""
            return Reply(ReplyKind.SMALL_TALK, (Line(prompts.sentence(reading.intent, where=where)),))
        if not reading.answered or self._author is None:
            return compose(reading)
        notes, lines = Notes(), list[Line]()
        async for sentence, cited in self._author.supported(question, earlier, self._material(reading)):
            lines.append(Line(sentence, cites=notes.cite(cited)))
            if show:
                show(lines[-1])
        return Reply(ReplyKind.ANSWER, tuple(lines), notes.citations) if lines else compose(reading)

    def _material(self, reading: Reading) -> list[Statement]:
        """What was found, then the rest of the same sections, for the model to write from."""
        found = [finding.statement for finding in reading.findings]
        sections = {statement.section for statement in found}
        return list(dict.fromkeys([*found, *(s for s in self.index.statements.values() if s.section in sections)]))
