"""Follow-up questions made stand-alone from the conversation: "and for the other one?" asks what the last turn asked.

A question is first read alone; what is plainly unanswered, an injection or small talk stays so. Else its form tells
how to complete it: with the approach that the conversation is about, with the last question as it was or about the
other side, or with a bullet of the last answer. The readings of the candidates decide where the form leaves it open.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from enum import Enum, auto
from functools import cache

from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from bot.guidance.approaches import NAMES, Approach, approaches_in
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
FRAGMENT_WORDS = 4
COMPLETED = 0.7  # weight of the completed question beside the question alone
ASIDE = 0.5  # what counts of the scores of statements about the other approach
EMPTY = ENGLISH_STOP_WORDS | {"does", "did", "don", "doesn", "isn", "ok", "oh", "t", "s", "way", "round", "approach"}
OPENING = re.compile(
    r"^(?:(?:ok|okay|nice|hm+|oh|ah|well|then|now|and|but|so|or|also|even|(?:what|how) about)\b[\s,.]*)+", re.IGNORECASE
)
AGAIN = re.compile(r"\b(?:too|as well|also|either)\b", re.IGNORECASE)
SAME = re.compile(r"\bsame\b", re.IGNORECASE)
BOTH = re.compile(r"\b(?:both|two|each)\b", re.IGNORECASE)
OTHER = re.compile(
    r"\b(?:the )?(?:other|alternative)(?: (?:one|approach|option|method|side))?\b(?! way)|\b(?:instead|then)(?=\W*$)",
    re.IGNORECASE,
)
SUBJECT = re.compile(
    r"\b(?:(?:that|this) one|it|its|(?:that|this)(?=\W*$| (?:is|as|for|in|with|work|need|cost|mean)\b))\b",
    re.IGNORECASE,
)
ASKING = re.compile(
    r"(?:do|does|did|is|are|was|can|could|will|would|should|has|have|how|what|when|where|why|who|any)\b", re.IGNORECASE
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
        if not earlier:
            return question, self._read(question)
        read = cache(self._read)
        told, side = _told(earlier[-REMEMBERED:], read)
        form = _form(question)
        if form is Form.WHOLE or _stays(question, read(question)):
            return question, read(question)
        if form is Form.PLACE:
            return self._place(
                question, {side: _completed(question, told[-1], side) for side in Approach}, read, told[-1]
            )
        side = side or _named(question)
        pointed = form in (Form.SUBJECT, Form.OTHER)
        named = pointed or any(_named(text) for text in told)  # else "and later on?" goes on, of no one side
        completed = _completed(question, told[-1], side if named else None)
        text = _choose(question, completed, f"{told[-1]} {question}", side, read)
        return text, read(text) if text == question else self._blended(text, question, _about(question, side))

    def _read(self, text: str) -> Reading:
        return self.search.read(text, self.embedder.embed([text])[0])

    def _place(self, question: str, completed: Mapping[Approach, str], read: Read, last: str) -> tuple[str, Reading]:
        """The bullet that "the second one" means; where there was no list, the second approach of the article."""
        place, bullets = _place_in(question), self._bullets(read(last))
        if bullets and place < len(bullets):
            bullet = bullets[place].text
            return PLACE.sub(lambda _: bullet, question), self._read_statement(bullet)
        sides = (_only(s.approaches) for s in self.search.index.statements.values())
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
        form = _form(question)
        if form is Form.PLACE:
            told.append(told[-1])  # the list that it points into
        elif form in (Form.FRAGMENT, Form.LEANING) and not _named(question):
            told.append(f"{told[-1]} {question}" if form is Form.FRAGMENT else question)
            continue  # what is spoken of stays the same
        else:
            told.append(_completed(question, told[-1], side))
        side = _side_of(told[-1], read) or side
    return told, side


def _named(question: str) -> Approach | None:
    return _only(approaches_in(question))


def _side_of(text: str, read: Read) -> Approach | None:
    """The approach that a question names, or else that of the statement that answers it."""
    return _named(text) or (_side(read(text)) if read(text).answered else None)


def _about(question: str, side: Approach | None) -> Approach | None:
    """The approach that a question is about which leans on a conversation about `side`."""
    if _named(question) or side is None:
        return _named(question)
    return side.other if _form(question) is Form.OTHER else side


def _form(question: str) -> Form:
    content, named = _content(question), approaches_in(question)
    if PLACE.search(question):
        return Form.PLACE
    if not BOTH.search(question) and ((OTHER.search(question) and not named) or (len(named) == 1 and not content)):
        return Form.OTHER
    if (
        SUBJECT.search(question)
        and content
        and _asks(question)
        and not WHICH.match(question)
        and not _names_one(question)
    ):
        return Form.SUBJECT
    opened = OPENING.match(question) or AGAIN.search(question)
    few = len(re.findall(r"\w+", OPENING.sub("", question))) <= FRAGMENT_WORDS
    if not content or (few and not named and (opened or len(content) == 1)):
        return Form.FRAGMENT
    return Form.LEANING if BACK.search(question) else Form.WHOLE


def _asks(question: str) -> bool:
    return question.rstrip().endswith("?") or bool(ASKING.match(OPENING.sub("", question)))


def _names_one(question: str) -> bool:
    return bool(approaches_in(TRAINING.sub("", question)))


def _completed(question: str, last: str, side: Approach | None) -> str:
    """The question with the approach put in that the conversation is about, or the last question about the other."""
    form, content = _form(question), _content(question)
    if form is Form.OTHER:
        target = _named(question) or (side.other if side else None)
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


def _stays(question: str, alone: Reading) -> bool:
    """Whether nothing that came before can change what the question asks for."""
    if alone.kind is Kind.INJECTION or alone.evidence < HOPELESS:
        return True
    if alone.kind is Kind.SMALL_TALK:
        return bool(_content(question))
    return not alone.answered and alone.evidence < UNDECIDED and bool(_content(question))


def _choose(question: str, completed: str, joined: str, side: Approach | None, read: Read) -> str:
    """Which of the three texts to go by, for the forms that lean on what came before."""
    form, alone = _form(question), read(question)
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
    return _only(reading.findings[0].statement.approaches) if reading.findings else None


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
