"""The elements and composition objects of Block Kit, with their limits (docs.slack.dev/reference/block-kit)."""

from typing import Any

from tests.peers.slack.shapes import (
    Findings,
    Rule,
    Shape,
    anything,
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

ACTION_ID = string(255, 1)

CONFIRM = shaped(
    Shape(
        {
            "title": plain(100),
            "text": text(300),
            "confirm": plain(30),
            "deny": plain(30),
            "style": one_of("primary", "danger"),
        },
        required=("title", "text", "confirm", "deny"),
    )
)


def _option(label: Rule, *more: str) -> Rule:
    fields = {"text": label, "value": string(150, 1), "description": text(75)}
    return shaped(Shape(fields | ({"url": string(3000)} if "url" in more else {}), required=("text", "value")))


OPTION = _option(plain(75))
RICH_OPTION = _option(text(75))
GROUP = shaped(Shape({"label": plain(75), "options": items(OPTION, 100)}, required=("label", "options")))
SLACK_FILE = shaped(Shape({"id": string(255, 1), "url": string(3000, 1)}, check=exactly_one("id", "url")))

_ACTED: dict[str, Rule] = {"action_id": ACTION_ID}
_ASKED: dict[str, Rule] = _ACTED | {"confirm": CONFIRM, "focus_on_load": boolean}
_SHOWN: dict[str, Rule] = _ASKED | {"placeholder": plain(150)}


def _initial_is_an_option(value: Any, pointer: str, found: Findings) -> None:
    options = value.get("options")
    if not isinstance(options, list):
        return
    chosen = value.get("initial_options") or [value["initial_option"]] if _has_initial(value) else []
    for option in chosen if isinstance(chosen, list) else []:
        if option not in options:
            found.add("initial option must match one of the options", pointer)


def _has_initial(value: Any) -> bool:
    return bool(value.get("initial_options") or value.get("initial_option"))


def _menu(value: Any, pointer: str, found: Findings) -> None:
    exactly_one("options", "option_groups")(value, pointer, found)
    _initial_is_an_option(value, pointer, found)


def _select(initial: dict[str, Rule], check: Rule | None = None) -> Shape:
    return Shape(_SHOWN | initial, required=("action_id",), check=check)


def _multi(initial: dict[str, Rule], check: Rule | None = None) -> Shape:
    return Shape(_SHOWN | initial | {"max_selected_items": integer(1, 100)}, required=("action_id",), check=check)


_OPTIONS: dict[str, Rule] = {"options": items(OPTION, 100), "option_groups": items(GROUP, 100)}
_FILTERED: dict[str, Rule] = {
    "filter": anything,
    "default_to_current_conversation": boolean,
    "response_url_enabled": boolean,
}
_FEEDBACK = shaped(
    Shape(
        {"text": plain(75), "value": string(2000), "accessibility_label": string(75)},
        required=("text", "value"),
    )
)

ELEMENTS: dict[str, Shape] = {
    "button": Shape(
        _ACTED
        | {
            "text": plain(75),
            "value": string(2000),
            "url": string(3000),
            "style": one_of("primary", "danger"),
            "confirm": CONFIRM,
            "accessibility_label": string(75),
            "agent_prompt": string(4000),
        },
        required=("text",),
    ),
    "image": Shape(
        {"image_url": string(3000, 1), "slack_file": SLACK_FILE, "alt_text": string(2000, 1)},
        required=("alt_text",),
        check=exactly_one("image_url", "slack_file"),
    ),
    "static_select": _select(_OPTIONS | {"initial_option": OPTION}, _menu),
    "multi_static_select": _multi(_OPTIONS | {"initial_options": items(OPTION, 100)}, _menu),
    "external_select": _select({"initial_option": OPTION, "min_query_length": integer(0, 100)}),
    "multi_external_select": _multi({"initial_options": items(OPTION, 100), "min_query_length": integer(0, 100)}),
    "users_select": _select({"initial_user": string(255)}),
    "multi_users_select": _multi({"initial_users": items(string(255), 100)}),
    "conversations_select": _select({"initial_conversation": string(255)} | _FILTERED),
    "multi_conversations_select": _multi({"initial_conversations": items(string(255), 100)} | _FILTERED),
    "channels_select": _select({"initial_channel": string(255), "response_url_enabled": boolean}),
    "multi_channels_select": _multi({"initial_channels": items(string(255), 100)}),
    "radio_buttons": Shape(
        _ASKED | {"options": items(RICH_OPTION, 10), "initial_option": RICH_OPTION},
        required=("action_id", "options"),
        check=_initial_is_an_option,
    ),
    "checkboxes": Shape(
        _ASKED | {"options": items(RICH_OPTION, 10), "initial_options": items(RICH_OPTION, 10)},
        required=("action_id", "options"),
        check=_initial_is_an_option,
    ),
    "overflow": Shape(
        _ACTED | {"options": items(_option(plain(75), "url"), 5), "confirm": CONFIRM},
        required=("action_id", "options"),
    ),
    "datepicker": Shape(_SHOWN | {"initial_date": string(10, 10)}, required=("action_id",)),
    "timepicker": Shape(_SHOWN | {"initial_time": string(5, 5), "timezone": string(255)}, required=("action_id",)),
    "datetimepicker": Shape(_ASKED | {"initial_date_time": integer(0, 9_999_999_999)}, required=("action_id",)),
    "plain_text_input": Shape(
        _ACTED
        | {
            "initial_value": string(3000),
            "multiline": boolean,
            "min_length": integer(0, 3000),
            "max_length": integer(1, 3000),
            "dispatch_action_config": anything,
            "focus_on_load": boolean,
            "placeholder": plain(150),
        },
        required=("action_id",),
    ),
    "rich_text_input": Shape(
        _ACTED
        | {
            "initial_value": anything,
            "dispatch_action_config": anything,
            "focus_on_load": boolean,
            "placeholder": plain(150),
        },
        required=("action_id",),
    ),
    "email_text_input": Shape(
        _SHOWN | {"initial_value": string(3000), "dispatch_action_config": anything}, required=("action_id",)
    ),
    "url_text_input": Shape(
        _SHOWN | {"initial_value": string(3000), "dispatch_action_config": anything}, required=("action_id",)
    ),
    "number_input": Shape(
        _SHOWN
        | {
            "is_decimal_allowed": boolean,
            "initial_value": string(255),
            "min_value": string(255),
            "max_value": string(255),
            "dispatch_action_config": anything,
        },
        required=("action_id", "is_decimal_allowed"),
    ),
    "file_input": Shape(
        _ACTED | {"filetypes": items(string(20), 100), "max_files": integer(1, 10)},
        required=("action_id",),
        surfaces=("modal",),
    ),
    "feedback_buttons": Shape(
        _ACTED | {"positive_button": _FEEDBACK, "negative_button": _FEEDBACK},
        required=("positive_button", "negative_button"),
        surfaces=("message",),
    ),
    "icon_button": Shape(
        _ACTED
        | {
            "icon": string(255, 1),
            "text": plain(75),
            "value": string(2000),
            "accessibility_label": string(75),
            "visible_to_user_ids": items(string(255), 10),
            "confirm": CONFIRM,
        },
        required=("icon", "text"),
        surfaces=("message",),
    ),
    "workflow_button": Shape(
        _ACTED
        | {
            "text": plain(75),
            "workflow": anything,
            "style": one_of("primary", "danger"),
            "accessibility_label": string(75),
        },
        required=("text", "workflow", "action_id"),
    ),
}

_SELECTS = tuple(name for name in ELEMENTS if name.endswith("_select"))
_CHOICES = (*_SELECTS, "radio_buttons", "checkboxes", "datepicker", "timepicker")
_WRITTEN = tuple(name for name in ELEMENTS if name.endswith("_input"))

IN_SECTION = typed(ELEMENTS, "button", "image", "overflow", "workflow_button", *_CHOICES)
IN_ACTIONS = typed(ELEMENTS, "button", "overflow", "workflow_button", "datetimepicker", "rich_text_input", *_CHOICES)
IN_INPUT = typed(ELEMENTS, "datetimepicker", *_CHOICES, *_WRITTEN)
IN_CONTEXT_ACTIONS = typed(ELEMENTS, "feedback_buttons", "icon_button")
