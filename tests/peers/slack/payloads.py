"""What Slack sends when people act: event callbacks, commands and interactions, field by field."""

import secrets
import time

from tests.peers.slack.rendering import message_json, view_json
from tests.peers.slack.state import Channel, Json, Message, User, View, World

TOKEN = "verification-token"


def event_callback(world: World, event: Json, team_id: str) -> Json:
    """The envelope of an event, with a new event id."""
    team = world.teams[team_id]
    bot, whole = world.bot(team_id), _is_whole(world, team_id)
    who = {"enterprise_id": team.enterprise_id, "team_id": None if whole else team_id, "user_id": bot.id}
    return {
        "token": TOKEN,
        "team_id": team_id,
        "enterprise_id": team.enterprise_id,
        "context_team_id": team_id,
        "context_enterprise_id": team.enterprise_id,
        "api_app_id": world.app.id,
        "event": event,
        "type": "event_callback",
        "event_id": world.id("Ev"),
        "event_time": int(time.time()),
        "authorizations": [who | {"is_bot": True, "is_enterprise_install": whole}],
        "is_ext_shared_channel": False,
        "event_context": f"4-{secrets.token_hex(12)}",
    }


def _is_whole(world: World, team_id: str) -> bool:
    """Whether the app is installed in the whole organisation that a team is of."""
    install = world.installed(team_id)
    return bool(install and install.enterprise_id)


def command(world: World, channel: Channel, user: User, name: str, text: str) -> Json:
    """The form of a slash command."""
    team = world.teams[channel.team_id]
    shown = {"im": "directmessage", "group": "privategroup"}.get(channel.kind, channel.name)
    enterprise = {"enterprise_id": team.enterprise_id, "enterprise_name": team.name} if team.enterprise_id else {}
    return {
        "token": TOKEN,
        "team_id": team.id,
        "team_domain": team.domain,
        **enterprise,
        "channel_id": channel.id,
        "channel_name": shown,
        "user_id": user.id,
        "user_name": user.name,
        "command": name,
        "text": text,
        "api_app_id": world.app.id,
        "is_enterprise_install": "true" if _is_whole(world, team.id) else "false",
        "response_url": world.response_url("commands", channel, user.id),
        "trigger_id": world.trigger(team.id, user.id),
    }


def interaction(world: World, kind: str, user: User, view: View | None = None) -> Json:
    """What every interaction has in common, with a new trigger."""
    team, whole = world.teams[user.team_id], _is_whole(world, user.team_id)
    return {
        "type": kind,
        "team": None if whole else {"id": team.id, "domain": team.domain},
        "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": team.id},
        "api_app_id": world.app.id,
        "token": TOKEN,
        "enterprise": {"id": team.enterprise_id, "name": team.name} if team.enterprise_id else None,
        "is_enterprise_install": whole,
        "trigger_id": world.trigger(team.id, user.id, view.id if view else None),
    }


def on_message(world: World, message: Message, user: User) -> Json:
    """The part of an interaction that says in which message it happened. An ephemeral one is not repeated."""
    channel = world.channels[message.channel]
    container: Json = {"type": "message", "message_ts": message.ts, "channel_id": channel.id}
    container["is_ephemeral"] = message.ephemeral_to is not None
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    shown = {} if message.ephemeral_to else {"message": message_json(world, message)}
    return {
        "container": container,
        "channel": {"id": channel.id, "name": channel.name},
        "response_url": world.response_url("actions", channel, user.id, message),
        "state": {"values": message.state},
        **shown,
    }


def on_view(world: World, view: View) -> Json:
    """The part of an interaction that says in which view it happened."""
    return {"container": {"type": "view", "view_id": view.id}, "view": view_json(world, view)}


def message_action(world: World, callback_id: str, message: Message, user: User) -> Json:
    """A message shortcut."""
    channel = world.channels[message.channel]
    return interaction(world, "message_action", user) | {
        "callback_id": callback_id,
        "action_ts": world.ts(),
        "message_ts": message.ts,
        "channel": {"id": channel.id, "name": channel.name},
        "message": message_json(world, message),
        "response_url": world.response_url("app", channel, user.id, None),
    }
