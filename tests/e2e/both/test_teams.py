"""A team on Slack and on Discord: one card for everybody in the channel, a vote each, one who leads."""

import re
from typing import Any

import pytest

from bot import texts
from tests.support.platforms import Platform
from tests.support.posts import Post

CASE = "We have 200 support tickets, our docs change weekly, and auditors want sources."
COUNT = re.compile(r"(?:✓ )?(.*) \((\d+)\)")
MOVES = ["Go on", "Skip", "Why this matters", "Review and edit", "Recommend now"]


@pytest.fixture
def card(platform: Platform, ann: Any, general: Any) -> Post:
    """The card of a team that ann leads."""
    [card] = platform.call(general, ann, "team")
    return card


def counts(card: Post) -> list[int]:
    """The votes that each button shows, "I don't know" last."""
    return [int(found[2]) for label in card.answers if (found := COUNT.fullmatch(label))]


def vote(card: Post, user: Any, number: int) -> None:
    card.press(card.answers[number], user)


def decide(card: Post, ann: Any, ben: Any) -> None:
    """Goes on to the end, both of one mind but for one question."""
    while card.answers:
        vote(card, ann, 0)
        vote(card, ben, 1 if card.text.startswith("Question 1,") else 0)
        card.press("Go on")


def test_everybody_in_channel_sees_one_card(platform: Platform, ann: Any, card: Post, general: Any) -> None:
    assert not card.is_private
    assert [post.key for post in platform.posts(general)] == [card.key]
    assert not platform.private_posts(general, ann)
    assert card.text.startswith("Question 1, at most ")
    assert set(counts(card)) == {0}
    assert card.answers[-1] == "I don't know (0)"
    assert card.buttons[len(card.answers) :] == MOVES


def test_votes_are_counted_live_and_may_be_moved(
    platform: Platform, ben: Any, cat: Any, card: Post, general: Any
) -> None:
    vote(card, ben, 0)
    vote(card, cat, 0)
    assert counts(card)[:2] == [2, 0]
    vote(card, ben, 1)
    vote(card, ben, 1)
    assert counts(card)[:2] == [1, 1]
    assert texts.sentence("team_even") in card.text
    vote(card, cat, -1)
    assert (counts(card)[0], counts(card)[1], counts(card)[-1]) == (0, 1, 1)
    assert texts.sentence("team_votes", count=2) in card.text
    assert len(platform.posts(general)) == 1


def test_answer_in_front_is_taken(ann: Any, ben: Any, cat: Any, card: Post) -> None:
    for user, number in ((ann, 1), (ben, 1), (cat, 0)):
        vote(card, user, number)
    answer = card.answers[1].removesuffix(" (2)")
    assert texts.sentence("team_front", option=answer) in card.text
    card.press("Go on")
    assert card.text.startswith("Question 2")
    card.press("Review and edit")
    assert texts.sentence("team_answer", text=answer, votes=2, count=3) in card.text


def test_simultaneous_votes_all_count(platform: Platform, card: Post, general: Any) -> None:
    members = [platform.join(general, platform.user(f"member{number}")) for number in range(10)]
    options = card.answers
    platform.press_at_once(card, [(options[number % 2], member) for number, member in enumerate(members)])
    platform.wait_for(lambda: counts(card)[:2] == [5, 5], "the votes")
    assert texts.sentence("team_votes", count=10) in card.text


def test_others_who_want_to_lead_are_told_what_they_can_do(ben: Any, card: Post) -> None:
    before = card.text
    for which in MOVES:
        [notice] = card.press(which, ben, posts=1)
        assert notice.is_private
        assert notice.text == texts.sentence("team_foreign")
    assert card.text == before
    assert "`/rag-or-tune team`" in texts.sentence("team_foreign")


def test_leader_asks_why_for_everybody(card: Post) -> None:
    before = card.text
    card.press("Why this matters")
    assert len(card.text) > len(before) + 20
    card.press("Why this matters")
    assert card.text == before


def test_vote_on_earlier_question_is_stale(ben: Any, card: Post) -> None:
    old = card.ids[card.answers[0]]
    card.press("Go on")
    before = card.text
    [notice] = card.press_forged(old, ben, posts=1)
    assert notice.text == texts.sentence("team_stale")
    assert card.text == before


def test_double_clicks_change_nothing(platform: Platform, ann: Any, ben: Any, card: Post, general: Any) -> None:
    first, go_on = card.ids[card.answers[0]], card.ids["Go on"]
    platform.press_at_once(card, [(card.answers[0], ben)] * 3)
    platform.wait_for(lambda: counts(card)[0] == 1)
    card.press_forged(first, ben)
    assert len(platform.running.rows("SELECT * FROM ballots WHERE member = ?", ben.id)) == 1
    platform.press_at_once(card, [("Go on", ann)] * 2)
    platform.wait_for(lambda: card.text.startswith("Question 2"))
    card.press_forged(go_on)
    assert card.text.startswith("Question 2")
    assert platform.notices(general, ann) == platform.notices(general, ben) == []


@pytest.mark.parametrize("choice", ["", "nonsense", "change_rate.nonsense", "."])
def test_vote_that_was_not_offered_does_no_harm(ben: Any, card: Post, choice: str) -> None:
    before = card.text
    _, _, interview, step, _ = card.ids[card.answers[0]].split(":", 4)
    card.press_forged(f"rt1:answer:{interview}:{step}:{choice}", ben)
    assert card.text == before


def test_team_in_dm_is_a_team_of_one(platform: Platform, ann: Any) -> None:
    [card] = platform.call(ann, ann, "team")
    vote(card, ann, 0)
    card.press("Go on")
    assert card.text.startswith("Question 2")


def test_summary_is_the_teams_and_everybody_may_copy_it(
    platform: Platform, ann: Any, ben: Any, cat: Any, card: Post, general: Any
) -> None:
    decide(card, ann, ben)
    assert "ecommendation" in card.text
    assert texts.sentence("team", count=2) in card.text
    assert re.search(r"“.+” 1, “.+” 1 \(2 of 2 answered\)", card.text)
    assert ", agreed" in card.text
    assert card.buttons == ["Get in touch", "Copy as Markdown", "Review and edit", "Start over"]
    card.show_picture()
    assert not any(user.id in f"{card.text} {card.ids}" for user in (ann, ben))
    copies = card.press("Copy as Markdown", cat, posts=1)
    assert all(copy.is_private for copy in copies)
    assert texts.sentence("team", count=2) in copies[0].text
    [notice] = card.press("Get in touch", ben, posts=1)
    assert notice.text == texts.sentence("contact_later")
    [notice] = card.press("Start over", cat, posts=1)
    assert notice.text == texts.sentence("team_foreign")


def test_leader_edits_an_answer_from_the_summary(ann: Any, ben: Any, card: Post) -> None:
    decide(card, ann, ben)
    card.press("Review and edit")
    assert card.text.startswith(texts.sentence("team_review"))
    assert texts.sentence("team_split", count=2) in card.text
    card.choose("Examples")
    assert card.text.startswith(texts.sentence("editing"))
    assert counts(card)[:2] == [1, 1]
    vote(card, ben, 0)
    card.press("Go on")
    assert texts.sentence("team_split", count=2) not in card.text
    card.press("Recommend now")
    assert "ecommendation" in card.text


def test_starting_over_drops_all_votes(platform: Platform, ann: Any, ben: Any, card: Post) -> None:
    decide(card, ann, ben)
    card.press("Start over")
    assert card.text.startswith("Question 1")
    assert set(counts(card)) == {0}
    assert platform.running.rows("SELECT * FROM ballots WHERE member = ?", ben.id) == []


def test_team_goes_on_after_a_restart(platform: Platform, ben: Any, cat: Any, card: Post) -> None:
    vote(card, ben, 0)
    platform.restart()
    vote(card, cat, 0)
    assert counts(card)[0] == 2
    card.press("Go on")
    assert card.text.startswith("Question 2")


def forget(platform: Platform, channel: Any, user: Any) -> None:
    [sure] = platform.call(channel, user, "forget")
    sure.press("Forget me", posts=1)


def test_forgotten_member_counts_no_more(platform: Platform, ben: Any, cat: Any, card: Post, general: Any) -> None:
    vote(card, ben, 0)
    forget(platform, general, ben)
    assert platform.running.rows("SELECT * FROM ballots WHERE member = ?", ben.id) == []
    vote(card, cat, 0)
    assert counts(card)[0] == 1


def test_team_of_forgotten_leader_is_gone(platform: Platform, ann: Any, ben: Any, card: Post, general: Any) -> None:
    forget(platform, general, ann)
    for which in (card.answers[0], "Go on"):
        [notice] = card.press(which, ben, posts=1)
        assert notice.text == texts.sentence("interview_gone")
    assert "`/rag-or-tune team`" in texts.sentence("interview_gone")


def test_status_leads_the_leader_back_to_the_team(
    platform: Platform, ann: Any, ben: Any, card: Post, general: Any
) -> None:
    card.press("Skip")
    vote(card, ben, 0)
    [status] = platform.call(general, ann, "status")
    assert "(with your team)" in status.text
    [others] = platform.call(general, ben, "status")
    assert "(with your team)" not in others.text
    status.press("Go on with 1")
    _, again = platform.wait_for(lambda: (posts := platform.posts(general))[1:] and posts, "the card")
    assert again.text == card.text
    vote(again, ben, 1)
    assert counts(again)[:2] == [0, 1]


def test_card_of_team_and_card_of_one_person_are_independent(
    platform: Platform, ann: Any, ben: Any, card: Post, general: Any
) -> None:
    [advice] = platform.answers(platform.mention(general, ben, CASE))
    [own] = advice.press("Check it step by step", ben, posts=1)
    own.press("Start over")
    own.press(own.answers[0])
    vote(card, ben, 1)
    assert own.text.startswith("Question 2")
    assert counts(card)[:2] == [0, 1]
    [notice] = own.press("Skip", ann, posts=1)
    assert notice.text == texts.sentence("interview_foreign")
