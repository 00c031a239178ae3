"""What the doctor says of Slack."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from slack_sdk.oauth.installation_store import Installation

from bot.errors import BotError
from bot.settings import Settings
from bot.slack.app import make_adapter
from bot.store import schema
from bot.store.database import Database, DatabaseUrls
from bot.store.installations import Installations
from bot.store.store import Store
from tests.conftest import KEY
from tests.peers.slack import App, Slack, Team, slack_server
from tests.support.processes import run


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    database = Database(DatabaseUrls.of(None, tmp_path), [KEY])
    await schema.migrate(database)
    yield Store(database)
    await database.close()


async def checked(slack: Slack, store: Store, **other: object) -> str:
    given = {
        "slack_bot_token": SecretStr(slack.token()),
        "slack_app_token": SecretStr(slack.app.app_token),
        "slack_api_url": slack.api_url,
    }
    made = make_adapter(Settings(**(given | other)), store)
    assert made
    try:
        return await made.check()
    finally:
        await made.close()


def test_the_doctor_asks_slack(data_dir: Path, tmp_path: Path) -> None:
    with slack_server() as slack:
        given = {"SLACK_BOT_TOKEN": slack.token(), "SLACK_API_URL": slack.api_url}
        kept = {"DATABASE_URL": f"sqlite:///{tmp_path}/doctor.sqlite", "SECRET_KEYS": KEY}
        done = run(data_dir, "doctor", **given, **kept, COLUMNS="300")
        assert f"slack: {slack.bot.name} in {slack.home.name}" in done.stdout.decode()
        assert done.returncode == 0


async def test_tokens_and_scopes_that_are_well_are_named_by_their_workspace(store: Store) -> None:
    with slack_server() as slack:
        assert await checked(slack, store) == f"{slack.bot.name} in {slack.home.name}"


async def test_a_missing_scope_is_named(store: Store) -> None:
    with (
        slack_server(app=App(scopes=["chat:write"])) as slack,
        pytest.raises(BotError, match=r"commands.*manifest again"),
    ):
        await checked(slack, store)


@pytest.mark.parametrize("name", ["slack_bot_token", "slack_app_token"])
async def test_a_wrong_token_is_said_without_it(name: str, store: Store) -> None:
    with slack_server() as slack, pytest.raises(BotError, match="Slack refuses a token") as refused:
        await checked(slack, store, **{name: SecretStr("xoxb-wrong")})
    assert "xoxb-wrong" not in str(refused.value)


async def test_a_slack_that_is_not_there_is_said(store: Store) -> None:
    with slack_server() as slack, pytest.raises(BotError, match="cannot be reached"):
        await checked(slack, store, slack_api_url="http://127.0.0.1:9/api/")


async def several(
    slack: Slack, store: Store, *teams: Team, scopes: str = "", key: str = KEY, desk: str | None = None
) -> str:
    """What the doctor says when these teams have installed the app."""
    app = slack.app
    installations = Installations(store.database, app.client_id)
    for team in teams:
        known = {"app_id": app.id, "team_id": team.id, "team_name": team.name, "user_id": "U1"}
        bot = {"bot_token": slack.token(team), "bot_id": "B1", "bot_user_id": "U2", "bot_scopes": scopes}
        await installations.async_save(Installation(**known, **bot))
    database = Database(store.database.urls, [key])
    given = {"slack_client_id": app.client_id, "slack_client_secret": SecretStr(app.client_secret)}
    made = make_adapter(Settings(**given, slack_api_url=slack.api_url, consultant_slack_channel=desk), Store(database))
    assert made
    try:
        return await made.check()
    finally:
        await made.close()
        await database.close()


async def test_of_several_workspaces_each_is_checked(store: Store) -> None:
    with slack_server() as slack:
        assert await several(slack, store, slack.home, slack.team("Other")) == "2 workspace(s): Other, Home"


async def test_before_the_first_installation_it_is_said_where_to_install(store: Store) -> None:
    with slack_server() as slack, pytest.raises(BotError, match=r"no workspace .* open /slack/install at the address"):
        await several(slack, store)


async def test_what_is_wrong_in_one_of_several_workspaces_is_said_with_its_name(store: Store) -> None:
    with slack_server() as slack:
        good, bad, poor = slack.home, slack.team("Bad"), slack.team("Poor")
        await several(slack, store, good, bad, poor)
        slack.revoke(bad)
        slack.run(lambda: slack.world.installed(poor.id).scopes.remove("chat:write"))
        with pytest.raises(BotError) as refused:
            await several(slack, store)
    said = str(refused.value)
    assert "Bad: Slack refuses its token (token_revoked); install again" in said
    assert "Poor: the scopes chat:write are missing; install again" in said
    assert said.endswith("To install again, open /slack/install at the address of rag-or-tune web")
    assert "Home" not in said
    assert "xoxb" not in said


async def test_a_token_that_no_key_reads_is_said(store: Store) -> None:
    with slack_server() as slack, pytest.raises(BotError, match=r"Home: its token cannot be read with SECRET_KEYS"):
        await several(slack, store, slack.home, key=Fernet.generate_key().decode())


async def test_several_workspaces_on_a_slack_that_is_not_there(store: Store) -> None:
    with slack_server() as slack:
        await several(slack, store, slack.home)
    with pytest.raises(BotError, match="cannot be reached"):
        await several(slack, store)


async def test_the_consultants_channel_is_looked_at(store: Store) -> None:
    with slack_server() as slack:
        desk = slack.channel("consultants", slack.user("cem"), private=True)
        assert "consultants in #consultants" in await checked(slack, store, consultant_slack_channel=desk.id)
        slack.leave(desk, slack.bot)
        with pytest.raises(BotError, match=r"cannot be seen \(channel_not_found\)"):
            await checked(slack, store, consultant_slack_channel=desk.id)
        public = slack.channel("open", slack.user("cem"), bot=False)
        with pytest.raises(BotError, match="is not in CONSULTANT_SLACK_CHANNEL"):
            await checked(slack, store, consultant_slack_channel=public.id)
        slack.join(public, slack.bot)
        slack.archive(public)
        with pytest.raises(BotError, match="is archived"):
            await checked(slack, store, consultant_slack_channel=public.id)


async def test_consultants_of_a_workspace_that_has_not_installed_the_app_are_named(store: Store) -> None:
    with (
        slack_server() as slack,
        pytest.raises(BotError, match=r"CHANNEL C1 cannot be seen: .* no longer installed in slack:T9"),
    ):
        await several(slack, store, slack.home, desk="T9/C1")


async def test_a_slack_that_goes_away_before_the_channel_is_looked_at_is_said(store: Store) -> None:
    with slack_server() as slack, pytest.raises(BotError, match="cannot be reached"):
        slack.fail("conversations.info", reset="before", times=5)
        await checked(slack, store, consultant_slack_channel="C1")
