"""The user's side: the form with which they get in touch, and what they can do with their request afterwards."""

import logging
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress

from bot import texts
from bot.handoff.request_cards import news_card, standing_card
from bot.handoff.request_forms import errors_in, request_form, small_form, take_agreed
from bot.handoff.ticket import REACHABLE, WAITING, Act, ImpossibleError
from bot.handoff.transitions import Action, Actions, impossible, refusal
from bot.messages.card import Press
from bot.messages.person import Person
from bot.messages.response import Response
from bot.store.deduplication import KnownError
from bot.store.interviews import StaleError
from bot.store.leads import Change, Leads
from bot.store.records import Lead, LeadDetails, LeadState

DONE = {Act.NOTE: "lead_added", Act.SOLVED: "lead_thanks", Act.UNSOLVED: "lead_reopened"}

log = logging.getLogger(__name__)


class UserRequests:
    """The user's side of a request. Raises ImpossibleError for actions that its state does not allow."""

    def __init__(self, leads: Leads, actions: Actions) -> None:
        self._leads = leads
        self._actions = actions

    async def begin(self, person: Person, case: LeadDetails) -> Response:
        """The form, with what may be passed on; or the open request, if there is one."""
        if standing := await self.standing(person):
            return Response(card=standing_card(standing))
        kept = case.with_fields(LeadDetails(place=person.place or person.tenant, is_public=person.is_public))
        draft = await self._leads.open(person.tenant, person.user, kept, person.address, LeadState.DRAFT)
        return Response(form=request_form(draft, person.name))

    async def standing(self, person: Person) -> Lead | None:
        """A person's request that is not finished."""
        return next(iter(await self._of(person, WAITING)), None)

    async def reachable(self, person: Person) -> list[Lead]:
        """A person's requests to which they can still add something, the newest first."""
        return await self._of(person, REACHABLE)

    async def sent(self, person: Person, press: Press, values: Mapping[str, str], keys: Sequence[str]) -> Response:
        """Handle the form that was sent; `keys` deduplicate it."""
        draft, values = await self._own(person, press), {"consent": press.choice, **values}
        if errors := errors_in(values):
            await self._keep(draft, person, values)
            return Response(errors=errors)
        if standing := await self.standing(person):
            if standing.id == draft.id:
                return Response(notice=texts.sentence("lead_sent_already"))
            with suppress(ImpossibleError):  # it has just ended, so this is a new one
                note = Action(Act.NOTE, person.user, values["need"].strip(), keys=keys)
                with suppress(KnownError):
                    await self._actions.do(standing, note)
                return Response(notice=texts.sentence("lead_joined", reference=standing.reference))
        details = take_agreed(draft.details, values)
        return await self._do(draft, Action(Act.REQUEST, person.user, details=details), "lead_confirmed")

    async def pressed(self, person: Person, press: Press) -> Response:
        """Handle a press of a button under a notification to the user."""
        lead = await self._own(person, press)
        match press.name:
            case "contact" if lead.state == LeadState.DRAFT:
                return Response(form=request_form(lead, person.name, press.choice))
            case "contact":
                return Response(notice=texts.sentence("lead_sent_already"))
            case "withdraw":
                return await self._do(lead, Action(Act.WITHDRAW, person.user), "lead_is_taken_back")
            case "read":
                return Response(card=news_card(lead, await self._leads.events(lead), press.step))
        refused = impossible(lead, _act(press), person.user)
        return Response(notice=refused) if refused else Response(form=small_form(press))

    async def added(self, person: Person, press: Press, values: Mapping[str, str], keys: Sequence[str]) -> Response:
        """Handle a note, or the answer to the closing question."""
        lead, text = await self._own(person, press), values.get("text", "").strip()
        act = _act(press)
        if act is Act.NOTE and not text:
            return Response(errors={"text": texts.sentence("contact_empty")})
        return await self._do(lead, Action(act, person.user, text, keys=keys), DONE[act])

    async def _of(self, person: Person, states: Collection[str]) -> list[Lead]:
        return await self._leads.of(person.tenant, person.user, states, spans_tenants=person.spans_tenants)

    async def _own(self, person: Person, press: Press) -> Lead:
        lead = await self._leads.own(person.tenant, press.subject)
        if lead is None and person.spans_tenants:
            lead = next((lead for lead in await self._of(person, [*LeadState]) if lead.id == press.subject), None)
        if lead is None or lead.user != person.user:
            raise ImpossibleError("lead_foreign" if lead else "lead_gone")
        return lead

    async def _keep(self, draft: Lead, person: Person, values: Mapping[str, str]) -> None:
        """Keep what was filled in wrongly, for when the form is opened once more."""
        if draft.state == LeadState.DRAFT:
            details = draft.details.with_fields(LeadDetails(written=dict(values)))
            with suppress(StaleError):
                await self._leads.apply(draft, Change("written", person.user, draft.state, details=details))

    async def _do(self, lead: Lead, doing: Action, sentence: str = "lead_added") -> Response:
        try:
            lead = await self._actions.do(lead, doing)
        except KnownError:
            log.info("a form was sent once more")
        except ImpossibleError as error:
            return Response(notice=refusal(error, lead))
        return Response(notice=texts.sentence(sentence, reference=lead.reference))


def _act(press: Press) -> Act:
    """Return the action of a button's form."""
    if press.name == "note":
        return Act.NOTE
    return Act.UNSOLVED if press.choice == "no" else Act.SOLVED
