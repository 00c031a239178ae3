"""Whose token a post goes out with, and what is said where there is none."""

import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pydantic import JsonValue, SecretStr
from slack_sdk.oauth.installation_store import Installation

from bot.delivery.ports import RefusedError
from bot.settings import Settings
from bot.slack.adapter import SlackAdapter
from bot.slack.app import make_adapter
from bot.slack.workspaces import InstalledWorkspaces
from bot.store import schema
from bot.store.address import Address
from bot.store.database import Database, DatabaseUrls
from bot.store.installations import Installations
from bot.store.post import Post
from bot.store.records import Delivery, Turn
from bot.store.store import Store
from tests.conftest import KEY

CLIENT, API = "111.222", "https://slack.example/api/"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    database = Database(DatabaseUrls.of(None, tmp_path), [KEY])
    await schema.migrate(database)
    for team, enterprise, token in (("T1", None, "xoxb-one"), ("T2", "E1", "xoxb-two"), (None, "E1", "xoxb-whole")):
        where = {"team_id": team, "enterprise_id": enterprise, "is_enterprise_install": team is None}
        bot = {"bot_token": token, "bot_id": "B1", "bot_user_id": "UB"}
        made = Installation(app_id="A1", user_id="U1", **where, **bot)
        await Installations(database, CLIENT).async_save(made)
    yield Store(database)
    await database.close()


def several(store: Store) -> SlackAdapter:
    """The surface as every process gets it."""
    settings = Settings(slack_client_id=CLIENT, slack_client_secret=SecretStr("secret"))
    made = make_adapter(settings, store)
    assert isinstance(made, SlackAdapter)
    return made


def post(tenant: str, **address: JsonValue) -> Delivery:
    return Delivery(1, tenant, "U1", "m", Address("C1", "1.0", **address), Post({"text": "hello"}), datetime.now(UTC))


@pytest.mark.parametrize(
    ("tenant", "address", "token"),
    [
        ("slack:T1", {}, "xoxb-one"),
        ("slack:T2", {}, "xoxb-two"),
        ("slack:T2", {"enterprise": "E1"}, "xoxb-whole"),
        ("slack:T3", {"enterprise": "E1"}, "xoxb-whole"),
        ("slack:E1", {"enterprise": "E1"}, "xoxb-whole"),
    ],
)
async def test_the_tenant_and_the_address_lead_to_the_token(
    store: Store, tenant: str, address: dict[str, str], token: str
) -> None:
    workspaces = InstalledWorkspaces(Installations(store.database, CLIENT), API)
    client = await workspaces.client(tenant, address.get("enterprise"))
    assert client.token == token
    await workspaces.close()


@pytest.mark.parametrize(
    ("tenant", "address"), [("slack:T3", {}), ("slack:E1", {}), ("slack:T1", {"enterprise": "E2"})]
)
async def test_where_it_is_not_installed_a_post_is_refused(
    store: Store, tenant: str, address: dict[str, JsonValue]
) -> None:
    slack = several(store)
    for act in (slack.send, slack.find):
        with pytest.raises(RefusedError, match=f"^the app is no longer installed in {tenant}; reinstall it there"):
            await act(post(tenant, **address))


async def test_where_no_key_reads_the_token_a_post_is_refused(store: Store) -> None:
    database = Database(store.database.urls, [Fernet.generate_key().decode()])
    with pytest.raises(RefusedError, match="the token of slack:T1 cannot be read with SECRET_KEYS"):
        await several(Store(database)).send(post("slack:T1"))
    await database.close()


async def test_where_it_is_not_installed_any_more_answering_goes_on_in_silence(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    async def keep(found: object) -> None:
        raise AssertionError

    turn = Turn(1, "slack:T3", 1, "U1", "hello", datetime.now(UTC), address=Address("C1", "1.0"))
    with caplog.at_level(logging.WARNING):
        async with several(store).progress(turn, keep) as show:
            show(None)
    assert caplog.records == []


def test_without_anything_set_there_is_no_slack(store: Store) -> None:
    assert make_adapter(Settings(), store) is None
