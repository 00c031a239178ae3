"""What a person has with the bot, as cards: a home that introduces it, and where everything stands now."""

from bot import texts
from bot.chat.service import Service
from bot.handoff.cards import standing_card
from bot.messages.card import ASK_FIRST, Button, Card, Press
from bot.messages.person import Person
from bot.messages.reply import Line, LineKind

MOST = 4  # interviews, as many as fit in a row of buttons beside the one to begin

Interviews = list[tuple[int, str]]


async def home(service: Service, tenant: str, user: str) -> Card:
    """What the bot does, what this person has begun, and what is kept of their words."""
    own = await service.clicks.interviews(tenant, user)
    request = await _request(service, Person(tenant, user))
    lines = (
        _heading("home_title"),
        Line(texts.sentence("slack_help")),
        *request.lines,
        _heading("home_interviews" if own else "home_none"),
        *_standing(own),
        _heading("home_privacy"),
        Line(texts.sentence("home_kept", days=service.retention_days)),
    )
    forget = Button(texts.sentence("do_forget"), Press("forget", choice=ASK_FIRST))
    return Card(lines, rows=(*request.rows, _begin_or_resume(own), (forget,)))


async def status(service: Service, person: Person) -> Card:
    """The questions of a person that are still to be answered, their interviews, and their newest request."""
    own = await service.clicks.interviews(person.tenant, person.user)
    waiting = await service.flow.store.conversations.waiting(person.tenant, person.user)
    request = await _request(service, person)
    lines = (
        *request.lines,
        _heading("status_title"),
        Line(texts.sentence("status_waiting" if waiting else "status_answered", count=waiting)),
        _heading("home_interviews" if own else "home_none"),
        *_standing(own),
    )
    return Card(lines, rows=(*request.rows, _begin_or_resume(own)))


async def _request(service: Service, person: Person) -> Card:
    """A person's newest request that is not over, with what they can do; empty when there is none."""
    leads = await service.handoff.requests.reachable(person)
    card = standing_card(leads[0]) if leads else Card(())
    return Card((_heading("home_request"), *card.lines), rows=card.rows) if leads else card


def _standing(own: Interviews) -> list[Line]:
    """Each by the number that the button to go on with it has."""
    return [Line(f"{number}. {text}") for number, (_, text) in enumerate(own[:MOST], 1)]


def _begin_or_resume(own: Interviews) -> tuple[Button, ...]:
    resume = [
        Button(texts.sentence("do_resume", number=number), Press("resume", interview))
        for number, (interview, _) in enumerate(own[:MOST], 1)
    ]
    return Button(texts.sentence("do_check"), Press("check"), is_main=True), *resume


def _heading(sentence: str) -> Line:
    return Line(texts.sentence(sentence), LineKind.HEADING)
