"""The interview on a platform: one card that changes in place, the same on each; its state is a row of the store.

A press carries the interview, the step and the choice. One from another step than the present changes nothing: a double
press is ignored, an older card shows where the interview is now. The steps of whoever leads are versioned, so that of
two at once one counts; votes are ballots beside them and never disturb one another.
"""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial

from bot import texts
from bot.deciding.outlook import Outlook
from bot.deciding.questionnaire import Mention, Questionnaire
from bot.interviews.interview_cards import render_card
from bot.interviews.poll import SESSION, Poll
from bot.messages.card import Card, Press
from bot.messages.person import Person
from bot.messages.response import Response
from bot.store.database import Clock
from bot.store.interviews import Interviews, StaleError
from bot.store.records import Interview

LEADERLESS = timedelta(days=1)  # after the last step, when any voter may take the lead


class Interviewer:
    """Leads a person or a team through the framework's questions by presses."""

    def __init__(self, interviews: Interviews, outlook: Outlook, clock: Clock) -> None:
        self._interviews = interviews
        self._questionnaire = Questionnaire(outlook)
        self._clock = clock

    async def start(
        self,
        person: Person,
        place: str,
        read: Mapping[str, Mention] | None = None,
        *,
        is_team: bool = False,
        key: str = "",
    ) -> Card:
        """Start an interview from what a text mentions. Raises KnownError if one was started under the same key."""
        session = self._questionnaire.start(read)
        values = SESSION.dump_python(session, mode="json")
        row = await self._interviews.start(person.tenant, place, person.user, values, is_team=is_team, key=key)
        return render_card(Poll(row, self._questionnaire, session, {}))

    async def find(self, person: Person, interview: int) -> Poll | None:
        """Return an interview if this person may read it: one that they lead, or any team's."""
        poll = await self._find(person.tenant, interview)
        return poll if poll and (poll.row.is_team or poll.row.user == person.user) else None

    async def newest(self, tenant: str, user: str, limit: int) -> list[Poll]:
        """Return the interviews that a person leads, the last touched first."""
        rows = await self._interviews.of(tenant, user, limit)
        return [poll for row in rows if (poll := await self._poll(row))]

    async def press(self, person: Person, press: Press) -> Response:
        """Handle a press: a vote of anybody's in a team, or a step of whoever leads."""
        poll = await self._find(person.tenant, press.subject)
        if poll is None:
            return Response(notice=texts.sentence("interview_gone"))
        if poll.row.is_team and press.name == "answer":
            return await self._vote(poll, person, press)
        if not self._may_lead(poll, person.user):
            return Response(notice=texts.sentence("team_foreign" if poll.row.is_team else "interview_foreign"))
        if press.step != poll.session.step:
            is_double = press.step == poll.session.step - 1
            return self._response(poll, "" if is_double else texts.sentence("interview_stale"))
        return await self._step(poll, person, press)

    async def _vote(self, poll: Poll, person: Person, press: Press) -> Response:
        vote = poll.find_vote(press.choice)
        if vote is None:
            return self._response(poll, texts.sentence("team_stale"))
        try:
            await self._interviews.vote(poll.row, person.user, *vote)
        except StaleError:  # the leader was faster, but perhaps only asked why
            return await self.press(person, press)
        return await self._present(poll.row)

    async def _step(self, poll: Poll, person: Person, press: Press) -> Response:
        try:
            event = poll.find_event(press)
            session = self._questionnaire.step(poll.session, event) if event else poll.session
        except KeyError:  # the framework has changed since the card was posted
            return self._response(poll, texts.sentence("interview_stale"))
        if session is poll.session:
            return self._response(poll)
        values = SESSION.dump_python(session, mode="json")
        try:
            row = await self._interviews.save(poll.row, values, person.user, restart=press.name == "restart")
        except StaleError:
            return await self.press(person, press)
        return await self._present(row)

    async def _present(self, row: Interview) -> Response:
        poll = await self._poll(row)
        return self._response(poll) if poll else Response()

    def _may_lead(self, poll: Poll, user: str) -> bool:
        is_leaderless = self._clock() - poll.row.touched_at >= LEADERLESS
        return user == poll.row.user or (is_leaderless and user in poll.ballots)

    def _response(self, poll: Poll, notice: str = "") -> Response:
        refresh = partial(self._refresh, poll) if poll.row.is_team else None
        return Response(render_card(poll), notice, refresh=refresh)

    async def _refresh(self, poll: Poll) -> Response | None:
        """Return the card if it does not show this poll any more."""
        present = await self._find(poll.row.tenant, poll.row.id)
        return self._response(present) if present and present != poll else None

    async def _find(self, tenant: str, interview: int) -> Poll | None:
        row = await self._interviews.find(tenant, interview)
        return await self._poll(row) if row else None

    async def _poll(self, row: Interview) -> Poll | None:
        ballots = await self._interviews.ballots(row) if row.is_team else {}
        return Poll.of(row, self._questionnaire, ballots)
