"""Get in touch, in Slack: from the button to the consultants' channel, and back."""

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import texts
from bot.messages.card import Press
from tests.peers.slack import Channel, Message, Slack, User, View
from tests.support.slack.bots import ANSWERING, CASE, Screen, elements, press, well
from tests.support.slack.staffed import FILLED, NEED, Staffed, close_all, everything_in, request, told, with_consultants

SECRET = "Our codename is plum jam."
HOSTILE = "<!channel> <@U0BOSS0001> *see* <https://evil.example|your account>"


@pytest.fixture(scope="module")
def staffed(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Staffed]:
    with with_consultants(data_dir, tmp_path_factory.mktemp("staffed")) as bot:
        yield bot
        assert bot.stop() == 0


@pytest.fixture
def slack(staffed: Staffed) -> Slack:
    assert staffed.is_running, staffed.log
    return staffed.slack


@pytest.fixture
def ann(slack: Slack) -> User:
    return slack.user("ann")


@pytest.fixture
def general(slack: Slack, ann: User) -> Channel:
    return slack.channel("general", ann)


@pytest.fixture
def advice(staffed: Staffed, slack: Slack, ann: User, general: Channel) -> Message:
    """The bot's advice to ann, in a thread."""
    asked = slack.mention(general, ann, f"{CASE} {SECRET}")
    [answer] = staffed.answers(asked)
    return answer


def consents(view: View) -> list[str]:
    """What the user may agree to."""
    [consent] = [block for block in view.blocks if block.get("block_id") == "consent"]
    return [option["value"] for option in consent["element"]["options"]]


def test_the_form_shows_what_will_be_passed_on_and_asks_for_consent(
    staffed: Staffed, slack: Slack, ann: User, advice: Message
) -> None:
    press(slack, advice, "Get in touch", ann)
    view = staffed.form(ann)
    shown = html.unescape(str(view.blocks))
    assert view.title == "Get in touch"
    assert "Recommendation: RAG" in shown
    assert "For RAG: “our docs change weekly”" in shown
    assert "as a file: 1 question(s)" in shown
    assert view.state["name"]["name"]["value"] == "ann"
    assert consents(view) == ["nothing", "summary", "all"]
    [consent] = [block for block in view.blocks if block.get("block_id") == "consent"]
    assert "initial_option" not in consent["element"]
    slack.close(view)


def test_a_request_reaches_the_consultants_and_the_user_knows_its_number(
    staffed: Staffed, slack: Slack, ann: User, advice: Message
) -> None:
    reference = request(staffed, advice, ann, urgency="Today, if possible")
    card = staffed.card(reference)
    facts = (NEED, "Today, if possible", "Recommendation: RAG", "“our docs change weekly”")
    for said in ("open", "ann", "#general in ", "(Slack)", *facts):
        assert said in card.text, said
    assert card.buttons == ["Claim", "Reply", "Resolve"]
    [confirmed] = told(staffed, advice)
    assert reference in confirmed
    assert "within 4 hours" in confirmed


@pytest.mark.parametrize("consent", ["Only what I write here", "The summary"])
def test_what_was_not_agreed_to_is_nowhere_in_the_consultants_channel(
    staffed: Staffed, slack: Slack, ann: User, advice: Message, consent: str
) -> None:
    reference = request(staffed, advice, ann, consent=consent)
    card = staffed.card(reference)
    slack.say(staffed.desk, staffed.cem, "reply: Which plan?", thread=card.message)
    press(slack, card.now, "Resolve", staffed.cem)
    staffed.posted()
    seen = everything_in(staffed)
    assert reference in seen
    assert SECRET.removesuffix(".") not in seen
    if consent == "Only what I write here":
        assert "docs change weekly" not in card.text
        assert "agreed to pass on nothing else" in card.text
    [details] = staffed.rows("SELECT details FROM leads WHERE reference = ?", reference)
    assert SECRET not in str(details)


def test_the_conversation_is_a_file_under_the_card_when_it_was_agreed_to(
    staffed: Staffed, slack: Slack, ann: User, advice: Message
) -> None:
    reference = request(staffed, advice, ann, consent="The summary and the conversation")
    card = staffed.card(reference)
    [file] = [file for file in slack.files if reference in file.name]
    assert (file.channel, file.thread_ts) == (staffed.desk.id, card.message.ts)
    assert SECRET in (file.content or b"").decode()
    assert "Recommendation: RAG" in (file.content or b"").decode()


def test_a_reply_goes_to_the_user_where_they_asked_marked_as_a_persons(
    staffed: Staffed, slack: Slack, ann: User, advice: Message
) -> None:
    card = staffed.card(request(staffed, advice, ann))
    press(slack, card.now, "Reply", staffed.cem)
    well(slack.submit(staffed.form(staffed.cem), {"text": "Hello <!channel>, *send* it over."}))
    *_, reply = told(staffed, advice)
    assert reply.startswith("cem, a human consultant, writes on your request")
    assert "Hello <!channel>, *send* it over." in reply
    assert all("<!channel>" not in message.text for message in slack.answers(advice))
    assert "claimed by cem" in card.text
    assert "Replies: 1 delivered" in card.text
    assert card.buttons == ["Reply", "Resolve", "Release"]


def test_what_users_and_consultants_write_is_only_text_for_the_others(
    staffed: Staffed, slack: Slack, ann: User, advice: Message
) -> None:
    card = staffed.card(request(staffed, advice, ann, name=HOSTILE, need=HOSTILE))
    slack.say(staffed.desk, staffed.cem, f"reply: {HOSTILE}", thread=card.message)
    assert "your account" in told(staffed, advice)[-1]
    seen = [*slack.answers(advice), *(message for message in slack.messages(staffed.desk) if message.bot_id)]
    assert sum("your account" in message.text for message in seen) >= 2
    for message in seen:
        assert not re.search(r"<[!@#h]", message.text)
        assert not any(kind in str(message.blocks) for kind in ("'mrkdwn'", "'user'", "'broadcast'", "'link'"))


def test_in_the_thread_only_what_begins_with_reply_leaves(
    staffed: Staffed, slack: Slack, ann: User, advice: Message
) -> None:
    card = staffed.card(request(staffed, advice, ann))
    before = len(told(staffed, advice))
    slack.say(staffed.desk, staffed.cem, "This looks hopeless, frankly.", thread=card.message)
    slack.say(staffed.desk, staffed.dora, "I would not reply: they have no data", thread=card.message)
    assert len(told(staffed, advice)) == before
    slack.say(staffed.desk, staffed.dora, "Reply:  How many tickets a day?", thread=card.message)
    *_, reply = told(staffed, advice)
    assert len(told(staffed, advice)) == before + 1
    assert reply.startswith("dora, a human consultant")
    assert "How many tickets a day?" in reply
    assert "claimed by dora" in card.text
    assert "hopeless" not in str(told(staffed, advice))


def test_a_long_reply_comes_in_pieces_in_their_order(
    staffed: Staffed, slack: Slack, ann: User, advice: Message
) -> None:
    card = staffed.card(request(staffed, advice, ann))
    text = " ".join(f"word{n}" for n in range(900))
    slack.say(staffed.desk, staffed.cem, f"reply: {text}", thread=card.message)
    _, *replies = told(staffed, advice)
    assert len(replies) > 3
    assert [word for word in " ".join(replies).split() if word.startswith("word")] == text.split()


def test_a_note_of_the_user_reaches_the_thread_with_its_edits_and_its_deletion(
    staffed: Staffed, slack: Slack, ann: User, advice: Message, general: Channel
) -> None:
    card = staffed.card(request(staffed, advice, ann))
    note = slack.say(general, ann, "note: We also have <!here> manuals.", thread=advice, files=[{"name": "a.pdf"}])
    assert staffed.thread(card) == ["ann adds:\nWe also have <!here> manuals.\nAttached, not copied: a.pdf"]
    slack.edit(note, "note: We have no manuals.")
    slack.delete(note)
    thread = staffed.thread(card)
    edited = "ann has edited a note; it says now:\nWe have no manuals.\nAttached, not copied: a.pdf"
    assert thread[1:] == [edited, "ann has deleted a note."]
    assert "Notes of the user: 1" in card.text
    assert len(slack.answers(advice)) == 2


def test_after_a_reply_what_is_said_in_the_thread_goes_to_the_consultant_until_the_bot_is_asked(
    staffed: Staffed, slack: Slack, ann: User, advice: Message, general: Channel
) -> None:
    card = staffed.card(request(staffed, advice, ann))
    slack.say(staffed.desk, staffed.cem, "reply: How many tickets?", thread=card.message)
    before = len(told(staffed, advice))
    slack.say(general, ann, "Two hundred a day.", thread=advice)
    assert staffed.thread(card) == ["ann adds:\nTwo hundred a day."]
    assert len(told(staffed, advice)) == before
    assert "mention me" in slack.ephemerals(general, ann)[-1].text
    staffed.answers(slack.mention(general, ann, "What are the cons of RAG?", thread=advice))
    assert len(told(staffed, advice)) == before + 1
    assert len(staffed.thread(card)) == 1


def test_a_note_among_colleagues_is_their_own(
    staffed: Staffed, slack: Slack, ann: User, advice: Message, general: Channel
) -> None:
    card = staffed.card(request(staffed, advice, ann))
    slack.say(general, ann, "note: lunch at noon")
    slack.say(slack.channel("private", ann), ann, "note: do not tell the consultants")
    slack.say(general, slack.user("ben"), "note: I am not ann", thread=advice)
    assert staffed.thread(card) == []
    slack.mention(general, ann, "note: tell them this")
    assert staffed.thread(card) == ["ann adds:\ntell them this"]


def test_nothing_that_the_bot_passes_on_is_passed_back(
    staffed: Staffed, slack: Slack, ann: User, advice: Message, general: Channel
) -> None:
    card = staffed.card(request(staffed, advice, ann))
    before = told(staffed, advice)
    slack.say(general, ann, "note: reply: hello me", thread=advice)
    assert staffed.thread(card) == ["ann adds:\nreply: hello me"]
    assert told(staffed, advice) == before


def test_who_asks_for_a_person_is_shown_the_way(staffed: Staffed, slack: Slack, ann: User, general: Channel) -> None:
    for asked in ("Can I talk to someone?", "I would like to speak to a human", "can we get a real person on this"):
        [answer] = staffed.answers(slack.mention(general, ann, asked))
        assert "“Get in touch” leads to a human consultant" in answer.text
        press(slack, answer, "Get in touch", ann)
        view = staffed.form(ann)
        assert view.title == "Get in touch"
        slack.close(view)


def test_the_button_under_an_interviews_summary_passes_on_that(
    staffed: Staffed, slack: Slack, ann: User, advice: Message
) -> None:
    press(slack, advice, "Check it step by step", ann)
    card = Screen(slack, slack.answers(advice)[-1], ann)
    card.press("Recommend now")
    card.press("Get in touch")
    view = staffed.form(ann)
    assert "For RAG: “our docs change weekly”" in html.unescape(str(view.blocks))
    assert consents(view) == ["nothing", "summary", "all"]
    well(slack.submit(view, FILLED))
    close_all(slack, ann)
    staffed.posted()
    assert "is recorded" in told(staffed, advice)[-1]


@pytest.mark.parametrize("how", ["directly", "by command"])
def test_the_conversation_before_an_interview_can_be_passed_on_from_its_summary(
    staffed: Staffed, slack: Slack, ann: User, general: Channel, how: str
) -> None:
    if how == "directly":
        slack.dm(ann, CASE)
        [answer] = staffed.direct(ann)
    else:
        slack.command(ann, general, CASE)
        [answer] = staffed.private(general, ann)
    press(slack, answer, "Check it step by step", ann)
    *_, shown = slack.said(slack.direct(ann))
    card = Screen(slack, shown, ann)
    card.press("Recommend now")
    card.press("Get in touch")
    view = staffed.form(ann)
    assert consents(view) == ["nothing", "summary", "all"]
    slack.close(view)


def test_a_note_by_the_button_is_passed_on(staffed: Staffed, slack: Slack, ann: User, advice: Message) -> None:
    card = staffed.card(request(staffed, advice, ann))
    [_, confirmation] = slack.answers(advice)
    press(slack, confirmation, "Add a note", ann)
    well(slack.submit(staffed.form(ann), {"text": "One more thing."}))
    assert "Passed on" in close_all(slack, ann)
    assert staffed.thread(card) == ["ann adds:\nOne more thing."]


def test_asking_again_joins_the_open_request(staffed: Staffed, slack: Slack, ann: User, advice: Message) -> None:
    press(slack, advice, "Get in touch", ann)
    first = staffed.form(ann)
    press(slack, advice, "Get in touch", ann)
    second = staffed.form(ann)
    for view, need in ((first, NEED), (second, "And another thing.")):
        well(slack.submit(view, {**FILLED, "need": need}))
        slack.close(view)
    staffed.posted()
    [(reference,)] = staffed.rows("SELECT reference FROM leads WHERE user_id = ? AND state = 'open'", ann.id)
    card = staffed.card(reference)
    assert staffed.thread(card) == ["ann adds:\nAnd another thing."]
    press(slack, advice, "Get in touch", ann)
    assert slack.view(ann) is None
    [told] = slack.ephemerals(advice.channel, ann)
    assert f"Request {reference}: waiting for a consultant." in told.text


def test_the_user_withdraws(staffed: Staffed, slack: Slack, ann: User, advice: Message) -> None:
    card = staffed.card(request(staffed, advice, ann))
    [_, confirmation] = slack.answers(advice)
    ben = slack.user("ben")
    press(slack, confirmation, "Withdraw", ben)
    assert "open" in card.text
    press(slack, confirmation, "Withdraw", ann)
    staffed.posted()
    assert "withdrawn by the user" in card.text
    assert card.buttons == []
    assert staffed.thread(card) == ["ann has withdrawn the request."]
    assert "is withdrawn" in slack.ephemerals(advice.channel, ann)[-1].text


def test_one_closing_question_and_what_follows_from_it(
    staffed: Staffed, slack: Slack, ann: User, advice: Message
) -> None:
    card = staffed.card(request(staffed, advice, ann))
    press(slack, card.now, "Resolve", staffed.cem)
    staffed.posted()
    *_, question = slack.answers(advice)
    assert [element["text"]["text"] for element in elements(question, "button")] == ["Solved", "Not solved"]
    press(slack, question, "Not solved", ann)
    well(slack.submit(staffed.form(ann), {"text": "It is still slow."}))
    close_all(slack, ann)
    assert staffed.thread(card)[-1].endswith("the request is open again.\nIt is still slow.")
    assert "· open" in card.text
    press(slack, card.now, "Resolve", staffed.dora)
    staffed.posted()
    *_, question = slack.answers(advice)
    press(slack, question, "Solved", ann)
    well(slack.submit(staffed.form(ann)))
    close_all(slack, ann)
    staffed.posted()
    assert "solved, says the user; dora answered" in card.text
    assert card.buttons == []


def test_only_members_of_the_channel_act(staffed: Staffed, slack: Slack, ann: User, advice: Message) -> None:
    card = staffed.card(request(staffed, advice, ann))
    eve = slack.user("eve")
    press(slack, card.now, "Claim", eve)
    [refused] = slack.ephemerals(staffed.desk, eve)
    assert refused.text == html.escape(texts.sentence("desk_members_only"), quote=False)
    assert "· open" in card.text


def test_of_twenty_who_claim_at_once_one_wins_and_the_others_see_it(
    staffed: Staffed, slack: Slack, ann: User, advice: Message
) -> None:
    card = staffed.card(request(staffed, advice, ann))
    crowd = [slack.user(f"c{n}") for n in range(20)]
    for one in crowd:
        slack.join(staffed.desk, one)
    for click in [slack.click(card.now, "Claim", one) for one in crowd]:
        well(click)
    staffed.posted()
    [holder] = [one for one in crowd if f"claimed by {one.name}\n" in card.text]
    refused = [slack.ephemerals(staffed.desk, one) for one in crowd if one is not holder]
    assert all(len(notices) == 1 and notices[0].text.startswith(holder.name) for notices in refused)
    claims = "SELECT count(*) FROM lead_events JOIN leads ON leads.id = lead_id WHERE kind = 'claimed' AND user_id = ?"
    assert staffed.rows(claims, ann.id) == [(1,)]


def test_release_lets_another_one_claim(staffed: Staffed, slack: Slack, ann: User, advice: Message) -> None:
    card = staffed.card(request(staffed, advice, ann))
    press(slack, card.now, "Claim", staffed.cem)
    staffed.posted()
    slack.say(staffed.desk, staffed.dora, "reply: Me too", thread=card.message)
    staffed.posted()
    [refused] = [m for m in slack.ephemerals(staffed.desk, staffed.dora) if m.thread_ts == card.message.ts]
    assert "cem holds this request" in refused.text
    press(slack, card.now, "Reply", staffed.dora)
    assert slack.view(staffed.dora) is None
    press(slack, card.now, "Release", staffed.dora)
    staffed.posted()
    assert "· open" in card.text
    press(slack, card.now, "Claim", staffed.dora)
    staffed.posted()
    assert "claimed by dora" in card.text


def test_wrong_mail_addresses_keep_the_form_open(staffed: Staffed, slack: Slack, ann: User, advice: Message) -> None:
    press(slack, advice, "Get in touch", ann)
    view = staffed.form(ann)
    for wrong in ("nonsense", "a@b", "a b@c.example", "<!here>@example.com", "a@b.example\nBcc: all"):
        well(slack.submit(view, {**FILLED, "email": wrong}))
        assert set(slack.view(ann).errors) == {"email"}
    well(slack.submit(view, {**FILLED, "email": "ann@firm.example"}))
    close_all(slack, ann)
    [(reference,)] = staffed.rows("SELECT reference FROM leads WHERE user_id = ? AND state = 'open'", ann.id)
    assert "ann@firm.example" in staffed.card(reference).text


def test_the_command_gets_in_touch_and_answers_directly(staffed: Staffed, slack: Slack, ann: User) -> None:
    general = slack.channel("general", ann)
    well(slack.command(ann, general, "contact"))
    view = staffed.form(ann)
    assert "nothing to pass on yet" in str(view.blocks)
    well(slack.submit(view, {"need": NEED}))
    close_all(slack, ann)
    staffed.posted()
    [confirmed] = staffed.direct(ann)
    well(slack.command(ann, general, "status"))
    [status] = slack.ephemerals(general, ann)
    assert "waiting for a consultant" in status.text
    well(slack.command(ann, general, "contact"))
    slack.wait_for(lambda: len(slack.ephemerals(general, ann)) == 2, ANSWERING)
    assert "waiting for a consultant" in slack.ephemerals(general, ann)[1].text
    slack.dm(ann, "I forgot: it is for Tuesday.", thread=confirmed)
    reference = confirmed.text.split()[2]
    assert staffed.thread(staffed.card(reference)) == ["ann adds:\nI forgot: it is for Tuesday."]


def test_a_forgotten_user_leaves_no_request(staffed: Staffed, slack: Slack, ann: User, advice: Message) -> None:
    card = staffed.card(request(staffed, advice, ann, consent="The summary and the conversation"))
    slack.say(advice.channel, ann, "note: My number is 555", thread=advice)
    assert len(staffed.thread(card)) == 2
    [(before,)] = staffed.rows("SELECT sum(count) FROM tallies")
    home = slack.channel("elsewhere", ann)
    well(slack.command(ann, home, "forget"))
    press(slack, slack.ephemerals(home, ann)[0], "Forget me", ann)
    assert staffed.rows("SELECT count(*) FROM leads WHERE user_id = ?", ann.id) == [(0,)]
    assert staffed.rows("SELECT count(*) FROM deliveries WHERE user_id = ?", ann.id) == [(0,)]
    assert staffed.rows("SELECT sum(count) FROM tallies") == [(before,)]
    assert staffed.thread(card) == []
    assert card.text.endswith("deleted, with all that was told here.")
    assert card.buttons == []
    [reference] = [word.rstrip(":") for word in card.text.split()[1:2]]
    assert not [file for file in slack.files if reference in file.name]


def test_an_old_or_forged_form_is_refused_politely(staffed: Staffed, slack: Slack, ann: User, advice: Message) -> None:
    for callback in ("rt0:contact:1:0:", "rt1:contact:999999:0:", "nonsense", Press("reply", 1).id):
        press(slack, advice, "Get in touch", ann)
        view = staffed.form(ann)
        slack.run(lambda c=callback, v=view: slack.world.views[v.id].spec.__setitem__("callback_id", c))
        well(slack.submit(view, FILLED))
        assert close_all(slack, ann)
    assert staffed.rows("SELECT count(*) FROM leads WHERE user_id = ? AND state != 'draft'", ann.id) == [(0,)]
