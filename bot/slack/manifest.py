"""The manifest of the Slack app, as one pastes it where Slack makes apps; https://docs.slack.dev/reference/app-manifest."""

import re

from pydantic import JsonValue

from bot import texts
from bot.errors import InputError
from bot.slack.names import ASK, COMMAND, ENDPOINT, EVENTS, REDIRECT, SCOPES


def manifest(url: str | None = None) -> dict[str, JsonValue]:
    """The manifest for one workspace over Socket Mode; or for several over HTTP, at the bot's public address.

    Raises InputError for an address that Slack does not take.
    """
    address = url.rstrip("/") if url else None
    if address is not None and not re.fullmatch(r"https://[^\s/?#]+(/[^\s?#]+)?", address):
        raise InputError("--url: give the bot's public address, for example https://bot.example.com")
    endpoint: dict[str, JsonValue] = {"request_url": f"{address}{ENDPOINT}"} if address else {}
    redirect: dict[str, JsonValue] = {"redirect_urls": [f"{address}{REDIRECT}"]} if address else {}
    return {
        "display_information": {
            "name": "rag-or-tune",
            "description": texts.sentence("slack_description"),
            "long_description": texts.sentence("slack_long_description"),
            "background_color": "#1b1e26",
        },
        "features": _features({"url": f"{address}{ENDPOINT}"} if address else {}),
        "oauth_config": {**redirect, "scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": {**endpoint, "bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True, **endpoint},
            "org_deploy_enabled": address is not None,
            "socket_mode_enabled": address is None,
            "token_rotation_enabled": False,
        },
    }


def _features(where: dict[str, JsonValue]) -> dict[str, JsonValue]:
    return {
        "bot_user": {"display_name": "rag-or-tune", "always_online": True},
        "app_home": {
            "home_tab_enabled": True,
            "messages_tab_enabled": True,
            "messages_tab_read_only_enabled": False,
        },
        "agent_view": {"agent_description": texts.sentence("slack_description")},
        "slash_commands": [
            {
                "command": COMMAND,
                "description": texts.sentence("slack_description"),
                "usage_hint": texts.sentence("slack_usage"),
                "should_escape": False,
                **where,
            }
        ],
        "shortcuts": [
            {
                "name": texts.sentence("slack_shortcut"),
                "type": "message",
                "callback_id": ASK,
                "description": texts.sentence("slack_description"),
            }
        ],
    }
