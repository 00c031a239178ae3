"""The part of a conversation that a user may agree to pass on: a summary, and what was said."""

from collections.abc import Iterable, Mapping, Sequence

from pydantic import BaseModel

from bot import texts
from bot.advising.advice import describe_confidence
from bot.messages.formatting import shorten
from bot.messages.reply import Reply
from bot.store.records import Exchange, LeadDetails, Turn

MAX_SUMMARY_LINES = 16
MAX_SUMMARY_LINE = 300  # characters


class _Reason(BaseModel):
    toward: str
    because: str


class _Change(BaseModel):
    question: str


class _Flip(BaseModel):
    changes: list[_Change]


class _Recommendation(BaseModel):
    """The fields of a stored recommendation that a summary needs."""

    approach: str
    confidence: float
    reasons: list[_Reason]
    flips: list[_Flip]
    missing: list[str]


def collect_disclosure(turns: Sequence[Turn], advice: Reply | None, labels: Mapping[str, str]) -> LeadDetails:
    """Return what may be passed on of a user's `turns`, and of the `advice` that an interview led to.

    `labels` are those of the framework's questions, for what is still open.
    """
    replies = [turn.reply for turn in turns if turn.reply]
    recommendations: list[object] = [reply["recommendation"] for reply in replies if reply["recommendation"]]
    if advice and advice.recommendation:
        recommendations.append(advice.recommendation.to_dict())
    if recommendations:
        lines = list(_summarize(_Recommendation.model_validate(recommendations[-1]), labels))
    else:
        lines = list(_list_sections([Reply.of(reply) for reply in replies]))
    transcript = [Exchange(said=turn.text, replied=_quote(Reply.of(turn.reply))) for turn in turns if turn.reply]
    summary = tuple(shorten(line, MAX_SUMMARY_LINE) for line in lines[:MAX_SUMMARY_LINES])
    return LeadDetails(summary=summary, transcript=tuple(transcript))


def render_transcript(transcript: Sequence[Exchange], name: str) -> str:
    """Render a conversation with a person of that name as a text file."""
    you, bot = texts.sentence("transcript_user", name=name), texts.sentence("transcript_bot")
    return "\n\n".join(f"{you}\n{turn.said}\n\n{bot}\n{turn.replied}" for turn in transcript) + "\n"


def _summarize(found: _Recommendation, labels: Mapping[str, str]) -> Iterable[str]:
    """Yield the recommendation with its confidence, its reasons in the team's words, and what is not known yet."""
    verdict = texts.sentence(f"verdict_{_key(found.approach)}")
    is_open = found.approach == "need-more-info"
    yield verdict if is_open else f"{verdict}. {describe_confidence(found.confidence)}"
    for toward in dict.fromkeys(reason.toward for reason in found.reasons):
        words = dict.fromkeys(f"“{reason.because}”" for reason in found.reasons if reason.toward == toward)
        yield texts.sentence("lead_for", side=texts.sentence(f"side_{_key(toward)}"), words=", ".join(words))
    deciding = dict.fromkeys(change.question for flip in found.flips for change in flip.changes)
    if missing := [labels.get(name, name) for name in deciding if name in found.missing]:
        yield texts.sentence("lead_missing", labels=", ".join(missing))


def _quote(reply: Reply) -> str:
    """Return an answer with the sentences that it cites."""
    notes = [f"[{number}] “{each.quote}” ({each.section})" for number, each in enumerate(reply.citations, 1)]
    return "\n".join((reply.text, *notes))


def _list_sections(replies: Sequence[Reply]) -> Iterable[str]:
    """Yield, without a recommendation, the sections of the article that the user was shown."""
    if sections := dict.fromkeys(citation.section for reply in replies for citation in reply.citations):
        yield texts.sentence("lead_sections", sections=", ".join(sections))


def _key(name: str) -> str:
    return name.replace("-", "_")
