"""The elements of Block Kit that the bot shows, with their limits (docs.slack.dev/reference/block-kit)."""

from typing import Any

from tests.peers.slack.shapes import (
    Findings,
    Rule,
    Shape,
    boolean,
    exactly_one,
    integer,
    items,
    one_of,
    plain,
    shaped,
    string,
    text,
    typed,
)

_ACTION: dict[str, Rule] = {"action_id": string(255, 1)}
SLACK_FILE = shaped(Shape({"id": string(255, 1), "url": string(3000, 1)}, check=exactly_one("id", "url")))


def _option(label: Rule) -> Rule:
    fields = {"text": label, "value": string(150, 1), "description": text(75)}
    return shaped(Shape(fields, required=("text", "value")))


def _initial_is_an_option(value: Any, pointer: str, found: Findings) -> None:
    chosen, options = value.get("initial_option"), value.get("options")
    if chosen and isinstance(options, list) and chosen not in options:
        found.add("initial option must match one of the options", pointer)


ELEMENTS: dict[str, Shape] = {
    "button": Shape(
        _ACTION
        | {
            "text": plain(75),
            "value": string(2000),
            "url": string(3000),
            "style": one_of("primary", "danger"),
            "accessibility_label": string(75),
        },
        required=("text",),
    ),
    "image": Shape(
        {"image_url": string(3000, 1), "slack_file": SLACK_FILE, "alt_text": string(2000, 1)},
        required=("alt_text",),
        check=exactly_one("image_url", "slack_file"),
    ),
    "static_select": Shape(
        _ACTION
        | {
            "placeholder": plain(150),
            "options": items(_option(plain(75)), 100),
            "initial_option": _option(plain(75)),
        },
        required=("action_id", "options"),
        check=_initial_is_an_option,
    ),
    "radio_buttons": Shape(
        _ACTION | {"options": items(_option(text(75)), 10), "initial_option": _option(text(75))},
        required=("action_id", "options"),
        check=_initial_is_an_option,
    ),
    "plain_text_input": Shape(
        _ACTION
        | {
            "initial_value": string(3000),
            "multiline": boolean,
            "min_length": integer(0, 3000),
            "max_length": integer(1, 3000),
            "placeholder": plain(150),
        },
        required=("action_id",),
    ),
}

IN_SECTION = typed(ELEMENTS, "button", "image", "static_select", "radio_buttons")
IN_ACTIONS = typed(ELEMENTS, "button", "static_select", "radio_buttons")
IN_INPUT = typed(ELEMENTS, "static_select", "radio_buttons", "plain_text_input")
