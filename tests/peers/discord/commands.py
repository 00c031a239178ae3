"""Application commands: what the app may register, and how it does."""

import re
from typing import Any

from tests.peers.discord.calls import Call, route
from tests.peers.discord.checks import Found, choice, join, listed, required, text
from tests.peers.discord.errors import ApiError, Violation
from tests.peers.discord.state import Json, World

CHAT, USER_MENU, MESSAGE_MENU = 1, 2, 3
MOST = {CHAT: 100, USER_MENU: 15, MESSAGE_MENU: 15}
SUB, GROUP = 1, 2
CHARACTERS = 8_000
_NAME = re.compile(r"[-_'\w]{1,32}", re.UNICODE)


def command_violations(command: Json, path: str = "") -> Found:
    """What Discord refuses in one command."""
    found: Found = []
    kind = command.get("type", CHAT)
    if kind not in MOST:
        choice(join(path, "type"), found, *MOST)
    if kind == CHAT:
        _name(command.get("name"), join(path, "name"), found)
        text(command.get("description"), join(path, "description"), found, 100, 1)
        _options(command.get("options"), join(path, "options"), found, 0)
    else:
        text(command.get("name"), join(path, "name"), found, 32, 1)
        for name in ("description", "options"):
            if command.get(name):
                words = "Context menu commands cannot have this"
                found.append(Violation(join(path, name), "APPLICATION_COMMAND_CONTEXT_MENU_INVALID", words))
    for name, allowed in (("contexts", (0, 1, 2)), ("integration_types", (0, 1))):
        for place, value in enumerate(command.get(name) or []):
            if value not in allowed:
                choice(join(path, name, place), found, *allowed)
    if _weight(command) > CHARACTERS:
        words = f"Command exceeds maximum size ({CHARACTERS})"
        found.append(Violation(path or "command", "APPLICATION_COMMAND_TOO_LARGE", words))
    return found


def _name(name: Any, path: str, found: Found) -> None:
    text(name, path, found, 32, 1)
    if isinstance(name, str) and name and (not _NAME.fullmatch(name) or name != name.lower()):
        words = "Command name is invalid"
        found.append(Violation(path, "APPLICATION_COMMAND_INVALID_NAME", words))


def _options(options: Any, path: str, found: Found, depth: int) -> None:
    known = listed(options, path, found, 25)
    optional = False
    for place, option in enumerate(known):
        where = join(path, place)
        _name(option.get("name"), join(where, "name"), found)
        text(option.get("description"), join(where, "description"), found, 100, 1)
        kind = option.get("type")
        if kind not in range(1, 12) or (kind in (SUB, GROUP) and depth + kind > 2 + (kind == SUB)):
            choice(join(where, "type"), found, *range(1, 12))
        if kind in (SUB, GROUP):
            _options(option.get("options"), join(where, "options"), found, depth + 1)
            continue
        _choices(option.get("choices"), join(where, "choices"), found)
        if option.get("required") and optional:
            words = "Required options must be placed before non-required options"
            found.append(Violation(where, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", words))
        optional = optional or not option.get("required")
    kinds = {option.get("type") in (SUB, GROUP) for option in known}
    names = [option.get("name") for option in known]
    if len(kinds) > 1 or len(names) != len(set(names)):
        words = "Option names must be unique, and subcommands stand alone"
        found.append(Violation(path, "APPLICATION_COMMAND_OPTIONS_NAME_INVALID", words))


def _choices(choices: Any, path: str, found: Found) -> None:
    for place, each in enumerate(listed(choices, path, found, 25)):
        text(each.get("name"), join(path, place, "name"), found, 100, 1)
        if each.get("value") is None:
            required(join(path, place, "value"), found)
        elif isinstance(each["value"], str):
            text(each["value"], join(path, place, "value"), found, 100, 1)


def _weight(command: Json) -> int:
    own = len(command.get("name") or "") + len(command.get("description") or "")
    own += sum(len(each["name"]) + len(str(each["value"])) for each in command.get("choices") or [])
    return own + sum(_weight(option) for option in command.get("options") or [])


def _checked(commands: Any) -> list[Json]:
    if not isinstance(commands, list):
        raise ApiError(50035)
    found = [each for place, command in enumerate(commands) for each in command_violations(command, str(place))]
    keys = [(command.get("type", CHAT), command.get("name")) for command in commands]
    for place, key in enumerate(keys):
        if key in keys[:place]:
            words = "Application command names must be unique"
            found.append(Violation(str(place), "APPLICATION_COMMANDS_DUPLICATE_NAME", words))
    for kind, most in MOST.items():
        if sum(known == kind for known, _ in keys) > most:
            raise ApiError(30032)
    if found:
        raise ApiError(50035, *found)
    return commands


def _stored(world: World, command: Json) -> Json:
    same = [old for old in world.commands if (old["type"], old["name"]) == (command.get("type", CHAT), command["name"])]
    shown: Json = {"id": same[0]["id"] if same else world.id(), "application_id": world.app.id, "type": CHAT}
    shown |= {"version": world.id(), "default_member_permissions": None, "nsfw": False, "description": ""}
    shown |= {"dm_permission": True, "integration_types": [0], "contexts": None}
    return shown | {key: value for key, value in command.items() if value is not None}


def _own(call: Call) -> None:
    if call.ids[0] != call.world.app.id:
        raise ApiError(20012, status=403)


@route("GET /applications/{}/commands")
def get(call: Call) -> list[Json]:
    _own(call)
    return call.world.commands


@route("PUT /applications/{}/commands")
def overwrite(call: Call) -> list[Json]:
    _own(call)
    commands = _checked(call.body)
    call.world.syncs.append(commands)
    call.world.commands = [_stored(call.world, command) for command in commands]
    return call.world.commands
