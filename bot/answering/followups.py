"""Follow-up questions made stand-alone from the conversation: "and for the other one?" asks what the last turn asked.

A question is first read alone; what is plainly unanswered, an injection or small talk stays so. Else its form tells
how to complete it: with the approach that the conversation is about, with the last question as it was or about the
other side, or with a bullet of the last answer. The readings of the candidates decide where the form leaves it open.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache

from bot.answering.anaphora import BACK, PLACE, SAME, Form, complete, content_of, form_of, named_in, only, place_in
from bot.guidance.approaches import Approach, approaches_in
from bot.guidance.article import Statement
from bot.guidance.embedding import Embedder
from bot.guidance.phrasings import Kind, Label
from bot.guidance.search import Reading, Search

REMEMBERED = 4  # earlier questions that a question may lean on
HOPELESS = 0.3  # evidence below which no earlier question makes a question answerable
UNDECIDED = 0.4  # the same for a question that has words of its own
FIRM = 0.3  # score of the first finding above which a pronoun may be left as it is
VAGUE = 0.2  # score of the first finding below which a question that points back says too little alone
PLAIN = 0.5  # score of the first finding above which a fragment needs no earlier question
COMPLETED = 0.7  # weight of the completed question beside the question alone
ASIDE = 0.5  # what counts of the scores of statements about the other approach
Read = Callable[[str], Reading]


class FollowUps:
    """Reads questions in a conversation."""

    def __init__(self, search: Search, embedder: Embedder) -> None:
        self.search, self.embedder = search, embedder

    def read(self, question: str, earlier: Sequence[str]) -> tuple[str, Reading]:
        """The question as it would be asked alone, given the user's earlier questions (oldest first), and what it
        asks for. A question that stands alone already is returned as it is.
        """
        if not earlier:
            return question, self._read(question)
        read = cache(self._read)
        told, side = _told(earlier[-REMEMBERED:], read)
        form = form_of(question)
        if form is Form.WHOLE or _stays(question, read(question)):
            return question, read(question)
        if form is Form.PLACE:
            return self._place(
                question, {side: complete(question, told[-1], side) for side in Approach}, read, told[-1]
            )
        side = side or named_in(question)
        pointed = form in (Form.SUBJECT, Form.OTHER)
        named = pointed or any(named_in(text) for text in told)  # else "and later on?" goes on, of no one side
        completed = complete(question, told[-1], side if named else None)
        text = _choose(question, completed, f"{told[-1]} {question}", side, read)
        return text, read(text) if text == question else self._blended(text, question, _about(question, side))

    def _read(self, text: str) -> Reading:
        return self.search.read(text, self.embedder.embed([text])[0])

    def _place(self, question: str, completed: Mapping[Approach, str], read: Read, last: str) -> tuple[str, Reading]:
        """The bullet that "the second one" means; where there was no list, the second approach of the article."""
        place, bullets = place_in(question), self._bullets(read(last))
        if bullets and place < len(bullets):
            bullet = bullets[place].text
            return PLACE.sub(lambda _: bullet, question), self._read_statement(bullet)
        sides = (only(s.approaches) for s in self.search.index.statements.values())
        order = list(dict.fromkeys(side for side in sides if side))
        text = completed[order[place]] if order and place < len(order) else question
        return text, read(text)

    def _blended(self, text: str, question: str, about: Approach | None) -> Reading:
        """The reading of the scores of a completed question and of the question alone, which keeps its own words.

        What the guidance says of the other approach than the question is about counts less.
        """
        if self.search.index.unphrased:
            return self._read(text)
        ranker = self.search.index.ranker
        scores = ranker.scores([text, question], self.embedder.embed([text, question]))
        mixed = dict(zip(ranker.labels, (COMPLETED * scores[0] + (1 - COMPLETED) * scores[1]).tolist(), strict=True))
        if about:
            mixed = {k: v * ASIDE if self._sides(k) == {about.other} else v for k, v in mixed.items()}
        return self.search.interpret(mixed, {})

    def _sides(self, label: Label) -> frozenset[Approach]:
        if label.kind is Kind.STATEMENT:
            return self.search.index.statements[label.key].approaches
        return approaches_in(label.key)

    def _bullets(self, reading: Reading) -> list[Statement]:
        if not reading.answered:
            return []
        section = reading.findings[0].statement.section
        return [s for s in self.search.index.statements.values() if s.section == section and s.listed]

    def _read_statement(self, text: str) -> Reading:
        index = self.search.index
        number = next(number for number, document in enumerate(index.documents) if document.text == text)
        return self.search.read(text, index.ranker.vectors[number])


def _told(earlier: Sequence[str], read: Read) -> tuple[list[str], Approach | None]:
    """The earlier questions, each completed by those before it, and the approach that was spoken of last, if any."""
    told, side = [earlier[0]], _side_of(earlier[0], read)
    for question in earlier[1:]:
        form = form_of(question)
        if form is Form.PLACE:
            told.append(told[-1])  # the list that it points into
        elif form in (Form.FRAGMENT, Form.LEANING) and not named_in(question):
            told.append(f"{told[-1]} {question}" if form is Form.FRAGMENT else question)
            continue  # what is spoken of stays the same
        else:
            told.append(complete(question, told[-1], side))
        side = _side_of(told[-1], read) or side
    return told, side


def _side_of(text: str, read: Read) -> Approach | None:
    """The approach that a question names, or else that of the statement that answers it."""
    return named_in(text) or (_side(read(text)) if read(text).answered else None)


def _about(question: str, side: Approach | None) -> Approach | None:
    """The approach that a question is about which leans on a conversation about `side`."""
    if named_in(question) or side is None:
        return named_in(question)
    return side.other if form_of(question) is Form.OTHER else side


def _stays(question: str, alone: Reading) -> bool:
    """Whether nothing that came before can change what the question asks for."""
    if alone.kind is Kind.INJECTION or alone.evidence < HOPELESS:
        return True
    if alone.kind is Kind.SMALL_TALK:
        return bool(content_of(question))
    return not alone.answered and alone.evidence < UNDECIDED and bool(content_of(question))


def _choose(question: str, completed: str, joined: str, side: Approach | None, read: Read) -> str:
    """Which of the three texts to go by, for the forms that lean on what came before."""
    form, alone = form_of(question), read(question)
    swayed = side is not None and alone.answered and _side(alone) is side.other
    changed = completed != question
    if form is Form.FRAGMENT:
        plain = [text for text in (completed, question) if read(text).lead >= PLAIN]
        answered = [text for text in (joined, completed) if read(text).answered]
        return next(iter([*plain, *answered]), question)
    if form is Form.LEANING and swayed and changed and question.endswith("?"):
        return completed
    if form is Form.SUBJECT and alone.lead >= FIRM and not swayed:
        return question
    if form in (Form.SUBJECT, Form.OTHER) and changed:
        return f"{joined.removesuffix(question)}{completed}" if SAME.search(question) else completed
    empty = form is Form.OTHER and BACK.search(question)
    return joined if empty or alone.lead < VAGUE else question


def _side(reading: Reading) -> Approach | None:
    return only(reading.findings[0].statement.approaches) if reading.findings else None
