"""The interview on a platform: one card that changes in place, the same on each; its state is a row of the store.

A click carries the interview, the step and the choice. One that is not the card's present step changes nothing: a
double click is passed over, an older card shows where the interview is now, a foreign one is refused.
"""

from collections.abc import Mapping

from pydantic import TypeAdapter, ValidationError

from bot import texts
from bot.deciding.interview import Choose, Edit, InterviewEvent, Mention, Move, Questionnaire, Screen, Session, Skip
from bot.deciding.outlook import Outlook
from bot.interviews.screens import UNKNOWN, screen, summary
from bot.messages.card import Card, Press
from bot.messages.reply import Reply
from bot.messages.response import Response
from bot.store import tables
from bot.store.interviews import Interviews, StaleError

SESSION = TypeAdapter(Session)
MOVES = {"back": Move.BACK, "why": Move.WHY, "review": Move.REVIEW, "next": Move.FORWARD, "finish": Move.FINISH}
MOVES["restart"] = Move.RESTART
PRESSES = frozenset((*MOVES, "answer", "skip", "edit"))  # the names of what a card of an interview is asked for


class Interviewer:
    """Leads one person through the framework's questions by clicks."""

    def __init__(self, interviews: Interviews, outlook: Outlook) -> None:
        self._interviews = interviews
        self._interview = Questionnaire(outlook)

    async def start(self, tenant: str, place: str, user: str, read: Mapping[str, Mention]) -> Card:
        """A new interview; it begins with what was read in what the user said."""
        session = self._interview.start(read)
        row = await self._interviews.start(tenant, place, user, SESSION.dump_python(session, mode="json"))
        return self._card(row, session)

    async def standing(self, row: tables.Interview) -> str | None:
        """Where an interview is; None when this version cannot read it."""
        session = resumed(self._interview, row)
        if session is None or session.screen is not Screen.SUMMARY:
            return how_far(self._interview, session) if session else None
        return summary(self._interview, session).lines[0].text

    async def card(self, row: tables.Interview, user: str) -> Card | None:
        """The card of a person's interview as it is now."""
        session = resumed(self._interview, row) if row.user == user else None
        return self._card(row, session) if session else None

    async def press(self, row: tables.Interview, user: str, press: Press) -> Response:
        """What a click leads to."""
        session = resumed(self._interview, row)
        if session is None:
            return Response(notice=texts.sentence("interview_gone"))
        if row.user != user:
            return Response(notice=texts.sentence("interview_foreign"))
        if press.step != session.step:
            return Response(self._card(row, session), notice_of(press, session))
        return await self._stepped(row, session, press)

    async def summary(self, row: tables.Interview, user: str) -> Reply | None:
        """The summary of a user's interview as it is now, for sharing."""
        session = resumed(self._interview, row) if row.user == user else None
        return summary(self._interview, session) if session else None

    async def _stepped(self, row: tables.Interview, session: Session, press: Press) -> Response:
        try:
            event = event_of(session, press)
            after = self._interview.step(session, event) if event else session
        except KeyError:  # the framework has changed since the card was posted
            return Response(self._card(row, session), texts.sentence("interview_stale"))
        if after is session:
            return Response(self._card(row, session))
        try:
            row = await self._interviews.save(row, SESSION.dump_python(after, mode="json"))
        except StaleError:  # another click was faster; this one was on the same card, so it counts as double
            return Response()
        return Response(self._card(row, after))

    def _card(self, row: tables.Interview, session: Session) -> Card:
        return screen(row.id, self._interview, session)


def resumed(interview: Questionnaire, row: tables.Interview) -> Session | None:
    """The session of a row under the framework as it is now, if this version can read it."""
    try:
        return interview.resume(SESSION.validate_python(row.session))[0]
    except ValidationError:
        return None


def event_of(session: Session, press: Press) -> InterviewEvent | None:
    """What a press asks for; None when it asks for nothing."""
    match press.name:
        case "answer":
            return Choose(session.question, None if press.choice == UNKNOWN else press.choice)
        case "skip":
            return Skip(session.question)
        case "edit":
            return Edit(press.choice)
    return MOVES.get(press.name)


def notice_of(press: Press, session: Session) -> str:
    """What is said of a click on a card of another step: nothing when it was a double click."""
    return "" if press.step == session.step - 1 else texts.sentence("interview_stale")


def how_far(interview: Questionnaire, session: Session) -> str:
    """How many of its questions are answered, and how many may still come."""
    to_go = interview.outlook.most_to_go({**session.known, **dict.fromkeys(session.skipped)})
    return texts.sentence("interview_open", answered=len(session.known), to_go=to_go)
