"""The handoff when things go wrong, on both platforms: kill -9 at each step, an outage, a channel that is away."""

from typing import Any

import pytest

from tests.support.desks import NEED

pytestmark = pytest.mark.takes_long

RESTARTING = 60.0  # seconds until what a killed process was sending is sent by the next
STEPS = pytest.mark.parametrize("after", [False, True], ids=["before it is posted", "after it was posted"])


@STEPS
def test_killed_at_the_card_it_comes_once(desk: Any, ann: Any, talk: Any, *, after: bool) -> None:
    offer = desk.consult(talk, ann)
    desk.kill_while(offer.send, desk.stall("post", desk.channel.id, after=after))
    desk.posted(seconds=RESTARTING)
    [card] = desk.cards(ann)
    assert NEED in card.text
    assert sum("within 4 hours" in text for text in desk.read(talk)) == 1


@STEPS
def test_killed_at_a_reply_it_comes_once(desk: Any, ann: Any, talk: Any, *, after: bool) -> None:
    card = desk.request_card(talk, ann)
    for _ in range(2):  # the second must not be taken for the first
        fault = desk.stall("post", desk.place_of(talk), after=after)
        desk.kill_while(lambda: desk.say_below(card, desk.cem, "reply: Hello there"), fault)
        desk.posted(seconds=RESTARTING)
    assert sum("Hello there" in text for text in desk.read(talk)) == 2
    assert "Replies: 2 delivered, 0 on the way" in card.text


@STEPS
def test_killed_at_a_note_it_comes_once(desk: Any, ann: Any, talk: Any, *, after: bool) -> None:
    card = desk.request_card(talk, ann)
    fault = desk.stall("post", desk.place_below(card), after=after)
    desk.kill_while(lambda: desk.say(talk, ann, "note: One more thing"), fault)
    desk.posted(seconds=RESTARTING)
    assert desk.thread(card) == ["ann adds:\nOne more thing"]


@pytest.mark.parametrize("button", ["Claim", "Resolve"])
def test_killed_at_a_click_the_card_shows_what_is_so(desk: Any, ann: Any, talk: Any, button: str) -> None:
    card = desk.request_card(talk, ann)
    fault = desk.stall("update", desk.channel.id)
    desk.kill_while(lambda: desk.peer.click(card.now, button, desk.cem).wait(5), fault)
    desk.posted(seconds=RESTARTING)
    assert "by cem" in card.text
    assert card.buttons == (["Reply", "Resolve", "Release"] if button == "Claim" else ["Reply"])


def test_killed_at_the_file_it_is_shared_once(desk: Any, ann: Any, talk: Any) -> None:
    offer = desk.consult(talk, ann)
    desk.kill_while(lambda: offer.send("all"), desk.stall("file", desk.channel.id))
    desk.posted(seconds=RESTARTING)
    assert len(desk.files(desk.card(ann))) == 1


def test_killed_while_the_form_is_open_it_can_be_sent_afterwards(desk: Any, ann: Any, talk: Any) -> None:
    offer = desk.consult(talk, ann)
    desk.lose()
    desk.start()
    assert "is recorded" in offer.send()
    desk.posted(seconds=RESTARTING)
    assert len(desk.cards(ann)) == 1


def test_an_outage_of_the_consultants_channel_loses_nothing(desk: Any, ann: Any, talk: Any) -> None:
    down = desk.break_down()
    assert "is recorded" in desk.consult(talk, ann).send()
    desk.wait_for(lambda: len(desk.following(talk)) == 1, what="the confirmation")
    desk.say(talk, ann, "note: It is urgent")
    desk.wait_for(lambda: down.times < 995, RESTARTING, "several attempts")
    down.times = 0
    desk.posted(seconds=RESTARTING)
    assert desk.thread(desk.card(ann)) == ["ann adds:\nIt is urgent"]


def test_a_bot_that_was_shut_out_of_the_channel_posts_there_when_it_is_back(desk: Any, ann: Any, talk: Any) -> None:
    desk.shut_out()
    assert "is recorded" in desk.consult(talk, ann).send()
    attempts = "SELECT max(attempts) FROM deliveries WHERE kind = 'card' AND user_id = ?"
    desk.wait_for(lambda: desk.rows(attempts, ann.id)[0][0] >= 2, what="two attempts")
    seen = [desk.text(post) for post in desk.following(talk)]
    assert not any(NEED in text for text in seen)  # what is for the consultants never goes to the user instead
    desk.let_in()
    desk.posted(seconds=RESTARTING)
    assert len(desk.cards(ann)) == 1
