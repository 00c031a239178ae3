"""The cards of the handoff: what the consultants see of a request, and what its user hears."""

from collections.abc import Sequence
from datetime import datetime

from bot import texts
from bot.handoff.ticket import WAITING, Act
from bot.messages.card import Button, Card, Press
from bot.messages.formatting import split
from bot.messages.reply import Line, LineKind
from bot.store.post import PostKind
from bot.store.records import DeliveryState, Lead, LeadEvent, LeadState, QueuedNotification

MAX_PIECE = 1_800  # characters of a text in one message; Discord takes 2,000
TIME_FORMAT = "%A, %d %B, %H:%M %Z"
BUTTONS = {
    LeadState.OPEN: ("claim", "reply", "resolve"),
    LeadState.CLAIMED: ("reply", "resolve", "release"),
    LeadState.RESOLVED: ("reply",),
}
USERS_BUTTONS = {
    LeadState.OPEN: ("note", "withdraw"),
    LeadState.CLAIMED: ("note", "withdraw"),
    LeadState.RESOLVED: ("solved", "unsolved"),
}


def desk_card(lead: Lead, events: Sequence[LeadEvent], posts: Sequence[QueuedNotification], promised: str) -> Card:
    """A request as the consultants see it now; its user was `promised` an answer by then."""
    is_waiting = lead.state in WAITING
    lines = [
        Line(_standing("desk", lead), LineKind.HEADING),
        Line(_from(lead)),
        *([Line(texts.sentence("desk_promised", when=promised))] if is_waiting else []),
        Line(texts.sentence("desk_need"), LineKind.HEADING),
        Line(lead.details.need or ""),
    ]
    case = lead.details.summary or ()
    lines.append(Line(texts.sentence("desk_case" if case else "desk_no_case"), LineKind.HEADING))
    lines += [Line(text, LineKind.ITEM) for text in case]
    lines += [Line(text) for text in (_so_far(events, posts), said_of("desk_how", lead)) if text]
    names = BUTTONS.get(lead.state, ())
    row = tuple(_button(name, lead, is_main=number == 0) for number, name in enumerate(names))
    return Card(tuple(lines), rows=(row,) if row else ())


def standing_card(lead: Lead) -> Card:
    """A request as its user sees it now, with what they can do."""
    return Card((Line(_standing("lead", lead)),), rows=users_rows(lead))


def users_rows(lead: Lead) -> tuple[tuple[Button, ...], ...]:
    """Return the user's buttons for their request."""
    names = USERS_BUTTONS.get(lead.state, ())
    return (tuple(_button(name, lead) for name in names),) if names else ()


def confirmation(lead: Lead, expected: str) -> Card:
    """The request is recorded; when an answer can be expected."""
    lines = [Line(said_of("lead_confirmed", lead)), Line(expected)]
    if lead.details.email:
        lines.append(Line(texts.sentence("lead_elsewhere")))
    return Card(tuple(lines), rows=users_rows(lead))


def reply_card(lead: Lead, event: LeadEvent, piece: int) -> Card:
    """One piece of what a consultant wrote; the first says who it is, the last how to answer."""
    parts = pieces(event.text)
    lines = [Line(said_of("lead_replied", lead), LineKind.HEADING)] if piece == 0 else []
    lines.append(Line(parts[piece]))
    if piece < len(parts) - 1:
        return Card(tuple(lines))
    return Card((*lines, Line(texts.sentence("lead_how_to_answer"))), rows=((_button("note", lead),),))


def closing_card(lead: Lead) -> Card:
    """The closing question."""
    rows = users_rows(lead) if lead.state == LeadState.RESOLVED else ()
    return Card((Line(said_of("lead_asked", lead)),), rows=rows)


def news_card(lead: Lead, events: Sequence[LeadEvent], since: int) -> Card:
    """Render the consultants' replies from an event on, and the state now, for users whom a post cannot reach."""
    replies = [event for event in events if event.kind == Act.REPLY and event.id >= since]
    heading = Line(said_of("lead_replied", lead), LineKind.HEADING)
    written = [line for reply in replies for line in (heading, Line(reply.text))]
    asked = closing_card(lead) if lead.state == LeadState.RESOLVED else standing_card(lead)
    return Card((*written, *asked.lines), rows=asked.rows)


def closed_card(lead: Lead, event: LeadEvent) -> Card:
    """There is something to read that cannot be brought to the user; it says nothing of it."""
    read = Button(texts.sentence("do_read"), Press("read", lead.id, event.id), is_main=True)
    return Card((Line(said_of("lead_closed_to_us", lead)),), rows=((read,),))


def event_card(lead: Lead, event: LeadEvent, piece: int) -> Card:
    """Render what the user said or did, for the consultants' thread."""
    sentences = {
        Act.NOTE: "desk_noted",
        Act.EDIT: "desk_edited",
        Act.DELETE: "desk_deleted",
        Act.WITHDRAW: "desk_withdrew",
        Act.SOLVED: "desk_solved",
        Act.UNSOLVED: "desk_unsolved",
    }
    said = texts.sentence(sentences[Act(event.kind)], name=lead.details.name or "")
    lines = [Line(said, LineKind.HEADING)] if piece == 0 else []
    return Card((*lines, *([Line(pieces(event.text)[piece])] if event.text else [])))


def reminder_card(lead: Lead, since: datetime, *, is_again: bool) -> Card:
    """Nobody has claimed it; the second time it stands by itself, with the buttons."""
    when = since.strftime(TIME_FORMAT)
    if not is_again:
        return Card((Line(texts.sentence("desk_reminder", since=when)),))
    said = said_of("desk_reminder_again", lead, since=when)
    row = tuple(_button(name, lead) for name in BUTTONS.get(lead.state, ()))
    return Card((Line(said),), rows=(row,) if row else ())


def digest_card(leads: Sequence[Lead]) -> Card:
    """Render the list of unfinished requests."""
    lines = [Line(texts.sentence("desk_digest", count=len(leads)), LineKind.HEADING)]
    for lead in leads[:40]:
        held = "desk_held" if lead.state == LeadState.CLAIMED else "desk_free"
        state = said_of(held, lead)
        since = lead.opened_at.strftime(TIME_FORMAT) if lead.opened_at else ""
        said = said_of("desk_digest_line", lead, state=state, since=since)
        lines.append(Line(said, LineKind.ITEM))
    return Card(tuple(lines))


def pieces(text: str) -> list[str]:
    """Split a text into pieces that each fit into one message."""
    return list(split(text, MAX_PIECE))


def urgency_of(lead: Lead) -> str:
    """Return the urgency that the user chose, in words."""
    return texts.sentence(f"urgency_{lead.details.urgency or 'later'}")


def _standing(who: str, lead: Lead) -> str:
    return said_of(f"{who}_is_{lead.state}", lead)


def said_of(sentence: str, lead: Lead, **more: object) -> str:
    """A sentence about a request, which may name whose it is, who holds it, and how urgent it is."""
    words = {"reference": lead.reference, "holder": lead.details.holder or "", "name": lead.details.name or ""}
    return texts.sentence(sentence, **words, urgency=urgency_of(lead), **more)


def _from(lead: Lead) -> str:
    said = lead.details
    name = "desk_from_email" if said.email else "desk_from"
    return texts.sentence(name, name=said.name, place=said.place, email=said.email)


def _so_far(events: Sequence[LeadEvent], posts: Sequence[QueuedNotification]) -> str:
    """Count the replies that the user got, and the notes they added."""
    replies = dict.fromkeys(event.id for event in events if event.kind == Act.REPLY)
    states = {
        reply: {p.state for p in posts if p.notification.kind is PostKind.USER and p.notification.event == reply}
        for reply in replies
    }
    lost = sum(DeliveryState.FAILED in each for each in states.values())
    waiting = sum(DeliveryState.PENDING in each and DeliveryState.FAILED not in each for each in states.values())
    notes = sum(event.kind == Act.NOTE for event in events)
    sent = len(states) - lost - waiting
    if not states and not notes:
        return ""
    return texts.sentence("desk_so_far", sent=sent, waiting=waiting, lost=lost, notes=notes)


def _button(name: str, lead: Lead, *, is_main: bool = False) -> Button:
    press = Press("solved", lead.id, choice="no") if name == "unsolved" else Press(name, lead.id)
    return Button(texts.sentence(f"do_{name}"), press, is_main)


def sentence_card(sentence: str, **words: object) -> Card:
    """Return one sentence as a card."""
    return Card((Line(texts.sentence(sentence, **words)),))
