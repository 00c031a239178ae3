"""Handlers for button presses, the same on each platform: each press leads to a response."""

from collections.abc import AsyncIterator
from dataclasses import replace

from bot import texts
from bot.advising.adviser import Adviser
from bot.handoff.disclosure import collect_disclosure
from bot.handoff.handoff import Handoff
from bot.interviews.interview_cards import render_card
from bot.interviews.interviewer import Interviewer
from bot.interviews.poll import INTERVIEW_PRESSES, Poll
from bot.messages.card import ANSWER, ASK_FIRST, Button, Card, Press
from bot.messages.person import Person
from bot.messages.reply import Line, LineKind, Reply
from bot.messages.response import Placement, Response
from bot.observing import metrics
from bot.store.accepting import Work
from bot.store.deduplication import KnownError
from bot.store.inbox import MAX_EARLIER
from bot.store.store import Store

CONTACT = Press("contact")
MAX_POSTS = 4  # of a card that others go on changing; Slack takes five posts in answer to one click
MAX_LISTED = 4  # interviews, as many as have their buttons in one row beside the one to begin
MAX_SHARED_TURNS = 40  # messages of a conversation that can be passed on


class PressHandler:
    """Handlers for button presses, shared by all platforms: interviews, feedback, sharing, and the way to a person."""

    def __init__(self, store: Store, adviser: Adviser | None, handoff: Handoff | None = None) -> None:
        self._store = store
        self._adviser = adviser
        self._handoff = handoff
        self._interviewer = Interviewer(store.interviews, adviser.outlook, store.database.clock) if adviser else None

    async def press(self, person: Person, press: Press | None, place: str = "") -> Response:
        """Handle a press in a place; None is one on a button that this version does not know."""
        with metrics.stages.labels("click").time():
            return await self._press(person, press, place)

    async def _press(self, person: Person, press: Press | None, place: str) -> Response:
        if press is None:
            return _notice("button_gone")
        if self._handoff and self._handoff.knows(press):
            return replace(await self._handoff.pressed(person, press), placement=Placement.EPHEMERAL)
        match press.name:
            case "helpful":
                is_helpful = press.choice == "yes"
                await self._store.feedback.give(person.tenant, press.subject, person.user, helpful=is_helpful)
                return _notice("feedback_thanks" if is_helpful else "feedback_sorry")
            case "contact":
                return await self.contact(person, press)
            case "check":
                return await self._checked(person, place, press.subject)
            case "resume":
                return await self._resumed(person, press.subject)
            case "forget" if press.choice == ASK_FIRST:
                sure = Button(texts.sentence("do_forget"), Press("forget"), is_main=True)
                card = Card((Line(texts.sentence("forget_ask")),), rows=((sure,),))
                return Response(card, placement=Placement.EPHEMERAL)
            case "forget":
                await self._store.erasure.forget(person.user)
                return _notice("forgotten")
            case "share":
                return await self._shared(person, press)
            case "copy":
                return await self._markdown(person, press.subject)
        if press.name not in INTERVIEW_PRESSES:  # else a turn's id would be taken for an interview's
            return Response()
        return await self._interviewer.press(person, press) if self._interviewer else _notice("no_framework")

    async def press_and_follow(self, person: Person, press: Press | None, place: str) -> AsyncIterator[Response]:
        """Handle a press, then show a team's card again, as often as others changed it while it was being posted: of
        two posts on the way the older may win."""
        response = await self.press(person, press, place)
        yield response
        for _ in range(MAX_POSTS - 1):
            newer = await response.refresh() if response.refresh else None
            if newer is None:
                return
            response = newer
            yield response

    async def contact(self, person: Person, press: Press = CONTACT, place: str = "") -> Response:
        """Open the way to a consultant, with what the person may want to pass on: what they said and what came of it.

        By a button that is the conversation above it, by a command that of its `place`.
        """
        if self._handoff is None:
            return _notice("contact_later")
        is_turn, advice = press.choice == ANSWER, None
        if press.subject and not is_turn:
            poll = await self._find(person, press.subject)
            advice, place = (poll.summary, poll.row.place) if poll else (None, "")
        turn = press.subject if is_turn else None
        turns = await self._store.conversations.said(person.tenant, person.user, MAX_SHARED_TURNS, turn, place)
        questions = self._adviser.framework.questions if self._adviser else {}
        labels = {name: question.label for name, question in questions.items()}
        response = await self._handoff.begin(person, collect_disclosure(turns, advice, labels))
        return replace(response, placement=Placement.EPHEMERAL)

    async def interview(self, person: Person, place: str, turn: int = 0) -> Card:
        """Start an interview from what the person said in a turn and before it, in the conversation of that turn.

        Raises KnownError if they started one from that turn before.
        """
        if self._interviewer is None or self._adviser is None:
            return Card((Line(texts.sentence("no_framework")),))
        tenant, user = person.tenant, person.user
        said = await self._said(tenant, user, turn)
        place = await self._store.conversations.place_of(tenant, user, turn) or place
        key = f"check:{turn}:{user}" if turn else ""
        return await self._interviewer.start(person, place, await self._adviser.facts(said), key=key)

    async def team(self, person: Person, place: str) -> Response:
        """Start an interview of everybody in a place, led by this person."""
        if self._interviewer is None:
            return Response(Card((Line(texts.sentence("no_framework")),)), placement=Placement.EPHEMERAL)
        card = await self._interviewer.start(person, place, is_team=True)
        return Response(card, placement=Placement.PUBLIC)

    async def interviews(self, tenant: str, user: str) -> list[tuple[int, str]]:
        """Return the newest interviews that a person leads, their own and teams': ids, and where each stands."""
        polls = await self._interviewer.newest(tenant, user, MAX_LISTED) if self._interviewer else []
        return [(poll.row.id, poll.standing) for poll in polls]

    async def _resumed(self, person: Person, interview: int) -> Response:
        """The card of an interview as it is now; a team's where its team is."""
        poll = await self._find(person, interview)
        if poll is None or poll.row.user != person.user:
            return _notice("interview_gone")
        if poll.row.is_team:
            return Response(render_card(poll), placement=Placement.PUBLIC, place=poll.row.place)
        return Response(render_card(poll), placement=Placement.BELOW)

    async def _checked(self, person: Person, place: str, turn: int) -> Response:
        try:
            return Response(await self.interview(person, place, turn), placement=Placement.BELOW)
        except KnownError:
            return _notice("interview_there")

    async def _find(self, person: Person, interview: int) -> Poll | None:
        return await self._interviewer.find(person, interview) if self._interviewer else None

    async def _said(self, tenant: str, user: str, turn: int) -> list[str]:
        question = await self._store.inbox.question(Work(tenant, turn), self._store.database.clock(), MAX_EARLIER)
        if question is None or question.turn.user != user:
            return []
        return [*question.earlier, question.turn.text]

    async def _shared(self, person: Person, press: Press) -> Response:
        """Share with everybody there what only the person has seen: an answer, or the summary of an interview."""
        if press.choice == ANSWER:
            turn = await self._store.inbox.turn(Work(person.tenant, press.subject))
            if turn is None or turn.user != person.user or not turn.reply:
                return _notice("share_gone")
            reply = Reply.of(turn.reply)
            asked = Line(texts.sentence("shared_question", question=turn.text))
            return Response(Card((asked, *reply.lines), reply.citations), placement=Placement.PUBLIC)
        poll = await self._find(person, press.subject)
        card = render_card(poll) if poll else None
        if card is None or card.picture is None:  # it has left its summary
            return _notice("share_gone")
        return Response(Card(card.lines, card.citations, picture=card.picture), placement=Placement.PUBLIC)

    async def _markdown(self, person: Person, interview: int) -> Response:
        poll = await self._find(person, interview)
        if poll is None:
            return _notice("interview_gone")
        return Response(Card((Line(poll.summary.markdown, LineKind.CODE),)), placement=Placement.EPHEMERAL)


def _notice(sentence: str) -> Response:
    return Response(notice=texts.sentence(sentence))
