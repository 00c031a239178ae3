"""The consultants' side: claim, reply, resolve, release; only members of their channel can."""

import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress

from bot import texts
from bot.delivery.ports import platform_of
from bot.handoff.channel import DeskChannel, MembershipChecker
from bot.handoff.ticket import Act, ImpossibleError
from bot.handoff.transitions import Action, Actions, impossible, refusal
from bot.messages.card import Press
from bot.messages.form import Field, FieldKind, Form
from bot.messages.person import Person
from bot.messages.response import Response
from bot.store.deduplication import KnownError
from bot.store.leads import Leads
from bot.store.records import Lead, LeadDetails, LeadState

log = logging.getLogger(__name__)

ACTS = {"claim": Act.CLAIM, "release": Act.RELEASE, "resolve": Act.RESOLVE}
PRESSES = frozenset((*ACTS, "reply"))


class Consultants:
    """The consultants' side of requests. Raises ImpossibleError for actions that a request's state does not allow."""

    def __init__(
        self,
        leads: Leads,
        actions: Actions,
        channels: tuple[DeskChannel, ...],
        platforms: Mapping[str, MembershipChecker],
    ) -> None:
        """`platforms` by name."""
        self._leads = leads
        self._actions = actions
        self._channels = channels
        self._platforms = platforms

    async def pressed(self, person: Person, press: Press) -> Response:
        """Handle a press of a button on a request's card."""
        if refused := await self.refused(person):
            return Response(notice=refused)
        lead = await self._lead(press)
        if press.name == "reply":
            return self._reply_form(lead, person, press)
        doing = Action(ACTS[press.name], person.user, details=LeadDetails(holder=person.name or person.user))
        return Response(notice=await self._done(lead, doing))

    async def replied(self, person: Person, press: Press, values: Mapping[str, str], keys: Sequence[str]) -> Response:
        """Handle the form with a reply; `keys` deduplicate it."""
        lead, text = await self._lead(press), values.get("text", "").strip()
        problem = await self.refused(person) if text else texts.sentence("contact_empty")
        problem = problem or await self.reply(lead, person, text, keys)
        return Response(errors={"text": problem} if problem else {})  # what was written stays on the screen

    async def reply(self, lead: Lead, person: Person, text: str, keys: Sequence[str] = ()) -> str:
        """Send a text to the user; return why that cannot be, nothing when it is under way."""
        details = LeadDetails(holder=person.name or person.user)
        return await self._done(lead, Action(Act.REPLY, person.user, text, keys=keys, details=details))

    async def refused(self, person: Person) -> str:
        """Return the reason why a person may not act here, as their platform says now; empty for consultants."""
        platform = self._platforms.get(platform_of(person.tenant))
        channel = next((each for each in self._channels if each.is_at(person.tenant, each.channel)), None)
        if platform is None or channel is None:
            return texts.sentence("desk_members_only")
        try:
            is_member = await platform.is_member(person.tenant, channel.channel, person.user)
        except Exception as error:  # noqa: BLE001 whoever cannot be recognised is not let in
            log.warning("it could not be asked who is a consultant: %s", type(error).__name__)
            return texts.sentence("desk_unknown_member")
        return "" if is_member else texts.sentence("desk_members_only")

    def _reply_form(self, lead: Lead, person: Person, press: Press) -> Response:
        """The form, unless what is written there could not be sent."""
        refused = impossible(lead, Act.REPLY, person.user)
        return Response(notice=refused) if refused else Response(form=reply_form(press))

    async def _lead(self, press: Press) -> Lead:
        lead = await self._leads.at_desk(press.subject)
        if lead is None or lead.state == LeadState.DRAFT:
            raise ImpossibleError("lead_gone")
        return lead

    async def _done(self, lead: Lead, doing: Action) -> str:
        try:
            with suppress(KnownError):  # the form was sent once more
                await self._actions.do(lead, doing)
        except ImpossibleError as error:
            now = await self._leads.at_desk(lead.id)
            return refusal(error, now)
        return ""


def reply_form(press: Press) -> Form:
    """Return the form for a reply to the user."""
    label, hint = texts.sentence("reply_text"), texts.sentence("reply_hint")
    field = Field("text", label, FieldKind.TEXT, hint=hint)
    return Form(press, texts.sentence("reply_title"), (field,), texts.sentence("contact_send"))
