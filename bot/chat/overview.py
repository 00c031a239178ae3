"""Cards of what a person has with the bot: the help, the home, and the status of everything."""

from bot import texts
from bot.handoff.request_cards import standing_card
from bot.messages.card import ASK_FIRST, Button, Card, Press
from bot.messages.reply import Line, LineKind
from bot.store.records import Lead

MAX_INTERVIEWS = 4  # fit in a row of buttons beside the one to begin

Interviews = list[tuple[int, str]]


def help_card(platform: str) -> Card:
    """The commands of a platform, and the way into an interview."""
    begin = Button(texts.sentence("do_check"), Press("check"), is_main=True)
    return Card((Line(texts.sentence("discord_help" if platform == "discord" else "slack_help")),), rows=((begin,),))


def home_card(interviews: Interviews, request: Card, retention_days: int) -> Card:
    """The bot's purpose, a person's interviews (id and standing) and request, and how long their words are kept."""
    lines = (
        _heading("home_title"),
        Line(texts.sentence("slack_help")),
        *request.lines,
        *_interview_lines(interviews),
        _heading("home_privacy"),
        Line(texts.sentence("home_kept", days=retention_days)),
    )
    forget = Button(texts.sentence("do_forget"), Press("forget", choice=ASK_FIRST))
    return Card(lines, rows=(*request.rows, _begin_or_resume(interviews), (forget,)))


def status_card(interviews: Interviews, request: Card, waiting: int) -> Card:
    """A person's request, the number of their questions still waiting for an answer, and their interviews."""
    lines = (
        *request.lines,
        _heading("status_title"),
        Line(texts.sentence("status_waiting" if waiting else "status_answered", count=waiting)),
        *_interview_lines(interviews),
    )
    return Card(lines, rows=(*request.rows, _begin_or_resume(interviews)))


def request_card(lead: Lead | None) -> Card:
    """A person's newest request, with what they can do about it; empty when there is none."""
    card = standing_card(lead) if lead else Card(())
    return Card((_heading("home_request"), *card.lines), rows=card.rows) if lead else card


def _interview_lines(interviews: Interviews) -> tuple[Line, ...]:
    """The standing of each interview, under the number on the button that resumes it."""
    standing = [Line(f"{number}. {text}") for number, (_, text) in enumerate(interviews[:MAX_INTERVIEWS], 1)]
    return _heading("home_interviews" if interviews else "home_none"), *standing


def _begin_or_resume(interviews: Interviews) -> tuple[Button, ...]:
    resume = [
        Button(texts.sentence("do_resume", number=number), Press("resume", interview))
        for number, (interview, _) in enumerate(interviews[:MAX_INTERVIEWS], 1)
    ]
    return Button(texts.sentence("do_check"), Press("check"), is_main=True), *resume


def _heading(sentence: str) -> Line:
    return Line(texts.sentence(sentence), LineKind.HEADING)
