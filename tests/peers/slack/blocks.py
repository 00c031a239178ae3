"""Block Kit's rules on whole messages and views: `violations` and `view_violations` list what Slack would refuse."""

from collections.abc import Iterator
from typing import Any

from tests.peers.slack import elements
from tests.peers.slack.shapes import (
    Findings,
    Rule,
    Shape,
    anything,
    at_least_one,
    boolean,
    exactly_one,
    items,
    plain,
    shaped,
    string,
    text,
    typed,
)

BLOCKS_A_MESSAGE = 50
BLOCKS_A_VIEW = 100
VIEW_BYTES = 250_000
# Observed, not documented (github.com/slackapi/bolt-js issues 2509 and 2867): all the text of a message's blocks, plus
# about 125 a block, has to stay below this, else `msg_blocks_too_long`. Not so for a response_url.
WEIGHT_A_MESSAGE = 13_400
WEIGHT_OF_A_BLOCK = 125


def _context_element(value: Any, pointer: str, found: Findings) -> None:
    if isinstance(value, dict) and value.get("type") == "image":
        typed(elements.ELEMENTS)(value, pointer, found)
    else:
        text(3000)(value, pointer, found)


BLOCKS: dict[str, Shape] = {
    "section": Shape(
        {
            "text": text(3000),
            "fields": items(text(2000), 10),
            "accessory": elements.IN_SECTION,
            "expand": boolean,
        },
        check=at_least_one("text", "fields"),
    ),
    "header": Shape({"text": plain(150), "level": anything}, required=("text",)),
    "divider": Shape({}),
    "image": Shape(
        {
            "image_url": string(3000, 1),
            "slack_file": elements.SLACK_FILE,
            "alt_text": string(2000, 1),
            "title": plain(2000),
        },
        required=("alt_text",),
        check=exactly_one("image_url", "slack_file"),
    ),
    "actions": Shape({"elements": items(elements.IN_ACTIONS, 25)}, required=("elements",)),
    "context": Shape({"elements": items(_context_element, 10)}, required=("elements",)),
    "input": Shape(
        {
            "label": plain(2000),
            "element": elements.IN_INPUT,
            "hint": plain(2000),
            "optional": boolean,
            "dispatch_action": boolean,
        },
        required=("label", "element"),
    ),
    "rich_text": Shape({"elements": items(anything, 1000, 0)}, required=("elements",)),
}
for _shape in BLOCKS.values():
    _shape.fields["block_id"] = string(255, 1)  # type: ignore[index]

_VIEW: dict[str, Rule] = {
    "blocks": anything,
    "private_metadata": string(3000),
    "callback_id": string(255),
    "external_id": string(255),
}
VIEWS: dict[str, Shape] = {
    "modal": Shape(
        _VIEW
        | {
            "title": plain(24),
            "submit": plain(24),
            "close": plain(24),
            "clear_on_close": boolean,
            "notify_on_close": boolean,
            "submit_disabled": boolean,
        },
        required=("title", "blocks"),
    ),
    "home": Shape(_VIEW, required=("blocks",)),
}


def violations(blocks: Any, surface: str = "message") -> list[str]:
    """Everything Slack would refuse in these blocks of a "message", "modal" or "home", in its own words."""
    found = Findings(surface)
    _check(blocks, "/blocks", found)
    return found.messages


def view_violations(view: Any) -> list[str]:
    """Everything Slack would refuse in a view, with the pointers it uses (`/view/blocks/0/…`)."""
    kind = view.get("type") if isinstance(view, dict) else None
    if not isinstance(kind, str) or kind not in VIEWS:
        return [f"unsupported type: {kind} [json-pointer:/view/type]"]
    found = Findings(kind)
    shaped(VIEWS[kind])({name: value for name, value in view.items() if value is not None}, "/view", found)
    _check(view.get("blocks"), "/view/blocks", found)
    blocks = view["blocks"] if isinstance(view.get("blocks"), list) else []
    if kind == "modal" and not view.get("submit") and any(_is(block, "input") for block in blocks):
        found.add("missing required field: submit", "/view")
    return found.messages


def weight(blocks: list[dict[str, Any]]) -> int:
    """What the blocks of a message weigh against `WEIGHT_A_MESSAGE`."""
    return sum(map(len, _words(blocks))) + WEIGHT_OF_A_BLOCK * len(blocks)


def interactive(blocks: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each element that carries an action, with the block it is in."""
    for block in blocks:
        inside = [block.get("accessory"), block.get("element"), *block.get("elements", [])]
        for element in inside:
            kind = element.get("type") if isinstance(element, dict) else None
            if isinstance(kind, str) and kind in elements.ELEMENTS and kind != "image":
                yield block, element


def slack_files(blocks: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """The pointer and id of each uploaded file that the blocks show as an image."""
    for number, block in enumerate(blocks):
        for place, inner in (("", block), ("/accessory", block.get("accessory"))):
            shown = inner.get("slack_file") if isinstance(inner, dict) else None
            if isinstance(shown, dict) and "id" in shown:
                yield f"/blocks/{number}{place}/slack_file", shown["id"]


def _check(blocks: Any, pointer: str, found: Findings) -> None:
    most = BLOCKS_A_MESSAGE if found.surface == "message" else BLOCKS_A_VIEW
    items(typed(BLOCKS), most, 0)(blocks, pointer, found)
    known = [block for block in blocks if isinstance(block, dict)] if isinstance(blocks, list) else []
    _unique([block.get("block_id") for block in known], "block_id", pointer, found)
    written = [element for element in _elements(known) if isinstance(element.get("action_id"), str)]
    _unique([element["action_id"] for element in written], "action_id", pointer, found)


def _elements(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    safe = [block for block in blocks if isinstance(block.get("elements", []), list)]
    return [element for _, element in interactive(safe)]


def _unique(names: list[Any], what: str, pointer: str, found: Findings) -> None:
    given = [name for name in names if isinstance(name, str)]
    for name in sorted({name for name in given if given.count(name) > 1}):
        found.add(f"`{what}` {name} already exists", pointer)


def _is(block: Any, kind: str) -> bool:
    return isinstance(block, dict) and block.get("type") == kind


def _words(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if isinstance(inner, str) and name in ("text", "alt_text", "title", "url"):
                yield inner
            else:
                yield from _words(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _words(inner)
