"""The app's manifest says what the listeners listen to."""

import json
import subprocess
import sys

from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.listeners import listen
from bot.slack.manifest import manifest
from bot.slack.names import ASK, COMMAND, EVENTS, SCOPES
from tests.conftest import ROOT

NEEDED = {  # https://docs.slack.dev/reference/events: what each event needs
    "app_mention": "app_mentions:read",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
}


def test_it_names_the_command_the_shortcut_and_the_events_that_are_listened_to() -> None:
    made = manifest()
    assert [command["command"] for command in made["features"]["slash_commands"]] == [COMMAND]
    assert [shortcut["callback_id"] for shortcut in made["features"]["shortcuts"]] == [ASK]
    events = made["settings"]["event_subscriptions"]["bot_events"]
    assert events == list(EVENTS)
    assert all(NEEDED[event] in SCOPES for event in events if event in NEEDED)


async def test_each_of_its_events_has_a_listener() -> None:
    app = AsyncApp(client=AsyncWebClient("xoxb-none"), signing_secret="secret")
    listen(app, service=None, article_url=None)
    assert len(app._async_listeners) == 6  # home, messages twice, the command, the shortcut, the buttons


def test_its_words_are_as_short_as_slack_wants_them() -> None:
    made = manifest()
    assert len(made["display_information"]["description"]) <= 140
    assert 174 <= len(made["display_information"]["long_description"]) <= 4000
    assert all(len(shortcut["name"]) <= 24 for shortcut in made["features"]["shortcuts"])
    assert all(len(command["description"]) <= 2000 for command in made["features"]["slash_commands"])


def test_the_command_prints_it() -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "bot", "slack", "manifest"], cwd=ROOT, capture_output=True, check=True, timeout=60
    )
    assert json.loads(printed.stdout) == manifest()
