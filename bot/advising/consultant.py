"""The front door: classify a message and reply. Knows no platform."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from bot import texts, threads
from bot.advising.adviser import Adviser, starts_another_case
from bot.answering.compose import compose
from bot.answering.followups import FollowUps
from bot.answering.input import MAX_INPUT_LENGTH, MAX_TYPED, clean, find_input_problem
from bot.cases.reading import FIRST_PERSON, CaseReader, CaseReading, is_question
from bot.deciding.recommendation import MIN_LIKELY
from bot.guidance.article import Statement
from bot.guidance.index import Index
from bot.guidance.phrasings import Kind
from bot.guidance.search import Search, SearchResult
from bot.messages.reply import CitationNumbers, Line, Reply, ReplyKind
from bot.observing import metrics, tracing
from bot.threads import MicroBatcher
from bot.writing.fact_finder import FactFinder
from bot.writing.grounding import Grounding
from bot.writing.writer import GroundedWriter, Writer

ShowLine = Callable[[Line], None]

MIN_CASE = 0.3  # share of the scores that says so from which a message tells a use case
MIN_LATER_CASE = 0.5  # the same for one that is not the first of its conversation
MIN_CASE_WORDS = 14  # in a message of somebody about themselves that asks nothing
MIN_OUT_OF_SCOPE_WORDS = 6  # in a message that says what neither approach does, and asks nothing
MIN_CERTAIN = 0.75  # probability of a fact from which it counts in what looks like an injection
LONG_TEXT_WORDS = 25  # words from which a message is a description with a question rather than a question
ROUGH_SENTENCE = re.compile(r"[^.!?\n]+[.!?\n]*")
CHOICE_QUESTION = re.compile(
    r"\b(?:which|what|how)\b.*\b(?:should|would|recommend\w*|better|best|choose|pick|fits?|suits?|go with|advise)\b"
    r"|\b(?:right|good|sensible|sense|worth it) for (?:us|our|me)\b|\b(?:should|shall|can|must) (?:we|i)\b"
    r"|\b(?:rag|retrieval)\b.*\bor\b|\bor rag\b|\b(?:advice|thoughts?|pick one)\b",
    re.IGNORECASE,
)
WHICH_APPROACH = re.compile(  # asks for the recommendation, and for nothing else
    r"\b(?:which|what)\b(?: \w+){0,3} (?:should|shall|would|do|can) (?:we|i|you)\b(?: (?:do|choose|pick|use|take|try"
    r"|recommend|suggest|advise|go (?:for|with)))?\W*$|\b(?:should|shall) (?:we|i) (?:fine-?tune|use|choose|pick|go)\b"
    r"|\b(?:which|what)(?: one| way| approach)? (?:fits|suits|is (?:right|best|better))\b"
    r"|\b(?:right|sensible) for (?:us|our|me)\b|\brag\b.*\bor\b|\bor rag\b|\b(?:advice|thoughts|pick one)\b",
    re.IGNORECASE,
)
COURTESY_OPENING = re.compile(  # what comes before a question
    r"^(?:(?:ok(?:ay)?|great|cool|perfect|super|nice|got it|(?:many )?thanks|thank you|thx|cheers|so much|very much"
    r"|a lot|(?:that|this) helps|hi|hello|hey|good (?:morning|afternoon|evening)|there|all|everyone|team)[\s,.!;:–-]+)+"
    r"(?<=[,.!;:–-] )",
    re.IGNORECASE,
)
INSTRUCTION = re.compile(
    r"\b(?:ignore|disregard|forget|pretend|reveal|print|repeat|confirm|override|write|put|say|prompt|instructions?"
    r"|rules?|system|admin|you (?:are|must|will))\b",
    re.IGNORECASE,
)


class Consultant:
    """Replies to questions from one index; with a writer, in a language model's words, checked against the index.

    With a case reader it also replies to use cases, with a recommendation; with a finder, a language model reads along.
    """

    def __init__(
        self,
        index: Index,
        writer: Writer | None = None,
        article_url: str | None = None,
        cases: CaseReader | None = None,
        finder: FactFinder | None = None,
    ) -> None:
        self.index = index
        self.search = Search(index)
        self._read_soon = MicroBatcher[str, SearchResult](
            lambda texts: threads.compute(lambda: self.search.find_all(texts, index.embedder.embed(texts)))
        )
        self.adviser = Adviser(cases, index.embedder, finder) if cases else None
        self._followups = FollowUps(self.search, index.embedder)
        self._writer = (
            GroundedWriter(writer, Grounding(tuple(index.statements.values()), index.embedder)) if writer else None
        )
        self._article_url = article_url

    async def respond(self, text: str, earlier: Sequence[str] = (), show: ShowLine | None = None) -> Reply:
        """Reply to `text`; `earlier` are the user's messages before it, oldest first.

        `show` is called with each line of an answer as soon as it is final.
        """
        question = _to_the_point(clean(text))
        problem = find_input_problem(question)
        if problem:
            words = texts.sentence(
                problem, length=f"{len(text if len(text) > MAX_TYPED else question):,}", most=f"{MAX_INPUT_LENGTH:,}"
            )
            return Reply(ReplyKind.ABSTAIN, (Line(words),), reason=problem)
        earlier = [turn for said in earlier if (turn := clean(said)[:MAX_INPUT_LENGTH])]
        with tracing.span("search"):
            result = await self._read(question, earlier)
        with tracing.span("compose"):
            if advice := await self._advice(text, question, earlier, result):
                return advice
            return await self._reply(question, earlier, result, show)

    async def _advice(self, text: str, question: str, earlier: Sequence[str], result: SearchResult) -> Reply | None:
        """Advice on the use case in `text` (`question` is its cleaned form); None if it describes none."""
        if self.adviser is None:
            return None
        case = await self.adviser.read(text)
        earlier = () if starts_another_case(text, case) else earlier
        before = await self.adviser.facts(earlier) if len(case.facts) == 1 else None
        if not is_case(question, result, case, len(before or ()), is_first=not earlier):
            return None
        before = await self.adviser.facts(earlier) if before is None else before
        return await self._beside(await self.adviser.advise(text, before, case), text, result)

    async def _read(self, question: str, earlier: Sequence[str]) -> SearchResult:
        if not earlier:
            return await self._read_soon(question)
        _, result = await threads.compute(lambda: self._followups.resolve(question, earlier))
        return result

    async def _beside(self, advice: Reply, text: str, result: SearchResult) -> Reply:
        """The recommendation, after the answer to what else the message asks.

        If the case hardly decides which approach to choose, the guidance's answer to that question comes first, too.
        """
        asked = [sentence.strip() for sentence in ROUGH_SENTENCE.findall(text) if is_question(sentence)]
        besides = " ".join(sentence for sentence in asked if not CHOICE_QUESTION.search(sentence))
        if besides:
            alone = await self._read_soon(clean(besides))
            result = max(result, alone, key=lambda result: result.lead)
        elif _decides(advice) and all(WHICH_APPROACH.search(sentence) for sentence in asked):
            return advice
        return _both(compose(result), advice) if asked and result.answered else advice

    async def _reply(self, question: str, earlier: Sequence[str], result: SearchResult, show: ShowLine | None) -> Reply:
        if result.kind is Kind.SMALL_TALK:
            where = f" at {self._article_url}" if self._article_url else ""
            return Reply(ReplyKind.SMALL_TALK, (Line(texts.sentence(result.intent, where=where)),))
        if result.kind is Kind.INJECTION and not INSTRUCTION.search(question):
            result = replace(result, kind=Kind.NEAR_TOPIC)  # without an instruction it is no attempt
        if not result.answered or self._writer is None:
            return compose(result)
        notes, lines = CitationNumbers(), list[Line]()
        async for sentence, cited in self._writer.write(question, earlier, self._material(result)):
            lines.append(Line(sentence, cites=notes.cite(cited)))
            if show:
                show(lines[-1])
        if not lines:
            metrics.fallbacks.inc()
            return compose(result)
        return Reply(ReplyKind.ANSWER, tuple(lines), notes.citations)

    def _material(self, result: SearchResult) -> list[Statement]:
        """The answers, then the rest of their sections, for the model to write from."""
        found = [finding.statement for finding in result.findings]
        sections = {statement.section for statement in found}
        return list(dict.fromkeys([*found, *(s for s in self.index.statements.values() if s.section in sections)]))


def is_case(text: str, result: SearchResult, found: CaseReading, earlier: int = 0, *, is_first: bool = True) -> bool:
    """Return True if a message tells a use case: by the ranker, or by two facts (with the `earlier` ones)."""
    questions = [sentence for sentence in ROUGH_SENTENCE.findall(text) if is_question(sentence)]
    asking, only_chooses = bool(questions), all(CHOICE_QUESTION.search(sentence) for sentence in questions)
    if result.case >= (MIN_CASE if is_first else MIN_LATER_CASE):
        return True
    facts = len(found.facts) + (earlier if found.facts and only_chooses and earlier > 1 else 0)
    if result.kind is Kind.INJECTION:
        certain = [fact for fact in found.facts if fact.probability >= MIN_CERTAIN]
        return len(certain) > 1 and not INSTRUCTION.search(text)
    if facts > 1:
        covered = result.answered or facts > 2 or len(text.split()) >= LONG_TEXT_WORDS
        return covered or (not asking and bool(FIRST_PERSON.search(text)))
    if asking or result.kind is Kind.SMALL_TALK:
        return False
    if found.outside:
        return len(text.split()) >= MIN_OUT_OF_SCOPE_WORDS
    return len(text.split()) >= MIN_CASE_WORDS and bool(FIRST_PERSON.search(text))


def _decides(advice: Reply) -> bool:
    return advice.recommendation is not None and advice.recommendation.confidence >= MIN_LIKELY


def _to_the_point(question: str) -> str:
    """Strip the thanks or the greeting before a question; a message without a question stays as it is."""
    rest = COURTESY_OPENING.sub("", question)
    return rest if len(rest.split()) > 2 and is_question(rest) else question


def _both(answer: Reply, advice: Reply) -> Reply:
    """Join the answer and the advice into one reply; sources that both cite share a number."""
    citations = list(dict.fromkeys([*answer.citations, *advice.citations]))
    number = {n: citations.index(citation) + 1 for n, citation in enumerate(advice.citations, 1)}
    lines = (replace(line, cites=tuple(number[n] for n in line.cites)) for line in advice.lines)
    return replace(advice, lines=(*answer.lines, *lines), citations=tuple(citations))
