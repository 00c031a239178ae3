"""What a person's choice in an element is on the wire, and which element they mean."""

from collections.abc import Callable
from typing import Any

from tests.peers.slack.blocks import interactive
from tests.peers.slack.state import Json, Message, View

Which = str | Callable[[Json], bool]


def find(shown: Message | View, which: Which) -> tuple[Json, Json]:
    """The block and element that a person means by an action_id, a button's text or a predicate on the element."""
    known = list(interactive(shown.blocks))
    for block, element in known:
        if which(element) if callable(which) else which in _names(element):
            return block, element
    there = [_names(element) for _, element in known]
    raise AssertionError(f"no {which!r} to act on; there are: {there}")


def _names(element: Json) -> tuple[Any, ...]:
    text = element.get("text")
    return (element.get("action_id"), text.get("text") if isinstance(text, dict) else None)


def chosen(element: Json, value: Any) -> Json:
    """The fields that say what was chosen or typed, as in `state.values` and in `actions`."""
    if element["type"].endswith("_input"):
        return {"value": value}
    return {"selected_option": _option(element, value)}


def _option(element: Json, value: Any) -> Json:
    options = element["options"]
    for option in options:
        if value in (option["value"], option["text"]["text"]):
            return option
    raise AssertionError(f"no option {value!r}; there are: {[option['value'] for option in options]}")


def action(block: Json, element: Json, value: Any, ts: str) -> Json:
    """The entry of `actions` for one act."""
    body: Json = {"type": element["type"], "action_id": element["action_id"], "block_id": block["block_id"]}
    body["action_ts"] = ts
    if element["type"] == "button":
        shown = {name: element[name] for name in ("text", "value", "style", "url") if name in element}
        return body | shown
    if value is None:
        raise AssertionError(f"say what is chosen in {element['action_id']!r}")
    return body | chosen(element, value)


def remember(shown: Message | View, block: Json, element: Json, value: Any) -> None:
    """Keeps what was chosen where it stays visible: everywhere but in buttons."""
    if element["type"] != "button":
        entry = {"type": element["type"], **chosen(element, value)}
        shown.state.setdefault(block["block_id"], {})[element["action_id"]] = entry


def fill(view: View, values: Json) -> None:
    """Fills in a view: values by action_id or block_id."""
    for name, value in values.items():
        for block, element in interactive(view.blocks):
            if name in (element["action_id"], block["block_id"]):
                remember(view, block, element, value)
                break
        else:
            there = [(block["block_id"], element["action_id"]) for block, element in interactive(view.blocks)]
            raise AssertionError(f"no {name!r} to fill in; there are: {there}")


def incomplete(view: View) -> list[str]:
    """Why Slack's client would not let the person submit."""
    wrong = []
    for block, element in interactive(view.blocks):
        if block["type"] != "input":
            continue
        entry = view.state.get(block["block_id"], {}).get(element["action_id"], {})
        value = next((inner for name, inner in entry.items() if name != "type"), None)
        if not value and not block.get("optional"):
            wrong.append(f"{block['block_id']} is required")
        if isinstance(value, str) and element["type"] == "plain_text_input":
            least, most = element.get("min_length", 0), element.get("max_length", 3000)
            if value and not least <= len(value) <= most:
                wrong.append(f"{block['block_id']} wants {least} to {most} characters, not {len(value)}")
    return wrong
