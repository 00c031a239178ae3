"""Interviews: versioned rows, so that of two clicks at once only one counts; and the ballots of a team."""

from collections.abc import Mapping

from pydantic import JsonValue
from sqlalchemy import delete, select, update

from bot.store.database import Database
from bot.store.deduplication import KnownError, remember
from bot.store.records import Interview
from bot.store.tables import BallotRow, InterviewRow


class StaleError(Exception):
    """The row was changed since it was read."""


class Interviews:
    """Interview sessions, as JSON. Every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def start(
        self,
        tenant: str,
        place: str,
        user: str,
        session: Mapping[str, JsonValue],
        *,
        is_team: bool = False,
        key: str = "",
    ) -> Interview:
        """Store a new interview. Raises KnownError if an event of this key, if there is one, was seen before."""
        moment = self._db.clock()
        row = InterviewRow(place=place, user=user, session=dict(session), is_team=is_team, touched_at=moment)
        async with self._db.transaction(tenant) as transaction:
            if key and not await remember(self._db, transaction, [key], moment):
                raise KnownError
            transaction.add(row)
        return row.record()

    async def find(self, tenant: str, interview: int) -> Interview | None:
        """The interview of that id, unless it was deleted."""
        async with self._db.reading(tenant) as transaction:
            row = await transaction.scalar(select(InterviewRow).where(InterviewRow.id == interview))
            return row.record() if row else None

    async def of(self, tenant: str, user: str, limit: int | None = None) -> list[Interview]:
        """Return the interviews that a person leads, the last touched first."""
        newest = InterviewRow.touched_at.desc(), InterviewRow.id.desc()
        own = select(InterviewRow).where(InterviewRow.user == user).order_by(*newest).limit(limit)
        async with self._db.reading(tenant) as transaction:
            return [row.record() for row in await transaction.scalars(own)]

    async def save(
        self, interview: Interview, session: Mapping[str, JsonValue], user: str | None = None, *, restart: bool = False
    ) -> Interview:
        """Save another session and return the interview. A given `user` leads it from now on; `restart` drops the
        ballots. Raises StaleError when it was changed or deleted since it was read.
        """
        own = update(InterviewRow).where(InterviewRow.id == interview.id, InterviewRow.version == interview.version)
        values = {"session": dict(session), "version": interview.version + 1, "touched_at": self._db.clock()}
        values["user"] = user or interview.user
        async with self._db.transaction(interview.tenant) as transaction:
            changed: InterviewRow | None = await transaction.scalar(own.values(values).returning(InterviewRow))
            if changed is None:
                raise StaleError
            if restart:
                await transaction.execute(delete(BallotRow).where(BallotRow.interview_id == interview.id))
            return changed.record()

    async def remove(self, interview: Interview) -> None:
        """Delete an interview, with its ballots."""
        async with self._db.transaction(interview.tenant) as transaction:
            await transaction.execute(delete(InterviewRow).where(InterviewRow.id == interview.id))

    async def vote(self, interview: Interview, member: str, question: str, option: str | None) -> None:
        """Keep what a member of a team answers to one question; what they answer to the others stays.

        Votes do not disturb one another. Raises StaleError when the interview was changed or deleted since it was read.
        """
        present = select(InterviewRow.id).where(
            InterviewRow.id == interview.id, InterviewRow.version == interview.version
        )
        empty = self._db.insert(BallotRow).values(interview_id=interview.id, member=member, answers={})
        theirs = select(BallotRow).where(BallotRow.interview_id == interview.id, BallotRow.member == member)
        async with self._db.transaction(interview.tenant) as transaction:
            if await transaction.scalar(present.with_for_update(read=True)) is None:
                raise StaleError
            await transaction.execute(empty.on_conflict_do_nothing())
            ballot = (await transaction.scalars(theirs.with_for_update())).one()
            ballot.answers = {**ballot.answers, question: option}

    async def ballots(self, interview: Interview) -> dict[str, dict[str, str | None]]:
        """Return each member's answers, in the order in which they came."""
        votes = select(BallotRow).where(BallotRow.interview_id == interview.id).order_by(BallotRow.id)
        async with self._db.reading(interview.tenant) as transaction:
            return {
                ballot.member: dict(map(_vote, ballot.answers.items())) for ballot in await transaction.scalars(votes)
            }


def _vote(kept: tuple[str, JsonValue]) -> tuple[str, str | None]:
    question, option = kept
    return question, None if option is None else str(option)
