"""What the app answers to interactions: the callback, the original response, and follow-ups."""

import time
from typing import Any

from tests.peers.discord.calls import Call, route
from tests.peers.discord.errors import ApiError, Violation
from tests.peers.discord.forms import is_empty, modal_violations
from tests.peers.discord.interaction import (
    COMMAND,
    COMPONENT,
    DEFER,
    DEFER_UPDATE,
    FOLLOWUPS,
    MESSAGE,
    MODAL,
    MODAL_SUBMIT,
    UPDATE,
    Interaction,
    Modal,
)
from tests.peers.discord.messages import REPLY, change, check_form, compose, remove
from tests.peers.discord.permissions import may
from tests.peers.discord.rendering import message_json, user_json
from tests.peers.discord.state import EPHEMERAL, LOADING, Json, Message, World

_COMMAND_REPLY, _MENU_REPLY = 20, 23


@route("POST /interactions/{}/{}/callback", open_to_all=True)
def callback(call: Call) -> Json | None:
    known = call.world.interactions.get(call.ids[1])
    if known is None or known.id != call.ids[0] or known.failed or known.expired:
        raise ApiError(10062)
    if known.acked:
        raise ApiError(40060)
    if known.channel_id not in call.world.channels:
        raise ApiError(10003)
    kind = call.payload.get("type")
    _check_kind(known, kind)
    _RESPONSES[kind](call, known, call.payload.get("data") or {})
    known.acknowledge(kind)
    return _outcome(call.world, known) if call.flag("with_response") else None


def _check_kind(known: Interaction, kind: Any) -> None:
    allowed = {COMMAND: (4, 5, 9), COMPONENT: (4, 5, 6, 7, 9), MODAL_SUBMIT: (4, 5)}[known.kind]
    if known.kind == MODAL_SUBMIT and known.source is not None:
        allowed += (6, 7)
    if kind not in allowed:
        raise ApiError(50035, Violation("type", "BASE_TYPE_CHOICES", f"Value must be one of {allowed}."))


def _outcome(world: World, known: Interaction) -> Json:
    about: Json = {"id": known.id, "type": known.kind}
    resource: Json = {"type": known.type}
    if known.response is not None and known.type in (MESSAGE, DEFER, UPDATE):
        about["response_message_id"] = known.response.id
        about["response_message_loading"] = known.response.loading
        about["response_message_ephemeral"] = known.response.ephemeral
        resource["message"] = message_json(world, known.response)
    return {"interaction": about, "resource": resource}


def _origin(world: World, known: Interaction) -> Json:
    user = user_json(world.users[known.user_id])
    about: Json = {"id": known.id, "type": known.kind, "user": user}
    about["authorizing_integration_owners"] = known.owners
    if known.kind == COMPONENT and known.source:
        about["interacted_message_id"] = known.source.id
    if known.kind == MODAL_SUBMIT:
        about["triggering_interaction_metadata"] = {**about, "type": COMMAND}
    shown: Json = {"interaction_metadata": about}
    if known.kind == COMMAND:
        shown["interaction"] = {"id": known.id, "type": COMMAND, "name": known.data.get("name", ""), "user": user}
    return shown


def _reply(call: Call, known: Interaction, payload: Json, flags: int = 0, *, first: bool = True) -> Message:
    """A message of the interaction, seen by one person only when it is ephemeral."""
    channel = call.world.channels[known.channel_id]
    target = known.source if first else known.response
    more: Json = {"flags": flags, "origin": _origin(call.world, known)}
    more["ephemeral_to"] = known.user_id if flags & EPHEMERAL else None
    if first and known.kind == COMMAND:
        more["kind"] = _COMMAND_REPLY if known.data.get("type") == 1 else _MENU_REPLY
    elif target is not None:
        reference: Json = {"type": 0, "channel_id": channel.id, "message_id": target.id}
        more |= {"kind": REPLY, "reference": reference | ({"guild_id": channel.guild_id} if channel.guild_id else {})}
    return compose(call.world, channel, payload, call.files, **more)


def _whispered(world: World, known: Interaction, data: Json) -> bool:
    """Whether only one person sees it: as asked for, or since they may not bring their own apps into the channel."""
    channel = world.channels[known.channel_id]
    foreign = known.guest and known.guild_id and not may(world, channel, known.user_id, "USE_EXTERNAL_APPS")
    return bool((data.get("flags") or 0) & EPHEMERAL) or bool(foreign)


def _check(call: Call, data: Json) -> None:
    check_form(data, call.files)
    if is_empty(data) and not call.files:
        raise ApiError(50006)


def _message(call: Call, known: Interaction, data: Json) -> None:
    _check(call, data)
    known.ephemeral = _whispered(call.world, known, data)
    known.response = _reply(call, known, data, EPHEMERAL if known.ephemeral else 0)


def _defer(call: Call, known: Interaction, data: Json) -> None:
    known.ephemeral = _whispered(call.world, known, data)
    known.response = _reply(call, known, {}, LOADING | (EPHEMERAL if known.ephemeral else 0))


def _defer_update(_call: Call, known: Interaction, _data: Json) -> None:
    known.response = known.source
    known.ephemeral = bool(known.source and known.source.ephemeral)


def _update(call: Call, known: Interaction, data: Json) -> None:
    if known.source is None or call.world.find(known.source) is None:
        raise ApiError(10008)
    change(call.world, known.source, data, call.files)
    known.response, known.ephemeral = known.source, known.source.ephemeral


def _modal(_call: Call, known: Interaction, data: Json) -> None:
    found = modal_violations(data)
    if found:
        raise ApiError(50035, *(Violation(f"data.{path}", code, words) for path, code, words in found))
    shown = Modal(data["custom_id"], data["title"], data["components"], known.user_id, known.channel_id)
    shown.source = known.source
    known.modal = shown


_RESPONSES = {MESSAGE: _message, DEFER: _defer, DEFER_UPDATE: _defer_update, UPDATE: _update, MODAL: _modal}


def _known(call: Call) -> Interaction:
    """The acknowledged interaction whose token the path has."""
    known = call.world.interactions.get(call.ids[1])
    if known is None or call.ids[0] != call.world.app.id:
        raise ApiError(10015)
    if known.expired or time.monotonic() - known.at > call.world.token_seconds:
        raise ApiError(50027)
    if not known.acked:
        raise ApiError(10015)
    if known.channel_id not in call.world.channels:
        raise ApiError(10003)
    return known


def _original(call: Call) -> tuple[Interaction, Message]:
    known = _known(call)
    if known.response is None or call.world.find(known.response) is None:
        raise ApiError(10008)
    return known, known.response


@route("GET /webhooks/{}/{}/messages/@original", open_to_all=True)
def get_original(call: Call) -> Json:
    return message_json(call.world, _original(call)[1])


@route("PATCH /webhooks/{}/{}/messages/@original", open_to_all=True)
def edit_original(call: Call) -> Json:
    _, message = _original(call)
    return message_json(call.world, change(call.world, message, call.payload, call.files))


@route("DELETE /webhooks/{}/{}/messages/@original", open_to_all=True)
def delete_original(call: Call) -> None:
    known, message = _original(call)
    remove(call.world, message)
    known.deleted, known.response = True, None


@route("POST /webhooks/{}/{}", open_to_all=True)
def follow_up(call: Call) -> Json | None:
    known = _known(call)
    _check(call, call.payload)
    if known.response is not None and known.response.loading and call.world.find(known.response):
        message = change(call.world, known.response, call.payload, call.files)
    else:
        if known.guest and len(known.followups) >= FOLLOWUPS:
            raise ApiError(40094)
        flags = EPHEMERAL if _whispered(call.world, known, call.payload) else 0
        message = _reply(call, known, call.payload, flags, first=False)
        known.followups.append(message)
    return message_json(call.world, message) if call.flag("wait") else None


def _followup(call: Call) -> tuple[Interaction, Message]:
    known = _known(call)
    mine = known.followups + ([known.response] if known.response else [])
    message = next((each for each in mine if each.id == call.ids[2]), None)
    if message is None or call.world.find(message) is None:
        raise ApiError(10008)
    return known, message


@route("GET /webhooks/{}/{}/messages/{}", open_to_all=True)
def get_followup(call: Call) -> Json:
    return message_json(call.world, _followup(call)[1])


@route("PATCH /webhooks/{}/{}/messages/{}", open_to_all=True)
def edit_followup(call: Call) -> Json:
    _, message = _followup(call)
    return message_json(call.world, change(call.world, message, call.payload, call.files))


@route("DELETE /webhooks/{}/{}/messages/{}", open_to_all=True)
def delete_followup(call: Call) -> None:
    known, message = _followup(call)
    remove(call.world, message)
    if message in known.followups:
        known.followups.remove(message)
