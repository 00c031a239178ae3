"""Words both ways: what a user adds in the chat goes to the consultants' thread, `reply:` there goes to the user."""

import re
from dataclasses import replace

from bot import texts
from bot.handoff.channel import DeskChannel
from bot.handoff.consultants import Consultants
from bot.handoff.request import UserRequests
from bot.handoff.ticket import Act, ImpossibleError
from bot.handoff.transitions import Action, Actions
from bot.messages.events import Deleted, Said
from bot.store.deduplication import KnownError
from bot.store.leads import Leads
from bot.store.post import PostKind
from bot.store.records import Lead, LeadState

REPLY, NOTE = re.compile(r"\s*reply:\s*", re.IGNORECASE), re.compile(r"\s*note:\s*", re.IGNORECASE)


class Relay:
    """Passes words on. Posts of ours are not heard: platforms say whose a message is."""

    def __init__(self, leads: Leads, actions: Actions, requests: UserRequests, desk: Consultants) -> None:
        self._leads = leads
        self._actions = actions
        self._requests = requests
        self._desk = desk

    async def from_user(self, said: Said) -> bool:
        """Pass a user's words on to the consultants; False for words that are not for them.

        They are when they begin with `note:` or answer what a consultant wrote. After a consultant has written, what
        the user says there goes to them until the user asks the bot something there; never what is for somebody else.
        """
        is_note = bool(NOTE.match(said.text))
        if said.mentions_bot and not is_note:
            return False
        follows_on = said.is_in_talk and not said.mentions_others
        if not (is_note or said.below or follows_on):
            return False
        lead = await self._lead_meant(said, is_note=is_note, follows_on=follows_on)
        if lead is None:
            return False
        text = _without(NOTE, said).full_text
        return bool(text) and await self._pass_on(lead, Action(Act.NOTE, said.person.user, text, said.name, said.keys))

    async def edited(self, said: Said) -> bool:
        """Pass on the edit of a message that had been passed on; False for another message."""
        found = await self._leads.named(said.person.tenant, said.name or "", spans_tenants=said.person.spans_tenants)
        if found is None:
            return False
        lead, event = found
        text = _without(NOTE, said).full_text
        if not text or text == event.text:
            return True  # the platform has only looked up a link, or shows us no text
        return await self._pass_on(lead, Action(Act.EDIT, lead.user, text, said.name, said.keys))

    async def deleted(self, gone: Deleted) -> bool:
        """Pass on that a message which had been passed on was deleted; False for another message."""
        found = await self._leads.named(gone.person.tenant, gone.name, spans_tenants=gone.person.spans_tenants)
        return found is not None and await self._pass_on(found[0], Action(Act.DELETE, found[0].user, keys=gone.keys))

    async def find_replied_lead(self, said: Said, channel: DeskChannel) -> Lead | None:
        """The request under whose card a consultant's message that begins with `reply:` stands; None for a note."""
        if said.thread is None or not REPLY.match(said.text):
            return None
        for card in await self._leads.of_card(said.thread):
            if card.notification.platform == channel.platform:
                return await self._leads.own(card.tenant, card.lead_id or 0)
        return None

    async def from_desk(self, lead: Lead, said: Said) -> str:
        """Send a consultant's reply to the user; return why it was not sent, nothing when it is on its way."""
        if refused := await self._desk.refused(said.person):
            return refused
        text = _without(REPLY, said).full_text
        if not text:
            return texts.sentence("contact_empty")
        if await self._leads.knows(lead.tenant, said.keys):
            return ""
        if problem := await self._desk.reply(lead, said.person, text, said.keys):
            # What was refused once must not be sent when the platform delivers it again.
            await self._leads.remember(lead.tenant, said.keys)
        return problem

    async def _pass_on(self, lead: Lead, doing: Action) -> bool:
        try:
            await self._actions.do(lead, doing)
        except KnownError:
            return True
        except ImpossibleError:
            return False
        return True

    async def _lead_meant(self, said: Said, *, is_note: bool, follows_on: bool) -> Lead | None:
        """The user's request that a message is about: the one that it stands below; else a note is about the newest."""
        leads = await self._requests.reachable(said.person)
        for lead in leads:
            if await self._is_below(lead, said.below) or (follows_on and await self._is_talk(lead, said)):
                return lead
        return next((lead for lead in leads if is_note and (said.is_addressed or _is_there(lead, said))), None)

    async def _is_talk(self, lead: Lead, said: Said) -> bool:
        """Return True if a consultant wrote there last, after anything that the user asked the bot there."""
        if lead.state != LeadState.CLAIMED or not _is_there(lead, said):
            return False
        replied = [event.happened_at for event in await self._leads.events(lead) if event.kind == Act.REPLY]
        asked = await self._leads.last_asked(said.person.tenant, said.person.user, said.place)
        if not replied or (said.said_at and said.said_at < replied[-1]):
            return False
        return asked is None or asked < replied[-1]

    async def _is_below(self, lead: Lead, below: str | None) -> bool:
        """Return True if a post is one of the notifications to the user about their request."""
        if below is None:
            return False
        posts = await self._leads.posts(lead)
        return any(post.sent_as == below and post.notification.kind is PostKind.USER for post in posts)


def _without(mark: re.Pattern[str], said: Said) -> Said:
    """The message without the word that marks it."""
    marked = mark.match(said.text)
    return replace(said, text=said.text[marked.end() :]) if marked else said


def _is_there(lead: Lead, said: Said) -> bool:
    """Return True where the user hears of their request."""
    there, here = lead.address, said.address
    if there.channel is None:
        return said.is_addressed and said.is_in_talk  # they are told directly
    return (there.channel, there.thread) == (here.channel, here.thread)
