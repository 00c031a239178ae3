"""The front door: takes a message, finds out what it is, and replies. Knows no platform."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot import prompts
from bot.answering.compose import compose, verbatim
from bot.answering.followups import FollowUps
from bot.answering.grounding import Grounding
from bot.answering.input import LONGEST, clean, unreadable
from bot.answering.model import Writer, WriterError
from bot.guidance.article import Statement
from bot.guidance.batching import Batched
from bot.guidance.index import Index
from bot.guidance.phrasings import Kind
from bot.guidance.search import Reading, Search
from bot.replies import Line, Notes, Reply, ReplyKind

log = logging.getLogger(__name__)

Show = Callable[[Line], None]


@dataclass(frozen=True)
class Answered:
    """A reply, and the question as it was understood: made stand-alone from the conversation."""

    reply: Reply
    question: str


class Consultant:
    """Answers questions from one index; with a writer, in a language model's words, checked against the index."""

    def __init__(self, index: Index, writer: Writer | None = None, article_url: str | None = None) -> None:
        self.index = index
        self.search = Search(index)
        self._read_soon = Batched(lambda texts: self.search.read_all(texts, index.embedder.embed(texts)))
        self._followups = FollowUps(self.search, index.embedder)
        self._writer = writer
        self._grounding = Grounding(tuple(index.statements.values()), index.embedder) if writer else None
        self._article_url = article_url

    async def respond(self, text: str, earlier: Sequence[str] = (), show: Show | None = None) -> Answered:
        """Replies to `text`; `earlier` are the user's questions before it, oldest first.

        `show` is called with each line of an answer as soon as it is certain.
        """
        question = clean(text)
        problem = unreadable(question)
        if problem:
            words = prompts.sentence(problem, length=f"{len(question):,}", most=f"{LONGEST:,}")
            return Answered(Reply(ReplyKind.ABSTAIN, (Line(words),)), question)
        earlier = [clean(turn)[:LONGEST] for turn in earlier]
        asked, reading = await self._read(question, [turn for turn in earlier if turn])
        return Answered(await self._reply(question, earlier, reading, show), asked)

    async def _read(self, question: str, earlier: Sequence[str]) -> tuple[str, Reading]:
        if earlier:
            return await asyncio.to_thread(self._followups.read, question, earlier)
        return question, await self._read_soon(question)

    async def _reply(self, question: str, earlier: Sequence[str], reading: Reading, show: Show | None) -> Reply:
        if reading.kind is Kind.SMALL_TALK:
            where = f" at {self._article_url}" if self._article_url else ""
            return Reply(ReplyKind.SMALL_TALK, (Line(prompts.sentence(reading.intent, where=where)),))
        if not reading.answered or self._writer is None:
            return compose(reading)
        return await self._written(question, earlier, reading, show or (lambda line: None))

    async def _written(self, question: str, earlier: Sequence[str], reading: Reading, show: Show) -> Reply:
        """The model's sentences that the guidance supports; if there is none, the guidance's own."""
        assert self._writer and self._grounding  # noqa: S101  the caller has seen to it
        notes, lines = Notes(), list[Line]()
        context = " ".join([*earlier, question])
        try:
            async for sentence in self._writer.write(question, earlier, self._material(reading)):
                fault = await asyncio.to_thread(self._grounding.fault, sentence.text, sentence.cited, context)
                if fault:
                    log.info("a sentence was dropped: %s", fault)
                    continue
                cited = [statement for statement in dict.fromkeys(sentence.cited) if statement]
                lines.append(Line(sentence.text, cites=notes.cite(cited)))
                show(lines[-1])
        except WriterError as error:
            log.warning("the language model failed (%s); the article's own sentences are shown", error)
        if not lines:
            lines.extend(verbatim(reading, notes))
        return Reply(ReplyKind.ANSWER, tuple(lines), notes.citations)

    def _material(self, reading: Reading) -> list[Statement]:
        """What was found, then the rest of the same sections, for the model to write from."""
        found = [finding.statement for finding in reading.findings]
        sections = {statement.section for statement in found}
        return list(dict.fromkeys([*found, *(s for s in self.index.statements.values() if s.section in sections)]))
