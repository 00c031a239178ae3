"""Words both ways: what a user adds in the chat goes to the consultants' thread, `reply:` there goes to the user."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from bot import prompts
from bot.forms import Asker
from bot.handoff.acting import Actions, Doing
from bot.handoff.channel import DeskChannel
from bot.handoff.desk import Desk
from bot.handoff.request import Requests
from bot.handoff.ticket import Act, ImpossibleError
from bot.store.leads import KnownError, Leads
from bot.store.tables import DeliveryState, Lead

REPLY, NOTE = re.compile(r"\s*reply:\s*", re.IGNORECASE), re.compile(r"\s*note:\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Words:
    """What a person wrote, in answer to which post of ours (`below`) if it is in its thread.

    `name` and `keys` are as those of a message, `files` the names of what is attached. Unless they are addressed to the
    bot, `place` says where they are, as the address of an asker does.
    """

    text: str
    name: str
    keys: Sequence[str]
    below: str | None = None
    files: Sequence[str] = ()
    is_addressed: bool = True
    place: Mapping[str, JsonValue] = field(default_factory=dict)

    @property
    def is_reply(self) -> bool:
        """Whether they are to go to the user, in a thread of the consultants."""
        return bool(self.below and REPLY.match(self.text))

    @property
    def told(self) -> str:
        """The text, with attachments named."""
        named = prompts.sentence("desk_attached", names=", ".join(self.files)) if self.files else ""
        return "\n".join(filter(None, (self.text.strip(), named)))


class Relay:
    """Passes words on. Posts of ours are not heard: platforms say whose a message is."""

    def __init__(self, leads: Leads, actions: Actions, requests: Requests, desk: Desk) -> None:
        self._leads = leads
        self._actions = actions
        self._requests = requests
        self._desk = desk

    async def from_user(self, asker: Asker, words: Words) -> bool:
        """Whether words are a user's to the consultants: they begin with `note:`, or answer what a consultant wrote."""
        said = NOTE.match(words.text)
        if not said and not words.below:
            return False
        lead = await self._requests.reachable(asker.tenant, asker.user)
        if lead is None or not ((said and _is_heard(lead, words)) or await self._is_below(lead, words.below)):
            return False
        told = Words(words.text[said.end() :] if said else words.text, words.name, words.keys, files=words.files).told
        return bool(told) and await self._pass_on(lead, Doing(Act.NOTE, asker.user, told, words.name, words.keys))

    async def edited(self, tenant: str, user: str, words: Words) -> bool:
        """Whether a message that was edited had been passed on; then the edit is, too."""
        lead = await self._leads.named(tenant, user, words.name)
        if lead is None:
            return False
        said = NOTE.match(words.text)
        text = words.text[said.end() :] if said else words.text
        return await self._pass_on(lead, Doing(Act.EDIT, user, text, words.name, words.keys))

    async def deleted(self, tenant: str, user: str, name: str, keys: Sequence[str]) -> bool:
        """Whether a message that was deleted had been passed on; then that is, too."""
        lead = await self._leads.named(tenant, user, name)
        return lead is not None and await self._pass_on(lead, Doing(Act.DELETE, user, keys=keys))

    async def from_desk(self, asker: Asker, channel: DeskChannel, words: Words) -> str | None:
        """What comes of a message in the thread of a request's card: None when it stays there, for it is a note among
        consultants; else nothing when it is on its way to the user, or why it is not."""
        said = REPLY.match(words.text)
        lead = await self._of_card(channel, words.below) if said and words.below else None
        if lead is None or said is None:
            return None
        if not await self._desk.is_staffed_by(asker):
            return prompts.sentence("desk_members_only")
        text = Words(words.text[said.end() :], words.name, words.keys, files=words.files).told
        if not text:
            return prompts.sentence("contact_empty")
        try:
            return await self._desk.reply(lead, asker, text, words.keys)
        except KnownError:
            return ""

    async def _pass_on(self, lead: Lead, doing: Doing) -> bool:
        try:
            await self._actions.do(lead, doing)
        except KnownError:
            return True
        except ImpossibleError:
            return False
        return True

    async def _is_below(self, lead: Lead, below: str | None) -> bool:
        """Whether a post is one of those that told the user of their request."""
        if below is None:
            return False
        posts = await self._leads.posts(lead)
        return any(post.sent_as == below and post.kind == "user" for post in posts if post.state == DeliveryState.SENT)

    async def _of_card(self, channel: DeskChannel, sent_as: str) -> Lead | None:
        for card in await self._leads.of_card(sent_as):
            if card.payload.get("on") == channel.platform:
                return await self._leads.own(card.tenant, card.lead_id or 0)
        return None


def _is_heard(lead: Lead, words: Words) -> bool:
    """Whether words are for us: to the bot, or where the request was made; among colleagues a note is their own."""
    there = lead.address or {}
    return words.is_addressed or all(there.get(name) == value for name, value in words.place.items())
