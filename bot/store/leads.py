"""Leads: requests for a human consultant, with everything that happens to them."""

import secrets
from collections.abc import Mapping

from pydantic import JsonValue
from sqlalchemy import select, update

from bot.store.database import Database
from bot.store.interviews import StaleError
from bot.store.tables import Lead, LeadEvent, LeadState

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # without those that are taken for one another


class Leads:
    """Leads and their events. Every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def open(self, tenant: str, user: str, details: Mapping[str, JsonValue]) -> Lead:
        """Keeps a new request, under a reference that a person can read out."""
        moment = self._db.clock()
        reference = "".join(secrets.choice(LETTERS) for _ in range(8))
        row = Lead(reference=reference, user=user, details=dict(details), touched_at=moment)
        async with self._db.transaction(tenant) as transaction:
            transaction.add(row)
            await transaction.flush()
            transaction.add(LeadEvent(lead_id=row.id, kind="opened", actor=user, happened_at=moment))
        return row

    async def find(self, tenant: str, reference: str) -> Lead | None:
        """The request under that reference."""
        async with self._db.transaction(tenant) as transaction:
            return await transaction.scalar(select(Lead).where(Lead.reference == reference))

    async def change(
        self, lead: Lead, kind: str, actor: str, *, state: LeadState, holder: str | None = None, text: str = ""
    ) -> Lead:
        """The request in another state, with the event that led there. Raises StaleError when it changed meanwhile."""
        moment = self._db.clock()
        own = update(Lead).where(Lead.id == lead.id, Lead.version == lead.version)
        values = {"state": state, "holder": holder, "version": lead.version + 1, "touched_at": moment}
        async with self._db.transaction(lead.tenant) as transaction:
            changed: Lead | None = await transaction.scalar(own.values(values).returning(Lead))
            if changed is None:
                raise StaleError
            transaction.add(LeadEvent(lead_id=lead.id, kind=kind, actor=actor, text=text, happened_at=moment))
            return changed

    async def events(self, lead: Lead) -> list[LeadEvent]:
        """What happened to a request, in order."""
        all_of_it = select(LeadEvent).where(LeadEvent.lead_id == lead.id).order_by(LeadEvent.id)
        async with self._db.transaction(lead.tenant) as transaction:
            return list(await transaction.scalars(all_of_it))
