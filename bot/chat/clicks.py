"""What the buttons do, the same on each platform: a press leads to a card, to a notice, or to both."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum

from bot import texts
from bot.advising.adviser import Adviser
from bot.handoff.case import case_of
from bot.handoff.service import Handoff
from bot.interviews.personal import PRESSES, Interviewer, Shown
from bot.interviews.team import Teams
from bot.messages.card import ANSWER, ASK_FIRST, Button, Card, Press
from bot.messages.form import Asker, Form, Outcome
from bot.messages.reply import Line, LineKind, Reply
from bot.observing import metrics
from bot.store import tables
from bot.store.accepting import Work
from bot.store.inbox import REMEMBERED
from bot.store.store import Store

CONTACT = Press("contact")
SHOWS = 4  # of a card that others go on changing; Slack takes five posts in answer to one click
PASSED_ON = 40  # messages of a conversation that can be passed on


class Spot(StrEnum):
    """Where a card is to be shown: in place of the one that was clicked on, below it, or anew for one or for all."""

    INSTEAD = "instead"
    BELOW = "below"
    PRIVATELY = "privately"
    PUBLICLY = "publicly"


@dataclass(frozen=True)
class Clicked:
    """What a click leads to, and where it is to be shown; `place` is another one than that of the click.

    A `form` is to be opened, if there is one.
    """

    shown: Shown
    where: Spot = Spot.INSTEAD
    place: str = ""
    form: Form | None = None


class Clicks:
    """The rooms behind the buttons: interviews, feedback, sharing, and the way to a person."""

    def __init__(self, store: Store, adviser: Adviser | None, handoff: Handoff | None = None) -> None:
        self._store = store
        self._adviser = adviser
        self._handoff = handoff
        self._interviewer = Interviewer(store.interviews, adviser.outlook) if adviser else None
        self._teams = Teams(store.interviews, adviser.outlook, store.database.clock) if adviser else None

    @metrics.timed("click")
    async def press(
        self, tenant: str, place: str, user: str, press: Press | None, asker: Asker | None = None
    ) -> Clicked:
        """What a click leads to; None is a click on a button that this version does not know.

        The way to a person needs to know the `asker`.
        """
        if press is None:
            return _notice("button_gone")
        if self._handoff and asker and self._handoff.knows(press):
            return _led_to(await self._handoff.pressed(asker, press))
        match press.name:
            case "helpful":
                await self._store.feedback.give(tenant, press.subject, user, helpful=press.choice == "yes")
                return _notice("feedback_thanks" if press.choice == "yes" else "feedback_sorry")
            case "contact":
                return await self.contact(asker, press)
            case "check":
                if press.subject and not await self._store.inbox.is_new(tenant, [f"check:{press.subject}:{user}"]):
                    return _notice("interview_there")
                return Clicked(Shown(await self.interview(tenant, place, user, press.subject)), Spot.BELOW)
            case "resume":
                return await self._resumed(tenant, user, press.subject)
            case "forget" if press.choice == ASK_FIRST:
                sure = Button(texts.sentence("do_forget"), Press("forget"), is_main=True)
                return Clicked(Shown(Card((Line(texts.sentence("forget_ask")),), rows=((sure,),))), Spot.PRIVATELY)
            case "forget":
                await self._store.erasure.forget(user)
                return _notice("forgotten")
            case "share":
                return await self._shared(tenant, user, press)
            case "copy":
                return await self._markdown(tenant, user, press.subject)
        if press.name not in PRESSES:  # else a turn's id would be taken for an interview's
            return Clicked(Shown(None))
        row = await self._store.interviews.find(tenant, press.subject)
        room = self._room(row)
        if room is None:
            return _notice("no_framework")
        return Clicked(await room.press(row, user, press)) if row else _notice("interview_gone")

    async def contact(self, asker: Asker | None, press: Press = CONTACT, place: str = "") -> Clicked:
        """The way to a person, with what the user may want to pass on: what they said and what came of it.

        By a button that is the conversation above it, by a command that of its `place`.
        """
        if self._handoff is None or asker is None:
            return _notice("contact_later")
        is_turn, advice = press.choice == ANSWER, None
        if press.subject and not is_turn:
            row = await self._store.interviews.find(asker.tenant, press.subject)
            room = self._room(row)
            advice = await room.summary(row, asker.user) if row and room else None
            place = row.place if row and advice else ""
        turn = press.subject if is_turn else None
        turns = await self._store.conversations.said(asker.tenant, asker.user, PASSED_ON, turn, place)
        questions = self._adviser.framework.questions if self._adviser else {}
        labels = {name: question.label for name, question in questions.items()}
        return _led_to(await self._handoff.begin(asker, case_of(turns, advice, labels)))

    async def shows(
        self, tenant: str, place: str, user: str, press: Press | None, asker: Asker
    ) -> AsyncIterator[Clicked]:
        """What a click leads to; then a team's card once more, as often as others changed it while it was shown: of
        two on the way the older may win."""
        clicked = await self.press(tenant, place, user, press, asker)
        yield clicked
        for _ in range(SHOWS - 1):
            poll = clicked.shown.poll
            newer = await self._teams.newer(tenant, poll) if poll and self._teams else None
            if newer is None:
                return
            clicked = Clicked(newer)
            yield clicked

    async def interview(self, tenant: str, place: str, user: str, turn: int = 0) -> Card:
        """A new interview; it begins with what the user said in a turn and before it, and is of that conversation."""
        if self._interviewer is None or self._adviser is None:
            return Card((Line(texts.sentence("no_framework")),))
        said = await self._said(tenant, user, turn)
        place = await self._store.conversations.place_of(tenant, user, turn) or place
        return await self._interviewer.start(tenant, place, user, await self._adviser.facts(said))

    async def team(self, tenant: str, place: str, user: str) -> Clicked:
        """A new interview of everybody in a place, led by the user."""
        if self._teams is None:
            return Clicked(Shown(Card((Line(texts.sentence("no_framework")),))), Spot.PRIVATELY)
        return Clicked(Shown(await self._teams.start(tenant, place, user)), Spot.PUBLICLY)

    async def interviews(self, tenant: str, user: str) -> list[tuple[int, str]]:
        """The interviews of a person and of teams that they lead, the last touched first: their ids, where each is."""
        standing = [(row, self._room(row)) for row in await self._store.interviews.of(tenant, user)]
        return [(row.id, text) for row, room in standing if room and (text := await room.standing(row))]

    async def _resumed(self, tenant: str, user: str, interview: int) -> Clicked:
        """The card of an interview as it is now; a team's where its team is."""
        row = await self._store.interviews.find(tenant, interview)
        room = self._room(row)
        card = await room.card(row, user) if row and room else None
        if row is None or card is None:
            return _notice("interview_gone")
        return Clicked(Shown(card), Spot.PUBLICLY, row.place) if row.is_team else Clicked(Shown(card), Spot.BELOW)

    def _room(self, row: tables.Interview | None) -> Interviewer | Teams | None:
        return self._teams if row and row.is_team else self._interviewer

    async def _said(self, tenant: str, user: str, turn: int) -> list[str]:
        question = await self._store.inbox.question(Work(tenant, turn), self._store.database.clock(), REMEMBERED)
        if question is None or question.turn.user != user:
            return []
        return [*question.earlier, question.turn.text]

    async def _shared(self, tenant: str, user: str, press: Press) -> Clicked:
        """What only the one who presses has seen, for everybody there: an answer, or the summary of an interview."""
        if press.choice == ANSWER:
            turn = await self._store.inbox.turn(Work(tenant, press.subject))
            if turn is None or turn.user != user or not turn.reply:
                return _notice("share_gone")
            reply = Reply.of(turn.reply)
            asked = Line(texts.sentence("shared_question", question=turn.text))
            return Clicked(Shown(Card((asked, *reply.lines), reply.citations)), Spot.PUBLICLY)
        row = await self._store.interviews.find(tenant, press.subject)
        room = self._room(row)
        card = await room.card(row, user) if row and room else None
        if card is None or card.picture is None:  # it is not at its summary any more
            return _notice("share_gone")
        return Clicked(Shown(Card(card.lines, card.citations, picture=card.picture)), Spot.PUBLICLY)

    async def _markdown(self, tenant: str, user: str, interview: int) -> Clicked:
        row = await self._store.interviews.find(tenant, interview)
        room = self._room(row)
        reply = await room.summary(row, user) if row and room else None
        if reply is None:
            return _notice("interview_gone")
        return Clicked(Shown(Card((Line(reply.markdown, LineKind.CODE),))), Spot.PRIVATELY)


def _led_to(outcome: Outcome) -> Clicked:
    return Clicked(Shown(outcome.card, outcome.notice), Spot.PRIVATELY, form=outcome.form)


def _notice(sentence: str) -> Clicked:
    return Clicked(Shown(None, texts.sentence(sentence)))
