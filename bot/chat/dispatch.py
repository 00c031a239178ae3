"""Dispatch: what follows from an event, decided once for every platform."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from bot.chat.adapter import Adapter
from bot.chat.overview import help_card, home_card, request_card, status_card
from bot.chat.presses import PressHandler
from bot.delivery.ports import platform_of
from bot.handoff.handoff import Handoff
from bot.messages.card import ASK_FIRST, Card, Press
from bot.messages.events import Command, Commanded, Deleted, Edited, Pressed, Said, Submitted
from bot.messages.person import Person
from bot.messages.response import Placement, Response
from bot.store.accepting import Message, Work
from bot.store.inbox import REDELIVERY_PERIOD, Amendment
from bot.store.store import Store


@dataclass(frozen=True)
class PassedOn:
    """A message between a user and the consultants; `problem` says to its author why it did not get there.

    A user's message `is_confirmed` to them; a consultant sees it on the request's card.
    """

    problem: str = ""
    is_confirmed: bool = True


class Questions(Protocol):
    """Takes questions: the delivery of a server process, or a chat that answers at once."""

    store: Store

    async def accept(self, message: Message) -> bool:
        """Store a question; False if it is a duplicate."""

    def begin(self, work: Work) -> None:
        """Answer what is next in a conversation."""


class Dispatcher:
    """Takes events from the platforms. Each method may be called again with the same event."""

    def __init__(
        self,
        questions: Questions,
        presses: PressHandler,
        handoff: Handoff,
        adapters: Mapping[str, Adapter],
        retention_days: int,
    ) -> None:
        """`adapters` are those of this process, by platform."""
        self._questions = questions
        self._presses = presses
        self._handoff = handoff
        self._adapters = adapters
        self._retention_days = retention_days

    async def said(self, said: Said) -> PassedOn | None:
        """Pass a message on to a person, accept it as a question, or leave it alone."""
        if passed_on := await self._pass_on(said):
            return passed_on
        if said.is_addressed or await self._follows_up(said):
            await self._questions.accept(_question(said, said.keys))
        return None

    async def edited(self, edit: Edited) -> None:
        """Answer a question as its author has changed it.

        The new answer takes the place of the old one; a question that was not answered yet gets one answer only. An
        edit that adds the mention makes a question of a message that was none.
        """
        now = edit.now
        if await self._handoff.relay.edited(now):
            self._handoff.wake()
            return
        if not now.text:
            return  # the platform shows us none
        store, tenant, name = self._questions.store, now.person.tenant, now.name or ""
        amendment = await store.inbox.amend(tenant, name, now.text, now.keys)
        if amendment is Amendment.UNKNOWN and now.mentions_bot and self._is_recent(now):
            await self._questions.accept(_question(now, [*now.keys, f"message:{name}"]))
        elif amendment is Amendment.LATE and (turn := await store.inbox.named(tenant, name)):
            place = await store.conversations.place_of(tenant, turn.user, turn.id) or now.place
            await self._questions.accept(replace(_question(now, now.keys), place=place, address=turn.address))

    async def deleted(self, gone: Deleted) -> None:
        """Forget a question that was deleted, and take its answer back; tell consultants that words are gone."""
        if await self._handoff.relay.deleted(gone):
            self._handoff.wake()
            return
        store = self._questions.store
        if turn := await store.inbox.named(gone.person.tenant, gone.name):
            adapter, taken_back = self._adapters[platform_of(turn.tenant)], set[str]()
            while posts := {*await store.outbox.sent_of(turn), *turn.draft.replaces} - taken_back:
                await adapter.take_back(turn, sorted(posts))  # while it is asked, the answer may be posted
                taken_back |= posts
            if following := await store.inbox.remove(turn):
                self._questions.begin(following)

    async def pressed(self, pressed: Pressed) -> AsyncIterator[Response]:
        """Show what a press leads to, and a team's card again while others change it."""
        async for response in self._presses.press_and_follow(pressed.person, pressed.press, pressed.place):
            yield response

    async def submitted(self, form: Submitted) -> Response:
        """Show what a form leads to."""
        return await self._handoff.sent(form.person, form.press, form.values, form.keys)

    async def commanded(self, commanded: Commanded) -> Response | None:
        """Show what a command leads to; None for a question, which is answered when it has been thought about."""
        person = commanded.person
        match commanded.command:
            case Command.ASK if commanded.question:
                await self._questions.accept(_question(commanded.question, commanded.question.keys))
                return None
            case Command.INTERVIEW:
                return _privately(await self._presses.interview(person, commanded.place))
            case Command.TEAM:
                return await self._presses.team(person, commanded.channel)
            case Command.CONTACT:
                return await self._presses.contact(person, place=commanded.place)
            case Command.STATUS:
                waiting = await self._questions.store.conversations.waiting(person.tenant, person.user)
                return _privately(status_card(await self._interviews(person), await self._request(person), waiting))
            case Command.FORGET:
                return await self._presses.press(person, Press("forget", choice=ASK_FIRST))
        return _privately(help_card(platform_of(person.tenant)))

    async def home(self, person: Person) -> Card:
        """The home of a person: what the bot does, what they have begun, and what is kept of their words."""
        return home_card(await self._interviews(person), await self._request(person), self._retention_days)

    async def _interviews(self, person: Person) -> list[tuple[int, str]]:
        return await self._presses.interviews(person.tenant, person.user)

    async def _request(self, person: Person) -> Card:
        leads = await self._handoff.requests.reachable(person)
        return request_card(leads[0] if leads else None)

    async def _pass_on(self, said: Said) -> PassedOn | None:
        """Pass on words between a user and the consultants; None for other words."""
        relay, desk = self._handoff.relay, self._handoff.channel_at(said.person.tenant, said.channel)
        if desk and said.thread:
            lead = await relay.find_replied_lead(said, desk)
            if lead is None:
                return None
            passed_on = PassedOn(await relay.from_desk(lead, await self._with_name(said)), is_confirmed=False)
        elif await relay.from_user(said):
            passed_on = PassedOn()
        else:
            return None
        self._handoff.wake()
        return passed_on

    async def _with_name(self, said: Said) -> Said:
        """The message with its author's name, which some platforms tell only when asked."""
        person = said.person
        if person.name:
            return said
        name = await self._adapters[platform_of(person.tenant)].find_name(person)
        return replace(said, person=replace(person, name=name))

    async def _follows_up(self, said: Said) -> bool:
        if not said.is_in_talk or not (said.text or said.files):
            return False  # among others, or the platform does not show us the text
        message = _question(said, said.keys)
        return await self._questions.store.inbox.follows_up(message, is_for_others=said.mentions_others)

    def _is_recent(self, said: Said) -> bool:
        """Return True while it is known whether a message was accepted before."""
        return said.said_at is not None and self._questions.store.database.clock() - said.said_at < REDELIVERY_PERIOD


def _question(said: Said, keys: Sequence[str]) -> Message:
    person = said.person
    return Message(
        tenant=person.tenant,
        place=said.place,
        user=person.user,
        text=said.text,
        keys=keys,
        address=said.address,
        token=said.token,
        name=said.name,
        said_at=said.said_at,
    )


def _privately(card: Card) -> Response:
    return Response(card, placement=Placement.EPHEMERAL)
