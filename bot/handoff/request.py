"""The user's side: the form with which they get in touch, and what they can do with their request afterwards."""

import logging
import textwrap
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import cast

from email_validator import EmailNotValidError, validate_email
from pydantic import JsonValue

from bot import prompts
from bot.cards import Button, Card, Press
from bot.forms import Asker, Field, FieldKind, Form, Outcome
from bot.handoff.acting import Actions, Doing, refusal
from bot.handoff.cards import news_card, standing_card
from bot.handoff.ticket import REACHABLE, WAITING, Act, ImpossibleError
from bot.replies import Line, LineKind
from bot.store.interviews import StaleError
from bot.store.leads import Change, KnownError, Leads
from bot.store.tables import Lead, LeadState

SHOWN, SHOWN_LENGTH = 8, 150  # messages of a conversation that are shown with the form, and characters of each

log = logging.getLogger(__name__)

URGENCIES, CONSENTS = ("now", "week", "later"), ("nothing", "summary", "all")
USUAL = "week"
TITLES = {"note": "note_title", "yes": "solved_title", "no": "unsolved_title"}


class Requests:
    """What users ask for, and do with it. What comes of clicks and forms may be ImpossibleError."""

    def __init__(self, leads: Leads, actions: Actions) -> None:
        self._leads = leads
        self._actions = actions

    async def begin(self, asker: Asker, case: Mapping[str, JsonValue]) -> Outcome:
        """The form, with what may be passed on; or the open request, if there is one."""
        if standing := await self.standing(asker):
            return Outcome(card=standing_card(standing))
        kept = {**case, "place": asker.place or asker.tenant, "is_public": asker.is_public}
        draft = await self._leads.open(asker.tenant, asker.user, kept, asker.address, LeadState.DRAFT)
        return Outcome(form=request_form(draft, asker.name))

    async def standing(self, asker: Asker) -> Lead | None:
        """A person's request that is not finished."""
        return next(iter(await self._of(asker, WAITING)), None)

    async def reachable(self, asker: Asker) -> list[Lead]:
        """A person's requests to which they can still add something, the newest first."""
        return await self._of(asker, REACHABLE)

    async def sent(self, asker: Asker, press: Press, values: Mapping[str, str], keys: Sequence[str]) -> Outcome:
        """What becomes of the form that was sent, under `keys` by which it is known if it is sent again."""
        draft, values = await self._own(asker, press), {"consent": press.choice, **values}
        if errors := _errors(values):
            await self._keep(draft, asker, values)
            return Outcome(errors=errors)
        if standing := await self.standing(asker):
            if standing.id == draft.id:
                return Outcome(prompts.sentence("lead_sent_already"))
            with suppress(ImpossibleError):  # it has just come to its end, so this is a new one
                note = Doing(Act.NOTE, asker.user, values["need"].strip(), keys=keys)
                with suppress(KnownError):
                    await self._actions.do(standing, note)
                return Outcome(prompts.sentence("lead_joined", reference=standing.reference))
        details = agreed(draft.details, values)
        return await self._do(draft, Doing(Act.REQUEST, asker.user, details=details), "lead_confirmed")

    async def pressed(self, asker: Asker, press: Press) -> Outcome:
        """What a button under what a user was told leads to."""
        lead = await self._own(asker, press)
        match press.name:
            case "contact" if lead.state == LeadState.DRAFT:
                return Outcome(form=request_form(lead, asker.name, press.choice))
            case "contact":
                return Outcome(prompts.sentence("lead_sent_already"))
            case "withdraw":
                return await self._do(lead, Doing(Act.WITHDRAW, asker.user), "lead_is_taken_back")
            case "read":
                return Outcome(card=news_card(lead, await self._leads.events(lead), press.step))
        return Outcome(form=small_form(press))

    async def added(self, asker: Asker, press: Press, values: Mapping[str, str], keys: Sequence[str]) -> Outcome:
        """What becomes of a note, or of the answer to the closing question."""
        lead, text = await self._own(asker, press), values.get("text", "").strip()
        if press.name == "note":
            if not text:
                return Outcome(errors={"text": prompts.sentence("contact_empty")})
            return await self._do(lead, Doing(Act.NOTE, asker.user, text, keys=keys), "lead_added")
        if press.choice == "no":
            return await self._do(lead, Doing(Act.UNSOLVED, asker.user, text), "lead_reopened")
        return await self._do(lead, Doing(Act.SOLVED, asker.user, text), "lead_thanks")

    async def _of(self, asker: Asker, states: Collection[str]) -> list[Lead]:
        return await self._leads.of(asker.tenant, asker.user, states, is_everywhere=asker.is_everywhere)

    async def _own(self, asker: Asker, press: Press) -> Lead:
        lead = await self._leads.own(asker.tenant, press.subject)
        if lead is None and asker.is_everywhere:
            lead = next((lead for lead in await self._of(asker, [*LeadState]) if lead.id == press.subject), None)
        if lead is None or lead.user != asker.user:
            raise ImpossibleError("lead_foreign" if lead else "lead_gone")
        return lead

    async def _keep(self, draft: Lead, asker: Asker, values: Mapping[str, str]) -> None:
        """Keeps what was filled in wrongly, for when the form is opened once more."""
        if draft.state == LeadState.DRAFT:
            details: dict[str, JsonValue] = {**draft.details, "written": cast(JsonValue, dict(values))}
            with suppress(StaleError):
                await self._leads.apply(draft, Change("written", asker.user, draft.state, details=details))

    async def _do(self, lead: Lead, doing: Doing, sentence: str = "lead_added") -> Outcome:
        try:
            lead = await self._actions.do(lead, doing)
        except KnownError:
            log.info("a form was sent once more")
        except ImpossibleError as error:
            return Outcome(refusal(error, lead))
        return Outcome(prompts.sentence(sentence, reference=lead.reference))


def request_form(draft: Lead, name: str, consent: str = "") -> Form:
    """The form with which a user gets in touch: it shows what may be passed on, unless their `consent` is known."""
    written = cast(Mapping[str, str], draft.details.get("written") or {"name": name})
    fields = [
        Field("name", prompts.sentence("contact_name")),
        Field("need", prompts.sentence("contact_need"), FieldKind.TEXT),
        _choice("urgency", URGENCIES, USUAL),
        *([] if consent else [_consent(draft)]),
        Field(
            "email",
            prompts.sentence("contact_email"),
            is_required=False,
            hint=prompts.sentence("contact_email_hint"),
        ),
    ]
    fields = [replace(field, value=written.get(field.name) or field.value) for field in fields]
    title, send = prompts.sentence("contact_title"), prompts.sentence("contact_send")
    press = Press("contact", draft.id, choice=consent)
    if consent:
        return Form(press, title, tuple(fields), send)
    card = passing_card(draft)
    return Form(press, title, tuple(fields), send, card.lines, card)


def passing_card(draft: Lead) -> Card:
    """What may be passed on, with a button for each way to consent."""
    summary = cast(Sequence[str], draft.details.get("summary") or ())
    transcript = cast(Sequence[Mapping[str, str]], draft.details.get("transcript") or ())
    lines = [Line(prompts.sentence("contact_intro" if summary or transcript else "contact_nothing_yet"))]
    if summary:
        lines.append(Line(prompts.sentence("contact_summary"), LineKind.HEADING))
        lines += [Line(text, LineKind.ITEM) for text in summary]
    if transcript:
        lines.append(Line(prompts.sentence("contact_conversation"), LineKind.HEADING))
        lines.append(Line(prompts.sentence("contact_conversation_is", count=len(transcript))))
        said = [textwrap.shorten(turn["said"], SHOWN_LENGTH, placeholder="…") for turn in transcript[-SHOWN:]]
        lines += [Line(text, LineKind.ITEM) for text in said]
    buttons = [
        Button(prompts.sentence(f"do_pass_{consent}"), Press("contact", draft.id, choice=consent), consent == "summary")
        for consent in _consents(draft)
    ]
    if draft.details.get("is_public"):
        lines.append(Line(prompts.sentence("contact_public")))
    return Card(tuple(lines), rows=(tuple(buttons),))


def _consents(draft: Lead) -> list[str]:
    """The ways to consent, of which a person chooses one: only what there is can be passed on."""
    there = {"summary": draft.details.get("summary"), "all": draft.details.get("transcript"), "nothing": True}
    return [consent for consent in CONSENTS if there[consent]]


def _consent(draft: Lead) -> Field:
    """Nothing is chosen beforehand where there is a choice."""
    choices = _consents(draft)
    return _choice("consent", choices, choices[0] if len(choices) == 1 else "")


def agreed(case: Mapping[str, JsonValue], values: Mapping[str, str]) -> dict[str, JsonValue]:
    """What the form said, and of the case only what the user agreed to pass on; the rest is emptied."""
    consent = values["consent"]
    written = {name: values.get(name, "").strip() for name in ("name", "need", "urgency", "consent", "email")}
    passed_on: dict[str, JsonValue] = {
        "summary": case.get("summary") if consent in ("summary", "all") else None,
        "transcript": case.get("transcript") if consent == "all" else None,
        "written": None,
    }
    return {**written, **passed_on}


def _errors(values: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with the form, by field."""
    empty = {name: prompts.sentence("contact_empty") for name in ("name", "need") if not values.get(name, "").strip()}
    for name, known in (("urgency", URGENCIES), ("consent", CONSENTS)):
        if values.get(name) not in known:
            empty[name] = prompts.sentence("contact_empty")
    email = values.get("email", "").strip()
    wrong = {"email": prompts.sentence("contact_bad_email")} if email and not _is_email(email) else {}
    return {**empty, **wrong}


def _is_email(text: str) -> bool:
    try:
        validate_email(text, check_deliverability=False)
    except EmailNotValidError:
        return False
    return True


def _choice(name: str, choices: Sequence[str], begun_with: str) -> Field:
    texts = tuple((choice, prompts.sentence(f"{name}_{choice}")) for choice in choices)
    return Field(name, prompts.sentence(f"contact_{name}"), FieldKind.CHOICE, begun_with, texts)


def small_form(press: Press) -> Form:
    """One text: a note, or something to add to the answer to the closing question."""
    is_note = press.name == "note"
    said = prompts.sentence("note_text" if is_note else "solved_text")
    field = Field("text", said, FieldKind.TEXT, is_required=is_note)
    title = prompts.sentence(TITLES["note" if is_note else press.choice or "yes"])
    return Form(press, title, (field,), prompts.sentence("contact_send"))
