"""The chart of a summary as a picture in its card: with a text for who cannot see it, and never in the card's way."""

from collections.abc import Iterator

import pytest

from tests.peers.slack import Channel, Slack, User
from tests.support.slack.bots import CASE, Bot, Screen, press


@pytest.fixture
def card(bot: Bot, slack: Slack, ann: User, general: Channel) -> Screen:
    """The card of ann's interview, at the review of what she said."""
    [advice] = bot.answers(slack.mention(general, ann, CASE))
    press(slack, advice, "Check it step by step", ann)
    _, shown = slack.answers(advice)
    return Screen(slack, shown, ann)


@pytest.fixture
def slow(slack: Slack) -> Iterator[None]:
    """Slack takes a while to look through a file."""
    slack.world.file_seconds = 0.3
    yield
    slack.world.file_seconds = 0.0


def assert_shown(slack: Slack, card: Screen) -> None:
    image = card.picture()
    [shown] = [file for file in slack.files if {"id": file.id} == image["slack_file"]]
    assert shown.content
    assert shown.content.startswith(b"\x89PNG")
    assert shown.channel is None  # it was shared with nobody by itself
    assert "RAG" in str(image["alt_text"])


def test_a_summary_shows_its_chart_with_a_text_for_it(slack: Slack, card: Screen) -> None:
    assert not card.images
    card.press("Recommend now")
    assert_shown(slack, card)
    card.press("Review and edit")
    assert not card.images


def test_a_chart_that_slack_has_not_looked_through_yet_is_shown_a_little_later(
    slack: Slack, card: Screen, slow: None
) -> None:
    card.press("Recommend now")
    assert_shown(slack, card)


@pytest.mark.parametrize("method", ["files.getUploadURLExternal", "files.completeUploadExternal"])
def test_without_the_chart_the_summary_is_whole(slack: Slack, card: Screen, method: str) -> None:
    slack.fail(method, "internal_error", times=3)
    card.press("Recommend now")
    assert card.text.startswith("Recommendation: ")
    assert not card.images
    assert "Get in touch" in card.buttons


def test_a_chart_that_slack_does_not_take_at_all_is_left_out(slack: Slack, card: Screen) -> None:
    slack.world.file_seconds = 60
    try:
        card.press("Recommend now")
    finally:
        slack.world.file_seconds = 0.0
    assert card.text.startswith("Recommendation: ")
    assert not card.images
