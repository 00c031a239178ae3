"""`/contact` and `/status` in the chat: the way to a human consultant, and back."""

import logging
import secrets
from collections.abc import Mapping
from dataclasses import replace

from pydantic import JsonValue
from sqlalchemy.exc import DBAPIError

from bot import texts
from bot.answering.input import CleanText
from bot.handoff.cards import standing_card
from bot.handoff.service import Handoff
from bot.handoff.ticket import REACHABLE
from bot.messages.card import Card, Press
from bot.messages.events import Said
from bot.messages.form import Field, Form
from bot.messages.person import Person
from bot.messages.reply import Line
from bot.messages.response import Response
from bot.settings import Settings
from bot.store.leads import Change
from bot.store.tables import Lead, LeadState
from bot.terminal.form import GivenUpError, fill, introduce
from bot.terminal.mail import Mail, kept_card
from bot.terminal.memory import NOBODY, TENANT, Memory, this_user
from bot.terminal.menu import Entry, choose
from bot.terminal.render import show_line

log = logging.getLogger(__name__)

SENT = frozenset(LeadState) - {LeadState.DRAFT}


class Contact:
    """The requests of this machine's user. They are kept also where nobody is told of them."""

    def __init__(self, memory: Memory, settings: Settings) -> None:
        self._run = memory.runner.run
        self._leads = memory.store.leads
        self._lasts = memory.lasts
        me = this_user()
        self._asker = Person(TENANT, me, "" if me == NOBODY else me)
        self._handoff = Handoff(memory.store, settings, {}, _nobody_is_called, keeps=True)
        self._mail = Mail(memory.store, settings, is_told=self._handoff.is_told)

    def begin(self, case: Mapping[str, JsonValue]) -> None:
        """Get in touch: the form, or the open request with what can be done about it."""
        if self._lasts:
            self._follow(self._run(self._handoff.begin(self._asker, case)))
        else:
            show_line(Line(texts.sentence("chat_not_kept")))
            show_line(Line(texts.sentence("contact_later")))

    def status(self) -> None:
        """How the last request stands, with what can be done about it."""
        lead = self._last(REACHABLE)
        if lead:
            self._follow(Response(card=standing_card(lead)))
        else:
            show_line(Line(texts.sentence("chat_no_request")))

    def note(self, text: str) -> bool:
        """Whether a message is one to the consultants: it begins with `note:`, and there is a request."""
        name = secrets.token_hex(16)
        said = Said(self._asker, CleanText.of(text).text, [name], name=name, mentions_bot=True)
        is_note = self._run(self._handoff.relay.from_user(said))
        if is_note:
            self._tell(texts.sentence("lead_added"))
        return is_note

    def deliver(self) -> None:
        """Shows what came from the consultants meanwhile; while the database is away, nothing has."""
        try:
            self._run(self._mail.show())
        except DBAPIError as error:
            log.warning("it could not be seen what came from the consultants: %s", type(error.orig).__name__)

    def _follow(self, response: Response) -> None:
        """Shows what came of something and asks what that asks, until there is nothing more to ask."""
        try:
            while response.form or response.card:
                if response.form:
                    response = self._sent(response.form)
                elif response.card and (press := _chosen(response.card)):
                    response = self._run(self._handoff.pressed(self._asker, press))
                else:
                    return
        except GivenUpError:
            show_line(Line(texts.sentence("chat_given_up")))
        else:
            self._tell(response.notice)

    def _sent(self, form: Form) -> Response:
        """What comes of a form; fields that were filled in wrongly are asked for again."""
        is_request = form.press.name == "contact"
        if is_request and not self._handoff.is_told:
            show_line(Line(texts.sentence("chat_desk_away")))
            form = replace(form, fields=tuple(map(_reached_by_email, form.fields)))
        introduce(form)
        values, response = dict[str, str](), Response()
        try:
            while not values or response.errors:
                wrong = [field for field in form.fields if field.name in response.errors]
                values |= fill(wrong or form.fields, response.errors)
                response = self._run(self._handoff.sent(self._asker, form.press, values))
        except GivenUpError:
            if is_request:
                self._run(self._empty(form.press.subject))
            raise
        return response

    async def _empty(self, draft: int) -> None:
        """Takes out of a request that was not sent what might have been passed on."""
        lead = await self._leads.own(TENANT, draft)
        if lead and lead.state == LeadState.DRAFT:
            await self._leads.apply(lead, Change("given up", lead.user, LeadState.DRAFT, details={}))

    def _tell(self, notice: str) -> None:
        """Says what came of something; where nobody is told of it, how the request stands."""
        lead = None if self._handoff.is_told else self._last(SENT)
        text = kept_card(lead).text if lead else notice
        show_line(Line(text))
        self._run(self._mail.show(besides=text))

    def _last(self, states: frozenset[LeadState]) -> Lead | None:
        return next(iter(self._run(self._leads.of(TENANT, self._asker.user, states))), None)


def _chosen(card: Card) -> Press | None:
    """The button that is pressed; None when the person goes back to the chat."""
    for line in card.lines:
        show_line(line)
    buttons = [button for row in card.rows for button in row]
    if not buttons:
        return None
    entries = [Entry[Press | None](str(number), button.text, button.press) for number, button in enumerate(buttons, 1)]
    back = Entry[Press | None]("q", texts.sentence("do_back"), None)
    return choose(texts.sentence("what_now"), entries, [back], back)


def _reached_by_email(field: Field) -> Field:
    """Where no consultant can write into the chat, only an e-mail address reaches the user."""
    return replace(field, hint=texts.sentence("chat_email_hint")) if field.name == "email" else field


def _nobody_is_called() -> None:
    """The process that sends posts looks for them by itself."""
