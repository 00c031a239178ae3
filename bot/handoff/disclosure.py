"""The case that a user may agree to pass on: its summary, and their conversation with the bot."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from pydantic import JsonValue

from bot import texts
from bot.advising.advice import describe_confidence
from bot.messages.formatting import shorten
from bot.messages.reply import Reply
from bot.store.records import Turn

MOST_LINES = 16
LONGEST_LINE = 300  # characters

Kept = Mapping[str, JsonValue]


def collect_disclosure(turns: Sequence[Turn], advice: Reply | None, labels: Mapping[str, str]) -> dict[str, JsonValue]:
    """The case behind a user's `turns`, and behind the `advice` that an interview led to; JSON, as it is kept.

    `labels` are those of the framework's questions, for what is still open.
    """
    replies = [turn.reply for turn in turns if turn.reply]
    found = advice.to_dict() if advice else next((r for r in reversed(replies) if r["recommendation"]), None)
    lines = list(_advised(cast(Kept, found["recommendation"]), labels)) if found else list(_asked(replies))
    transcript = [{"said": turn.text, "replied": _replied(turn.reply)} for turn in turns if turn.reply]
    return {
        "summary": [shorten(line, LONGEST_LINE) for line in lines[:MOST_LINES]],
        "transcript": cast(JsonValue, transcript),
    }


def render_transcript(transcript: Sequence[Mapping[str, str]], name: str) -> str:
    """A conversation with a person of that name as a text file."""
    you, bot = texts.sentence("transcript_user", name=name), texts.sentence("transcript_bot")
    return "\n\n".join(f"{you}\n{turn['said']}\n\n{bot}\n{turn['replied']}" for turn in transcript) + "\n"


def _advised(found: Kept, labels: Mapping[str, str]) -> Iterable[str]:
    """The recommendation with its confidence, its reasons in the team's words, and what is not known yet."""
    sure = describe_confidence(cast(float, found["confidence"]))
    verdict = texts.sentence(f"verdict_{_key(found['approach'])}")
    yield verdict if found["approach"] == "need-more-info" else f"{verdict}. {sure}"
    reasons = cast(Sequence[Mapping[str, Any]], found["reasons"])
    for toward in dict.fromkeys(reason["toward"] for reason in reasons):
        words = dict.fromkeys(f"“{reason['because']}”" for reason in reasons if reason["toward"] == toward)
        yield texts.sentence("lead_for", side=texts.sentence(f"side_{_key(toward)}"), words=", ".join(words))
    flips = cast(Sequence[Mapping[str, Any]], found["flips"])
    deciding = dict.fromkeys(change["question"] for flip in flips for change in flip["changes"])
    missing = [labels.get(name, name) for name in deciding if name in cast(Sequence[str], found["missing"])]
    if missing:
        yield texts.sentence("lead_missing", labels=", ".join(missing))


def _replied(reply: Kept) -> str:
    """An answer with the sentences that it cites."""
    citations = cast(Sequence[Mapping[str, str]], reply["citations"])
    notes = [f"[{number}] “{each['quote']}” ({each['section']})" for number, each in enumerate(citations, 1)]
    return "\n".join((str(reply["text"]), *notes))


def _asked(replies: Sequence[Kept]) -> Iterable[str]:
    """Without a recommendation: the sections of the article that they were shown."""
    cited = (cast(Sequence[Mapping[str, str]], reply["citations"]) for reply in replies)
    sections = dict.fromkeys(citation["section"] for citations in cited for citation in citations)
    if sections:
        yield texts.sentence("lead_sections", sections=", ".join(sections))


def _key(value: object) -> str:
    return str(value).replace("-", "_")
