"""The events of the Events API, as Slack words them."""

from tests.peers.slack.rendering import message_json, view_json
from tests.peers.slack.state import Json, Message, User, World

KINDS = {"channel": "channels", "group": "groups", "im": "im", "mpim": "mpim"}
SCOPE_OF = {"app_mention": "app_mentions:read"} | {f"message.{kind}": f"{kind}:history" for kind in KINDS.values()}


def subscription(world: World, event: Json) -> str:
    """The name under which an app subscribes to this event."""
    if event["type"] != "message":
        return event["type"]
    return f"message.{KINDS[world.channels[event['channel']].kind]}"


def message_event(world: World, message: Message) -> Json:
    """Something was said."""
    channel = world.channels[message.channel]
    place = {"channel": channel.id, "channel_type": channel.kind, "event_ts": message.ts}
    return message_json(world, message) | place


def mention_event(world: World, message: Message) -> Json:
    """Something was said that mentions the app."""
    event = message_event(world, message)
    del event["channel_type"]
    return event | {"type": "app_mention"}


def changed_event(world: World, message: Message, previous: Json) -> Json:
    """A message was edited, by a person or by an app."""
    return _hidden(world, message, "message_changed") | {
        "message": message_json(world, message),
        "previous_message": previous,
    }


def deleted_event(world: World, message: Message, previous: Json) -> Json:
    """A message is gone."""
    return _hidden(world, message, "message_deleted") | {"deleted_ts": message.ts, "previous_message": previous}


def _hidden(world: World, message: Message, subtype: str) -> Json:
    now = world.ts()
    channel = world.channels[message.channel]
    place = {"channel": channel.id, "channel_type": channel.kind, "ts": now, "event_ts": now}
    return {"type": "message", "subtype": subtype, "hidden": True, **place}


def home_event(world: World, user: User, tab: str) -> Json:
    """A person opened the app's Home or its messages."""
    home = world.homes.get((user.team_id, user.id))
    event: Json = {
        "type": "app_home_opened",
        "user": user.id,
        "channel": world.direct(user.team_id, user.id).id,
        "tab": tab,
        "event_ts": world.ts(),
    }
    return event | ({"view": view_json(world, home)} if home and tab == "home" else {})


def say(world: World, message: Message) -> None:
    """Tells the app of a message, when it hears its own."""
    if message.ephemeral_to is None and world.echoes:
        world.publish(message_event(world, message), world.channels[message.channel].team_id)


def say_changed(world: World, message: Message, previous: Json) -> None:
    if world.echoes:
        world.publish(changed_event(world, message, previous), world.channels[message.channel].team_id)
