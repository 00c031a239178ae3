"""`/contact` and `/status` in the chat: requests for a human consultant, and what comes back."""

import logging
import secrets
from dataclasses import replace

from sqlalchemy.exc import DBAPIError

from bot import texts
from bot.advising.adviser import Adviser
from bot.answering.input import CleanText
from bot.chat.dispatch import Dispatcher
from bot.chat.presses import PressHandler
from bot.delivery.posting import NOT_SENT
from bot.handoff.channel import desk_channels
from bot.handoff.clerk import HandoffClerk
from bot.handoff.handoff import Handoff
from bot.handoff.request_cards import sentence_card, standing_card, users_rows
from bot.handoff.response_times import ResponseTimes
from bot.handoff.ticket import REACHABLE, WAITING, Act
from bot.messages.card import Button, Card, Press
from bot.messages.events import Pressed, Said, Submitted
from bot.messages.form import Field, Form
from bot.messages.person import Person
from bot.messages.reply import Line
from bot.messages.response import Response
from bot.settings import Settings
from bot.store.leads import Change
from bot.store.post import PostKind
from bot.store.records import Lead, LeadDetails, LeadState, QueuedNotification, Waiting
from bot.terminal.console import show_line, show_sentence
from bot.terminal.dialogs import Entry, FormCancelledError, choose, fill, introduce
from bot.terminal.memory import TENANT, UNKNOWN_USER, Memory, StoredQuestions, this_user

log = logging.getLogger(__name__)

SENT = frozenset(LeadState) - {LeadState.DRAFT}


class Contact:
    """The requests of this machine's user. They are stored even where no consultant is notified."""

    def __init__(
        self, memory: Memory, settings: Settings, questions: StoredQuestions, adviser: Adviser | None = None
    ) -> None:
        """`questions` takes what is not for a consultant."""
        self._run = memory.runner.run
        self._leads, self._outbox = memory.store.leads, memory.store.outbox
        self._is_permanent = memory.is_permanent
        me = this_user()
        self._person = Person(TENANT, me, "" if me == UNKNOWN_USER else me)
        self._handoff = handoff = Handoff(memory.store, settings, {}, lambda: None, keeps=True)
        presses = PressHandler(memory.store, adviser, handoff)
        self._dispatcher = Dispatcher(questions, presses, handoff, {}, settings.retention_days)
        self._clerk = HandoffClerk(memory.store, {}, desk_channels(settings), ResponseTimes.of(settings))

    def begin(self, case: LeadDetails) -> None:
        """Show the form, or the open request with its actions."""
        if self._is_permanent:
            self._follow(self._run(self._handoff.begin(self._person, case)))
        else:
            show_sentence("chat_not_kept")
            show_sentence("contact_later")

    def status(self) -> None:
        """Show the state of the last request, with its actions."""
        lead = self._last(REACHABLE)
        if lead:
            self._follow(Response(card=standing_card(lead)))
        else:
            show_sentence("chat_no_request")

    def say(self, text: str, place: str) -> bool:
        """Dispatch a line of a conversation; return True if it was a note to the consultants, and no question."""
        name = secrets.token_hex(16)
        words = CleanText.of(text).text if text.lower().startswith("note:") else text
        said = Said(self._person, words, [name], place, name=name, mentions_bot=True)
        passed_on = self._run(self._dispatcher.said(said))
        if passed_on:
            self._show_notice(passed_on.problem or texts.sentence("lead_added"))
        return passed_on is not None

    def deliver(self) -> None:
        """Show what came from the consultants meanwhile; nothing while the database is down."""
        try:
            self._run(self._show_posts())
        except DBAPIError as error:
            log.warning("messages from consultants could not be read: %s", type(error.orig).__name__)

    def _follow(self, response: Response) -> None:
        """Show responses, their forms and buttons, until there is nothing more to ask."""
        try:
            while response.form or response.card:
                if response.form:
                    response = self._submit(response.form)
                elif response.card and (press := _choose_button(response.card)):
                    response = self._run(self._press(press))
                else:
                    return
        except FormCancelledError:
            show_sentence("chat_given_up")
        else:
            self._show_notice(response.notice)

    def _submit(self, form: Form) -> Response:
        """Fill in and submit a form, asking again for fields with errors."""
        is_request = form.press.name == "contact"
        if is_request and not self._handoff.is_told:
            show_sentence("chat_desk_away")
            form = replace(form, fields=tuple(map(_require_email_hint, form.fields)))
        introduce(form)
        values, response = dict[str, str](), Response()
        try:
            while not values or response.errors:
                wrong = [field for field in form.fields if field.name in response.errors]
                values |= fill(wrong or form.fields, response.errors)
                response = self._run(self._dispatcher.submitted(Submitted(self._person, form.press, values, ())))
        except FormCancelledError:
            if is_request:
                self._run(self._clear_draft(form.press.subject))
            raise
        return response

    async def _press(self, press: Press) -> Response:
        return await anext(self._dispatcher.pressed(Pressed(self._person, "", press)))

    async def _clear_draft(self, draft: int) -> None:
        """Remove from an unsent request what might have been passed on."""
        lead = await self._leads.own(TENANT, draft)
        if lead and lead.state == LeadState.DRAFT:
            await self._leads.apply(lead, Change("given up", lead.user, LeadState.DRAFT, details=LeadDetails()))

    def _show_notice(self, notice: str) -> None:
        """Show a notice; where no consultant is notified, show the state of the request instead."""
        lead = None if self._handoff.is_told else self._last(SENT)
        text = recorded_card(lead).text if lead else notice
        show_line(Line(text))
        self._run(self._show_posts(already=text))

    async def _show_posts(self, already: str = "") -> None:
        """Print the user's waiting posts, without the line shown `already`, and settle them: only a chat sends them."""
        while waiting := [post for post in map(self._ours, await self._outbox.heads()) if post]:
            for post in waiting:
                card = await self._card_of(post)
                if card is None:
                    await self._outbox.settle(post, NOT_SENT, None, ())
                    continue
                for line in card.lines:
                    if line.text != already:
                        show_line(line)
                if buttons := _buttons(card):
                    show_sentence("chat_choices", choices=", ".join(button.text for button in buttons))
                await self._outbox.settle(post, post.marker, None, await self._clerk.follow_ups(post, None))

    def _ours(self, post: Waiting) -> QueuedNotification | None:
        """Return a post if it is a notification of this machine's user."""
        if not isinstance(post, QueuedNotification):
            return None
        is_ours = (post.notification.kind, post.tenant, post.user) == (PostKind.USER, TENANT, self._person.user)
        return post if is_ours else None

    async def _card_of(self, post: QueuedNotification) -> Card | None:
        """Return the card of a post; without a desk, the user's own acts are confirmed in other words."""
        lead = await self._leads.own(post.tenant, post.lead_id or 0)
        event = await self._leads.event(post.tenant, post.notification.event or 0)
        if lead is None or event is None:
            return None
        if event.kind in (Act.REQUEST, Act.WITHDRAW) and not self._handoff.is_told:
            return recorded_card(lead)
        return self._clerk.user_card(post, lead, event)

    def _last(self, states: frozenset[LeadState]) -> Lead | None:
        return next(iter(self._run(self._leads.of(TENANT, self._person.user, states))), None)


def _choose_button(card: Card) -> Press | None:
    """Return the pressed button, or None when the person goes back to the chat."""
    for line in card.lines:
        show_line(line)
    buttons = _buttons(card)
    if not buttons:
        return None
    entries = [Entry[Press | None](str(number), button.text, button.press) for number, button in enumerate(buttons, 1)]
    back = Entry[Press | None]("q", texts.sentence("do_back"), None)
    return choose(texts.sentence("what_now"), entries, [back], back)


def _buttons(card: Card) -> list[Button]:
    return [button for row in card.rows for button in row]


def _require_email_hint(field: Field) -> Field:
    """Add the hint that, where no consultant can write into the chat, only an e-mail reaches the user."""
    return replace(field, hint=texts.sentence("chat_email_hint")) if field.name == "email" else field


def recorded_card(lead: Lead) -> Card:
    """Return the user's card of a request that no consultant is notified of."""
    if lead.state not in WAITING:
        return standing_card(lead)
    return Card(sentence_card("lead_kept", reference=lead.reference).lines, rows=users_rows(lead))
