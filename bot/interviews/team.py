"""The interview of a whole team: everybody there votes on one card, and whoever started it leads from question to
question.

The leader's clicks change the interview's row, which is versioned; votes are ballots beside it and never disturb one
another. When nobody has led on for a day, anyone who has voted may, and leads from then on.
"""

from datetime import timedelta
from functools import partial

from bot import texts
from bot.deciding.interview import Questionnaire, Screen
from bot.deciding.outlook import Outlook
from bot.interviews.personal import SESSION, event_of, how_far, notice_of, resumed
from bot.interviews.poll import Poll
from bot.messages.card import Card, Press
from bot.messages.reply import Reply
from bot.messages.response import Response
from bot.store import tables
from bot.store.database import Clock
from bot.store.interviews import Interviews, StaleError

LEADERLESS = timedelta(days=1)  # after the last step


class Teams:
    """Leads teams through the framework's questions by clicks."""

    def __init__(self, interviews: Interviews, outlook: Outlook, clock: Clock) -> None:
        self._interviews = interviews
        self._interview = Questionnaire(outlook)
        self._clock = clock

    async def start(self, tenant: str, place: str, user: str) -> Card:
        """A new interview, which that user leads."""
        session = self._interview.start()
        values = SESSION.dump_python(session, mode="json")
        row = await self._interviews.start(tenant, place, user, values, is_team=True)
        return Poll.of(row.id, self._interview, session, {}).card()

    async def standing(self, row: tables.Interview) -> str | None:
        """Where an interview is; None when this version cannot read it."""
        poll = await self._poll(row)
        if poll is None:
            return None
        is_done = poll.session.screen is Screen.SUMMARY
        text = poll.summary.lines[0].text if is_done else how_far(self._interview, poll.session)
        return texts.sentence("team_standing", text=text)

    async def card(self, row: tables.Interview, user: str) -> Card | None:
        """The card as it is now, for whoever leads."""
        poll = await self._poll(row) if row.user == user else None
        return poll.card() if poll else None

    async def summary(self, row: tables.Interview, user: str) -> Reply | None:
        """The summary as it is now; everybody has seen it."""
        del user
        poll = await self._poll(row)
        return poll.summary if poll else None

    async def press(self, row: tables.Interview, user: str, press: Press) -> Response:
        """What a click leads to: a vote of anybody's, or a step of the leader's."""
        poll = await self._poll(row)
        if poll is None:
            return Response(notice=texts.sentence("interview_gone"))
        if press.name == "answer":
            return await self._voted(row, poll, user, press)
        if not self._may_lead(row, poll, user):
            return Response(notice=texts.sentence("team_foreign"))
        if press.step != poll.session.step:
            return self._response(row, poll, notice_of(press, poll.session))
        return await self._stepped(row, poll, user, press)

    async def _voted(self, row: tables.Interview, poll: Poll, user: str, press: Press) -> Response:
        voted = poll.voted(press.choice)
        if voted is None:
            return self._response(row, poll, texts.sentence("team_stale"))
        try:
            await self._interviews.vote(row, user, *voted)
        except StaleError:  # the leader was faster, but perhaps only asked why
            return await self._again(row, user, press)
        return await self._present(row)

    async def _stepped(self, row: tables.Interview, poll: Poll, user: str, press: Press) -> Response:
        is_vote_over = press.name == "next" and poll.session.screen is Screen.QUESTION
        try:
            event = poll.step_on if is_vote_over else event_of(poll.session, press)
            after = self._interview.step(poll.session, event) if event else poll.session
        except KeyError:  # the framework has changed since the card was posted
            return self._response(row, poll, texts.sentence("interview_stale"))
        if after is poll.session:
            return self._response(row, poll)
        try:
            values = SESSION.dump_python(after, mode="json")
            row = await self._interviews.save(row, values, user, anew=press.name == "restart")
        except StaleError:
            return await self._again(row, user, press)
        return await self._present(row)

    async def _present(self, row: tables.Interview) -> Response:
        poll = await self._poll(row)
        return self._response(row, poll) if poll else Response()

    async def _again(self, row: tables.Interview, user: str, press: Press) -> Response:
        """What a click leads to on an interview that somebody changed meanwhile."""
        now = await self._interviews.find(row.tenant, row.id)
        return await self.press(now, user, press) if now else Response(notice=texts.sentence("interview_gone"))

    async def _poll(self, row: tables.Interview) -> Poll | None:
        session = resumed(self._interview, row)
        return Poll.of(row.id, self._interview, session, await self._interviews.ballots(row)) if session else None

    def _response(self, row: tables.Interview, poll: Poll, notice: str = "") -> Response:
        return Response(poll.card(), notice, refresh=partial(self._newer, row, poll))

    async def _newer(self, row: tables.Interview, poll: Poll) -> Response | None:
        """The card, if it does not show this poll any more."""
        now = await self._interviews.find(row.tenant, row.id)
        newer = await self._poll(now) if now else None
        return self._response(row, newer) if newer and newer != poll else None

    def _may_lead(self, row: tables.Interview, poll: Poll, user: str) -> bool:
        is_leaderless = self._clock() - row.touched_at >= LEADERLESS
        return user == row.user or (is_leaderless and user in poll.ballots)
