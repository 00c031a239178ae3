"""How a question leans on the conversation before it, by its words alone, and how those complete it."""

import re
from enum import Enum, auto

from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from bot.guidance.approaches import NAMES, Approach, approaches_in

FRAGMENT_WORDS = 4
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


class Form(Enum):
    """How a question leans on what came before."""

    WHOLE = auto()  # it does not
    LEANING = auto()  # it points back, and has words of its own
    SUBJECT = auto()  # "does it need much data?": a pronoun stands for an approach
    OTHER = auto()  # "and for the other one?", "and RAG?": what came before, of the other side
    FRAGMENT = auto()  # "why?", "long term too?": what came before goes on
    PLACE = auto()  # "the second one?": a bullet of the last answer, or the second approach


def form_of(question: str) -> Form:
    """How a question leans on what came before."""
    content, named = content_of(question), approaches_in(question)
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


def complete(question: str, last: str, side: Approach | None) -> str:
    """The question with the approach put in that the conversation is about, or the last question about the other."""
    form, content = form_of(question), content_of(question)
    if form is Form.OTHER:
        target = named_in(question) or (side.other if side else None)
        if target and (content or SUBJECT.search(question)):
            return OTHER.sub(target, question)
        if target and only(approaches_in(last)) is target.other:
            return NAMES[target.other].sub(target, last)
    elif side and form is Form.PLACE:
        return PLACE.sub(side, question) if content else f"what is {side}?"
    elif side and form is Form.SUBJECT:
        return SUBJECT.sub(side, question, count=1)
    elif side and form in (Form.FRAGMENT, Form.LEANING) and not approaches_in(question):
        return f"{question.rstrip('?.! ')} with {side}?"
    return question


def named_in(question: str) -> Approach | None:
    """The approach that a question names, if it is one."""
    return only(approaches_in(question))


def place_in(question: str) -> int:
    """The place in a list that a question points to, from 0, or from the end as -1."""
    found = PLACE.search(question)
    return PLACES[found[1].lower()] if found else 0


def content_of(question: str) -> list[str]:
    """The words that say something besides grammar and the names of the approaches."""
    for pattern in (*NAMES.values(), PLACE, OTHER):
        question = pattern.sub(" ", question)
    return [word for word in re.findall(r"[a-z]+", question.lower()) if word not in EMPTY]


def only(approaches: frozenset[Approach]) -> Approach | None:
    """The approach that there is, if it is one."""
    return next(iter(approaches)) if len(approaches) == 1 else None


def _asks(question: str) -> bool:
    return question.rstrip().endswith("?") or bool(ASKING.match(OPENING.sub("", question)))


def _names_one(question: str) -> bool:
    return bool(approaches_in(TRAINING.sub("", question)))
