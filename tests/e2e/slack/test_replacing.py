"""What stands in place of earlier posts, where Slack does not let the bot change them."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from bot.delivery.ports import RefusedError
from bot.slack.adapter import SlackAdapter
from bot.slack.workspaces import OneWorkspace
from bot.store.address import Address
from bot.store.post import Removal
from bot.store.records import Delivery
from tests.peers.slack import Slack, slack_server


@pytest.fixture
def slack() -> Iterator[Slack]:
    with slack_server() as slack:
        yield slack


def left_over(**address: bool) -> Delivery:
    """What takes away the second post of an answer that has become shorter."""
    return Delivery(1, "slack:T1", "U1", "m", Address("C1", **address), Removal("1.1"), datetime.now(UTC))


async def test_where_the_bot_is_kept_out_nobody_hears_of_a_post_that_was_to_be_taken_away(slack: Slack) -> None:
    surface = SlackAdapter(OneWorkspace(slack.token(), slack.api_url, None), None)
    slack.fail("chat.delete", "channel_not_found")
    assert await surface.send(left_over()) == ""
    assert not slack.calls("chat.postMessage")
    await surface.close()


async def test_from_consultants_it_is_taken_away_as_soon_as_the_bot_is_let_in(slack: Slack) -> None:
    surface = SlackAdapter(OneWorkspace(slack.token(), slack.api_url, None), None)
    slack.fail("chat.delete", "channel_not_found")
    with pytest.raises(RefusedError, match="channel_not_found"):
        await surface.send(left_over(is_desk=True))
    await surface.close()
