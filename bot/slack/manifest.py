"""The manifest of the Slack app, as one pastes it where Slack makes apps; https://docs.slack.dev/reference/app-manifest."""

from pydantic import JsonValue

from bot import prompts
from bot.slack.names import ASK, COMMAND, EVENTS, SCOPES


def manifest() -> dict[str, JsonValue]:
    """The manifest for one workspace over Socket Mode."""
    return {
        "display_information": {
            "name": "rag-or-tune",
            "description": prompts.sentence("slack_description"),
            "long_description": prompts.sentence("slack_long_description"),
            "background_color": "#1b1e26",
        },
        "features": {
            "bot_user": {"display_name": "rag-or-tune", "always_online": True},
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "agent_view": {"agent_description": prompts.sentence("slack_description")},
            "slash_commands": [
                {
                    "command": COMMAND,
                    "description": prompts.sentence("slack_description"),
                    "usage_hint": prompts.sentence("slack_usage"),
                    "should_escape": False,
                }
            ],
            "shortcuts": [
                {
                    "name": prompts.sentence("slack_shortcut"),
                    "type": "message",
                    "callback_id": ASK,
                    "description": prompts.sentence("slack_description"),
                }
            ],
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": {"bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True},
            "org_deploy_enabled": False,
            "socket_mode_enabled": True,
            "token_rotation_enabled": False,
        },
    }
