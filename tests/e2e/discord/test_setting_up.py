"""Setting Discord up: the invitation, and what the doctor says of it."""

import subprocess
from pathlib import Path

import pytest
from discord import Permissions
from pydantic import SecretStr

from bot.discord.app import make_adapter
from bot.discord.names import PERMISSIONS
from bot.errors import BotError
from bot.settings import Settings
from bot.store.database import Database, DatabaseUrls
from bot.store.store import Store
from tests.conftest import KEY, ROOT
from tests.peers.discord import App, Discord, discord_server
from tests.support.processes import run

USED = {  # where the bot does what the permission is for
    "read_messages": ".history(",  # to see channels
    "send_messages": ".send(",
    "send_messages_in_threads": ".send(",
    "create_public_threads": "start_thread",
    "add_reactions": ".add_reaction(",
    "embed_links": "Embed(",
    "attach_files": "File(",
    "read_message_history": ".history(",
}


def _said(data_dir: Path, tmp_path: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[bytes]:
    return run(data_dir, *words, DATABASE_URL=f"sqlite:///{tmp_path}/d.sqlite", SECRET_KEYS=KEY, **variables)


def test_it_prints_how_it_is_invited(data_dir: Path, tmp_path: Path) -> None:
    app = App()
    said = _said(data_dir, tmp_path, "discord", "invite", DISCORD_TOKEN=app.token)
    server, account = said.stdout.decode().splitlines()
    assert f"client_id={app.id}&scope=bot+applications.commands&permissions=" in server
    assert account.endswith("integration_type=1")


def test_it_asks_for_no_permission_that_nothing_needs() -> None:
    code = "".join(path.read_text() for path in (ROOT / "bot/discord").glob("*.py"))
    assert {name for name, is_wanted in PERMISSIONS if is_wanted} == set(USED)
    assert [name for name, does in USED.items() if does not in code] == []


@pytest.mark.parametrize("words", [("discord",), ("discord", "invite")])
def test_without_a_token_it_says_what_to_set(data_dir: Path, tmp_path: Path, words: tuple[str, ...]) -> None:
    said = _said(data_dir, tmp_path, *words)
    assert said.returncode == 1
    assert said.stderr.strip() == b"rag-or-tune: Set DISCORD_TOKEN; the README's Discord steps say how."


def test_what_is_no_token_is_named(data_dir: Path, tmp_path: Path) -> None:
    said = _said(data_dir, tmp_path, "discord", "invite", DISCORD_TOKEN="hunter2")
    assert said.returncode == 1
    assert b"is no bot's token" in said.stderr
    assert b"hunter2" not in said.stderr


async def _checked(discord: Discord, tmp_path: Path, **other: object) -> str:
    given = {"discord_token": SecretStr(discord.token), "discord_api_url": discord.api_url}
    store = Store(Database(DatabaseUrls.of(None, tmp_path), [KEY]))
    made = make_adapter(Settings(**(given | other)), store)
    assert made
    try:
        return await made.check()
    finally:
        await made.close()
        await store.close()


def test_the_doctor_asks_discord(data_dir: Path, tmp_path: Path) -> None:
    with discord_server() as discord:
        discord.guild("acme", discord.user("ann"))
        said = _said(data_dir, tmp_path, "doctor", DISCORD_TOKEN=discord.token, DISCORD_API_URL=discord.api_url)
    assert b"in 1 server(s)" in said.stdout


async def test_what_a_server_does_not_allow_is_named(tmp_path: Path) -> None:
    with discord_server() as discord:
        guild = discord.guild("acme", discord.user("ann"))

        def take_away() -> None:
            everyone = discord.world.guilds[guild.id].roles[guild.id]
            everyone.permissions &= ~Permissions(embed_links=True).value

        discord.run(take_away)
        with pytest.raises(BotError, match="missing in acme: embed links; invite the bot again"):
            await _checked(discord, tmp_path)


async def test_a_wrong_token_is_named(tmp_path: Path) -> None:
    with discord_server() as discord, pytest.raises(BotError, match="set a new DISCORD_TOKEN"):
        await _checked(discord, tmp_path, discord_token=SecretStr("MTIz.x.y"))


async def test_when_discord_cannot_be_reached_it_says_so(tmp_path: Path) -> None:
    with discord_server() as discord, pytest.raises(BotError, match="cannot be reached"):
        await _checked(discord, tmp_path, discord_api_url="http://127.0.0.1:9/api")


async def test_the_consultants_channel_is_looked_at(tmp_path: Path) -> None:
    with discord_server() as discord:
        cem, eve = discord.user("cem"), discord.user("eve")
        guild = discord.guild("firm", cem, eve)
        desk = discord.channel(guild, "consultants")
        with pytest.raises(BotError, match="is open to everybody in firm"):
            await _checked(discord, tmp_path, consultant_discord_channel=desk.id)
        discord.keep_private(desk, cem)
        assert "consultants in #consultants" in await _checked(discord, tmp_path, consultant_discord_channel=desk.id)
        discord.deny(desk, "ATTACH_FILES", "CREATE_PUBLIC_THREADS")
        with pytest.raises(BotError, match=r"bot.s role lacks: .*attach files.*create public threads"):
            await _checked(discord, tmp_path, consultant_discord_channel=desk.id)
        thread = discord.thread(desk, owner=cem)
        with pytest.raises(BotError, match="no text channel"):
            await _checked(discord, tmp_path, consultant_discord_channel=thread.id)
        for gone in ("1", "99999999999999999999"):
            with pytest.raises(BotError, match="cannot be seen"):
                await _checked(discord, tmp_path, consultant_discord_channel=gone)
