"""Anaphora: classify how a follow-up depends on the conversation, and complete it from the last question."""

import re
from enum import Enum, auto

from bot.answering.function_words import FUNCTION_WORDS
from bot.guidance.techniques import TECHNIQUE_NAMES, Technique, techniques_in

FRAGMENT_WORDS = 4
DISCOURSE_OPENING = re.compile(
    r"^(?:(?:ok|okay|nice|hm+|oh|ah|well|then|now|and|but|so|or|also|even|(?:what|how) about)\b[\s,.]*)+", re.IGNORECASE
)
ALSO = re.compile(r"\b(?:too|as well|also|either)\b", re.IGNORECASE)
SAME_WORD = re.compile(r"\bsame\b", re.IGNORECASE)
BOTH_SIDES = re.compile(r"\b(?:both|two|each)\b", re.IGNORECASE)
OTHER_SIDE = re.compile(
    r"\b(?:the )?(?:other|alternative)(?: (?:one|approach|option|method|side))?\b(?! way)|\b(?:instead|then)(?=\W*$)",
    re.IGNORECASE,
)
PRONOUN = re.compile(
    r"\b(?:(?:that|this) one|it|its|(?:that|this)(?=\W*$| (?:is|as|for|in|with|work|need|cost|mean)\b))\b",
    re.IGNORECASE,
)
QUESTION_START = re.compile(
    r"(?:do|does|did|is|are|was|can|could|will|would|should|has|have|how|what|when|where|why|who|any)\b", re.IGNORECASE
)
TRAINING_WORD = re.compile(r"\b(?:re)?training\b", re.IGNORECASE)  # names fine-tuning, but is also asked of either
BACK_REFERENCE = re.compile(
    r"\b(?:it|they|them|those|these|that|this)\b|^\W*(?:and|but|so|or|then|also|even)\b", re.IGNORECASE
)
WHICH = re.compile(r"^\W*which\b", re.IGNORECASE)
ORDINALS = {"first": 0, "second": 1, "third": 2, "fourth": 3, "fifth": 4, "last": -1}
ORDINAL = re.compile(
    rf"\b(?:the )?({'|'.join(ORDINALS)})(?: (?:one|point|bullet|item)\b)?(?=\W*$|[,.:;])", re.IGNORECASE
)


class FollowUpKind(Enum):
    """The ways in which a question can depend on the conversation before it."""

    STANDALONE = auto()
    REFERENCE = auto()  # points back, and has words of its own
    PRONOUN = auto()  # "does it need much data?": a pronoun stands for a technique
    OTHER_SIDE = auto()  # "and for the other one?", "and RAG?": the last question, of the other technique
    FRAGMENT = auto()  # "why?", "long term too?": continues the last question
    ORDINAL = auto()  # "the second one?": a bullet of the last answer, or the second technique


def classify(question: str) -> FollowUpKind:
    """Classify how a question depends on the conversation before it."""
    content, named = content_words(question), techniques_in(question)
    if ORDINAL.search(question):
        return FollowUpKind.ORDINAL
    if not BOTH_SIDES.search(question) and (
        (OTHER_SIDE.search(question) and not named) or (len(named) == 1 and not content)
    ):
        return FollowUpKind.OTHER_SIDE
    if (
        PRONOUN.search(question)
        and content
        and _asks(question)
        and not WHICH.match(question)
        and not _names_one(question)
    ):
        return FollowUpKind.PRONOUN
    opened = DISCOURSE_OPENING.match(question) or ALSO.search(question)
    few = len(re.findall(r"\w+", DISCOURSE_OPENING.sub("", question))) <= FRAGMENT_WORDS
    if not content or (few and not named and (opened or len(content) == 1)):
        return FollowUpKind.FRAGMENT
    return FollowUpKind.REFERENCE if BACK_REFERENCE.search(question) else FollowUpKind.STANDALONE


def complete_question(question: str, last: str, side: Technique | None) -> str:
    """Put the conversation's technique into the question, or ask the last question of the other technique."""
    kind, content = classify(question), content_words(question)
    if kind is FollowUpKind.OTHER_SIDE:
        target = single_technique(question) or (side.other if side else None)
        if target and (content or PRONOUN.search(question)):
            return OTHER_SIDE.sub(target, question)
        if target and only(techniques_in(last)) is target.other:
            return TECHNIQUE_NAMES[target.other].sub(target, last)
    elif side and kind is FollowUpKind.ORDINAL:
        return ORDINAL.sub(side, question) if content else f"what is {side}?"
    elif side and kind is FollowUpKind.PRONOUN:
        return PRONOUN.sub(side, question, count=1)
    elif side and kind in (FollowUpKind.FRAGMENT, FollowUpKind.REFERENCE) and not techniques_in(question):
        return f"{question.rstrip('?.! ')} with {side}?"
    return question


def single_technique(question: str) -> Technique | None:
    """The technique that a question names, if it names exactly one."""
    return only(techniques_in(question))


def ordinal_in(question: str) -> int:
    """The list position that a question points to, from 0, or from the end as -1."""
    found = ORDINAL.search(question)
    return ORDINALS[found[1].lower()] if found else 0


def content_words(question: str) -> list[str]:
    """The words that are neither grammar nor names of the techniques."""
    for pattern in (*TECHNIQUE_NAMES.values(), ORDINAL, OTHER_SIDE):
        question = pattern.sub(" ", question)
    return [word for word in re.findall(r"[a-z]+", question.lower()) if word not in FUNCTION_WORDS]


def only(techniques: frozenset[Technique]) -> Technique | None:
    """The single technique of a set, else None."""
    return next(iter(techniques)) if len(techniques) == 1 else None


def _asks(question: str) -> bool:
    return question.rstrip().endswith("?") or bool(QUESTION_START.match(DISCOURSE_OPENING.sub("", question)))


def _names_one(question: str) -> bool:
    return bool(techniques_in(TRAINING_WORD.sub("", question)))
