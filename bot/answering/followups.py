"""Resolve follow-up questions from the conversation: "and for the other one?" repeats the last question.

A question is first searched alone; a plain refusal, an injection or small talk stays as it is. Otherwise its kind
decides how to complete it: with the technique the conversation is about, with the last question as it was or about the
other technique, or with a bullet of the last answer. Where the kind leaves it open, the candidates' results decide.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache

from bot.answering.anaphora import (
    BACK_REFERENCE,
    ORDINAL,
    SAME_WORD,
    FollowUpKind,
    classify,
    complete_question,
    content_words,
    only,
    ordinal_in,
    single_technique,
)
from bot.guidance.article import Statement
from bot.guidance.embedding import Embedder
from bot.guidance.phrasings import Kind, Label
from bot.guidance.search import Search, SearchResult
from bot.guidance.techniques import Technique, techniques_in

MAX_EARLIER = 4  # earlier questions that a question may lean on
MIN_EVIDENCE = 0.3  # evidence below which no earlier question makes a question answerable
MIN_OWN_EVIDENCE = 0.4  # the same for a question that has words of its own
KEEP_PRONOUN = 0.3  # score of the first finding above which a pronoun may be left as it is
MIN_ALONE = 0.2  # score of the first finding below which a question that points back says too little alone
MIN_FRAGMENT = 0.5  # score of the first finding above which a fragment needs no earlier question
COMPLETED_WEIGHT = 0.7  # weight of the completed question beside the question alone
OTHER_SIDE_FACTOR = 0.5  # what counts of the scores of statements about the other technique
Read = Callable[[str], SearchResult]


class FollowUps:
    """Searches for questions in a conversation."""

    def __init__(self, search: Search, embedder: Embedder) -> None:
        self.search, self.embedder = search, embedder

    def resolve(self, question: str, earlier: Sequence[str]) -> tuple[str, SearchResult]:
        """Return the question as it would be asked alone, and its search result.

        `earlier` are the user's earlier questions, oldest first. A question that stands alone is returned unchanged.
        """
        if not earlier:
            return question, self._find(question)
        read = cache(self._find)
        told, side = _told(earlier[-MAX_EARLIER:], read)
        form = classify(question)
        if form is FollowUpKind.STANDALONE or _stays(question, read(question)):
            return question, read(question)
        if form is FollowUpKind.ORDINAL:
            return self._place(
                question, {side: complete_question(question, told[-1], side) for side in Technique}, read, told[-1]
            )
        side = side or single_technique(question)
        pointed = form in (FollowUpKind.PRONOUN, FollowUpKind.OTHER_SIDE)
        named = pointed or any(single_technique(text) for text in told)  # else "and later on?" goes on, of no one side
        completed = complete_question(question, told[-1], side if named else None)
        text = _choose(question, completed, f"{told[-1]} {question}", side, read)
        return text, read(text) if text == question else self._blended(text, question, _about(question, side))

    def _find(self, text: str) -> SearchResult:
        return self.search.find(text, self.embedder.embed([text])[0])

    def _place(
        self, question: str, completed: Mapping[Technique, str], read: Read, last: str
    ) -> tuple[str, SearchResult]:
        """Resolve "the second one": a bullet of the last answer or, without a list, the article's second technique."""
        place, bullets = ordinal_in(question), self._bullets(read(last))
        if bullets and place < len(bullets):
            bullet = bullets[place].text
            return ORDINAL.sub(lambda _: bullet, question), self._read_statement(bullet)
        sides = (only(s.techniques) for s in self.search.index.statements.values())
        order = list(dict.fromkeys(side for side in sides if side))
        text = completed[order[place]] if order and place < len(order) else question
        return text, read(text)

    def _blended(self, text: str, question: str, about: Technique | None) -> SearchResult:
        """Search by the blended scores of the completed question and of the question alone, which keeps its own words.

        Statements on the other technique than `about` count less.
        """
        if self.search.index.unphrased:
            return self._find(text)
        ranker = self.search.index.ranker
        scores = ranker.scores([text, question], self.embedder.embed([text, question]))
        mixed = dict(
            zip(
                ranker.labels, (COMPLETED_WEIGHT * scores[0] + (1 - COMPLETED_WEIGHT) * scores[1]).tolist(), strict=True
            )
        )
        if about:
            mixed = {k: v * OTHER_SIDE_FACTOR if self._sides(k) == {about.other} else v for k, v in mixed.items()}
        return self.search.interpret(mixed, {})

    def _sides(self, label: Label) -> frozenset[Technique]:
        if label.kind is Kind.STATEMENT:
            return self.search.index.statements[label.key].techniques
        return techniques_in(label.key)

    def _bullets(self, reading: SearchResult) -> list[Statement]:
        if not reading.answered:
            return []
        section = reading.findings[0].statement.section
        return [s for s in self.search.index.statements.values() if s.section == section and s.listed]

    def _read_statement(self, text: str) -> SearchResult:
        index = self.search.index
        number = next(number for number, document in enumerate(index.documents) if document.text == text)
        return self.search.find(text, index.ranker.vectors[number])


def _told(earlier: Sequence[str], read: Read) -> tuple[list[str], Technique | None]:
    """The earlier questions, each completed by those before it, and the technique mentioned last, if any."""
    told, side = [earlier[0]], _side_of(earlier[0], read)
    for question in earlier[1:]:
        form = classify(question)
        if form is FollowUpKind.ORDINAL:
            told.append(told[-1])  # the list that it points into
        elif form in (FollowUpKind.FRAGMENT, FollowUpKind.REFERENCE) and not single_technique(question):
            told.append(f"{told[-1]} {question}" if form is FollowUpKind.FRAGMENT else question)
            continue  # what is spoken of stays the same
        else:
            told.append(complete_question(question, told[-1], side))
        side = _side_of(told[-1], read) or side
    return told, side


def _side_of(text: str, read: Read) -> Technique | None:
    """The technique that a question names, else that of the statement that answers it."""
    return single_technique(text) or (_side(read(text)) if read(text).answered else None)


def _about(question: str, side: Technique | None) -> Technique | None:
    """The technique that a question is about in a conversation about `side`."""
    if single_technique(question) or side is None:
        return single_technique(question)
    return side.other if classify(question) is FollowUpKind.OTHER_SIDE else side


def _stays(question: str, alone: SearchResult) -> bool:
    """Return True if nothing said before can change what the question asks for."""
    if alone.kind is Kind.INJECTION or alone.evidence < MIN_EVIDENCE:
        return True
    if alone.kind is Kind.SMALL_TALK:
        return bool(content_words(question))
    return not alone.answered and alone.evidence < MIN_OWN_EVIDENCE and bool(content_words(question))


def _choose(question: str, completed: str, joined: str, side: Technique | None, read: Read) -> str:
    """Choose among the question, its completed form and both questions joined."""
    form, alone = classify(question), read(question)
    swayed = side is not None and alone.answered and _side(alone) is side.other
    changed = completed != question
    if form is FollowUpKind.FRAGMENT:
        plain = [text for text in (completed, question) if read(text).lead >= MIN_FRAGMENT]
        answered = [text for text in (joined, completed) if read(text).answered]
        return next(iter([*plain, *answered]), question)
    if form is FollowUpKind.REFERENCE and swayed and changed and question.endswith("?"):
        return completed
    if form is FollowUpKind.PRONOUN and alone.lead >= KEEP_PRONOUN and not swayed:
        return question
    if form in (FollowUpKind.PRONOUN, FollowUpKind.OTHER_SIDE) and changed:
        return f"{joined.removesuffix(question)}{completed}" if SAME_WORD.search(question) else completed
    empty = form is FollowUpKind.OTHER_SIDE and BACK_REFERENCE.search(question)
    return joined if empty or alone.lead < MIN_ALONE else question


def _side(reading: SearchResult) -> Technique | None:
    return only(reading.findings[0].statement.techniques) if reading.findings else None
