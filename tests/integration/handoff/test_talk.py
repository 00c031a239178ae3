"""After a consultant has written, what a user says there goes to them, until the user asks the bot something."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.messages.events import Said
from bot.messages.person import Person
from bot.store.accepting import Message
from bot.store.address import Address
from bot.store.records import Lead, LeadState
from tests.support.town import DISCORD, Town, ann, cem

HOME = Address("home", "t1")


def said(text: str, number: int = 1, person: Person | None = None, **how: Any) -> Said:
    """Words in the thread in which the user's request was made."""
    there: dict[str, Any] = {"address": HOME, "place": "home/t1", "thread": "t1"}
    return Said(person or ann(), text, [f"e{number}"], name=f"m{number}", **there | how)


async def replied(town: Town) -> Lead:
    lead = await town.request(ann())
    town.clock.advance(minutes=1)
    await town.reply(cem(), lead, "How many?")
    town.clock.advance(minutes=1)
    return lead


async def asked(town: Town, place: str = "home/t1") -> None:
    message = Message(DISCORD, place, "ann", "And the costs?", [f"q{town.clock()}"])
    await town.store.inbox.accept(message)
    town.clock.advance(minutes=1)


async def test_what_comes_after_a_reply_is_for_the_consultant(town: Town) -> None:
    await asked(town)
    await replied(town)
    assert await town.handoff.relay.from_user(said("Two hundred"))
    assert await town.handoff.relay.from_user(said("a day", 2))
    await town.work()
    assert [sent.text for sent in town.places["slack"].sent[1:]] == ["Ann adds:\nTwo hundred", "Ann adds:\na day"]


async def test_before_a_reply_it_is_for_the_bot(town: Town) -> None:
    await town.request(ann())
    assert not await town.handoff.relay.from_user(said("Two hundred"))


async def test_who_mentions_the_bot_asks_it_and_goes_on_with_it(town: Town) -> None:
    await replied(town)
    assert not await town.handoff.relay.from_user(said("And the costs?", mentions_bot=True))
    await asked(town)
    assert not await town.handoff.relay.from_user(said("And of RAG?", 2))


async def test_what_is_asked_elsewhere_does_not_end_the_talk(town: Town) -> None:
    await replied(town)
    await asked(town, "home/private/ann")
    assert await town.handoff.relay.from_user(said("Two hundred"))


async def test_what_is_said_to_a_colleague_stays_there(town: Town) -> None:
    await replied(town)
    assert not await town.handoff.relay.from_user(said("@bob between us: it is small", mentions_others=True))
    assert await town.handoff.relay.from_user(said("Two hundred", 2))


async def test_who_mentions_the_bot_below_a_reply_asks_it(town: Town) -> None:
    await replied(town)
    await town.work()
    below = f"discord/{len(town.places['discord'].sent) - 1}"
    mentioning = said("And the costs?", mentions_bot=True, thread=None, below=below)
    assert not await town.handoff.relay.from_user(mentioning)
    assert await town.handoff.relay.from_user(replace(mentioning, mentions_bot=False))


async def test_what_was_said_before_a_reply_is_not_for_the_consultant(town: Town) -> None:
    before = town.clock()
    await replied(town)
    assert not await town.handoff.relay.from_user(said("Two hundred", said_at=before))


async def test_elsewhere_and_of_others_it_is_for_the_bot(town: Town) -> None:
    await replied(town)
    relay = town.handoff.relay
    assert not await relay.from_user(said("Two hundred", address=Address("home", "t2"), thread="t2"))
    assert not await relay.from_user(said("Two hundred", person=ann("discord:8")))
    assert not await relay.from_user(said("Two hundred", person=cem(DISCORD)))
    assert not await relay.from_user(said("Two hundred", thread=None))


async def test_a_note_on_a_resolved_request_opens_it_again(town: Town) -> None:
    lead = await replied(town)
    await town.press(cem(), "resolve", lead)
    assert await town.handoff.relay.from_user(said("note: one more thing"))
    assert (await town.now(lead)).state == LeadState.OPEN


async def test_a_reply_to_a_resolved_request_takes_it_up_again(town: Town) -> None:
    lead = await replied(town)
    await town.press(cem(), "resolve", lead)
    assert await town.reply(cem(), lead, "One more thing") == ""
    assert (await town.now(lead)).state == LeadState.CLAIMED


async def test_an_edit_that_changes_nothing_is_none(town: Town) -> None:
    await replied(town)
    await town.handoff.relay.from_user(said("Two hundred"))
    await town.work()
    before = len(town.places["slack"].sent)
    assert await town.handoff.relay.edited(said("Two hundred"))
    town.clock.advance(seconds=timedelta(minutes=1).seconds)
    await town.work()
    assert len(town.places["slack"].sent) == before
