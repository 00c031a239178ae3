"""The handoff between platforms: requests, replies, notes, reminders, and what happens when something is away."""

import asyncio

import pytest

from bot import texts
from bot.delivery.ports import RefusedError
from bot.handoff.channel import DeskChannel
from bot.messages.card import Press
from bot.messages.events import Said
from bot.messages.person import Person
from bot.store.records import LeadState
from tests.support.town import CASE, DISCORD, FILLED, Town, ann, cem, dora


def said_note(person: Person, text: str, name: str, keys: list[str]) -> Said:
    return Said(person, text, keys, name=name, mentions_bot=True)


async def test_a_user_in_discord_and_consultants_in_slack(town: Town) -> None:
    lead = await town.request(ann())
    await town.work()
    [card] = town.places["slack"].sent
    [confirmed] = town.places["discord"].sent
    assert (card.tenant, card.channel, card.thread) == ("slack:", "C1", None)
    assert (confirmed.tenant, confirmed.channel, confirmed.thread) == (DISCORD, "home", "t1")
    assert await town.reply(cem(), lead, "Let us talk") == ""
    await town.work()
    assert "Let us talk" in town.places["discord"].sent[1].text
    assert "claimed by Cem" in card.text
    assert "Replies: 1 delivered, 0 on the way" in card.text


async def test_each_process_sends_only_what_is_for_its_platform(town: Town) -> None:
    await town.request(ann())
    await town.work("discord")
    assert len(town.places["discord"].sent) == 1
    assert town.places["slack"].sent == []
    await town.work("slack")
    assert len(town.places["slack"].sent) == 1


async def test_when_the_channel_is_refused_the_other_platforms_consultants_get_the_card(both: Town) -> None:
    both.places["discord"].trouble = RefusedError("no such channel")
    lead = await both.request(ann(), consent="all")
    await both.handoff.relay.from_user(said_note(ann(), "note: and this", "m1", ["e1"]))
    both.clock.advance(seconds=1)
    await both.work()
    card, file, note = both.places["slack"].sent
    assert "Help us" in card.text
    assert file.payload["file"] == f"conversation-{lead.reference}.txt"
    assert (note.thread, note.text) == ("slack/0", "Ann adds:\nand this")
    assert "hush" in str(file.payload["content"])


async def test_after_an_hour_of_an_outage_the_other_consultants_get_the_card(both: Town) -> None:
    both.places["discord"].trouble = ConnectionError()
    await both.request(ann())
    for minutes in (1, 30):
        await both.work(rounds=1)
        both.clock.advance(minutes=minutes)
        assert both.places["slack"].sent == []
    both.clock.advance(minutes=40)
    await both.work()
    assert "Help us" in both.places["slack"].sent[0].text


async def test_an_outage_of_everything_is_waited_for_a_day_then_said_then_sent_again(town: Town) -> None:
    lead = await town.request(ann())
    await town.work()
    await town.reply(cem(), lead, "Hello")
    town.places["discord"].trouble = ConnectionError()
    for _ in range(26):
        await town.work(rounds=4)
        town.clock.advance(hours=1)
    card, thread = (sent for sent in town.places["slack"].sent if "not finished" not in sent.text)
    assert "1 undelivered" in card.text
    assert f"rag-or-tune desk resend {lead.reference}" in thread.text
    assert len(await town.store.outbox.undelivered()) == 1
    assert (await town.now(lead)).state == LeadState.CLAIMED
    town.places["discord"].trouble = None
    assert await town.store.outbox.resend(lead.id) == 1
    await town.work()
    assert "Hello" in town.places["discord"].sent[-1].text
    assert "0 undelivered" in card.text


async def test_a_card_that_could_not_be_delivered_takes_along_what_stands_under_it(town: Town) -> None:
    place = town.places["slack"]
    place.trouble = RefusedError("no such channel")
    lead = await town.request(ann(), consent="all")
    await town.handoff.relay.from_user(said_note(ann(), "note: and this", "m1", ["e1"]))
    for _ in range(30):
        await town.work(rounds=4)
        town.clock.advance(hours=1)
    assert [post.notification.kind for post in await town.store.outbox.undelivered()][:3] == ["card", "file", "thread"]
    place.trouble = None
    await town.store.outbox.resend(lead.id)
    await town.work()
    card, file, note = (sent for sent in place.sent if "not finished" not in sent.text and "waits" not in sent.text)
    assert "Help us" in card.text
    assert file.thread == note.thread == f"slack/{place.sent.index(card)}"
    assert await town.store.outbox.undelivered() == []


async def test_consultants_are_reminded_twice_and_then_no_more(town: Town, caplog: pytest.LogCaptureFixture) -> None:
    await town.request(ann())
    texts = list[str]()
    for _ in range(6):
        await town.work()
        texts = [sent.text for sent in town.places["slack"].sent]
        town.clock.advance(minutes=61)
    assert sum("Nobody has claimed" in text for text in texts) == 1
    assert sum("still waits for somebody" in text for text in texts) == 1
    first, again = (s for s in town.places["slack"].sent if "Nobody" in s.text or "still waits" in s.text)
    assert (first.thread, again.thread) == ("slack/0", None)
    assert again.payload["buttons"] == ["Claim", "Reply", "Resolve"]


async def test_who_has_claimed_in_time_is_not_reminded(town: Town) -> None:
    lead = await town.request(ann())
    await town.press(cem(), "claim", lead)
    town.clock.advance(hours=3)
    await town.work()
    assert not any("claimed this request yet" in sent.text for sent in town.places["slack"].sent)


async def test_out_of_hours_nobody_is_reminded_and_users_are_told_when(town: Town) -> None:
    town.clock.advance(hours=8)  # Monday, 18:00
    await town.request(ann())
    town.clock.advance(hours=3)
    await town.work()
    assert len(town.places["slack"].sent) == 1
    assert "Tuesday, 24 November, 09:00 UTC" in town.places["discord"].sent[0].text


async def test_once_a_day_there_is_a_digest_of_what_is_not_finished(town: Town) -> None:
    lead = await town.request(ann())
    await town.press(cem(), "claim", lead)
    for _ in range(10):
        await town.work()
        town.clock.advance(hours=3)  # from Monday, 10:00, up to Tuesday, 13:00
    digests = [sent.text for sent in town.places["slack"].sent if "not finished" in sent.text]
    assert len(digests) == 1
    assert digests[0].startswith("Requests that are not finished: 1\n")
    assert f"{lead.reference}: This week, claimed by Cem" in digests[0]


async def test_of_twenty_claims_at_once_one_wins(town: Town) -> None:
    lead = await town.request(ann())
    town.places["slack"].members = {f"c{n}" for n in range(20)}
    said = await asyncio.gather(
        *(town.press(cem().__class__(cem().tenant, f"c{n}", f"C{n}"), "claim", lead) for n in range(20))
    )
    holder = (await town.now(lead)).holder
    assert sorted(said)[0] == ""
    assert sum(text == "" for text in said) == 1
    assert {text for text in said if text} == {
        f"{holder.upper()} holds this request. If they are away, release it first."
    }
    assert [event.kind for event in await town.store.leads.events(lead)].count("claimed") == 1


async def test_a_process_that_dies_while_it_sends_loses_and_doubles_nothing(town: Town) -> None:
    await town.request(ann())
    place = town.places["slack"]
    post = next(post for post in await town.store.outbox.heads() if post.notification.kind == "card")
    assert await town.store.outbox.take(post, "killed")
    made = await town.clerk("slack").render(post)
    assert made
    await place.send(made)  # and there it was killed
    await town.work()
    assert len(place.sent) == 1
    assert await town.store.leases.holders() == {"killed"}
    await town.store.leases.free(["killed"])
    await town.work()
    assert len(place.sent) == 1
    assert await town.store.outbox.heads() == []


async def test_two_post_offices_send_each_post_once_and_in_order(town: Town) -> None:
    lead = await town.request(ann())
    for number in range(12):
        await town.handoff.relay.from_user(said_note(ann(), f"note: {number}", f"m{number}", [f"e{number}"]))
    offices = [town.office("slack", "discord", process=f"p{n}") for n in range(3)]
    for _ in range(40):
        await asyncio.gather(*(office.round() for office in offices))
        await asyncio.gather(*(office.stop(10) for office in offices))
    notes = [sent.text for sent in town.places["slack"].sent if sent.text.startswith("Ann adds:")]
    assert notes == [f"Ann adds:\n{number}" for number in range(12)]
    assert (await town.now(lead)).state == LeadState.OPEN


async def test_a_note_that_is_delivered_twice_is_passed_on_once(town: Town) -> None:
    lead = await town.request(ann())
    for _ in range(2):
        assert await town.handoff.relay.from_user(said_note(ann(), "note: once", "m1", ["event:1", "message:1"]))
    assert [event.kind for event in await town.store.leads.events(lead)] == ["opened", "requested", "noted"]


async def test_no_form_is_opened_for_what_could_not_be_sent(town: Town) -> None:
    lead = await town.request(ann())
    assert (await town.handoff.pressed(ann(), Press("note", lead.id))).form
    assert await town.press(ann(), "solved", lead) == texts.sentence("lead_told_already")
    await town.press(ann(), "withdraw", lead)
    for name in ("note", "solved"):
        assert not (await town.handoff.pressed(ann(), Press(name, lead.id))).form
    assert await town.press(ann(), "note", lead) == texts.sentence("lead_over")


async def test_words_stay_within_their_tenant(town: Town) -> None:
    lead = await town.request(ann())
    stranger = ann("discord:8")
    assert not await town.handoff.relay.from_user(said_note(stranger, "note: hello", "m1", ["e1"]))
    assert (
        await town.press(stranger, "withdraw", lead)
        == "That request is not there any more. “Get in touch” begins a new one."
    )
    assert (await town.now(lead)).state == LeadState.OPEN


async def test_only_members_act_and_nobody_does_while_it_cannot_be_asked(town: Town) -> None:
    lead = await town.request(ann())
    eve = ann("slack:T1")
    refused = "Only members of the consultants' channel can do that."
    assert await town.press(eve, "claim", lead) == refused
    assert await town.reply(eve, lead, "Hello") == refused
    assert await town.press(cem(DISCORD), "claim", lead) == refused  # there are no consultants
    town.places["slack"].trouble = ConnectionError()
    assert "could not be checked" in await town.press(cem(), "claim", lead)
    assert (await town.now(lead)).state == LeadState.OPEN


async def test_in_the_thread_of_another_channel_nothing_is_a_reply(town: Town) -> None:
    await town.request(ann())
    await town.work()
    said = Said(cem(), "reply: hello", ["e1"], name="m1", thread="slack/0")
    assert await town.handoff.relay.find_replied_lead(said, DeskChannel("discord:", "C1")) is None
    lead = await town.handoff.relay.find_replied_lead(said, DeskChannel("slack:", "C1"))
    assert lead
    assert await town.handoff.relay.from_desk(lead, said) == ""


async def test_what_was_not_agreed_to_is_not_kept(town: Town) -> None:
    lead = await town.request(ann(), consent="nothing")
    assert "hush" not in str((await town.now(lead)).details)
    assert "RAG" not in str((await town.now(lead)).details)


@pytest.mark.parametrize("wrong", [{"need": "  "}, {"name": ""}, {"consent": "everything"}, {"email": "a@"}])
async def test_a_form_that_is_filled_in_wrongly_stays_open(town: Town, wrong: dict[str, str]) -> None:
    form = (await town.handoff.begin(ann(), CASE)).form
    assert form
    outcome = await town.handoff.sent(ann(), form.press, FILLED | wrong)
    assert set(outcome.errors) == set(wrong)
    assert (await town.store.leads.own(DISCORD, form.press.subject)).state == LeadState.DRAFT


async def test_a_card_for_which_there_was_no_channel_is_posted_when_there_is_one(town: Town) -> None:
    await town.request(ann())
    settings = town.settings
    town.settings = settings.model_copy(update={"consultant_slack_channel": None})
    await town.work()
    assert town.places["slack"].sent == []
    town.settings = settings
    town.clock.advance(minutes=61)
    await town.work()
    assert "Help us" in town.places["slack"].sent[0].text


async def test_without_consultants_nothing_is_asked_for(town: Town) -> None:
    town.handoff.is_open = False
    outcome = await town.handoff.begin(ann(), CASE)
    assert outcome.form is None
    assert "below the article" in outcome.notice


async def test_the_count_stays_when_requests_are_deleted(town: Town) -> None:
    await town.request(ann())
    await town.request(cem(DISCORD), name="Cem")
    await town.store.erasure.forget("ann")
    assert await town.store.leads.count() == 2
    assert len(await town.store.leads.all(list(LeadState))) == 1
    await town.work()
    assert ["From Ann" in sent.text for sent in town.places["slack"].sent] == [False]


async def test_the_user_can_say_that_it_is_not_solved_once(town: Town) -> None:
    lead = await town.request(ann())
    await town.press(dora(), "resolve", lead)
    not_solved = Press("solved", lead.id, choice="no")
    assert "open again" in (await town.handoff.sent(ann(), not_solved, {"text": "no"})).notice
    assert (await town.handoff.sent(ann(), not_solved, {"text": "no"})).notice == "That was answered already."
    assert (await town.now(lead)).state == LeadState.OPEN


async def test_a_file_that_is_refused_holds_up_nothing(town: Town) -> None:
    place, lead = town.places["slack"], await town.request(ann(), consent="all")
    place.refused = "file"
    await town.handoff.relay.from_user(said_note(ann(), "note: and this", "m1", ["e1"]))
    await town.work()
    said = [sent.text for sent in place.sent[1:]]
    assert said[0] == "Ann adds:\nand this"
    assert f"rag-or-tune desk show {lead.reference} has it" in said[1]


async def test_a_form_that_is_sent_twice_counts_once(town: Town) -> None:
    lead = await town.request(ann())
    for _ in range(2):
        await town.handoff.sent(cem(), Press("reply", lead.id), {"text": "Hello"}, ["view:1"])
        told = await town.handoff.sent(ann(), Press("note", lead.id), {"text": "And this"}, ["view:2"])
        assert "Passed on" in told.notice
    await town.work()
    assert sum("Hello" in sent.text for sent in town.places["discord"].sent) == 1
    assert [sent.text for sent in town.places["slack"].sent[1:]] == ["Ann adds:\nAnd this"]


async def test_in_the_morning_there_is_time_before_the_first_reminder_and_before_the_second(town: Town) -> None:
    town.clock.advance(hours=8)  # Monday, 18:00
    await town.request(ann())
    town.clock.advance(hours=15, minutes=1)  # Tuesday, 09:01
    reminded = list[int]()
    for _ in range(14):
        await town.work()
        texts = [sent.text for sent in town.places["slack"].sent]
        reminded.append(sum("Nobody has claimed" in text or "still waits" in text for text in texts))
        town.clock.advance(minutes=10)
    assert reminded == [0] * 6 + [1] * 6 + [2] * 2


async def test_a_reminder_that_comes_too_late_is_left_out(town: Town) -> None:
    lead = await town.request(ann())
    await town.work()
    town.clock.advance(minutes=61)
    await town.clerk("slack").run_scheduled()  # makes it due
    await town.press(cem(), "claim", lead)
    await town.work()
    assert not any("Nobody has claimed" in sent.text for sent in town.places["slack"].sent[1:2])


async def test_a_card_that_no_process_takes_care_of_goes_to_the_other_consultants(both: Town) -> None:
    await both.request(ann(), consent="all")
    await both.work("slack")
    assert both.places["slack"].sent == []
    both.clock.advance(minutes=61)
    await both.work("slack")
    assert "Help us" in both.places["slack"].sent[0].text


async def test_whoever_cannot_be_recognised_is_told_so_and_keeps_what_they_wrote(town: Town) -> None:
    lead = await town.request(ann())
    town.places["slack"].trouble = ConnectionError()
    outcome = await town.handoff.sent(cem(), Press("reply", lead.id), {"text": "Hello"})
    assert "could not be checked" in outcome.errors["text"]
