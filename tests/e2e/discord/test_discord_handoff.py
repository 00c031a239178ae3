"""Get in touch, on Discord: from the button to the consultants' channel, and back."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import texts
from bot.messages.card import Press
from tests.peers.discord import Channel, Discord, Message, User
from tests.support.discord.bots import CASE, plain, screen
from tests.support.discord.desks import (
    ALL,
    NEED,
    NOTHING,
    SUMMARY,
    Staffed,
    everything_in,
    preview,
    request,
    with_consultants,
)
from tests.support.running import ANSWERING

SECRET = "Our codename is plum jam."
HOSTILE = "@everyone <@&1> [your account](https://evil.example) https://discord.gg/abc"


@pytest.fixture(scope="module")
def staffed(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Staffed]:
    with with_consultants(data_dir, tmp_path_factory.mktemp("staffed")) as bot:
        yield bot
        assert bot.stop() == 0


@pytest.fixture
def discord(staffed: Staffed) -> Discord:
    assert staffed.is_running, staffed.log
    return staffed.discord


@pytest.fixture
def ann(discord: Discord) -> User:
    return discord.user("ann")


@pytest.fixture
def general(discord: Discord, ann: User) -> Channel:
    return discord.channel(discord.guild("acme", ann), "general")


@pytest.fixture
def advice(staffed: Staffed, discord: Discord, ann: User, general: Channel) -> Message:
    """The bot's advice to ann, in a server."""
    [answer] = staffed.answers(discord.mention(general, ann, f"{CASE} {SECRET}"))
    return answer


@pytest.fixture
def directly(staffed: Staffed, discord: Discord, ann: User) -> Message:
    """The same where they are alone."""
    [answer] = staffed.answers(discord.dm(ann, f"{CASE} {SECRET}"))
    return answer


def told(staffed: Staffed, where: Channel | User, after: Message) -> list[Message]:
    """What the bot said there after a message, once no post waits any more."""
    staffed.posted()
    return [message for message in staffed.discord.said(where) if int(message.id) > int(after.id)]


def test_what_may_be_passed_on_is_shown_before_the_form(
    staffed: Staffed, discord: Discord, ann: User, advice: Message
) -> None:
    shown = preview(staffed, advice, ann)
    assert shown.ephemeral
    text = plain(shown.text)
    assert "Recommendation: RAG" in text
    assert "For RAG: “our docs change weekly”" in text
    assert "as a file: 1 question(s)" in text
    assert shown.labels == [NOTHING, SUMMARY, ALL]
    form = staffed.form(discord.click(shown, SUMMARY, ann))
    assert form.title == "Get in touch"
    assert [part["component"]["custom_id"] for part in form.components] == ["name", "need", "urgency", "email"]
    assert form.components[0]["component"]["value"] == "ann"


def test_a_request_reaches_the_consultants_and_the_user_knows_its_number(
    staffed: Staffed, ann: User, advice: Message, general: Channel
) -> None:
    reference = request(staffed, advice, ann, urgency="Today, if possible")
    card = staffed.card(reference)
    facts = (NEED, "Today, if possible", "Recommendation: RAG", "“our docs change weekly”")
    for said in ("open", "ann", "#general in acme (Discord)", *facts):
        assert said in card.text, said
    assert card.buttons == ["Claim", "Reply", "Resolve"]
    [confirmed] = told(staffed, general, advice)
    assert reference in plain(confirmed.text)
    assert "within 4 hours" in plain(confirmed.text)
    assert confirmed.pinged == [ann.id]


@pytest.mark.parametrize("consent", [NOTHING, SUMMARY])
def test_what_was_not_agreed_to_is_nowhere_in_the_consultants_channel(
    staffed: Staffed, discord: Discord, ann: User, advice: Message, consent: str
) -> None:
    reference = request(staffed, advice, ann, consent)
    card = staffed.card(reference)
    staffed.say_below(card, staffed.cem, "reply: Which plan?")
    card.press("Resolve")
    staffed.posted()
    seen = everything_in(staffed)
    assert reference in seen
    assert SECRET.removesuffix(".") not in plain(seen)
    if consent == NOTHING:
        assert "docs change weekly" not in card.text
        assert "agreed to pass on nothing else" in card.text
    [details] = staffed.rows("SELECT details FROM leads WHERE reference = ?", reference)
    assert SECRET not in str(details)


def test_the_conversation_is_a_file_in_the_cards_thread_when_it_was_agreed_to(
    staffed: Staffed, discord: Discord, ann: User, advice: Message
) -> None:
    reference = request(staffed, advice, ann, ALL)
    card = staffed.card(reference)
    [message] = discord.said(card.message.id)
    [file] = message.files
    assert reference in file.filename
    assert SECRET in file.content.decode()
    assert "Recommendation: RAG" in file.content.decode()


def test_a_reply_goes_to_the_user_where_they_asked_marked_as_a_persons(
    staffed: Staffed, discord: Discord, ann: User, advice: Message, general: Channel
) -> None:
    card = staffed.card(request(staffed, advice, ann))
    form = staffed.form(discord.click(card.now, "Reply", staffed.cem))
    discord.submit(form, staffed.cem, {"text": "Hello @everyone, **send** it over."}).wait(ANSWERING)
    *_, reply = told(staffed, general, advice)
    text = plain(reply.text)
    assert "cem, a human consultant, writes on your request" in text
    assert "Hello @everyone, **send** it over." in text
    assert reply.pinged == [ann.id]
    assert "claimed by cem" in card.text
    assert "Replies: 1 delivered" in card.text
    assert card.buttons == ["Reply", "Resolve", "Release"]


def test_what_users_and_consultants_write_is_only_text_for_the_others(
    staffed: Staffed, discord: Discord, ann: User, advice: Message, general: Channel
) -> None:
    card = staffed.card(request(staffed, advice, ann, need=HOSTILE))
    staffed.say_below(card, staffed.cem, f"reply: {HOSTILE}")
    discord.wait_for(lambda: "your account" in discord.said(general)[-1].text, ANSWERING, "the reply")
    *_, reply = told(staffed, general, advice)
    for message in (card.now, reply):
        assert "your account" in message.text
        alive = re.sub(r"\\.", "", message.text)
        assert not any(sign in alive for sign in ("@everyone", "<@&", "](", "://", "discord.gg"))
    assert reply.pinged == [ann.id]
    assert card.now.pinged == []


def test_in_the_thread_only_what_begins_with_reply_leaves(
    staffed: Staffed, discord: Discord, ann: User, directly: Message
) -> None:
    card = staffed.card(request(staffed, directly, ann))
    before = len(told(staffed, ann, directly))
    staffed.say_below(card, staffed.cem, "This looks hopeless, frankly.")
    staffed.say_below(card, staffed.dora, "I would not reply: they have no data")
    staffed.say_below(card, staffed.dora, "Reply:  How many tickets a day?")
    discord.wait_for(lambda: len(told(staffed, ann, directly)) > before, ANSWERING)
    *_, reply = told(staffed, ann, directly)
    assert len(told(staffed, ann, directly)) == before + 1
    assert plain(reply.text).startswith("### dora, a human consultant")
    assert "How many tickets a day?" in plain(reply.text)
    assert "claimed by dora" in card.text
    assert "hopeless" not in str([m.text for m in discord.said(ann)])


def test_without_the_message_content_intent_a_mention_makes_it_a_reply(
    staffed: Staffed, discord: Discord, ann: User, directly: Message
) -> None:
    card = staffed.card(request(staffed, directly, ann))
    staffed.say_below(card, staffed.cem, "reply: Hello by mention", mentions=True)
    discord.wait_for(lambda: "Hello by mention" in str([m.text for m in told(staffed, ann, directly)]), ANSWERING)


def test_a_long_reply_comes_in_pieces_in_their_order(
    staffed: Staffed, discord: Discord, ann: User, directly: Message
) -> None:
    card = staffed.card(request(staffed, directly, ann))
    text = " ".join(f"word{n}" for n in range(220))
    form = staffed.form(discord.click(card.now, "Reply", staffed.cem))
    discord.submit(form, staffed.cem, {"text": text}).wait(ANSWERING)
    _, *replies = told(staffed, ann, directly)
    said = " ".join(plain(message.text) for message in replies)
    assert [word for word in said.split() if word.startswith("word")] == text.split()


def test_a_note_of_the_user_reaches_the_thread_with_its_edits_and_its_deletion(
    staffed: Staffed, discord: Discord, ann: User, advice: Message, general: Channel
) -> None:
    card = staffed.card(request(staffed, advice, ann))
    note = discord.mention(general, ann, "note: We also have @here manuals.", files={"a.pdf": b"%"})
    first = "ann adds:\nWe also have @here manuals.\nAttached, not copied: a.pdf"
    discord.wait_for(lambda: any(first in text for text in staffed.thread(card)), ANSWERING)
    discord.unfurl(note)
    discord.edit(note, f"{discord.bot.mention} note: We have no manuals.")
    discord.delete(note)
    discord.wait_for(lambda: len(staffed.thread(card)) == 3, ANSWERING)
    _, second, third = staffed.thread(card)
    assert second.endswith("ann has edited a note; it says now:\nWe have no manuals.\nAttached, not copied: a.pdf")
    assert third.endswith("ann has deleted a note.")
    assert "Notes of the user: 1" in card.text
    assert discord.pinged.count(staffed.cem.id) == 0


def test_an_answer_to_what_a_consultant_wrote_is_passed_on(
    staffed: Staffed, discord: Discord, ann: User, directly: Message
) -> None:
    card = staffed.card(request(staffed, directly, ann))
    before = len(told(staffed, ann, directly))
    staffed.say_below(card, staffed.cem, "reply: How many tickets?")
    discord.wait_for(lambda: len(told(staffed, ann, directly)) > before, ANSWERING)
    *_, reply = told(staffed, ann, directly)
    discord.dm(ann, "Two hundred a day.", reply_to=reply)
    discord.wait_for(lambda: staffed.thread(card)[-1:] == ["### ann adds:\nTwo hundred a day."], ANSWERING)
    assert len(told(staffed, ann, directly)) == before + 1  # it is no question to the bot


def test_after_a_reply_what_is_said_directly_goes_to_the_consultant_until_the_bot_is_asked(
    staffed: Staffed, discord: Discord, ann: User, directly: Message
) -> None:
    card = staffed.card(request(staffed, directly, ann))
    form = staffed.form(discord.click(card.now, "Reply", staffed.cem))
    discord.submit(form, staffed.cem, {"text": "How many tickets?"}).wait(ANSWERING)
    before = len(told(staffed, ann, directly))
    discord.dm(ann, "Two hundred a day.")
    discord.wait_for(lambda: staffed.thread(card) == ["### ann adds:\nTwo hundred a day."], ANSWERING)
    assert len(told(staffed, ann, directly)) == before
    staffed.answers(discord.mention(discord.direct(ann), ann, "What are the cons of RAG?"))
    assert len(told(staffed, ann, directly)) == before + 1
    staffed.answers(discord.dm(ann, "And of fine-tuning?"))
    assert len(staffed.thread(card)) == 1


def test_a_note_among_colleagues_is_their_own(
    staffed: Staffed, discord: Discord, ann: User, advice: Message, general: Channel
) -> None:
    card = staffed.card(request(staffed, advice, ann))
    elsewhere = discord.channel(discord.guild("other", ann), "elsewhere")
    discord.say(elsewhere, ann, "note: do not tell the consultants")
    ben = discord.user("ben")
    discord.join(discord.world.guilds[general.guild_id or ""], ben)
    discord.say(general, ben, "note: I am not ann")
    discord.dm(ann, "note: tell them this")
    discord.wait_for(lambda: staffed.thread(card), ANSWERING)
    assert staffed.thread(card) == ["### ann adds:\ntell them this"]


def test_nothing_that_the_bot_passes_on_is_passed_back(
    staffed: Staffed, discord: Discord, ann: User, directly: Message
) -> None:
    card = staffed.card(request(staffed, directly, ann))
    before = len(told(staffed, ann, directly))
    discord.dm(ann, "note: reply: hello me")
    discord.wait_for(lambda: staffed.thread(card), ANSWERING)
    assert staffed.thread(card) == ["### ann adds:\nreply: hello me"]
    assert len(told(staffed, ann, directly)) == before


def test_who_asks_for_a_person_is_shown_the_way(staffed: Staffed, discord: Discord, ann: User) -> None:
    [answer] = staffed.answers(discord.dm(ann, "Can I talk to someone?"))
    assert "“Get in touch” leads to a human consultant" in plain(answer.text)
    assert preview(staffed, answer, ann).labels


def test_the_button_under_an_interviews_summary_passes_on_that(
    staffed: Staffed, discord: Discord, ann: User, directly: Message
) -> None:
    staffed.told(discord.click(directly, "Check it step by step", ann))
    card = screen(discord, ann, ann)
    card.press("Recommend now")
    [shown] = staffed.told(discord.click(card.now, "Get in touch", ann))
    assert "For RAG: “our docs change weekly”" in plain(shown.text)


def test_the_conversation_before_an_interview_can_be_passed_on_from_its_summary(
    staffed: Staffed, discord: Discord, ann: User, advice: Message, general: Channel
) -> None:
    staffed.told(discord.click(advice, "Check it step by step", ann))
    card = screen(discord, general, ann)
    card.press("Recommend now")
    [shown] = staffed.told(discord.click(card.now, "Get in touch", ann))
    assert shown.labels == [NOTHING, SUMMARY, ALL]


def test_asking_again_joins_the_open_request(
    staffed: Staffed, discord: Discord, ann: User, advice: Message, general: Channel
) -> None:
    first, second = preview(staffed, advice, ann), preview(staffed, advice, ann)
    for shown, need in ((first, NEED), (second, "And another thing.")):
        form = staffed.form(discord.click(shown, SUMMARY, ann))
        discord.submit(form, ann, {"need": need}).wait(ANSWERING)
    reference = staffed.reference(ann)
    assert staffed.thread(staffed.card(reference)) == ["### ann adds:\nAnd another thing."]
    [shown] = staffed.told(discord.click(advice, "Get in touch", ann))
    assert f"Request {reference}: waiting for a consultant." in plain(shown.text)
    form = staffed.form(discord.click(shown, "Add a note", ann))
    discord.submit(form, ann, {"text": "One more thing."}).wait(ANSWERING)
    assert staffed.thread(staffed.card(reference))[-1] == "### ann adds:\nOne more thing."


def test_the_user_withdraws(staffed: Staffed, discord: Discord, ann: User, advice: Message, general: Channel) -> None:
    card = staffed.card(request(staffed, advice, ann))
    [confirmation] = told(staffed, general, advice)
    ben = discord.user("ben")
    discord.join(discord.world.guilds[general.guild_id or ""], ben)
    [refused] = staffed.told(discord.click(confirmation, "Withdraw", ben))
    assert plain(refused.text) == texts.sentence("lead_foreign")
    [said] = staffed.told(discord.click(confirmation, "Withdraw", ann))
    assert "is withdrawn" in plain(said.text)
    staffed.posted()
    assert "withdrawn by the user" in card.text
    assert card.buttons == []
    assert staffed.thread(card) == ["### ann has withdrawn the request."]


def test_one_closing_question_and_what_follows_from_it(
    staffed: Staffed, discord: Discord, ann: User, directly: Message
) -> None:
    card = staffed.card(request(staffed, directly, ann))
    card.press("Resolve")
    *_, question = told(staffed, ann, directly)
    assert question.labels == ["Solved", "Not solved"]
    form = staffed.form(discord.click(question, "Not solved", ann))
    discord.submit(form, ann, {"text": "It is still slow."}).wait(ANSWERING)
    assert staffed.thread(card)[-1].endswith("the request is open again.\nIt is still slow.")
    assert "· open" in card.text
    card.press("Resolve", staffed.dora)
    *_, question = told(staffed, ann, directly)
    form = staffed.form(discord.click(question, "Solved", ann))
    discord.submit(form, ann, {}).wait(ANSWERING)
    staffed.posted()
    assert "solved, says the user; dora answered" in card.text
    assert card.buttons == []


def test_only_who_sees_the_channel_acts(staffed: Staffed, discord: Discord, ann: User, advice: Message) -> None:
    card = staffed.card(request(staffed, advice, ann))
    eve, firm = discord.user("eve"), discord.world.guilds[staffed.desk.guild_id or ""]
    discord.join(firm, eve)
    [refused] = staffed.told(discord.click(card.now, "Claim", eve))
    assert plain(refused.text) == texts.sentence("desk_members_only")
    assert "· open" in card.text


def test_of_twenty_who_claim_at_once_one_wins_and_the_others_see_it(
    staffed: Staffed, discord: Discord, ann: User, advice: Message
) -> None:
    card = staffed.card(request(staffed, advice, ann))
    crowd = [discord.user(f"c{n}") for n in range(20)]
    for one in crowd:
        discord.join(discord.world.guilds[staffed.desk.guild_id or ""], one)
    discord.keep_private(staffed.desk, staffed.cem, staffed.dora, *crowd)
    update = f"PATCH /channels/{staffed.desk.id}/messages/{{}}"
    late = discord.fail(update, times=1_000, delay=2.0)  # they all see the button
    clicks = [discord.click(card.message, "Claim", one) for one in crowd]
    late.times = 0
    for click in clicks:
        assert click.wait(ANSWERING).acked
    staffed.posted()
    [holder] = [one for one in crowd if f"claimed by {one.name}\n" in card.text]
    losers = [click for click in clicks if click.user_id != holder.id]
    discord.wait_for(lambda: all(click.answers for click in losers), ANSWERING, "the others to be told")
    assert all(plain(click.text).startswith(holder.name) for click in losers)
    claims = "SELECT count(*) FROM lead_events JOIN leads ON leads.id = lead_id WHERE kind = 'claimed' AND user_id = ?"
    assert staffed.rows(claims, ann.id) == [(1,)]


def test_release_lets_another_one_claim(staffed: Staffed, discord: Discord, ann: User, advice: Message) -> None:
    card = staffed.card(request(staffed, advice, ann))
    card.press("Claim")
    staffed.say_below(card, staffed.dora, "reply: Me too")
    discord.wait_for(lambda: staffed.thread(card), ANSWERING)
    assert "cem holds this request" in staffed.thread(card)[-1]
    [refused] = staffed.told(discord.click(card.now, "Reply", staffed.dora))
    assert "cem holds this request" in plain(refused.text)
    card.press("Release", staffed.dora)
    assert "· open" in card.text
    card.press("Claim", staffed.dora)
    assert "claimed by dora" in card.text


def test_a_wrong_mail_address_is_said_and_nothing_that_was_written_is_lost(
    staffed: Staffed, discord: Discord, ann: User, advice: Message
) -> None:
    shown = preview(staffed, advice, ann)
    form = staffed.form(discord.click(shown, SUMMARY, ann))
    sent = discord.submit(form, ann, {"need": NEED, "email": "nonsense", "urgency": "No hurry"})
    [wrong] = staffed.told(sent)
    assert wrong.ephemeral
    assert NEED in plain(wrong.text)
    assert "no e-mail address" in plain(wrong.text)
    form = staffed.form(discord.click(wrong, "Fill it in again", ann))
    begun = {part["component"]["custom_id"]: part["component"] for part in form.components}
    assert (begun["need"]["value"], begun["email"]["value"]) == (NEED, "nonsense")
    discord.submit(form, ann, {"email": "ann@firm.example"}).wait(ANSWERING)
    card = staffed.card(staffed.reference(ann))
    assert "ann@firm.example" in card.text
    assert "No hurry" in card.text


def test_the_command_gets_in_touch_and_answers_directly(
    staffed: Staffed, discord: Discord, ann: User, general: Channel
) -> None:
    [shown] = staffed.told(discord.command(general, ann, "rag-or-tune", "contact"))
    assert shown.ephemeral
    assert "nothing to pass on yet" in plain(shown.text)
    form = staffed.form(discord.click(shown, NOTHING, ann))
    discord.submit(form, ann, {"need": NEED}).wait(ANSWERING)
    staffed.posted()
    [confirmed] = discord.said(ann)
    reference = staffed.reference(ann)
    assert reference in plain(confirmed.text)
    for where in (general, ann):
        [status] = staffed.told(discord.command(where, ann, "rag-or-tune", "status"))
        assert f"Request {reference}: waiting for a consultant" in plain(status.text)
    discord.dm(ann, "I forgot: it is for Tuesday.", reply_to=confirmed)
    card = staffed.card(reference)
    discord.wait_for(lambda: staffed.thread(card), ANSWERING)
    assert staffed.thread(card) == ["### ann adds:\nI forgot: it is for Tuesday."]
    form = staffed.form(discord.click(confirmed, "Add a note", ann))
    discord.submit(form, ann, {"text": "Or Wednesday."}).wait(ANSWERING)
    assert staffed.thread(card)[-1] == "### ann adds:\nOr Wednesday."


def test_who_takes_no_direct_messages_reads_the_answer_where_they_asked(
    staffed: Staffed, discord: Discord, ann: User, general: Channel
) -> None:
    [shown] = staffed.told(discord.command(general, ann, "rag-or-tune", "contact"))
    discord.close_dms(ann)
    discord.submit(staffed.form(discord.click(shown, NOTHING, ann)), ann, {"need": NEED}).wait(ANSWERING)
    staffed.posted()
    assert discord.said(general) == []
    card = staffed.card(staffed.reference(ann))
    staffed.say_below(card, staffed.cem, "reply: Your secret plan is fine.")
    discord.wait_for(lambda: told(staffed, general, shown), ANSWERING)
    [notice] = discord.said(general)
    assert "secret plan" not in notice.text
    assert notice.pinged == [ann.id]
    assert "Replies: 1 delivered" in card.text
    ben = discord.user("ben")
    discord.join(discord.world.guilds[general.guild_id or ""], ben)
    [refused] = staffed.told(discord.click(notice, "Read it", ben))
    assert "secret plan" not in refused.text
    [read] = staffed.told(discord.click(notice, "Read it", ann))
    assert read.ephemeral
    assert "Your secret plan is fine." in plain(read.text)


def test_a_forgotten_user_leaves_no_request(
    staffed: Staffed, discord: Discord, ann: User, directly: Message, general: Channel
) -> None:
    card = staffed.card(request(staffed, directly, ann, ALL))
    discord.dm(ann, "note: My number is 555")
    discord.wait_for(lambda: len(staffed.thread(card)) == 2, ANSWERING)
    [(before,)] = staffed.rows("SELECT sum(count) FROM tallies")
    [ask] = staffed.told(discord.command(general, ann, "rag-or-tune", "forget"))
    staffed.told(discord.click(ask, "Forget me", ann))
    assert staffed.rows("SELECT count(*) FROM leads WHERE user_id = ?", ann.id) == [(0,)]
    assert staffed.rows("SELECT count(*) FROM deliveries WHERE user_id = ?", ann.id) == [(0,)]
    assert staffed.rows("SELECT sum(count) FROM tallies") == [(before,)]
    assert staffed.thread(card) == []
    assert card.text.endswith("deleted, with all that was told here.")
    assert card.buttons == []


def test_an_old_or_forged_form_is_refused_politely(
    staffed: Staffed, discord: Discord, ann: User, advice: Message
) -> None:
    for forged in ("rt0:contact:1:0:", "rt1:contact:999999:0:all", "nonsense", Press("reply", 1).id):
        shown = preview(staffed, advice, ann)
        form = staffed.form(discord.click(shown, SUMMARY, ann))
        form.custom_id = forged
        sent = discord.submit(form, ann, {"need": NEED}).wait(ANSWERING)
        now = discord.now(shown)
        assert now
        assert plain(sent.text or now.text) in map(texts.sentence, ("button_gone", "lead_gone", "desk_members_only"))
    assert discord.complaints == []


def test_a_request_that_is_longer_than_a_message_is_shown_in_one(
    staffed: Staffed, discord: Discord, ann: User, directly: Message
) -> None:
    reference = request(staffed, directly, ann, need="*_" * 990)
    assert reference in staffed.card(reference).text
