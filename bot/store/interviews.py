"""Interviews: versioned rows, so that of two clicks at once only one counts; and the ballots of a team."""

from collections.abc import Mapping

from pydantic import JsonValue
from sqlalchemy import delete, select, update

from bot.store.database import Database
from bot.store.tables import Ballot, Interview


class StaleError(Exception):
    """The row was changed since it was read."""


class Interviews:
    """Interview sessions, as JSON. Every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def start(self, tenant: str, place: str, user: str, session: Mapping[str, JsonValue]) -> Interview:
        """Keeps a new interview."""
        row = Interview(place=place, user=user, session=dict(session), touched_at=self._db.clock())
        async with self._db.transaction(tenant) as transaction:
            transaction.add(row)
        return row

    async def find(self, tenant: str, interview: int) -> Interview | None:
        """The interview of that id, unless it was deleted."""
        async with self._db.transaction(tenant) as transaction:
            return await transaction.scalar(select(Interview).where(Interview.id == interview))

    async def of(self, tenant: str, user: str) -> list[Interview]:
        """A person's interviews, the last touched first."""
        mine = (
            select(Interview).where(Interview.user == user).order_by(Interview.touched_at.desc(), Interview.id.desc())
        )
        async with self._db.transaction(tenant) as transaction:
            return list(await transaction.scalars(mine))

    async def save(self, interview: Interview, session: Mapping[str, JsonValue]) -> Interview:
        """The interview with another session. Raises StaleError when it was changed or deleted since it was read."""
        own = update(Interview).where(Interview.id == interview.id, Interview.version == interview.version)
        values = {"session": dict(session), "version": interview.version + 1, "touched_at": self._db.clock()}
        async with self._db.transaction(interview.tenant) as transaction:
            changed: Interview | None = await transaction.scalar(own.values(values).returning(Interview))
            if changed is None:
                raise StaleError
            return changed

    async def remove(self, interview: Interview) -> None:
        """Deletes an interview, with its ballots."""
        async with self._db.transaction(interview.tenant) as transaction:
            await transaction.execute(delete(Interview).where(Interview.id == interview.id))

    async def vote(self, interview: Interview, member: str, answers: Mapping[str, str | None]) -> None:
        """Keeps what a member of a team answers, in place of what they answered before.

        Raises StaleError when the interview was deleted.
        """
        known = select(Interview.id).where(Interview.id == interview.id).with_for_update(read=True)
        row = self._db.insert(Ballot).values(interview_id=interview.id, member=member, answers=dict(answers))
        row = row.on_conflict_do_update(
            index_elements=["interview_id", "member"], set_={"answers": row.excluded.answers}
        )
        async with self._db.transaction(interview.tenant) as transaction:
            if await transaction.scalar(known) is None:
                raise StaleError
            await transaction.execute(row)

    async def ballots(self, interview: Interview) -> dict[str, dict[str, JsonValue]]:
        """What each member answers, in the order in which they came."""
        cast = select(Ballot).where(Ballot.interview_id == interview.id).order_by(Ballot.id)
        async with self._db.transaction(interview.tenant) as transaction:
            return {ballot.member: ballot.answers for ballot in await transaction.scalars(cast)}
