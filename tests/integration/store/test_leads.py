"""Leads: found by a reference that can be read out, changed by one person at a time."""

import asyncio
from dataclasses import replace

import pytest

from bot.store.interviews import StaleError
from bot.store.leads import REFERENCE_LETTERS, Change
from bot.store.records import Exchange, Lead, LeadDetails, LeadState
from bot.store.store import Store
from tests.support.rooms import ONE, TWO, Clock, at_once


async def test_a_lead_is_found_by_its_reference(store: Store, other: Store) -> None:
    lead = await store.leads.open(ONE, "U1", LeadDetails(email="a@b.example"))
    found = await other.leads.by_reference(lead.reference)
    assert (found.id, found.user, found.details, found.state) == (
        lead.id,
        "U1",
        LeadDetails(email="a@b.example"),
        LeadState.OPEN,
    )
    assert await other.leads.by_reference("NOSUCHON") is None


async def test_references_are_unique_and_can_be_read_out(store: Store, other: Store) -> None:
    leads = await asyncio.gather(*((store, other)[n % 2].leads.open(ONE, "U1", LeadDetails()) for n in range(40)))
    assert len({lead.reference for lead in leads}) == 40
    assert all(len(lead.reference) == 8 and set(lead.reference) <= set(REFERENCE_LETTERS) for lead in leads)
    assert not set(REFERENCE_LETTERS) & set("IO01")


async def test_every_change_is_kept_with_who_did_it_and_when(timed: Store, clock: Clock) -> None:
    lead = await timed.leads.open(ONE, "U1", LeadDetails())
    begin = clock()
    clock.advance(minutes=1)
    claimed = await timed.leads.apply(lead, Change("claimed", "U9", LeadState.CLAIMED, holder="U9"))
    clock.advance(minutes=1)
    over = await timed.leads.apply(claimed, Change("resolved", "U9", LeadState.RESOLVED, text="phoned"))
    assert [(e.kind, e.actor, e.text, (e.happened_at - begin).seconds) for e in await timed.leads.events(over)] == [
        ("opened", "U1", "", 0),
        ("claimed", "U9", "", 60),
        ("resolved", "U9", "phoned", 120),
    ]
    assert (claimed.holder, over.holder, over.state, over.version) == ("U9", None, LeadState.RESOLVED, 2)
    assert over.touched_at == clock()


async def test_of_two_who_claim_a_lead_at_once_one_gets_it(store: Store, other: Store) -> None:
    lead = await store.leads.open(ONE, "U1", LeadDetails())
    claims = (
        room.leads.apply(lead, Change("claimed", f"U{n}", LeadState.CLAIMED, holder=f"U{n}"))
        for n, room in enumerate([store, other] * 3)
    )
    claimed = await at_once(claims)
    winners = [one for one in claimed if isinstance(one, Lead)]
    assert len(winners) == 1
    assert [type(one) for one in claimed if one is not winners[0]] == [StaleError] * 5
    assert [event.actor for event in await store.leads.events(lead)] == ["U1", winners[0].holder]
    assert (await store.leads.by_reference(lead.reference)).holder == winners[0].holder


async def test_another_tenants_lead_is_out_of_reach(store: Store) -> None:
    lead = await store.leads.open(ONE, "U1", LeadDetails())
    forged = replace(lead, tenant=TWO)
    assert await store.leads.own(TWO, lead.id) is None
    assert await store.leads.events(forged) == []
    with pytest.raises(StaleError):
        await store.leads.apply(forged, Change("forged", "U2", LeadState.RESOLVED))
    assert (await store.leads.by_reference(lead.reference)).state == LeadState.OPEN
    assert len(await store.leads.events(lead)) == 1


async def test_details_of_any_version_stay_as_they_were_stored(store: Store) -> None:
    stored = {"need": "a model", "summary": None, "transcript": [{"said": "Hi", "replied": "Hello"}], "phone": "12"}
    lead = await store.leads.open(ONE, "U1", LeadDetails.model_validate(stored))
    claim = Change("claimed", "U9", LeadState.CLAIMED, details=lead.details.with_fields(LeadDetails(holder="Cem")))
    await store.leads.apply(lead, claim)
    found = await store.leads.own(ONE, lead.id)
    assert found.details.transcript == (Exchange(said="Hi", replied="Hello"),)
    assert found.details.to_json() == {**stored, "holder": "Cem"}
