"""Advice on use cases: reads what a team states, and recommends."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.advice import Background, advise
from bot.answering.facts import FactFinder
from bot.answering.input import LONGEST, as_typed, clean_lines
from bot.deciding.interview import Read
from bot.deciding.outlook import Outlook
from bot.deciding.reading import CaseReader, CaseReading
from bot.deciding.recommendation import recommend
from bot.guidance.batching import Batched
from bot.guidance.embedding import Embedder
from bot.replies import Reply


class Adviser:
    """Reads use cases with one embedding model, and advises by one framework."""

    def __init__(self, cases: CaseReader, embedder: Embedder, finder: FactFinder | None = None) -> None:
        """`finder` is asked about facts that are doubtful."""
        self.framework = cases.framework
        self._finder = finder
        self.outlook = Outlook(cases.framework)
        self._read_soon = Batched(lambda texts: cases.read_all(texts, embedder.embed))

    async def read(self, text: str) -> CaseReading:
        """What `text` states."""
        return await self._read_soon(clean_lines(text)[:LONGEST])

    async def confirm(self, text: str, case: CaseReading) -> CaseReading:
        """The reading with those doubtful facts that a language model finds stated, too, if one is configured."""
        if self._finder is None or not case.doubtful:
            return case
        options = {f"{f.question}.{f.option}": self.framework.option(f.question, f.option).text for f in case.doubtful}
        asked = {name: f"{self.framework.questions[name.partition('.')[0]].text} {o}" for name, o in options.items()}
        quotes = await self._finder.find(clean_lines(text), asked)
        found = [(fact, quotes.get(f"{fact.question}.{fact.option}")) for fact in case.doubtful]
        return replace(case, facts=(*case.facts, *(replace(fact, words=quote) for fact, quote in found if quote)))

    async def facts(self, texts: Sequence[str]) -> dict[str, Read]:
        """What a user's messages state, oldest first, in the words as they were typed; a later one goes before."""
        known = dict[str, Read]()
        for text in texts:
            known |= _facts(await self.read(text), text)
        return known

    async def advise(self, text: str, earlier: Sequence[str], case: CaseReading) -> Reply:
        """The recommendation on what `text` states (`case`), and the messages before it where it is silent."""
        case = await self.confirm(text, case)
        return self.advise_on({**await self.facts(earlier), **_facts(case, text)}, case, text)

    def advise_on(self, known: Mapping[str, Read], case: CaseReading, text: str) -> Reply:
        """The recommendation on facts that were read."""
        answers = {name: read.option for name, read in known.items()}
        words = {name: read.words for name, read in known.items()}
        found = recommend(self.outlook, answers, words, case.outside)
        return advise(self.framework, found, Background(outside_words=as_typed(case.outside_words, text)))


def _facts(case: CaseReading, text: str) -> dict[str, Read]:
    return {fact.question: Read(fact.option, as_typed(fact.words, text)) for fact in case.facts}
