"""Follow-up questions made stand-alone from the conversation: "and for the other one?" asks what the last turn asked.

A question is first read alone; what is plainly unanswered, an injection or small talk stays so. Else its form tells
how to complete it: with the approach that the conversation is about, with the last question as it was or about the
other side, or with a bullet of the last answer. The readings of the candidates decide where the form leaves it open.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from enum import Enum, auto
from functools import cache

import numpy as np
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from bot.guidance.approaches import NAMES, Approach, approaches_in
from bot.guidance.article import Statement
from bot.guidance.embedding import Embedder, Vectors
from bot.guidance.phrasings import Kind
from bot.guidance.search import Reading, Search

REMEMBERED = 4  # earlier questions that a question may lean on
HOPELESS = 0.3  # evidence below which no earlier question makes a question answerable
UNDECIDED = 0.4  # the same for a question that has words of its own
FIRM = 0.3  # score of the first finding above which a pronoun may be left as it is
VAGUE = 0.2  # score of the first finding below which a question that points back says too little alone
PLAIN = 0.5  # score of the first finding above which a fragment needs no earlier question
FRAGMENT_WORDS = 3
COMPLETED = 0.7  # weight of the completed question beside the question alone
EMPTY = ENGLISH_STOP_WORDS | {"does", "did", "don", "doesn", "isn", "ok", "oh", "t", "s", "way", "round", "approach"}
OPENING = re.compile(
    r"^(?:(?:ok|okay|nice|hm+|oh|ah|well|then|now|and|but|so|or|also|even|(?:what|how) about)\b[\s,.]*)+", re.IGNORECASE
)
AGAIN = re.compile(r"\b(?:too|as well|also|either)\b", re.IGNORECASE)
BOTH = re.compile(r"\b(?:both|two|each)\b", re.IGNORECASE)
OTHER = re.compile(
    r"\b(?:the )?other(?: (?:one|approach|option|method|side))?\b(?! way)|\b(?:instead|then)(?=\W*$)", re.IGNORECASE
)
SUBJECT = re.compile(
    r"\b(?:(?:that|this) one|it|its|(?:that|this)(?=\W*$| (?:is|as|be|for|in|with|work|happen|need|cost|mean)\b))\b",
    re.IGNORECASE,
)
TRAINING = re.compile(r"\b(?:re)?training\b", re.IGNORECASE)  # names fine-tuning, but is also asked of either
BACK = re.compile(r"\b(?:it|they|them|those|these|that|this)\b|^\W*(?:and|but|so|or|then|also|even)\b", re.IGNORECASE)
WHICH = re.compile(r"^\W*which\b", re.IGNORECASE)
PLACES = {"first": 0, "second": 1, "third": 2, "fourth": 3, "fifth": 4, "last": -1}
PLACE = re.compile(rf"\b(?:the )?({'|'.join(PLACES)})(?: (?:one|point|bullet|item)\b)?(?=\W*$|[,.:;])", re.IGNORECASE)


Read = Callable[[str], Reading]


class Form(Enum):
    """How a question leans on what came before."""

    WHOLE = auto()  # it does not
    LEANING = auto()  # it points back, and has words of its own
    SUBJECT = auto()  # "does it need much data?": a pronoun stands for an approach
    OTHER = auto()  # "and for the other one?", "and RAG?": what came before, of the other side
    FRAGMENT = auto()  # "why?", "long term too?": what came before goes on
    PLACE = auto()  # "the second one?": a bullet of the last answer, or the second approach


class FollowUps:
    """Reads questions in a conversation."""

    def __init__(self, search: Search, embedder: Embedder) -> None:
        self.search, self.embedder = search, embedder

    def read(self, question: str, earlier: Sequence[str]) -> tuple[str, Reading]:
        """The question as it would be asked alone, given the user's earlier questions (oldest first), and what it
        asks for. A question that stands alone already is returned as it is.
        """
        told = _told(earlier[-REMEMBERED:])
        form = _form(question) if told else Form.WHOLE
        if form is Form.WHOLE:
            return question, self.search.read(question, self.embedder.embed([question])[0])
        joined = f"{told[-1]} {question}"
        completed = {side: _completed(question, told[-1], side) for side in Approach}
        texts = list(dict.fromkeys([question, joined, *told, *completed.values()]))
        vectors = dict(zip(texts, self.embedder.embed(texts), strict=True))
        read = cache(lambda text: self.search.read(text, vectors[text]))
        if _stays(question, form, read(question)):
            return question, read(question)
        if form is Form.PLACE:
            return self._place(question, completed, read, told[-1])
        side = _subject(told, read) or _only(approaches_in(question))
        text = _choose(question, completed[side] if side else question, joined, side, read)
        return text, read(text) if text == question else self._blended([text, question], vectors, read(text))

    def _place(self, question: str, completed: Mapping[Approach, str], read: Read, last: str) -> tuple[str, Reading]:
        """The bullet that "the second one" means; where there was no list, the second approach of the article."""
        place, bullets = _place_in(question), self._bullets(read(last))
        if place < len(bullets):
            bullet = bullets[place].text
            return PLACE.sub(lambda _: bullet, question), self._read_statement(bullet)
        sides = (_only(s.approaches) for s in self.search.index.statements.values())
        order = list(dict.fromkeys(side for side in sides if side))
        text = completed[order[place]] if place < len(order) else question
        return text, read(text)

    def _blended(self, texts: list[str], vectors: Mapping[str, Vectors], reading: Reading) -> Reading:
        """The reading of the scores of a completed question and of the question alone, which keeps its own words."""
        ranker = self.search.index.ranker
        if self.search.index.unphrased:
            return reading
        scores = ranker.scores(texts, np.stack([vectors[text] for text in texts]))
        mixed = (COMPLETED * scores[0] + (1 - COMPLETED) * scores[1]).tolist()
        return self.search.interpret(dict(zip(ranker.labels, mixed, strict=True)), {})

    def _bullets(self, reading: Reading) -> list[Statement]:
        if not reading.answered:
            return []
        section = reading.findings[0].statement.section
        return [s for s in self.search.index.statements.values() if s.section == section and s.listed]

    def _read_statement(self, text: str) -> Reading:
        index = self.search.index
        number = next(number for number, document in enumerate(index.documents) if document.text == text)
        return self.search.read(text, index.ranker.vectors[number])


def _told(earlier: Sequence[str]) -> list[str]:
    """The earlier questions, each completed as far as the words of those before it tell."""
    told, side = list[str](), None
    for question in earlier:
        form = _form(question) if told else Form.WHOLE
        if form is Form.PLACE:
            told.append(told[-1])  # the list that it points into
        elif form is Form.FRAGMENT:
            told.append(f"{told[-1]} {question}")
        elif form is Form.LEANING:
            told.append(question)
        else:
            told.append(_completed(question, told[-1], side) if told else question)
        side = _only(approaches_in(told[-1])) or side
    return told


def _form(question: str) -> Form:
    content, named = _content(question), approaches_in(question)
    if PLACE.search(question):
        return Form.PLACE
    if not BOTH.search(question) and ((OTHER.search(question) and not named) or (len(named) == 1 and not content)):
        return Form.OTHER
    if SUBJECT.search(question) and content and not WHICH.match(question) and not _names_one(question):
        return Form.SUBJECT
    opened = OPENING.match(question) or AGAIN.search(question)
    few = len(re.findall(r"\w+", OPENING.sub("", question))) <= FRAGMENT_WORDS
    if not content or (few and not named and (opened or len(content) == 1)):
        return Form.FRAGMENT
    return Form.LEANING if BACK.search(question) else Form.WHOLE


def _names_one(question: str) -> bool:
    return bool(approaches_in(TRAINING.sub("", question)))


def _completed(question: str, last: str, side: Approach | None) -> str:
    """The question with the approach put in that the conversation is about, or the last question about the other."""
    form, content = _form(question), _content(question)
    if form is Form.OTHER:
        target = _only(approaches_in(question)) or (side.other if side else None)
        if target and (content or SUBJECT.search(question)):
            return OTHER.sub(target, question)
        if target and _only(approaches_in(last)) is target.other:
            return NAMES[target.other].sub(target, last)
    elif side and form is Form.PLACE:
        return PLACE.sub(side, question) if content else f"what is {side}?"
    elif side and form is Form.SUBJECT:
        return SUBJECT.sub(side, question, count=1)
    elif side and form in (Form.FRAGMENT, Form.LEANING) and not approaches_in(question):
        return f"{question.rstrip('?.! ')} with {side}?"
    return question


def _stays(question: str, form: Form, alone: Reading) -> bool:
    """Whether nothing that came before can change what the question asks for."""
    if alone.kind is Kind.INJECTION or alone.evidence < HOPELESS:
        return True
    if alone.kind is Kind.SMALL_TALK:
        return bool(_content(question))
    return not alone.answered and alone.evidence < UNDECIDED and bool(_content(question))


def _subject(told: Sequence[str], read: Read) -> Approach | None:
    """The approach that was spoken of last, by the user or in the answer."""
    sides = (_only(approaches_in(text)) or _side(read(text)) for text in reversed(told))
    return next((side for side in sides if side), None)


def _choose(question: str, completed: str, joined: str, side: Approach | None, read: Read) -> str:
    """Which of the three texts to go by, for the forms that lean on what came before."""
    form, alone = _form(question), read(question)
    swayed = side is not None and alone.answered and _side(alone) is side.other
    changed = completed != question
    if form is Form.FRAGMENT:
        plain = [text for text in (completed, question) if _lead(read(text)) >= PLAIN]
        answered = [text for text in (joined, completed) if read(text).answered]
        return next(iter([*plain, *answered]), question)
    if form is Form.LEANING and swayed and changed and question.endswith("?"):
        return completed
    if form is Form.SUBJECT and _lead(alone) >= FIRM and not swayed:
        return question
    if form in (Form.SUBJECT, Form.OTHER) and changed:
        return completed
    empty = form is Form.OTHER and BACK.search(question)
    return joined if empty or _lead(alone) < VAGUE else question


def _side(reading: Reading) -> Approach | None:
    return _only(reading.findings[0].statement.approaches) if reading.findings else None


def _lead(reading: Reading) -> float:
    return reading.findings[0].score if reading.answered else 0.0


def _place_in(question: str) -> int:
    found = PLACE.search(question)
    return PLACES[found[1].lower()] if found else 0


def _content(question: str) -> list[str]:
    """The words that say something besides grammar and the names of the approaches."""
    for pattern in (*NAMES.values(), PLACE, OTHER):
        question = pattern.sub(" ", question)
    return [word for word in re.findall(r"[a-z]+", question.lower()) if word not in EMPTY]


def _only(approaches: frozenset[Approach]) -> Approach | None:
    return next(iter(approaches)) if len(approaches) == 1 else None
