"""Advice on use cases: read what a team states, and recommend."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.advising.advice import AdviceContext, render_advice
from bot.answering.input import MAX_INPUT_LENGTH, CleanText
from bot.cases.reading import MIN_STATED, CaseReader, CaseReading, Fact
from bot.deciding.outlook import Outlook
from bot.deciding.questionnaire import Mention
from bot.deciding.recommendation import recommend
from bot.guidance.embedding import Embedder
from bot.messages.reply import Reply
from bot.threads import MicroBatcher, compute
from bot.writing.fact_finder import FactFinder

ANOTHER_CASE = re.compile(  # begins a message on a use case that has nothing to do with the one before
    r"[^.!?]{0,40}?\b(?:another|second|third|different|next|new|other|separate|unrelated) (?:use[- ]?case|case|project"
    r"|scenario|idea)\b(?![^.!?]*\b(?:shar|same|similar))",
    re.IGNORECASE,
)


class Adviser:
    """Reads use cases with one embedding model, and advises by one framework."""

    def __init__(self, cases: CaseReader, embedder: Embedder, finder: FactFinder | None = None) -> None:
        """`finder` is asked about facts that are doubtful."""
        self.cases, self.framework = cases, cases.framework
        self._finder = finder
        self.outlook = Outlook(cases.framework)
        self._read_soon = MicroBatcher[str, CaseReading](
            lambda texts: compute(lambda: cases.read_all(texts, embedder.embed))
        )

    async def read(self, text: str) -> CaseReading:
        """Read the facts in `text`, in the words as they were typed."""
        cleaned = CleanText.of(text)
        case = await self._read_soon(cleaned.text[:MAX_INPUT_LENGTH])
        return CaseReading(
            tuple(_as_typed(cleaned, fact) for fact in case.facts),
            tuple(_as_typed(cleaned, fact) for fact in case.doubtful),
            _as_typed(cleaned, case.outside) if case.outside else None,
        )

    async def facts(self, texts: Sequence[str]) -> dict[str, Mention]:
        """Facts of the last use case in a user's messages (oldest first); later ones take precedence."""
        known = dict[str, Mention]()
        for text in texts:
            case = await self.read(text)
            known = ({} if starts_another_case(text, case) else known) | _facts(case)
        return known

    async def advise(self, text: str, before: Mapping[str, Mention], case: CaseReading) -> Reply:
        """Recommend by the facts of `text` (`case`) and, where it is silent, by those stated `before`."""
        case = await self._confirmed(text, case)
        known = {**before, **_facts(case)}
        answers = {name: read.option for name, read in known.items()}
        words = {name: read.words for name, read in known.items()}
        outside = case.outside
        trust = min((fact.probability for fact in case.facts), default=1.0)
        found = recommend(self.outlook, answers, words, outside.option if outside else None, trust)
        return render_advice(self.framework, found, AdviceContext(outside_words=outside.words if outside else ""))

    async def _confirmed(self, text: str, case: CaseReading) -> CaseReading:
        """Add the doubtful facts that the language model, if there is one, also finds stated.

        They count as probable as the least certain fact that is read without it.
        """
        if self._finder is None or not case.doubtful:
            return case
        cleaned = CleanText.of(text)
        quotes = await self._finder.find(cleaned.text, {_name(fact): self._meaning(fact) for fact in case.doubtful})
        found = [
            replace(fact, words=cleaned.as_typed(start, start + len(quote)), probability=MIN_STATED)
            for fact in case.doubtful
            if (quote := quotes.get(_name(fact))) and (start := cleaned.text.index(quote)) >= 0
        ]
        return replace(case, facts=(*case.facts, *found))

    def _meaning(self, fact: Fact) -> str:
        question = self.framework.questions[fact.question]
        return f"{question.text} {question.options[fact.option].text}"


def _as_typed(cleaned: CleanText, fact: Fact) -> Fact:
    return replace(fact, words=cleaned.as_typed(fact.start, fact.end))


def _name(fact: Fact) -> str:
    return f"{fact.question}.{fact.option}"


def _facts(case: CaseReading) -> dict[str, Mention]:
    return {fact.question: Mention(fact.option, fact.words) for fact in case.facts}


def starts_another_case(text: str, case: CaseReading) -> bool:
    """Return True if a message says that it describes another use case than those before it, and states its facts."""
    return len(case.facts) > 1 and bool(ANOTHER_CASE.match(text))
