"""The parts of `serve`: how they are named, and what each needs."""

import pytest

from bot.errors import InputError, SettingsError
from bot.process.platforms import make_listeners, parse_parts
from bot.settings import Settings

ONE_WORKSPACE = {"slack_bot_token": "xoxb-1"}
SOCKETS = {**ONE_WORKSPACE, "slack_app_token": "xapp-1"}
HTTP = {**ONE_WORKSPACE, "slack_signing_secret": "secret"}
SEVERAL = {"slack_client_id": "1", "slack_client_secret": "2", "slack_app_token": "xapp-1", "slack_signing_secret": "s"}
DISCORD = {"discord_token": "token"}


def listening(given: dict[str, str], parts: str = "") -> list[str]:
    listeners = make_listeners(Settings(**given), parse_parts(parts) if parts else ())
    return [type(listener).__name__ for listener in listeners]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, []),
        (SOCKETS, ["SocketListener"]),
        (HTTP, ["HttpListener"]),
        (SOCKETS | HTTP, ["SocketListener"]),
        (SEVERAL, ["SocketListener", "HttpListener"]),
        (HTTP | DISCORD, ["HttpListener", "GatewayListener"]),
    ],
)
def test_without_parts_everything_that_is_set_up_listens(given: dict[str, str], found: list[str]) -> None:
    assert listening(given) == found


@pytest.mark.parametrize("given", [{"slack_app_token": "xapp-1"}, ONE_WORKSPACE | DISCORD])
def test_what_is_only_partly_set_is_said(given: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=r"^Slack is only partly configured: set SLACK_BOT_TOKEN"):
        listening(given)


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        ("slack", ["SocketListener"]),
        ("discord, Slack", ["SocketListener", "GatewayListener"]),
        ("web,slack", ["SocketListener", "HttpListener"]),
        ("worker", []),
        ("worker,discord", ["GatewayListener"]),
    ],
)
def test_of_what_is_set_up_only_the_named_parts_listen(parts: str, found: list[str]) -> None:
    assert listening(SOCKETS | HTTP | DISCORD, parts) == found


@pytest.mark.parametrize(
    ("part", "given", "problem"),
    [
        ("slack", HTTP, "Set SLACK_BOT_TOKEN"),
        ("web", SOCKETS, "Set SLACK_SIGNING_SECRET"),
        ("discord", SOCKETS, "Set DISCORD_TOKEN"),
    ],
)
def test_a_part_says_what_it_needs(part: str, given: dict[str, str], problem: str) -> None:
    with pytest.raises(SettingsError, match=problem):
        listening(given, part)


@pytest.mark.parametrize(("parts", "unknown"), [("slakc", "slakc"), ("slack,teams", "teams"), ("", "nothing")])
def test_a_part_that_does_not_exist_is_named(parts: str, unknown: str) -> None:
    with pytest.raises(InputError, match=rf"{unknown} cannot be served; name some of slack, discord, web, worker\."):
        parse_parts(parts)
