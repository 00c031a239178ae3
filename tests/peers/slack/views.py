"""The `views.*` methods: modals, which want a fresh trigger, and Home tabs."""

import json
import secrets
import time
from typing import Any

from tests.peers.slack.blocks import VIEW_BYTES, interactive, view_violations
from tests.peers.slack.calls import ApiError, Call, check_files, method, missing
from tests.peers.slack.rendering import stored_blocks, view_json
from tests.peers.slack.state import Json, Trigger, View, World


def spec(call: Call, kind: str) -> Json:
    """The view of a call, within Slack's limits."""
    view = checked(call.json("view", "invalid_arguments"), kind)
    check_files(call.world, call.team_id, view["blocks"], "invalid_arguments")
    return view


def checked(view: Any, kind: str) -> Json:
    """A view that Slack takes, with the ids it adds; raises `invalid_arguments` with the reasons otherwise."""
    if not isinstance(view, dict):
        raise missing("view")
    wrong = view_violations(view)
    if not wrong and view["type"] != kind:
        wrong = [f"unsupported type: {view['type']} [json-pointer:/view/type]"]
    if wrong:
        raise ApiError("invalid_arguments", "failed to match all allowed schemas [json-pointer:/view]", *wrong)
    if len(json.dumps(view)) > VIEW_BYTES:
        raise ApiError("view_too_large")
    return view | {"blocks": stored_blocks(view["blocks"])}


def new_hash() -> str:
    return f"{int(time.time())}.{secrets.token_hex(4)}"


def initial_state(blocks: list[Json]) -> Json:
    """The `state.values` of blocks that nobody touched yet."""
    state: Json = {}
    for block, element in interactive(blocks):
        value = _initial(element)
        if value is not None:
            state.setdefault(block["block_id"], {})[element["action_id"]] = {"type": element["type"], **value}
    return state


def _initial(element: Json) -> Json | None:
    kind = element["type"]
    if kind == "button":
        return None
    if kind.endswith("_input"):
        return {"value": element.get("initial_value")}
    return {"selected_option": element.get("initial_option")}


def add_view(world: World, team_id: str, user: str, view: Json) -> View:
    """Puts a view on the screen of a person."""
    name = world.id("V")
    shown = View(name, team_id, user, view, new_hash(), name)
    shown.state = initial_state(shown.blocks)
    world.views[name] = shown
    return shown


def replace_view(view: View, spec: Json) -> View:
    """Shows other content in the same place; what was filled in stays where block and action ids stay."""
    view.versions.append(view.spec)
    kept = view.state
    view.spec, view.hash, view.errors = spec, new_hash(), {}
    view.state = initial_state(view.blocks)
    for block, values in view.state.items():
        for action in values:
            old = kept.get(block, {}).get(action)
            if old and old["type"] == values[action]["type"]:
                values[action] = old
    return view


def _exchange(call: Call) -> Trigger:
    name = call.text("trigger_id") or call.text("interactivity_pointer")
    if not name:
        raise missing("trigger_id")
    trigger = call.world.triggers.get(name)
    if trigger is None or trigger.team_id != call.team_id:
        raise ApiError("invalid_trigger_id")
    if trigger.used:
        raise ApiError("exchanged_trigger_id")
    if time.monotonic() - trigger.issued > call.world.trigger_seconds:
        raise ApiError("expired_trigger_id")
    return trigger


@method("views.open")
def open_view(call: Call) -> Json:
    trigger = _exchange(call)
    view = add_view(call.world, call.team_id, trigger.user, spec(call, "modal"))
    trigger.used = True
    return {"view": view_json(call.world, view)}


@method("views.publish")
def publish_view(call: Call) -> Json:
    if not call.world.app.home:
        raise ApiError("not_enabled")
    user = call.user("user_id")
    wanted = spec(call, "home")
    view = call.world.homes.get((call.team_id, user.id))
    if view and call.text("hash") not in (None, view.hash):
        raise ApiError("hash_conflict")
    if view is None:
        name = call.world.id("V")
        view = View(name, call.team_id, user.id, wanted, new_hash(), name)
        view.state = initial_state(view.blocks)
        call.world.homes[call.team_id, user.id] = view
    else:
        replace_view(view, wanted)
    return {"view": view_json(call.world, view)}
