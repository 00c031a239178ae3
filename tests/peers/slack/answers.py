"""What the app's answers do: the body of an ack, and the posts to a response_url."""

import json
import time
from typing import Any

from tests.peers.slack import events
from tests.peers.slack.calls import ApiError, check_content, check_files
from tests.peers.slack.chat import change, posted, remove
from tests.peers.slack.delivery import COMMAND, Delivery
from tests.peers.slack.state import RESPONSE_URL_POSTS, Channel, Json, Message, ResponseUrl, View, World
from tests.peers.slack.views import checked, replace_view


def take(world: World, delivery: Delivery) -> None:
    """Does what the ack asks for; what Slack would show as an error is kept in `delivery.error`."""
    kind = COMMAND if delivery.kind == COMMAND else delivery.payload.get("type")
    takers = {COMMAND: _command, "view_submission": _submission}
    if delivery.raw is not None or kind not in takers:
        return
    if not delivery.acked:
        delivery.error = "operation_timeout" if delivery.status is None else "bad_status"
        return
    try:
        takers[kind](world, delivery)
    except ApiError as error:
        delivery.error = f"{error} {error.body.get('response_metadata', {}).get('messages', '')}".strip()


def _command(world: World, delivery: Delivery) -> None:
    words = delivery.body.decode()
    if not words:
        return
    said = delivery.json if isinstance(delivery.json, dict) else {"text": words}
    channel = world.channels[delivery.payload["channel_id"]]
    _publish(world, channel, delivery.payload["user_id"], said)


def _submission(world: World, delivery: Delivery) -> None:
    view: View = delivery.subject
    answer = delivery.json if isinstance(delivery.json, dict) else {}
    action = answer.get("response_action")
    if action is None and not answer:
        view.open = False
    elif action == "clear":
        for other in world.views.values():
            other.open = other.open and other.root != view.root
    elif action == "errors":
        _show_errors(view, answer.get("errors"))
    elif action == "update":
        replace_view(view, checked(answer.get("view"), "modal"))
    else:
        raise ApiError("invalid_response_action")


def _show_errors(view: View, errors: Any) -> None:
    inputs = {block["block_id"] for block in view.blocks if block["type"] == "input"}
    if not isinstance(errors, dict) or not errors or not set(errors) <= inputs:
        raise ApiError("invalid_errors", f"errors name blocks that are no inputs: {errors}")
    view.errors = dict(errors)


def respond(world: World, path: str, body: bytes) -> tuple[int, Json]:
    """A post to a response_url: five within half an hour, then 404. Returns the status and the answer."""
    url = world.response_urls.get(path)
    if url is None:
        return 404, {"ok": False, "error": "invalid_url"}
    if time.monotonic() - url.issued > world.response_url_seconds:
        return 404, {"ok": False, "error": "expired_url"}
    if url.used >= RESPONSE_URL_POSTS:
        return 404, {"ok": False, "error": "used_url"}
    try:
        said = json.loads(body)
        if not isinstance(said, dict):
            raise ApiError("invalid_payload")
        _respond(world, url, said)
    except ValueError:
        return 400, {"ok": False, "error": "invalid_payload"}
    except ApiError as error:
        return 400, error.body
    url.used += 1
    return 200, {"ok": True}


def _respond(world: World, url: ResponseUrl, said: Json) -> None:
    origin = _present(world, url.origin)
    if said.get("delete_original") and url.origin:
        if origin and origin.ephemeral_to:
            del world.channels[origin.channel].ephemerals[origin.ts]
        elif origin:
            remove(world, origin)
    elif said.get("replace_original") and url.origin:
        if origin is None:
            raise ApiError("message_not_found")
        _check(world, world.channels[origin.channel].team_id, said)
        change(world, origin, text=said.get("text") or "", blocks=said.get("blocks") or [])
    else:
        _publish(world, world.channels[url.channel], url.user, said)


def _present(world: World, message: Message | None) -> Message | None:
    if message is None:
        return None
    channel = world.channels[message.channel]
    return (channel.ephemerals if message.ephemeral_to else channel.messages).get(message.ts)


def _check(world: World, team_id: str, said: Json) -> None:
    if not (said.get("text") or said.get("blocks")):
        raise ApiError("no_text")
    check_content(said.get("text") or "", said.get("blocks"), weighed=False)
    check_files(world, team_id, said.get("blocks") or [], "invalid_blocks")


def _publish(world: World, channel: Channel, user: str, said: Json) -> None:
    kind = said.get("response_type", "ephemeral")
    if kind not in ("ephemeral", "in_channel"):
        raise ApiError("invalid_response_type")
    _check(world, channel.team_id, said)
    thread = said.get("thread_ts")
    if thread is not None and thread not in channel.messages:
        raise ApiError("thread_not_found")
    fields: Json = {name: said.get(name) for name in ("blocks", "thread_ts")}
    fields["metadata"] = said.get("metadata") if kind == "in_channel" else None
    to = None if kind == "in_channel" else user
    message = posted(world, channel, text=said.get("text") or "", ephemeral_to=to, **fields)
    events.say(world, message)
