"""Get in touch: from the button below an answer to the consultants' channel, and back; the same on both platforms."""

import re
from typing import Any

import pytest

from bot import texts
from bot.messages.card import Press
from tests.e2e.handoff.conftest import SECRET
from tests.support.desks import CONSENTS, NEED
from tests.support.slack.bots import CASE

HOSTILE = "@everyone <!channel> <@&1> *see* [your account](https://evil.example) <https://evil.example|your account>"


def test_the_form_shows_what_will_be_passed_on_and_asks_for_consent(desk: Any, ann: Any, advice: Any) -> None:
    offer = desk.consult(advice, ann)
    for said in ("Recommendation: RAG", "For RAG: “our docs change weekly”", "as a file: 1 question(s)"):
        assert said in offer.text
    assert offer.consents == CONSENTS


def test_a_request_reaches_the_consultants_and_the_user_knows_its_number(desk: Any, ann: Any, advice: Any) -> None:
    reference = desk.request(advice, ann, urgency="Today, if possible")
    card = desk.card(ann)
    facts = (NEED, "Today, if possible", "Recommendation: RAG", "“our docs change weekly”")
    for said in ("open", "ann", "#general in ", f"({desk.platform.title()})", *facts):
        assert said in card.text, said
    assert card.buttons == ["Claim", "Reply", "Resolve"]
    [confirmed] = desk.read(advice)
    assert reference in confirmed
    assert "within 4 hours" in confirmed


@pytest.mark.parametrize("consent", ["nothing", "summary"])
def test_what_was_not_agreed_to_is_nowhere_in_the_consultants_channel(
    desk: Any, ann: Any, advice: Any, consent: str
) -> None:
    card = desk.request_card(advice, ann, consent)
    desk.say_below(card, desk.cem, "reply: Which plan?")
    desk.press(card, "Resolve")
    everything = desk.everything()
    assert desk.reference(ann) in everything
    assert SECRET.removesuffix(".") not in everything
    if consent == "nothing":
        assert "docs change weekly" not in card.text
        assert "agreed to pass on nothing else" in card.text
    [details] = desk.rows("SELECT details FROM leads WHERE reference = ?", desk.reference(ann))
    assert SECRET not in str(details)


def test_the_conversation_is_a_file_under_the_card_when_it_was_agreed_to(desk: Any, ann: Any, advice: Any) -> None:
    card = desk.request_card(advice, ann, "all")
    [(name, content)] = desk.files(card)
    assert desk.reference(ann) in name
    assert SECRET in content
    assert "Recommendation: RAG" in content


def test_a_reply_goes_to_the_user_where_they_asked_marked_as_a_persons(desk: Any, ann: Any, advice: Any) -> None:
    card = desk.request_card(advice, ann)
    desk.reply(card, "Hello <!channel> @everyone, **send** it over.")
    *_, reply = desk.read(advice)
    assert reply.startswith("cem, a human consultant, writes on your request")
    assert "Hello <!channel> @everyone, **send** it over." in reply
    assert "claimed by cem" in card.text
    assert "Replies: 1 delivered" in card.text
    assert card.buttons == ["Reply", "Resolve", "Release"]


def test_what_users_and_consultants_write_is_only_text_for_the_others(desk: Any, ann: Any, advice: Any) -> None:
    card = desk.request_card(advice, ann, name=HOSTILE[:60], need=HOSTILE)
    desk.say_below(card, desk.cem, f"reply: {HOSTILE}")
    desk.wait_for(lambda: "your account" in desk.read(advice)[-1], what="the reply")
    for post in (card.now, desk.following(advice)[-1]):
        assert "your account" in post.text
        alive = re.sub(r"\\.", "", post.text)
        assert not re.search(r"<[!@#h]" if desk.platform == "slack" else r"@everyone|<@&|\]\(|://|discord\.gg", alive)
        assert not re.search("'(mrkdwn|user|broadcast|link)'", str(getattr(post, "blocks", "")))


def test_in_the_consultants_thread_only_what_begins_with_reply_leaves(desk: Any, ann: Any, talk: Any) -> None:
    card = desk.request_card(talk, ann)
    before = len(desk.read(talk))
    desk.say_below(card, desk.cem, "This looks hopeless, frankly.")
    desk.say_below(card, desk.dora, "I would not reply: they have no data")
    desk.say_below(card, desk.dora, "Reply:  How many tickets a day?")
    desk.wait_for(lambda: len(desk.read(talk)) > before, what="the reply")
    *_, reply = desk.read(talk)
    assert len(desk.read(talk)) == before + 1
    assert reply.startswith("dora, a human consultant")
    assert "How many tickets a day?" in reply
    assert "claimed by dora" in card.text
    assert "hopeless" not in str(desk.read(talk))


def test_a_long_reply_comes_in_pieces_in_their_order(desk: Any, ann: Any, talk: Any) -> None:
    card = desk.request_card(talk, ann)
    text = " ".join(f"word{n}" for n in range(desk.words_of_a_reply))
    desk.say_below(card, desk.cem, f"reply: {text}")
    desk.wait_for(lambda: f"word{desk.words_of_a_reply - 1}" in desk.read(talk)[-1], what="the last piece")
    _, *replies = desk.read(talk)
    assert len(replies) >= 2
    assert [word for word in " ".join(replies).split() if word.startswith("word")] == text.split()


def test_a_note_of_the_user_reaches_the_thread_with_its_edits_and_its_deletion(
    desk: Any, ann: Any, advice: Any
) -> None:
    card = desk.request_card(advice, ann)
    note = desk.say(advice, ann, "note: We also have <!here> @here manuals.", "a.pdf")
    first = "ann adds:\nWe also have <!here> @here manuals.\nAttached, not copied: a.pdf"
    desk.wait_for(lambda: desk.thread(card) == [first], what="the note")
    desk.edit(note, "note: We have no manuals.")
    desk.peer.delete(note)
    desk.wait_for(lambda: len(desk.thread(card)) == 3, what="edit and deletion")
    edited = "ann has edited a note; it says now:\nWe have no manuals.\nAttached, not copied: a.pdf"
    assert desk.thread(card)[1:] == [edited, "ann has deleted a note."]
    assert "Notes of the user: 1" in card.text
    assert len(desk.read(advice)) == 1


def test_after_a_reply_what_is_said_goes_to_the_consultant_until_the_bot_is_asked(
    desk: Any, ann: Any, talk: Any
) -> None:
    card = desk.request_card(talk, ann)
    desk.reply(card, "How many tickets?")
    before = len(desk.read(talk))
    desk.say(talk, ann, "Two hundred a day.")
    desk.wait_for(lambda: desk.thread(card) == ["ann adds:\nTwo hundred a day."], what="what was said")
    assert len(desk.read(talk)) == before
    desk.ask_again(talk, ann, "What are the cons of RAG?")
    assert len(desk.read(talk)) == before + 1
    assert len(desk.thread(card)) == 1


def test_a_note_among_colleagues_is_their_own(desk: Any, ann: Any, advice: Any, general: Any) -> None:
    card = desk.request_card(advice, ann)
    ben = desk.person("ben")
    desk.join(general, ben)
    if desk.platform == "slack":  # where a request belongs to a thread, and not to all of the channel
        desk.peer.say(general, ann, "note: lunch at noon")
    desk.peer.say(desk.place(ann, name="elsewhere"), ann, "note: do not tell the consultants")
    desk.say(advice, ben, "note: I am not ann")
    desk.peer.mention(general, ann, "note: tell them this")
    desk.wait_for(lambda: desk.thread(card), what="the note")
    assert desk.thread(card) == ["ann adds:\ntell them this"]


def test_nothing_that_the_bot_passes_on_is_passed_back(desk: Any, ann: Any, talk: Any) -> None:
    card = desk.request_card(talk, ann)
    before = desk.read(talk)
    desk.say(talk, ann, "note: reply: hello me")
    desk.wait_for(lambda: desk.thread(card), what="the note")
    assert desk.thread(card) == ["ann adds:\nreply: hello me"]
    assert desk.read(talk) == before


def test_who_asks_for_a_person_is_shown_the_way(desk: Any, ann: Any, general: Any) -> None:
    for asked in ("Can I talk to someone?", "I would like to speak to a human", "can we get a real person on this"):
        answer = desk.ask(ann, asked, general)
        assert "“Get in touch” leads to a human consultant" in desk.text(answer)
        assert "nothing" in desk.consult(answer, ann).consents


@pytest.mark.parametrize("how", ["in a channel", "directly", "by command"])
def test_an_interviews_summary_and_the_conversation_before_it_can_be_passed_on(
    desk: Any, ann: Any, general: Any, how: str
) -> None:
    if how == "by command":
        answer = desk.ask_privately(ann, CASE, general)
    else:
        answer = desk.ask(ann, CASE, general if how == "in a channel" else None)
    card = desk.begin_interview(answer, ann)
    card.press("Recommend now")
    offer = desk.consult(card.now, ann)
    assert "For RAG: “our docs change weekly”" in offer.text
    assert offer.consents == CONSENTS
    assert "is recorded" in offer.send()
    assert NEED in desk.card(ann).text


def test_asking_again_joins_the_open_request(desk: Any, ann: Any, advice: Any) -> None:
    offers = [desk.consult(advice, ann) for _ in range(2)]
    for offer, need in zip(offers, (NEED, "And another thing."), strict=True):
        offer.send(need=need)
    card = desk.card(ann)
    assert desk.thread(card) == ["ann adds:\nAnd another thing."]
    state = f"Request {desk.reference(ann)}: waiting for a consultant."
    assert state in desk.notice(advice, "Get in touch", ann)


def test_a_note_by_the_button_is_passed_on(desk: Any, ann: Any, advice: Any) -> None:
    card = desk.request_card(advice, ann)
    [confirmation] = desk.following(advice)
    assert "Passed on" in desk.fill(confirmation, "Add a note", ann, text="One more thing.")
    assert desk.thread(card) == ["ann adds:\nOne more thing."]


def test_the_user_withdraws(desk: Any, ann: Any, advice: Any, general: Any) -> None:
    card = desk.request_card(advice, ann)
    [confirmation] = desk.following(advice)
    ben = desk.person("ben")
    desk.join(general, ben)
    assert desk.notice(confirmation, "Withdraw", ben) == texts.sentence("lead_foreign")
    assert "open" in card.text
    assert "is withdrawn" in desk.notice(confirmation, "Withdraw", ann)
    desk.posted()
    assert "withdrawn by the user" in card.text
    assert card.buttons == []
    assert desk.thread(card) == ["ann has withdrawn the request."]


def test_the_closing_question_reopens_or_ends_the_request(desk: Any, ann: Any, talk: Any) -> None:
    card = desk.request_card(talk, ann)
    desk.press(card, "Resolve")
    question = desk.following(talk)[-1]
    assert desk.screen(question, ann).buttons == ["Solved", "Not solved"]
    desk.fill(question, "Not solved", ann, text="It is still slow.")
    assert desk.thread(card)[-1].endswith("the request is open again.\nIt is still slow.")
    assert "· open" in card.text
    desk.press(card, "Resolve", desk.dora)
    desk.fill(desk.following(talk)[-1], "Solved", ann)
    desk.posted()
    assert "solved, says the user; dora answered" in card.text
    assert card.buttons == []


def test_only_who_is_in_the_consultants_channel_acts(desk: Any, ann: Any, advice: Any) -> None:
    card = desk.request_card(advice, ann)
    eve = desk.person("eve")
    desk.visit(eve)
    assert desk.notice(card.now, "Claim", eve) == texts.sentence("desk_members_only")
    assert "· open" in card.text


def test_of_twenty_who_claim_at_once_one_wins_and_the_others_see_it(desk: Any, ann: Any, advice: Any) -> None:
    card = desk.request_card(advice, ann)
    crowd = [desk.person(f"c{n}") for n in range(20)]
    notices = dict(zip([one.name for one in crowd], desk.claim_at_once(card, crowd), strict=True))
    [holder] = [name for name in notices if f"claimed by {name}\n" in card.text]
    assert notices.pop(holder) == []
    assert all(len(told) == 1 and told[0].startswith(holder) for told in notices.values())
    claims = "SELECT count(*) FROM lead_events JOIN leads ON leads.id = lead_id WHERE kind = 'claimed' AND user_id = ?"
    assert desk.rows(claims, ann.id) == [(1,)]


def test_release_lets_another_one_claim(desk: Any, ann: Any, advice: Any) -> None:
    card = desk.request_card(advice, ann)
    desk.press(card, "Claim")
    desk.say_below(card, desk.dora, "reply: Me too")
    assert "cem holds this request" in desk.refusal_below(card, desk.dora)
    assert "cem holds this request" in desk.notice(card.now, "Reply", desk.dora)
    desk.press(card, "Release", desk.dora)
    assert "· open" in card.text
    desk.press(card, "Claim", desk.dora)
    assert "claimed by dora" in card.text


def test_the_command_gets_in_touch_and_answers_directly(desk: Any, ann: Any, general: Any) -> None:
    offer = desk.contact(ann, general)
    assert "nothing to pass on yet" in offer.text
    offer.send("nothing")
    desk.posted()
    [confirmed] = desk.peer.said(desk.peer.direct(ann))
    reference = desk.reference(ann)
    assert reference in desk.text(confirmed)
    for name in ("status", "contact"):
        assert f"Request {reference}: waiting for a consultant" in desk.command(ann, name, general)
    desk.answer(confirmed, ann, "I forgot: it is for Tuesday.")
    card = desk.card(ann)
    desk.wait_for(lambda: desk.thread(card), what="the note")
    assert desk.thread(card) == ["ann adds:\nI forgot: it is for Tuesday."]
    desk.fill(confirmed, "Add a note", ann, text="Or Wednesday.")
    assert desk.thread(card)[-1] == "ann adds:\nOr Wednesday."


def test_a_forgotten_user_leaves_no_request(desk: Any, ann: Any, talk: Any) -> None:
    card = desk.request_card(talk, ann, "all")
    desk.say(talk, ann, "note: My number is 555")
    desk.wait_for(lambda: len(desk.thread(card)) == 2, what="file and note")
    [(before,)] = desk.rows("SELECT sum(count) FROM tallies")
    desk.forget(ann)
    assert desk.rows("SELECT count(*) FROM leads WHERE user_id = ?", ann.id) == [(0,)]
    assert desk.rows("SELECT count(*) FROM deliveries WHERE user_id = ?", ann.id) == [(0,)]
    assert desk.rows("SELECT sum(count) FROM tallies") == [(before,)]
    assert desk.thread(card) == []
    assert desk.files(card) == []
    assert card.text.endswith("deleted, with all that was told here.")
    assert card.buttons == []


@pytest.mark.parametrize(
    "callback", ["rt0:contact:1:0:", "rt1:contact:999999:0:all", "nonsense", Press("reply", 999999).id]
)
def test_an_old_or_forged_form_is_refused_politely(desk: Any, ann: Any, advice: Any, callback: str) -> None:
    refusals = [texts.sentence(name) for name in ("button_gone", "lead_gone")]
    told = desk.consult(advice, ann).send(forged=callback)
    assert any(refusal in told for refusal in refusals)
    assert desk.rows("SELECT count(*) FROM leads WHERE user_id = ? AND state != 'draft'", ann.id) == [(0,)]


def test_a_request_longer_than_a_message_is_one_card(desk: Any, ann: Any, talk: Any) -> None:
    assert desk.request(talk, ann, need="*_" * 990) in desk.card(ann).text
