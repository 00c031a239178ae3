"""The workspaces that have installed the Slack app: found, replaced, removed, and nobody reads their secrets."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from slack_sdk.oauth.installation_store import Installation

from bot.store.database import Database
from bot.store.erasure import FORGOTTEN
from bot.store.installations import BOTS, INSTALLATIONS, SECRETS, STATES, TABLES, Installations, States
from bot.store.store import Store
from tests.conftest import KEY
from tests.support.rooms import Clock, at_once, everything, impatient, raw_bytes

CLIENT = "111.222"
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def installations(store: Store) -> Installations:
    return Installations(store.database, CLIENT)


def installation(team: str | None, token: str, **other: object) -> Installation:
    given = {
        "app_id": "A1",
        "team_id": team,
        "team_name": team,
        "bot_token": token,
        "bot_id": "B1",
        "bot_user_id": "UB",
        "bot_scopes": "chat:write",
        "user_id": "U1",
        "installed_at": NOW.timestamp(),
    }
    return Installation(**(given | other))


def everywhere(enterprise: str, token: str, **other: object) -> Installation:
    return installation(None, token, enterprise_id=enterprise, is_enterprise_install=True, **other)


async def token(installations: Installations, team: str | None, enterprise: str | None = None, *, whole=False) -> str:
    bot = await installations.async_find_bot(enterprise_id=enterprise, team_id=team, is_enterprise_install=whole)
    return bot.bot_token if bot else ""


async def kept(store: Store) -> dict[str, int]:
    """How many rows there are."""
    rows = await everything(store.database)
    return {name: len(rows[name]) for name in TABLES.tables}


async def test_a_workspace_has_its_own_token(installations: Installations) -> None:
    await installations.async_save(installation("T1", "one"))
    await installations.async_save(installation("T2", "two", enterprise_id="E1"))
    assert [await token(installations, team) for team in ("T1", "T2", "T3")] == ["one", "two", ""]
    assert await token(installations, "T1", "E9") == "one"  # it has joined an organisation since
    assert sorted(bot.team_id for bot in await installations.all()) == ["T1", "T2"]


async def test_an_organisation_has_one_token_for_all(installations: Installations) -> None:
    await installations.async_save(everywhere("E1", "whole"))
    await installations.async_save(installation("T1", "single", enterprise_id="E1"))
    assert await token(installations, "T1", "E1", whole=True) == "whole"
    assert await token(installations, "T2", "E1", whole=True) == "whole"
    assert await token(installations, None, "E1") == "whole"
    assert await token(installations, "T1", "E1") == "single"
    assert await token(installations, "T2", "E1") == ""
    assert await token(installations, None, "E2", whole=True) == ""


async def test_another_app_has_installations_of_its_own(store: Store, installations: Installations) -> None:
    await installations.async_save(installation("T1", "one"))
    other = Installations(store.database, "another")
    assert await token(other, "T1") == ""
    assert await other.all() == []
    await other.remove(None, "T1", NOW + timedelta(days=1))
    assert await token(installations, "T1") == "one"


async def test_the_last_installation_replaces_those_before(store: Store, installations: Installations) -> None:
    for second, value in enumerate(("first", "second", "third")):
        at = (NOW + timedelta(seconds=second)).timestamp()
        await installations.async_save(installation("T1", value, installed_at=at))
    await installations.async_save(installation("T2", "other"))
    assert await token(installations, "T1") == "third"
    assert await kept(store) == {"slack_bots": 2, "slack_installations": 2, "slack_oauth_states": 0}


async def test_what_is_removed_is_gone_and_nothing_else(store: Store, installations: Installations) -> None:
    for made in (installation("T1", "one"), installation("T2", "two", enterprise_id="E1"), everywhere("E1", "whole")):
        await installations.async_save(made)
    await installations.remove(None, "T1", NOW + timedelta(seconds=1))
    assert [await token(installations, team) for team in ("T1", "T2")] == ["", "two"]
    await installations.remove("E1", None, NOW + timedelta(seconds=1))
    assert await token(installations, "T2") == "two"
    assert await token(installations, None, "E1") == ""
    assert await kept(store) == {"slack_bots": 1, "slack_installations": 1, "slack_oauth_states": 0}


async def test_what_was_installed_since_the_removal_stays(installations: Installations) -> None:
    await installations.async_save(installation("T1", "one"))
    await installations.remove(None, "T1", NOW)
    assert await token(installations, "T1") == "one"


async def test_secrets_are_encrypted_at_rest(store: Store, installations: Installations, tmp_path: Path) -> None:
    secrets = {
        "bot_refresh_token": "xoxe-secret-bot",
        "user_token": "xoxp-secret",
        "user_refresh_token": "xoxe-secret-user",
        "incoming_webhook_url": "https://hooks.slack.com/secret",
    }
    await installations.async_save(installation("T1", "xoxb-secret", **secrets))
    found = await installations.async_find_installation(enterprise_id=None, team_id="T1")
    assert found
    assert {name: getattr(found, name) for name in secrets} == secrets
    assert await token(installations, "T1") == "xoxb-secret"
    assert "secret" not in str(await everything(store.database))
    assert b"secret" not in raw_bytes(tmp_path)
    known = {column.name for table in (BOTS, INSTALLATIONS) for column in table.columns}
    assert {name for name in known if name.endswith(("token", "webhook_url"))} == SECRETS


async def test_what_no_key_reads_is_no_token(store: Store, installations: Installations) -> None:
    await installations.async_save(installation("T1", "one"))
    other = Database(store.database.urls, [Fernet.generate_key().decode()])
    bot = await Installations(other, CLIENT).async_find_bot(enterprise_id=None, team_id="T1")
    assert bot
    assert bot.bot_token is None
    await other.close()
    rotated = Database(store.database.urls, [Fernet.generate_key().decode(), KEY])
    assert await token(Installations(rotated, CLIENT), "T1") == "one"
    await rotated.close()


async def test_a_state_works_once_also_for_many_at_once(store: Store, other: Store) -> None:
    here, there = States(store.database), States(other.database)
    for _ in range(5):
        state = await here.async_issue()
        results = await at_once(which.async_consume(state) for which in (here, there) * 4)
        assert sorted(results) == [False] * 7 + [True]
    assert not await here.async_consume("guessed")


async def test_an_expired_state_works_no_more_and_is_cleaned_up(store: Store) -> None:
    states = States(store.database)
    old, new = await states.async_issue(), await states.async_issue()
    past = datetime.now(UTC).replace(tzinfo=None) - timedelta(seconds=1)
    async with store.database.engine.begin() as connection:
        await connection.execute(STATES.update().where(STATES.c.state == old).values(expire_at=past))
    assert not await states.async_consume(old)
    await store.erasure.expire(days=90)
    assert (await kept(store))["slack_oauth_states"] == 1
    assert await states.async_consume(new)


async def test_installations_do_not_expire(timed: Store, clock: Clock) -> None:
    installations = Installations(timed.database, CLIENT)
    await installations.async_save(installation("T1", "one"))
    clock.advance(days=1000)
    await timed.erasure.expire(days=90)
    assert await token(installations, "T1") == "one"


async def test_who_installed_it_can_be_forgotten(store: Store, installations: Installations) -> None:
    await installations.async_save(installation("T1", "one", user_token="xoxp-one"))
    await installations.async_save(installation("T2", "two", user_id="U2", user_token="xoxp-two"))
    await store.erasure.forget("U1")
    one, two = [await installations.async_find_installation(enterprise_id=None, team_id=team) for team in ("T1", "T2")]
    assert (one.user_id, one.user_token, one.bot_token) == (FORGOTTEN, None, "one")
    assert (two.user_id, two.user_token) == ("U2", "xoxp-two")
    assert await token(installations, "T1") == "one"


async def test_many_at_once_wait_for_no_connection_of_their_own(store: Store, installations: Installations) -> None:
    impatient(store.database)
    states = States(store.database)

    async def install(number: int) -> str:
        assert await states.async_consume(await states.async_issue())
        await installations.async_save(installation(f"T{number}", f"token {number}"))
        return await token(installations, f"T{number}")

    assert await at_once(install(number) for number in range(20)) == [f"token {number}" for number in range(20)]
