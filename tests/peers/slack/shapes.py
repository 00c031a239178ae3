"""The vocabulary of Block Kit's rules: each says what is wrong with a value, in Slack's words and with its pointer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Findings:
    """What is wrong so far, as Slack lists it: `must be less than 3001 characters [json-pointer:/blocks/0/text]`."""

    surface: str
    messages: list[str] = field(default_factory=list)

    def add(self, message: str, pointer: str) -> None:
        self.messages.append(f"{message} [json-pointer:{pointer or '/'}]")


Rule = Callable[[Any, str, Findings], None]


@dataclass(frozen=True)
class Shape:
    """An object of one `type`: the rules of its fields, those it must have, and a last look at the whole."""

    fields: Mapping[str, Rule]
    required: tuple[str, ...] = ()
    check: Rule | None = None
    surfaces: tuple[str, ...] = ("message", "modal", "home")


def string(most: int, least: int = 0) -> Rule:
    """A string of `least` to `most` characters."""

    def rule(value: Any, pointer: str, found: Findings) -> None:
        if not isinstance(value, str):
            found.add("must provide a string", pointer)
        elif len(value) > most:
            found.add(f"must be less than {most + 1} characters", pointer)
        elif len(value) < least:
            found.add(f"must be more than {least - 1} characters", pointer)

    return rule


def text(most: int, *kinds: str) -> Rule:
    """A text object with 1 to `most` characters, of one of these kinds (both when none is named)."""
    kinds = kinds or ("plain_text", "mrkdwn")

    def rule(value: Any, pointer: str, found: Findings) -> None:
        if not isinstance(value, dict):
            found.add("must provide an object", pointer)
            return
        if value.get("type") not in kinds:
            found.add(f"unsupported type: {value.get('type')}", f"{pointer}/type")
        allowed = {"type", "text", "emoji"} if value.get("type") == "plain_text" else {"type", "text", "verbatim"}
        for name in sorted(set(value) - allowed):
            found.add(f"invalid additional property: {name}", pointer)
        if "text" in value:
            string(most, 1)(value["text"], f"{pointer}/text", found)
        else:
            found.add("missing required field: text", pointer)

    return rule


def plain(most: int) -> Rule:
    """A `plain_text` object."""
    return text(most, "plain_text")


def one_of(*allowed: str) -> Rule:
    def rule(value: Any, pointer: str, found: Findings) -> None:
        if value not in allowed:
            found.add(f"must be a valid enum value: {', '.join(allowed)}", pointer)

    return rule


def boolean(value: Any, pointer: str, found: Findings) -> None:
    if not isinstance(value, bool):
        found.add("must provide a boolean", pointer)


def integer(least: int, most: int) -> Rule:
    def rule(value: Any, pointer: str, found: Findings) -> None:
        if not isinstance(value, int) or isinstance(value, bool):
            found.add("must provide an integer", pointer)
        elif not least <= value <= most:
            found.add(f"must be between {least} and {most}", pointer)

    return rule


def anything(value: Any, pointer: str, found: Findings) -> None:
    """A field that Slack knows and whose inside is not checked here."""


def items(rule: Rule, most: int, least: int = 1) -> Rule:
    """A list of `least` to `most` things."""

    def whole(value: Any, pointer: str, found: Findings) -> None:
        if not isinstance(value, list):
            found.add("must provide an array", pointer)
            return
        if len(value) > most:
            found.add(f"no more than {most} items allowed", pointer)
        if len(value) < least:
            found.add(f"must have at least {least} items", pointer)
        for number, item in enumerate(value):
            rule(item, f"{pointer}/{number}", found)

    return whole


def shaped(shape: Shape) -> Rule:
    """An object whose fields are all known, with the required ones there."""

    def rule(value: Any, pointer: str, found: Findings) -> None:
        if not isinstance(value, dict):
            found.add("must provide an object", pointer)
            return
        for name in shape.required:
            if value.get(name) is None:
                found.add(f"missing required field: {name}", pointer)
        for name, inner in value.items():
            if name in shape.fields:
                shape.fields[name](inner, f"{pointer}/{name}", found)
            elif name != "type":
                found.add(f"invalid additional property: {name}", pointer)
        if shape.check:
            shape.check(value, pointer, found)

    return rule


def typed(shapes: Mapping[str, Shape], *allowed: str) -> Rule:
    """An object with one of these types (any known one when none is named), valid where it is shown."""

    def rule(value: Any, pointer: str, found: Findings) -> None:
        kind = value.get("type") if isinstance(value, dict) else None
        shape = shapes.get(kind) if isinstance(kind, str) else None
        if not isinstance(value, dict):
            found.add("must provide an object", pointer)
        elif shape is None or (allowed and kind not in allowed) or found.surface not in shape.surfaces:
            found.add(f"unsupported type: {kind}", f"{pointer}/type")
        else:
            shaped(shape)(value, pointer, found)

    return rule


def exactly_one(*names: str) -> Rule:
    """A last look: one of these fields, and only one."""

    def rule(value: Any, pointer: str, found: Findings) -> None:
        if sum(value.get(name) is not None for name in names) != 1:
            found.add(f"must define exactly one of: {', '.join(names)}", pointer)

    return rule


def at_least_one(*names: str) -> Rule:
    """A last look: one of these fields, or several."""

    def rule(value: Any, pointer: str, found: Findings) -> None:
        if all(value.get(name) is None for name in names):
            found.add(f"must define either {' or '.join(f'`{name}`' for name in names)}", pointer)

    return rule
