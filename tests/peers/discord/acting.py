"""What a person can press, choose and fill in, and what Discord's client would not let them."""

from typing import Any

from tests.peers.discord.interaction import Modal
from tests.peers.discord.state import BUTTON, SELECTS, Json, Message, walk

_TYPES = {3: str, 4: int, 5: bool, 10: (int, float)}
SUB, GROUP, TEXT_INPUT = 1, 2, 4


def pressable(message: Message, which: str, kinds: tuple[int, ...]) -> Json:
    """The button or select that a person means by its custom_id, its label or its placeholder."""
    known = [part for part in walk(message.components) if part["type"] in kinds]
    names = [(part.get("custom_id"), part.get("label") or part.get("placeholder")) for part in known]
    for part, name in zip(known, names, strict=True):
        if which in name:
            assert not part.get("disabled"), f"{which!r} is disabled"
            assert part.get("custom_id"), f"{which!r} is a link"
            return part
    raise AssertionError(f"no {which!r} to act on; there are: {names}")


def button(message: Message, which: str) -> Json:
    return pressable(message, which, (BUTTON,))


def choice(message: Message, which: str, value: str | list[str]) -> tuple[Json, list[str]]:
    """The select, and the values that a person means by values or labels of its options."""
    part = pressable(message, which, SELECTS)
    return part, picked(part, value)


def picked(part: Json, value: str | list[str]) -> list[str]:
    wanted = [value] if isinstance(value, str) else list(value)
    options = {name: each["value"] for each in part.get("options") or [] for name in (each["label"], each["value"])}
    if part["type"] == 3:
        assert set(wanted) <= set(options), f"no option {wanted!r}; there are: {list(options)}"
        wanted = [options[each] for each in wanted]
    least, most = part.get("min_values", 1), part.get("max_values", 1)
    assert least <= len(wanted) <= most, f"choose {least} to {most}, not {len(wanted)}"
    return wanted


def filled(modal: Modal, values: Json) -> list[Json]:
    """The components of a submitted modal, with values by custom_id or label."""
    left = dict(values)
    parts = [_filled(part, left) for part in modal.components]
    assert not left, f"nothing to fill in for {list(left)}; there are: {_names(modal)}"
    return parts


def _names(modal: Modal) -> list[Any]:
    return [(part.get("custom_id"), part.get("label")) for part in walk(modal.components)]


def _filled(part: Json, values: Json) -> Json:
    shown: Json = {"type": part["type"], "id": part.get("id", 0)}
    return shown | {"component": _value(part["component"], part["label"], values)}


def _value(part: Json, label: Any, values: Json) -> Json:
    name = next((name for name in (part["custom_id"], label) if name in values), None)
    given = values.pop(name) if name is not None else _begun_with(part)
    shown = {"type": part["type"], "id": part.get("id", 0), "custom_id": part["custom_id"]}
    if part["type"] != TEXT_INPUT:
        return shown | {"values": picked(part, given) if given or part.get("required", True) else []}
    least, most = part.get("min_length") or 0, part.get("max_length") or 4000
    assert given or not part.get("required", True), f"{part['custom_id']!r} is required"
    assert not given or least <= len(given) <= most, f"{part['custom_id']!r} wants {least} to {most} characters"
    return shown | {"value": given}


def _begun_with(part: Json) -> Any:
    """What a person sends who leaves a part of a form as it is."""
    if part["type"] == TEXT_INPUT:
        return part.get("value") or ""
    return [each["value"] for each in part.get("options") or [] if each.get("default")]


def options(command: Json, path: tuple[str, ...], values: Json) -> list[Json]:
    """The options of an invoked command: its subcommand by name, then values that its form takes."""
    known = command.get("options") or []
    if path:
        found = next((each for each in known if each["name"] == path[0] and each["type"] in (SUB, GROUP)), None)
        assert found, f"no subcommand {path[0]!r}; there are: {[each['name'] for each in known]}"
        return [{"name": found["name"], "type": found["type"], "options": options(found, path[1:], values)}]
    assert not any(each["type"] in (SUB, GROUP) for each in known), "say which subcommand"
    names = {each["name"] for each in known}
    assert set(values) <= names, f"no options {set(values) - names}; there are: {names}"
    missing = {each["name"] for each in known if each.get("required")} - set(values)
    assert not missing, f"required: {missing}"
    return [_option(each, values[each["name"]]) for each in known if each["name"] in values]


def _option(option: Json, value: Any) -> Json:
    kind = option["type"]
    assert isinstance(value, _TYPES.get(kind, object)), f"{option['name']} does not take {value!r}"
    choices = {name: each["value"] for each in option.get("choices") or [] for name in (each["name"], each["value"])}
    assert not choices or value in choices, f"{option['name']} takes one of {list(choices)}"
    if isinstance(value, str):
        least, most = option.get("min_length", 0), option.get("max_length", 6000)
        assert least <= len(value) <= most, f"{option['name']} wants {least} to {most} characters, not {len(value)}"
    return {"name": option["name"], "type": kind, "value": choices.get(value, value)}
