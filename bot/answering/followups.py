"""Resolve follow-up questions from the conversation: "and for the other one?" repeats the last question.

A question is first searched alone; a plain refusal, an injection or small talk stays as it is. Otherwise its kind
decides how to complete it: with the technique the conversation is about, with the last question as it was or about the
other technique, or with a bullet of the last answer. Where the kind leaves it open, the candidates' results decide.
"""

from collections.abc import Callable, Sequence
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

MAX_EARLIER = 4  # earlier questions that a follow-up may refer to

# Chosen over tests/data/conversations.jsonl, between two errors: if earlier questions count too much, new ones are
# misread as follow-ups; if they count too little, follow-ups are answered as if they were asked alone.
MIN_EVIDENCE = 0.2  # evidence of the question alone, below which no earlier question makes it answerable
MIN_OWN_EVIDENCE = 0.4  # the same for a question that has words of its own
KEEP_PRONOUN = 0.3  # score of the best answer above which a pronoun is not replaced
MIN_ALONE = 0.2  # score of the best answer below which a question that points back needs the last one
MIN_FRAGMENT = 0.5  # score of the best answer above which a fragment needs no earlier question
COMPLETED_WEIGHT = 0.7  # of the completed question beside the question alone
OTHER_SIDE_FACTOR = 0.5  # on the scores of statements about the other technique
Find = Callable[[str], SearchResult]


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
        find = cache(self._find)
        history, side = _complete_earlier(earlier[-MAX_EARLIER:], find)
        last, kind = history[-1], classify(question)
        if kind is FollowUpKind.STANDALONE or _stays(question, find(question)):
            return question, find(question)
        if kind is FollowUpKind.ORDINAL:
            return self._resolve_ordinal(question, last, find)
        side = side or single_technique(question)
        names_side = kind in (FollowUpKind.PRONOUN, FollowUpKind.OTHER_SIDE) or any(map(single_technique, history))
        completed = complete_question(question, last, side if names_side else None)
        text = _choose(question, completed, f"{last} {question}", side, find)
        return text, find(text) if text == question else self._blended(text, question, _about(question, side))

    def _find(self, text: str) -> SearchResult:
        return self.search.find(text, self.embedder.embed([text])[0])

    def _resolve_ordinal(self, question: str, last: str, find: Find) -> tuple[str, SearchResult]:
        """Resolve "the second one": a bullet of the last answer or, without a list, the article's second technique."""
        place, bullets = ordinal_in(question), self._bullets(find(last))
        if bullets and place < len(bullets):
            bullet = bullets[place]
            return ORDINAL.sub(lambda _: bullet.text, question), self._find_statement(bullet)
        sides = (only(s.techniques) for s in self.search.index.statements.values())
        order = list(dict.fromkeys(side for side in sides if side))
        text = complete_question(question, last, order[place]) if order and place < len(order) else question
        return text, find(text)

    def _blended(self, text: str, question: str, about: Technique | None) -> SearchResult:
        """Search by the blended scores of the completed question and of the question alone, which keeps its own words.

        Statements on the other technique than `about` count less.
        """
        if self.search.index.unphrased:
            return self._find(text)
        ranker = self.search.index.ranker
        scores = ranker.scores([text, question], self.embedder.embed([text, question]))
        blend = COMPLETED_WEIGHT * scores[0] + (1 - COMPLETED_WEIGHT) * scores[1]
        blended = dict(zip(ranker.labels, blend.tolist(), strict=True))
        if about:
            blended = {k: v * OTHER_SIDE_FACTOR if self._sides(k) == {about.other} else v for k, v in blended.items()}
        return self.search.interpret(blended, {})

    def _sides(self, label: Label) -> frozenset[Technique]:
        if label.kind is Kind.STATEMENT:
            return self.search.index.statements[label.key].techniques
        return techniques_in(label.key)

    def _bullets(self, result: SearchResult) -> list[Statement]:
        if not result.answered:
            return []
        section = result.findings[0].statement.section
        return [s for s in self.search.index.statements.values() if s.section == section and s.listed]

    def _find_statement(self, statement: Statement) -> SearchResult:
        return self.search.find(statement.text, self.search.index.vector_of(statement.anchor))


def _complete_earlier(earlier: Sequence[str], find: Find) -> tuple[list[str], Technique | None]:
    """The earlier questions, each completed by those before it, and the technique mentioned last, if any."""
    completed, side = [earlier[0]], _side_of(earlier[0], find)
    for question in earlier[1:]:
        last, kind = completed[-1], classify(question)
        if kind in (FollowUpKind.FRAGMENT, FollowUpKind.REFERENCE) and not single_technique(question):
            completed.append(f"{last} {question}" if kind is FollowUpKind.FRAGMENT else question)
            continue  # the technique stays the same
        is_ordinal = kind is FollowUpKind.ORDINAL  # points into the list of the question before
        completed.append(last if is_ordinal else complete_question(question, last, side))
        side = _side_of(completed[-1], find) or side
    return completed, side


def _side_of(text: str, find: Find) -> Technique | None:
    """The technique that a question names, else that of the statement that answers it."""
    return single_technique(text) or (_side(find(text)) if find(text).answered else None)


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


def _choose(question: str, completed: str, joined: str, side: Technique | None, find: Find) -> str:
    """Choose among the question, its completed form and both questions joined."""
    kind, alone = classify(question), find(question)
    is_about_other = side is not None and alone.answered and _side(alone) is side.other
    is_completed = completed != question
    if kind is FollowUpKind.FRAGMENT:
        clear = [text for text in (completed, question) if find(text).lead >= MIN_FRAGMENT]
        answered = [text for text in (joined, completed) if find(text).answered]
        return next(iter([*clear, *answered]), question)
    if kind is FollowUpKind.REFERENCE and is_about_other and is_completed and question.endswith("?"):
        return completed
    if kind is FollowUpKind.PRONOUN and alone.lead >= KEEP_PRONOUN and not is_about_other:
        return question
    if kind in (FollowUpKind.PRONOUN, FollowUpKind.OTHER_SIDE) and is_completed:
        return f"{joined.removesuffix(question)}{completed}" if SAME_WORD.search(question) else completed
    says_nothing = kind is FollowUpKind.OTHER_SIDE and BACK_REFERENCE.search(question)
    return joined if says_nothing or alone.lead < MIN_ALONE else question


def _side(result: SearchResult) -> Technique | None:
    return only(result.findings[0].statement.techniques) if result.findings else None
