"""What the doctor says of Slack."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.errors import BotError
from bot.settings import Settings
from bot.slack.app import surface
from tests.conftest import KEY
from tests.peers.slack import App, Slack, slack_server
from tests.terminal.processes import run


async def checked(slack: Slack, **other: object) -> str:
    given = {
        "slack_bot_token": SecretStr(slack.token()),
        "slack_app_token": SecretStr(slack.app.app_token),
        "slack_api_url": slack.api_url,
    }
    made = surface(Settings(**(given | other)))
    assert made
    return await made.check()


def test_the_doctor_asks_slack(data_dir: Path, tmp_path: Path) -> None:
    with slack_server() as slack:
        given = {"SLACK_BOT_TOKEN": slack.token(), "SLACK_API_URL": slack.api_url}
        kept = {"DATABASE_URL": f"sqlite:///{tmp_path}/doctor.sqlite", "SECRET_KEYS": KEY}
        assert b"slack: " in run(data_dir, "doctor", **given, **kept).stdout


async def test_tokens_and_scopes_that_are_well_are_named_by_their_workspace() -> None:
    with slack_server() as slack:
        assert " in " in await checked(slack)


async def test_a_missing_scope_is_named() -> None:
    with (
        slack_server(app=App(scopes=["chat:write"])) as slack,
        pytest.raises(BotError, match=r"commands.*manifest again"),
    ):
        await checked(slack)


@pytest.mark.parametrize("name", ["slack_bot_token", "slack_app_token"])
async def test_a_wrong_token_is_said_without_it(name: str) -> None:
    with slack_server() as slack, pytest.raises(BotError, match="Slack refuses a token") as refused:
        await checked(slack, **{name: SecretStr("xoxb-wrong")})
    assert "xoxb-wrong" not in str(refused.value)


async def test_a_slack_that_is_not_there_is_said() -> None:
    with slack_server() as slack, pytest.raises(BotError, match="cannot be reached"):
        await checked(slack, slack_api_url="http://127.0.0.1:9/api/")
