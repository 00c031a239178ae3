"""A team in a channel: one card for everybody, a vote each, one who leads; with the real process."""

import re

import pytest

from bot import texts
from tests.peers.slack import Channel, Message, Slack, User
from tests.support.slack.bots import ANSWERING, CASE, Bot, Screen, elements, forged, notices, press, well

COUNTED = re.compile(r"(.*) \((\d+)\)")


@pytest.fixture
def cat(slack: Slack) -> User:
    return slack.user("cat")


@pytest.fixture
def general(slack: Slack, ann: User, ben: User, cat: User) -> Channel:
    return slack.channel("general", ann, ben, cat)


@pytest.fixture
def card(slack: Slack, ann: User, general: Channel) -> Screen:
    """The card of a team that ann leads."""
    return begun(slack, general, ann)


def begun(slack: Slack, channel: Channel, user: User) -> Screen:
    well(slack.command(user, channel, "team"))
    *_, shown = slack.said(channel)
    return Screen(slack, shown, user)


def counts(card: Screen) -> list[int]:
    """The votes that each button shows, "I don't know" last."""
    return [int(found[2]) for text in card.answers if (found := COUNTED.fullmatch(text))]


def vote(card: Screen, user: User, number: int) -> None:
    card.press(card.answers[number], user)


def decided(card: Screen, ann: User, ben: User) -> None:
    """Goes on to the end, both of one mind but for one question."""
    while card.answers:
        vote(card, ann, 0)
        vote(card, ben, 1 if card.text.startswith("Question 1,") else 0)
        card.press("Go on")


def test_everybody_in_the_channel_sees_one_card(slack: Slack, ann: User, card: Screen, general: Channel) -> None:
    assert [message.ts for message in slack.said(general)] == [card.message.ts]
    assert slack.ephemerals(general) == []
    assert card.text.startswith("Question 1, at most ")
    assert set(counts(card)) == {0}
    assert card.answers[-1] == "I don't know (0)"
    assert card.buttons[len(card.answers) :] == [
        "Go on",
        "Skip",
        "Why this matters",
        "Review and edit",
        "Recommend now",
    ]


def test_votes_are_counted_live_and_may_be_moved(slack: Slack, ben: User, cat: User, card: Screen) -> None:
    vote(card, ben, 0)
    vote(card, cat, 0)
    assert counts(card)[:2] == [2, 0]
    vote(card, ben, 1)
    vote(card, ben, 1)
    assert counts(card)[:2] == [1, 1]
    vote(card, cat, -1)
    assert (counts(card)[0], counts(card)[1], counts(card)[-1]) == (0, 1, 1)
    assert texts.sentence("team_votes", count=2) in card.text
    assert len(slack.said(card.message.channel)) == 1


def test_the_answer_in_front_goes_on(bot: Bot, ann: User, ben: User, cat: User, card: Screen) -> None:
    for user, number in ((ann, 1), (ben, 1), (cat, 0)):
        vote(card, user, number)
    answer = card.answers[1].removesuffix(" (2)")
    assert texts.sentence("team_front", option=answer) in card.text
    card.press("Go on")
    assert card.text.startswith("Question 2")
    card.press("Review and edit")
    assert texts.sentence("team_answer", text=answer, votes=2, count=3) in card.text


def test_all_votes_at_the_same_moment_count_and_the_card_shows_them(slack: Slack, card: Screen) -> None:
    members = [slack.user(f"member{number}") for number in range(8)]
    shown, options = card.now, card.answers
    clicks = [slack.click(shown, options[n % 2], member) for n, member in enumerate(members)]
    for delivery in clicks:
        well(delivery)
    slack.wait_for(lambda: counts(card)[:2] == [4, 4], ANSWERING)
    assert texts.sentence("team_votes", count=8) in card.text


def test_of_two_cards_on_the_way_the_newer_one_remains(slack: Slack, ben: User, cat: User, card: Screen) -> None:
    shown = card.now
    slow = slack.fail("response_url", delay=1.0)
    first = slack.click(shown, card.answers[0], ben)
    slack.wait_for(lambda: not slow.times)
    second = slack.click(shown, card.answers[0], cat)
    well(second)
    assert counts(card)[0] == 2
    well(first)
    slack.wait_for(lambda: len(card.now.versions) == 3, ANSWERING)
    assert counts(card)[0] == 2


def test_others_who_want_to_lead_are_told_what_they_can_do(
    slack: Slack, ben: User, card: Screen, general: Channel
) -> None:
    before = card.text
    moves = ["Go on", "Skip", "Why this matters", "Review and edit", "Recommend now"]
    for which in moves:
        card.press(which, ben)
    assert card.text == before
    assert notices(slack, general, ben) == [texts.sentence("team_foreign")] * len(moves)
    assert "`/rag-or-tune team`" in texts.sentence("team_foreign")


def test_the_leader_asks_why_for_everybody(card: Screen) -> None:
    plain = card.text
    card.press("Why this matters")
    assert len(card.text) > len(plain) + 20
    card.press("Why this matters")
    assert card.text == plain


def test_a_vote_on_an_earlier_question_is_stale(slack: Slack, ben: User, card: Screen, general: Channel) -> None:
    old = card.now
    card.press("Go on")
    then = card.text
    press(slack, old, card_answer(old), ben)
    assert card.text == then
    assert notices(slack, general, ben) == [texts.sentence("team_stale")]


def card_answer(shown: Message) -> str:
    """The first button of a card that votes."""
    return next(b["action_id"] for b in elements(shown, "button") if ":answer:" in b["action_id"])


def test_a_double_click_changes_nothing(
    bot: Bot, slack: Slack, ann: User, ben: User, card: Screen, general: Channel
) -> None:
    old = card.now
    for delivery in [slack.click(old, card.answers[0], ben) for _ in range(3)]:
        well(delivery)
    slack.wait_for(lambda: counts(card)[0] == 1, ANSWERING)
    assert len(bot.rows("SELECT * FROM ballots WHERE member = ?", ben.id)) == 1
    for delivery in [slack.click(old, "Go on", ann) for _ in range(2)]:
        well(delivery)
    slack.wait_for(lambda: card.text.startswith("Question 2"), ANSWERING)
    assert notices(slack, general, ann) == notices(slack, general, ben) == []


@pytest.mark.parametrize("choice", ["", "nonsense", "change_rate.nonsense", "."])
def test_a_vote_that_we_did_not_offer_does_no_harm(slack: Slack, ben: User, card: Screen, choice: str) -> None:
    before = card.text
    _, _, interview, step, _ = card_answer(card.now).split(":", 4)
    name = f"rt1:answer:{interview}:{step}:{choice}"
    press(slack, forged(card.now, name), name, ben)
    assert card.text == before


def test_it_works_where_the_bot_is_no_member(slack: Slack, ann: User, ben: User) -> None:
    far = slack.channel("far", ann, ben, bot=False)
    card = begun(slack, far, ann)
    vote(card, ben, 0)
    assert counts(card)[0] == 1
    card.press("Go on")
    assert card.text.startswith("Question 2")
    card.press("Recommend now", ben)
    assert notices(slack, far, ben) == [texts.sentence("team_foreign")]
    card.press("Recommend now")
    assert "ecommendation" in card.text
    card.press("Copy as Markdown", ben)
    assert notices(slack, far, ben)[-1].startswith("## ")
    assert [message.ts for message in slack.said(far)] == [card.message.ts]


def test_in_a_direct_message_it_is_a_team_of_one(slack: Slack, ann: User) -> None:
    card = begun(slack, slack.direct(ann), ann)
    vote(card, ann, 0)
    card.press("Go on")
    assert card.text.startswith("Question 2")


def test_the_summary_is_the_teams_and_everybody_may_copy_it(
    slack: Slack, ann: User, ben: User, cat: User, card: Screen, general: Channel
) -> None:
    decided(card, ann, ben)
    assert "ecommendation" in card.text
    assert texts.sentence("team", count=2) in card.text
    assert re.search(r"“.+” 1, “.+” 1 \(2 of 2 answered\)", card.text)
    assert ", agreed" in card.text
    assert card.buttons == ["Get in touch", "Copy as Markdown", "Review and edit", "Start over"]
    assert card.picture()["alt_text"].startswith("Chart: ")
    assert not any(user.id in str(card.now.blocks) + card.text for user in (ann, ben))
    card.press("Copy as Markdown", cat)
    [copied] = notices(slack, general, cat)
    assert f"## {texts.sentence('team', count=2)}" in copied
    assert card.text.split("\n")[0] in copied
    card.press("Get in touch", ben)
    assert notices(slack, general, ben) == [texts.sentence("contact_later")]
    card.press("Start over", cat)
    assert notices(slack, general, cat)[1:] == [texts.sentence("team_foreign")]


def test_the_leader_edits_an_answer_from_the_summary(ann: User, ben: User, card: Screen) -> None:
    decided(card, ann, ben)
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


def test_starting_over_begins_without_votes(bot: Bot, ann: User, ben: User, card: Screen) -> None:
    decided(card, ann, ben)
    card.press("Start over")
    assert card.text.startswith("Question 1")
    assert set(counts(card)) == {0}
    assert bot.rows("SELECT * FROM ballots WHERE member = ?", ben.id) == []


def test_a_card_that_slack_did_not_take_keeps_its_buttons_and_the_next_click_shows_all(
    slack: Slack, ben: User, cat: User, card: Screen
) -> None:
    slack.fail("response_url", status=500)
    vote(card, ben, 0)
    assert counts(card)[0] == 0
    vote(card, cat, 0)
    assert counts(card)[0] == 2


def test_it_goes_on_after_a_restart_between_two_clicks(
    bot: Bot, slack: Slack, ben: User, cat: User, card: Screen
) -> None:
    vote(card, ben, 0)
    bot.kill()
    slack.wait_for(lambda: not slack.connected)
    bot.start()
    vote(card, cat, 0)
    assert counts(card)[0] == 2
    card.press("Go on")
    assert card.text.startswith("Question 2")


def test_who_is_forgotten_is_not_counted_any_more(
    bot: Bot, slack: Slack, ben: User, cat: User, card: Screen, general: Channel
) -> None:
    vote(card, ben, 0)
    forget(slack, general, ben)
    assert bot.rows("SELECT * FROM ballots WHERE member = ?", ben.id) == []
    vote(card, cat, 0)
    assert counts(card)[0] == 1


def test_once_the_leader_is_forgotten_it_is_gone(
    slack: Slack, ann: User, ben: User, card: Screen, general: Channel
) -> None:
    forget(slack, general, ann)
    vote(card, ben, 0)
    card.press("Go on", ben)
    assert notices(slack, general, ben) == [texts.sentence("interview_gone")] * 2
    assert "`/rag-or-tune team`" in texts.sentence("interview_gone")


def forget(slack: Slack, channel: Channel, user: User) -> None:
    well(slack.command(user, channel, "forget"))
    press(slack, slack.ephemerals(channel, user)[-1], "Forget me", user)


def test_the_home_leads_the_leader_back_to_the_team(
    slack: Slack, ann: User, ben: User, card: Screen, general: Channel
) -> None:
    vote(card, ben, 0)
    standing = texts.sentence("team_standing", text=texts.sentence("interview_open", answered=0, to_go=8))
    slack.open_home(ann, "home")
    slack.wait_for(lambda: ann.id in slack.homes and standing in str(slack.homes[ann.id].blocks))
    slack.open_home(ben, "home")
    slack.wait_for(lambda: ben.id in slack.homes)
    assert standing not in str(slack.homes[ben.id].blocks)
    press(slack, slack.homes[ann.id], "Go on with 1", ann)
    _, again = slack.said(general)
    assert slack.said(slack.direct(ann)) == []
    anew = Screen(slack, again, ann)
    assert counts(anew)[0] == 1
    vote(anew, ben, 1)
    assert counts(anew)[:2] == [0, 1]


def test_the_home_leads_the_leader_back_even_where_the_bot_is_no_member(slack: Slack, ann: User, ben: User) -> None:
    far = slack.channel("far", ann, ben, bot=False)
    begun(slack, far, ann)
    slack.open_home(ann, "home")
    slack.wait_for(lambda: ann.id in slack.homes)
    press(slack, slack.homes[ann.id], "Go on with 1", ann)
    [direct] = slack.said(slack.direct(ann))
    own = Screen(slack, direct, ann)
    own.press("Go on")
    assert own.text.startswith("Question 2")


def test_a_teams_card_and_ones_own_do_not_meet(
    bot: Bot, slack: Slack, ann: User, ben: User, card: Screen, general: Channel
) -> None:
    [advice] = bot.answers(slack.mention(general, ben, CASE))
    press(slack, advice, "Check it step by step", ben)
    own = Screen(slack, slack.answers(advice)[-1], ben)
    own.press("Start over")
    own.press(own.answers[0])
    vote(card, ben, 1)
    assert own.text.startswith("Question 2")
    assert counts(card)[:2] == [0, 1]
    own.press("Skip", ann)
    assert notices(slack, general, ann) == [texts.sentence("interview_foreign")]


def test_help_and_the_manifest_name_it(slack: Slack, ann: User, general: Channel) -> None:
    well(slack.command(ann, general, "help"))
    assert "/rag-or-tune team" in notices(slack, general, ann)[0]
    assert "team" in texts.sentence("slack_usage")
