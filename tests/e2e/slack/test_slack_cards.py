"""What only Slack has of cards: threads, response URLs, files, channels without the bot; with the real process."""

from collections.abc import Iterator

import pytest

from bot import texts
from tests.peers.slack import Channel, Message, Slack, User
from tests.support.posts import SlackPost
from tests.support.slack.bots import ANSWERING, CASE, Bot, elements, notices, press, well


@pytest.fixture
def advice(bot: Bot, slack: Slack, ann: User, general: Channel) -> Message:
    """A reply to ann, with its buttons."""
    [answer] = bot.answers(slack.mention(general, ann, CASE))
    return answer


@pytest.fixture
def card(slack: Slack, ann: User, advice: Message) -> SlackPost:
    """The card of ann's interview, at the review of what she said."""
    press(slack, advice, "Check it step by step", ann)
    _, shown = slack.answers(advice)
    return SlackPost(slack, shown, ann)


@pytest.fixture
def team(slack: Slack, ann: User, general: Channel) -> SlackPost:
    """The card of a team that ann leads."""
    return begin_team(slack, general, ann)


def begin_team(slack: Slack, channel: Channel, user: User) -> SlackPost:
    well(slack.command(user, channel, "team"))
    *_, shown = slack.said(channel)
    return SlackPost(slack, shown, user)


def votes(card: SlackPost) -> int:
    """How many the first answer has."""
    return int(card.answers[0].rpartition("(")[2].rstrip(")"))


def test_card_stands_in_the_thread_and_is_edited_once_a_click(slack: Slack, advice: Message, card: SlackPost) -> None:
    card.press("Start over")
    for _ in range(3):
        card.press(card.answers[0])
    assert [message.ts for message in slack.answers(advice)] == [advice.ts, card.message.ts]
    assert card.now.thread_ts == advice.thread_ts
    assert len(card.now.versions) == 4


def test_notices_and_copies_come_in_the_thread(
    slack: Slack, ann: User, advice: Message, card: SlackPost, general: Channel
) -> None:
    press(slack, advice, "Helpful", ann)
    card.press("Recommend now")
    assert "\n\n" not in card.text
    card.press("Copy as Markdown")
    shown = slack.ephemerals(general, ann)
    assert {message.thread_ts for message in shown} == {advice.thread_ts}  # where the person looks
    [block] = shown[-1].blocks
    assert [element["type"] for element in block["elements"]] == ["rich_text_preformatted"]


def test_summary_is_shared_in_the_channel_and_not_in_the_thread(
    slack: Slack, card: SlackPost, general: Channel
) -> None:
    card.press("Recommend now")
    card.press("Share with channel")
    *_, shared = slack.said(general)
    assert shared.thread_ts is None
    assert [block["type"] for block in shared.blocks].count("image") == 1
    assert not elements(shared, "button")


def test_interview_below_private_answer_comes_as_dm(bot: Bot, slack: Slack, ann: User, general: Channel) -> None:
    well(slack.command(ann, general, CASE))
    [answer] = bot.private(general, ann)
    press(slack, answer, "Check it step by step", ann)
    [shown] = slack.said(slack.direct(ann))
    assert "(read in “our docs change weekly”)" in shown.text


def test_card_comes_as_dm_where_bot_was_removed(slack: Slack, ann: User, advice: Message, general: Channel) -> None:
    slack.leave(general, slack.bot)
    press(slack, advice, "Check it step by step", ann)
    assert len(slack.said(slack.direct(ann))) == 1


def test_next_click_shows_a_card_that_slack_did_not_take(slack: Slack, ann: User, card: SlackPost) -> None:
    card.press("Start over")
    slack.fail("response_url", status=500)
    before, answer = card.text, card.answers[0]
    card.press(answer)
    assert card.text == before
    [apology] = slack.ephemerals(card.message.channel, ann)
    assert "went wrong" in apology.text
    card.press(answer)
    assert card.text.startswith("Question 2")


def test_card_whose_response_url_is_used_up_is_logged(bot: Bot, slack: Slack, card: SlackPost) -> None:
    slack.fail("response_url", status=404)
    card.press("Start over")
    assert "a response_url answered 404" in bot.log
    assert slack.ephemerals(card.message.channel) == []


def test_click_goes_on_after_a_rate_limit(slack: Slack, ann: User, advice: Message) -> None:
    slack.fail("chat.postMessage", "ratelimited", retry_after=1, when=lambda args: args["channel"] == advice.channel)
    press(slack, advice, "Check it step by step", ann)
    assert len(slack.answers(advice)) == 2


def test_of_two_cards_on_the_way_the_newer_one_remains(slack: Slack, ann: User, ben: User, team: SlackPost) -> None:
    shown = team.now
    slow = slack.fail("response_url", delay=1.0)
    first = slack.click(shown, team.answers[0], ann)
    slack.wait_for(lambda: not slow.times)
    well(slack.click(shown, team.answers[0], ben))
    assert votes(team) == 2
    well(first)
    slack.wait_for(lambda: len(team.now.versions) == 3, ANSWERING)
    assert votes(team) == 2


def test_next_vote_shows_all_when_slack_did_not_take_a_card(
    slack: Slack, ann: User, ben: User, team: SlackPost
) -> None:
    slack.fail("response_url", status=500)
    team.press(team.answers[0], ben)
    assert votes(team) == 0
    team.press(team.answers[0], ann)
    assert votes(team) == 2


def test_team_works_where_bot_is_no_member(slack: Slack, ann: User, ben: User) -> None:
    far = slack.channel("far", ann, ben, bot=False)
    card = begin_team(slack, far, ann)
    card.press(card.answers[0], ben)
    assert votes(card) == 1
    card.press("Go on")
    assert card.text.startswith("Question 2")
    card.press("Recommend now", ben)
    assert notices(slack, far, ben) == [texts.sentence("team_foreign")]
    card.press("Recommend now")
    assert "ecommendation" in card.text
    card.press("Copy as Markdown", ben)
    assert notices(slack, far, ben)[-1].startswith("## ")
    assert [message.ts for message in slack.said(far)] == [card.message.ts]


@pytest.fixture
def slow(slack: Slack) -> Iterator[None]:
    """Slack takes a while to look through a file."""
    slack.world.file_seconds = 0.3
    yield
    slack.world.file_seconds = 0.0


def assert_picture(slack: Slack, card: SlackPost) -> None:
    card.show_picture()
    [image] = card.images
    [file] = [file for file in slack.files if {"id": file.id} == image["slack_file"]]
    assert file.content
    assert file.content.startswith(b"\x89PNG")
    assert file.channel is None  # it was shared with nobody by itself
    assert "RAG" in str(image["alt_text"])


def test_summary_shows_its_chart_with_alt_text(slack: Slack, card: SlackPost) -> None:
    assert not card.images
    card.press("Recommend now")
    assert_picture(slack, card)
    card.press("Review and edit")
    assert not card.images


@pytest.mark.usefixtures("slow")
def test_chart_that_slack_still_looks_through_is_shown_a_little_later(slack: Slack, card: SlackPost) -> None:
    card.press("Recommend now")
    assert_picture(slack, card)


@pytest.mark.parametrize("method", ["files.getUploadURLExternal", "files.completeUploadExternal"])
def test_summary_is_whole_without_its_chart(slack: Slack, card: SlackPost, method: str) -> None:
    slack.fail(method, "internal_error", times=3)
    card.press("Recommend now")
    assert card.text.startswith("Recommendation: ")
    assert not card.images
    assert "Get in touch" in card.buttons


def test_chart_that_slack_never_takes_is_left_out(slack: Slack, card: SlackPost) -> None:
    slack.world.file_seconds = 60
    try:
        card.press("Recommend now")
    finally:
        slack.world.file_seconds = 0.0
    assert card.text.startswith("Recommendation: ")
    assert not card.images
