"""Get in touch: what only Discord has, such as pings, closed direct messages and missing intents."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers.discord import Channel, Message, Request, User
from tests.support.desks import NEED
from tests.support.discord.bots import CASE, plain
from tests.support.discord.desk import LABELS, DiscordDesk, discord_desk

RESTARTING = 60.0  # seconds until what a killed process was sending is sent by the next


@pytest.fixture(scope="module")
def desk(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DiscordDesk]:
    with discord_desk(data_dir, tmp_path_factory.mktemp("desk")) as desk, desk.running():
        yield desk


@pytest.fixture
def ann(desk: DiscordDesk) -> User:
    if not desk.is_running:  # a test has killed it
        desk.start()
    return desk.discord.user("ann")


@pytest.fixture
def general(desk: DiscordDesk, ann: User) -> Channel:
    return desk.place(ann)


@pytest.fixture
def advice(desk: DiscordDesk, ann: User, general: Channel) -> Message:
    return desk.ask(ann, CASE, general)


@pytest.fixture
def talk(desk: DiscordDesk, ann: User) -> Message:
    return desk.ask(ann, CASE)


def test_the_form_begins_with_the_users_name(desk: DiscordDesk, ann: User, advice: Message) -> None:
    offer = desk.consult(advice, ann)
    form = desk.form(desk.discord.click(offer.shown, LABELS[1], ann))
    assert form.title == "Get in touch"
    assert [part["component"]["custom_id"] for part in form.components] == ["name", "need", "urgency", "email"]
    assert form.components[0]["component"]["value"] == "ann"


def test_only_the_user_is_pinged(desk: DiscordDesk, ann: User, advice: Message) -> None:
    card = desk.request_card(advice, ann, need="@everyone <@&1>")
    desk.reply(card, f"Hello @everyone {desk.dora.mention}")
    desk.say(advice, ann, f"note: for {desk.cem.mention}")
    desk.wait_for(lambda: desk.thread(card), what="the note")
    assert [post.pinged for post in desk.following(advice)] == [[ann.id], [ann.id]]
    assert card.now.pinged == []
    assert not {desk.cem.id, desk.dora.id, "everyone"} & set(desk.discord.pinged)


def test_without_the_message_content_intent_a_mention_makes_it_a_reply(
    desk: DiscordDesk, ann: User, talk: Message
) -> None:
    card = desk.request_card(talk, ann)
    desk.say_below(card, desk.cem, "reply: Hello by mention", mentions=True)
    desk.wait_for(lambda: "Hello by mention" in desk.read(talk)[-1], what="the reply")


def test_an_answer_to_what_a_consultant_wrote_is_passed_on(desk: DiscordDesk, ann: User, talk: Message) -> None:
    card = desk.request_card(talk, ann)
    before = len(desk.read(talk))
    desk.say_below(card, desk.cem, "reply: How many tickets?")
    desk.wait_for(lambda: len(desk.read(talk)) > before, what="the reply")
    desk.answer(desk.following(talk)[-1], ann, "Two hundred a day.")
    desk.wait_for(lambda: desk.thread(card)[-1:] == ["ann adds:\nTwo hundred a day."], what="the answer")
    assert len(desk.read(talk)) == before + 1  # it is no question to the bot


def test_the_bot_marks_what_it_passes_on_and_no_reply_of_a_consultant(
    desk: DiscordDesk, ann: User, talk: Message
) -> None:
    card = desk.request_card(talk, ann)
    desk.say_below(card, desk.cem, "reply: How many tickets?")
    desk.wait_for(lambda: "How many tickets?" in desk.read(talk)[-1], what="the reply")
    said = desk.say(talk, ann, "Two hundred a day.")
    marked = desk.wait_for(lambda: [post for post in desk.discord.messages(ann) if post.reactions], what="the mark")
    assert [(post.id, post.reactions) for post in marked] == [(said.id, ["\N{INCOMING ENVELOPE}"])]
    assert not any(post.reactions for post in desk.discord.messages(card.message.id))


def test_after_a_question_what_is_said_directly_is_for_the_bot_again(
    desk: DiscordDesk, ann: User, talk: Message
) -> None:
    card = desk.request_card(talk, ann)
    desk.reply(card, "How many tickets?")
    desk.ask_again(talk, ann, "What are the cons of RAG?")
    desk.ask(ann, "And of fine-tuning?")
    assert desk.thread(card) == []


def test_a_wrong_mail_address_is_named_and_nothing_that_was_written_is_lost(
    desk: DiscordDesk, ann: User, advice: Message
) -> None:
    offer = desk.consult(advice, ann)
    form = desk.form(desk.discord.click(offer.shown, LABELS[1], ann))
    [wrong] = desk.told(desk.discord.submit(form, ann, {"need": NEED, "email": "nonsense", "urgency": "No hurry"}))
    assert wrong.ephemeral
    assert NEED in plain(wrong.text)
    assert "no e-mail address" in plain(wrong.text)
    form = desk.form(desk.discord.click(wrong, "Fill it in again", ann))
    begun = {part["component"]["custom_id"]: part["component"] for part in form.components}
    assert (begun["need"]["value"], begun["email"]["value"]) == (NEED, "nonsense")
    desk.discord.submit(form, ann, {"email": "ann@firm.example"}).wait(RESTARTING)
    card = desk.card(ann)
    assert "ann@firm.example" in card.text
    assert "No hurry" in card.text


def test_with_closed_direct_messages_the_answer_is_read_where_the_user_asked(
    desk: DiscordDesk, ann: User, general: Channel
) -> None:
    offer = desk.contact(ann, general)
    desk.discord.close_dms(ann)
    offer.send("nothing")
    desk.posted()
    assert desk.discord.said(general) == []
    card = desk.card(ann)
    desk.say_below(card, desk.cem, "reply: Your secret plan is fine.")
    [notice] = desk.wait_for(lambda: desk.discord.said(general), what="the notice")
    desk.posted()
    assert "secret plan" not in notice.text
    assert notice.pinged == [ann.id]
    assert "Replies: 1 delivered" in card.text
    ben = desk.discord.user("ben")
    desk.join(general, ben)
    assert "secret plan" not in desk.notice(notice, "Read it", ben)
    [read] = desk.told(desk.discord.click(notice, "Read it", ann))
    assert read.ephemeral
    assert "Your secret plan is fine." in plain(read.text)


def test_where_no_thread_can_be_begun_everything_stands_in_the_channel(
    desk: DiscordDesk, ann: User, talk: Message
) -> None:
    desk.discord.deny(desk.channel, "CREATE_PUBLIC_THREADS")
    reference = desk.request(talk, ann, "all")
    [file] = desk.discord.said(desk.channel)[-1].files
    assert reference in file.filename
    desk.discord.allow(desk.channel, "CREATE_PUBLIC_THREADS")


def test_what_consultants_wrote_while_the_bot_was_away_is_sent_once(
    desk: DiscordDesk, ann: User, talk: Message
) -> None:
    card = desk.request_card(talk, ann)
    desk.say_below(card, desk.cem, "reply: The first")
    desk.wait_for(lambda: "The first" in str(desk.read(talk)), what="the first")
    desk.lose()
    desk.discord.forget_sessions()
    desk.say_below(card, desk.cem, "reply: The second")
    desk.start()
    desk.wait_for(lambda: "The second" in str(desk.read(talk)), RESTARTING, "the second")
    desk.posted(seconds=RESTARTING)
    said = "\n".join(desk.read(talk))
    assert (said.count("The first"), said.count("The second")) == (1, 1)


def test_a_refused_reply_is_not_sent_when_the_bot_hears_of_it_again(
    desk: DiscordDesk, ann: User, talk: Message
) -> None:
    card = desk.request_card(talk, ann)
    card.press("Claim")
    desk.say_below(card, desk.dora, "reply: Not mine to say")
    desk.refusal_below(card, desk.dora)
    card.press("Release")
    desk.lose()
    desk.start()

    def looks() -> list[Request]:
        missed = f"/channels/{card.message.id}/messages"
        return [each for each in desk.discord.requests if each.path.endswith(missed) and each.route[:3] == "GET"]

    desk.wait_for(looks, RESTARTING, "a look at what was missed")
    desk.posted(seconds=RESTARTING)
    assert len(desk.thread(card)) == 1
    assert "Not mine to say" not in str(desk.read(talk))


def test_killed_when_the_thread_for_the_file_was_begun_it_is_shared_once(
    desk: DiscordDesk, ann: User, talk: Message
) -> None:
    offer = desk.consult(talk, ann)
    late = desk.discord.fail("POST /channels/{}/messages/{}/threads", times=1_000, late=30.0)
    desk.kill_while(lambda: offer.send("all"), late)
    desk.posted(seconds=RESTARTING)
    assert len(desk.files(desk.card(ann))) == 1


def test_the_state_of_a_request_is_told_in_direct_messages_too(desk: DiscordDesk, ann: User, advice: Message) -> None:
    reference = desk.request(advice, ann)
    [state] = desk.told(desk.discord.command(ann, ann, "rag-or-tune", "status"))
    assert f"Request {reference}: waiting for a consultant" in plain(state.text)
