"""Words both ways: what a user adds in the chat goes to the consultants' thread, `reply:` there goes to the user."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot import texts
from bot.handoff.cards import TO_USER
from bot.handoff.channel import DeskChannel
from bot.handoff.desk import Desk
from bot.handoff.request import Requests
from bot.handoff.ticket import Act, ImpossibleError
from bot.handoff.transitions import Actions, Doing
from bot.messages.person import Person
from bot.store.address import NOWHERE, Address
from bot.store.events import KnownError
from bot.store.leads import Leads
from bot.store.outbox import ON
from bot.store.tables import DeliveryState, Lead, LeadState

REPLY, NOTE = re.compile(r"\s*reply:\s*", re.IGNORECASE), re.compile(r"\s*note:\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Words:
    """What a person wrote, in answer to which post of ours (`below`) if it is in its thread.

    `name` and `keys` are as those of a message, `files` the names of what is attached. `place` says where they are, as
    the address of a person does; `conversation` is its name. They may be addressed to the bot by mentioning it
    (`is_to_bot`) or by where they are, or to others (`is_for_others`); `is_in_talk` where people go on without that: in
    threads, and where they are alone with it.
    """

    text: str
    name: str
    keys: Sequence[str]
    below: str | None = None
    files: Sequence[str] = ()
    is_addressed: bool = True
    is_to_bot: bool = False
    is_for_others: bool = False
    is_in_talk: bool = False
    said_at: datetime | None = None
    place: Address = NOWHERE
    conversation: str = ""

    @property
    def is_reply(self) -> bool:
        """Whether they are to go to the user, in a thread of the consultants."""
        return bool(self.below and REPLY.match(self.text))

    @property
    def told(self) -> str:
        """The text, with attachments named."""
        named = texts.sentence("desk_attached", names=", ".join(self.files)) if self.files else ""
        return "\n".join(filter(None, (self.text.strip(), named)))


class Relay:
    """Passes words on. Posts of ours are not heard: platforms say whose a message is."""

    def __init__(self, leads: Leads, actions: Actions, requests: Requests, desk: Desk) -> None:
        self._leads = leads
        self._actions = actions
        self._requests = requests
        self._desk = desk

    async def from_user(self, person: Person, words: Words) -> bool:
        """Whether words are a user's to the consultants: they begin with `note:`, or answer what a consultant wrote.

        After a consultant has written, what the user says there goes to them until the user asks the bot something
        there; not what is for somebody else.
        """
        is_note = bool(NOTE.match(words.text))
        if words.is_to_bot and not is_note:
            return False
        goes_on = words.is_in_talk and not words.is_for_others
        if not (is_note or words.below or goes_on):
            return False
        lead = await self._meant(person, words, is_note=is_note, goes_on=goes_on)
        if lead is None:
            return False
        told = _without(NOTE, words).told
        return bool(told) and await self._pass_on(lead, Doing(Act.NOTE, person.user, told, words.name, words.keys))

    async def edited(self, person: Person, words: Words) -> bool:
        """Whether a message that was edited had been passed on; then the edit is, too."""
        found = await self._leads.named(person.tenant, words.name, spans_tenants=person.spans_tenants)
        if found is None:
            return False
        lead, event = found
        text = _without(NOTE, words).told
        if not text or text == event.text:
            return True  # the platform has only looked up a link, or shows us no text
        return await self._pass_on(lead, Doing(Act.EDIT, lead.user, text, words.name, words.keys))

    async def deleted(self, person: Person, name: str, keys: Sequence[str]) -> bool:
        """Whether a message that was deleted had been passed on; then that is, too."""
        found = await self._leads.named(person.tenant, name, spans_tenants=person.spans_tenants)
        return found is not None and await self._pass_on(found[0], Doing(Act.DELETE, found[0].user, keys=keys))

    async def from_desk(self, person: Person, channel: DeskChannel, words: Words) -> str | None:
        """What comes of a message in the thread of a request's card: None when it stays there, for it is a note among
        consultants; else nothing when it is on its way to the user, or why it is not."""
        lead = await self._of_card(channel, words.below) if words.is_reply and words.below else None
        if lead is None:
            return None
        if refused := await self._desk.refused(person):
            return refused
        text = _without(REPLY, words).told
        if not text:
            return texts.sentence("contact_empty")
        if await self._leads.knows(lead.tenant, words.keys):
            return ""
        if problem := await self._desk.reply(
            lead, person, text, words.keys
        ):  # what was refused once is not to be sent when the platform tells of it again
            await self._leads.remember(lead.tenant, words.keys)
        return problem

    async def _pass_on(self, lead: Lead, doing: Doing) -> bool:
        try:
            await self._actions.do(lead, doing)
        except KnownError:
            return True
        except ImpossibleError:
            return False
        return True

    async def _meant(self, person: Person, words: Words, *, is_note: bool, goes_on: bool) -> Lead | None:
        """The user's request that words are about: the one that they stand below, else a note is about the newest."""
        leads = await self._requests.reachable(person)
        for lead in leads:
            is_about_it = await self._is_below(lead, words.below)
            if is_about_it or (goes_on and await self._is_talk(person, lead, words)):
                return lead
        return next((lead for lead in leads if is_note and _is_heard(lead, words)), None)

    async def _is_talk(self, person: Person, lead: Lead, words: Words) -> bool:
        """Whether a consultant wrote there last, after anything that the user asked the bot there."""
        if lead.state != LeadState.CLAIMED or not _is_there(lead, words):
            return False
        replied = [event.happened_at for event in await self._leads.events(lead) if event.kind == Act.REPLY]
        asked = await self._leads.last_asked(person.tenant, person.user, words.conversation)
        if not replied or (words.said_at and words.said_at < replied[-1]):
            return False
        return asked is None or asked < replied[-1]

    async def _is_below(self, lead: Lead, below: str | None) -> bool:
        """Whether a post is one of those that told the user of their request."""
        if below is None:
            return False
        posts = await self._leads.posts(lead)
        return any(post.sent_as == below and post.kind == TO_USER for post in posts if post.state == DeliveryState.SENT)

    async def _of_card(self, channel: DeskChannel, sent_as: str) -> Lead | None:
        for card in await self._leads.of_card(sent_as):
            if card.payload.get(ON) == channel.platform:
                return await self._leads.own(card.tenant, card.lead_id or 0)
        return None


def _without(mark: re.Pattern[str], words: Words) -> Words:
    """The words after what marks them."""
    said = mark.match(words.text)
    return replace(words, text=words.text[said.end() :]) if said else words


def _is_heard(lead: Lead, words: Words) -> bool:
    """Whether words are for us: to the bot, or where the request was made; among colleagues a note is their own."""
    return words.is_addressed or _is_there(lead, words)


def _is_there(lead: Lead, words: Words) -> bool:
    """Whether words are where the user is told of their request."""
    there, here = lead.address, words.place
    if there.channel is None:
        return words.is_addressed and words.is_in_talk  # they are told directly
    return (there.channel, there.thread) == (here.channel, here.thread)
