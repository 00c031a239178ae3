"""The app's manifest says what the listeners listen to."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import InputError
from bot.slack.listeners import listen
from bot.slack.manifest import manifest
from bot.slack.names import ASK, COMMAND, EVENTS, SCOPES
from bot.slack.oauth import listen_to_removal
from tests.conftest import ROOT
from tests.support.processes import run

NEEDED = {  # https://docs.slack.dev/reference/events: what each event needs
    "app_mention": "app_mentions:read",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
}
CALLED = {  # https://docs.slack.dev/reference/methods: a method of ours that needs it
    "assistant:write": "assistant_threads_setStatus",
    "channels:read": "conversations_members",
    "chat:write": "chat_delete",
    "files:write": "files_upload_v2",
    "groups:read": "conversations_members",  # of private channels
    "im:write": "conversations_open",
    "users:read": "users_info",
}


def test_it_names_the_command_the_shortcut_and_the_events_that_are_listened_to() -> None:
    made = manifest()
    assert [command["command"] for command in made["features"]["slash_commands"]] == [COMMAND]
    assert [shortcut["callback_id"] for shortcut in made["features"]["shortcuts"]] == [ASK]
    events = made["settings"]["event_subscriptions"]["bot_events"]
    assert events == list(EVENTS)
    assert all(NEEDED[event] in SCOPES for event in events if event in NEEDED)


@pytest.mark.parametrize("name", EVENTS)
async def test_each_of_its_events_has_a_listener(name: str) -> None:
    app = AsyncApp(client=AsyncWebClient("xoxb-none"), signing_secret="secret")
    listen(app, dispatcher=None, article_url=None)
    listen_to_removal(app, installations=None)
    told = {"type": "event_callback", "event": {"type": name.partition(".")[0], "channel_type": "channel"}}
    request = AsyncBoltRequest(body=told, mode="socket_mode")
    matching = [
        each for each in app._async_listeners if await each.async_matches(req=request, resp=BoltResponse(status=200))
    ]
    assert len(matching) == 1


def test_its_words_are_as_short_as_slack_wants_them() -> None:
    made = manifest()
    assert len(made["display_information"]["description"]) <= 140
    assert 174 <= len(made["display_information"]["long_description"]) <= 4000
    assert all(len(shortcut["name"]) <= 24 for shortcut in made["features"]["shortcuts"])
    assert all(len(command["description"]) <= 2000 for command in made["features"]["slash_commands"])


def test_for_one_workspace_it_needs_no_address() -> None:
    made = manifest()
    assert "https://" not in json.dumps(made)
    assert made["settings"]["socket_mode_enabled"] is True
    assert made["settings"]["org_deploy_enabled"] is False


@pytest.mark.parametrize("url", ["https://bot.example.com", "https://bot.example.com/", "https://example.com/bot"])
def test_for_several_workspaces_everything_goes_to_the_bots_address(url: str) -> None:
    made, at = manifest(url), url.rstrip("/")
    assert made["oauth_config"]["redirect_urls"] == [f"{at}/slack/oauth_redirect"]
    assert made["settings"]["event_subscriptions"]["request_url"] == f"{at}/slack/events"
    assert made["settings"]["interactivity"] == {"is_enabled": True, "request_url": f"{at}/slack/events"}
    assert [command["url"] for command in made["features"]["slash_commands"]] == [f"{at}/slack/events"]
    assert made["settings"]["socket_mode_enabled"] is False
    assert made["settings"]["org_deploy_enabled"] is True
    assert made["settings"]["event_subscriptions"]["bot_events"] == list(EVENTS)


@pytest.mark.parametrize(
    "url", ["http://bot.example.com", "bot.example.com", "https://", "https://a b", "https://a?b=c"]
)
def test_an_address_that_slack_would_not_take_is_refused(url: str) -> None:
    with pytest.raises(InputError, match="--url"):
        manifest(url)


def test_the_command_prints_it() -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "bot", "slack", "manifest"], cwd=ROOT, capture_output=True, check=True, timeout=60
    )
    assert json.loads(printed.stdout) == manifest()


def test_the_command_prints_it_for_several_workspaces(tmp_path: Path) -> None:
    printed = run(tmp_path, "slack", "manifest", "--url", "https://bot.example.com")
    assert json.loads(printed.stdout) == manifest("https://bot.example.com")
    refused = run(tmp_path, "slack", "manifest", "--url", "bot.example.com")
    assert refused.returncode == 1
    assert refused.stderr.startswith(b"rag-or-tune: --url: ")


def test_it_asks_for_no_scope_that_nothing_needs() -> None:
    """Each is for an event that is listened to, for a method that is called, or for the command."""
    events = {NEEDED[event] for event in EVENTS if event in NEEDED}
    code = "".join(path.read_text() for path in (ROOT / "bot/slack").glob("*.py"))
    called = {scope for scope, method in CALLED.items() if method in code}
    assert called == set(CALLED)
    assert set(SCOPES) == events | called | {"commands"}
