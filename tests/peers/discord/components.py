"""What Discord takes as components of those that the bot shows: rows of buttons and selects, and modals."""

from collections.abc import Callable
from typing import Any

from tests.peers.discord.checks import Found, choice, join, listed, number, text, url
from tests.peers.discord.errors import Violation

ROW, BUTTON, STRING_SELECT, TEXT_INPUT, LABEL = 1, 2, 3, 4, 18
SELECTS = (3, 5, 6, 7, 8)
ROWS, IN_ROW, LABEL_LENGTH, CUSTOM_ID = 5, 5, 80, 100
OPTIONS, OPTION_TEXT, PLACEHOLDER = 25, 100, 150
MODAL_TITLE, MODAL_PARTS, INPUT_LABEL, INPUT_PLACEHOLDER, INPUT_VALUE = 45, 5, 45, 100, 4_000

Json = dict[str, Any]


def check_components(components: Any, found: Found) -> None:
    """Adds what is wrong in the components of a message."""
    known = listed(components, "components", found, ROWS)
    _each(known, "components", found, (ROW,))
    _unique(known, found)


def check_modal(modal: Json, found: Found) -> None:
    """Adds what is wrong in a modal."""
    text(modal.get("title"), "title", found, MODAL_TITLE, 1)
    text(modal.get("custom_id"), "custom_id", found, CUSTOM_ID, 1)
    known = listed(modal.get("components"), "components", found, MODAL_PARTS, 1)
    for place, part in enumerate(known):
        path = join("components", place)
        if isinstance(part, dict) and part.get("type") == LABEL:
            text(part.get("label"), join(path, "label"), found, INPUT_LABEL, 1)
            text(part.get("description"), join(path, "description"), found, 100)
            _each([part.get("component")], join(path, "component"), found, (TEXT_INPUT, *SELECTS))
        else:
            choice(join(path, "type"), found, LABEL)
    _unique(known, found)


def _each(parts: list[Any], path: str, found: Found, allowed: tuple[int, ...]) -> None:
    for place, part in enumerate(parts):
        where = join(path, place)
        kind = part.get("type") if isinstance(part, dict) else None
        if kind not in allowed:
            choice(join(where, "type"), found, *allowed)
        elif kind in _CHECKS:
            _CHECKS[kind](part, where, found)


def _row(part: Json, path: str, found: Found) -> None:
    inner = listed(part.get("components"), join(path, "components"), found, IN_ROW, 1)
    kinds = [each.get("type") for each in inner if isinstance(each, dict)]
    if len(kinds) > 1 and any(kind in SELECTS for kind in kinds):
        words = "The specified component exceeds the maximum width"
        found.append(Violation(join(path, "components"), "COMPONENT_LAYOUT_WIDTH_EXCEEDED", words))
    _each(inner, join(path, "components"), found, (BUTTON, *SELECTS))


def _button(part: Json, path: str, found: Found) -> None:
    style = part.get("style")
    if style not in (1, 2, 3, 4, 5, 6):
        choice(join(path, "style"), found, 1, 2, 3, 4, 5, 6)
    text(part.get("label"), join(path, "label"), found, LABEL_LENGTH)
    if style == 6:
        return
    if not part.get("label") and not part.get("emoji"):
        words = "A button must have a label or an emoji"
        found.append(Violation(path, "BUTTON_COMPONENT_INVALID_LABEL", words))
    if style == 5:
        text(part.get("url"), join(path, "url"), found, 512, 1)
        url(part.get("url"), join(path, "url"), found, "http", "https", "discord")
        if part.get("custom_id"):
            words = "A custom id and url cannot both be specified"
            found.append(Violation(path, "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE", words))
        return
    text(part.get("custom_id"), join(path, "custom_id"), found, CUSTOM_ID, 1)
    if part.get("url"):
        found.append(Violation(join(path, "url"), "BUTTON_COMPONENT_INVALID_URL", "Only link buttons have a url"))


def _select(part: Json, path: str, found: Found) -> None:
    text(part.get("custom_id"), join(path, "custom_id"), found, CUSTOM_ID, 1)
    text(part.get("placeholder"), join(path, "placeholder"), found, PLACEHOLDER)
    number(part.get("min_values"), join(path, "min_values"), found, 0, 25)
    number(part.get("max_values"), join(path, "max_values"), found, 1, 25)
    if part["type"] != STRING_SELECT:
        return
    where = join(path, "options")
    known = listed(part.get("options"), where, found, OPTIONS, 1)
    for place, option in enumerate(known):
        for name in ("label", "value"):
            text(option.get(name), join(where, place, name), found, OPTION_TEXT, 1)
        text(option.get("description"), join(where, place, "description"), found, OPTION_TEXT)
    values = [option.get("value") for option in known]
    for place, value in enumerate(values):
        if value in values[:place]:
            words = "The specified option value is already used"
            found.append(Violation(join(where, place, "value"), "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", words))
    if (part.get("max_values") or 1) > len(known):
        words = "Maximum values exceeds the number of options"
        found.append(Violation(join(path, "max_values"), "SELECT_COMPONENT_MAX_VALUES_INVALID", words))


def _text_input(part: Json, path: str, found: Found) -> None:
    text(part.get("custom_id"), join(path, "custom_id"), found, CUSTOM_ID, 1)
    if part.get("style") not in (1, 2):
        choice(join(path, "style"), found, 1, 2)
    text(part.get("label"), join(path, "label"), found, INPUT_LABEL)
    text(part.get("placeholder"), join(path, "placeholder"), found, INPUT_PLACEHOLDER)
    text(part.get("value"), join(path, "value"), found, min(INPUT_VALUE, part.get("max_length") or INPUT_VALUE))
    number(part.get("min_length"), join(path, "min_length"), found, 0, INPUT_VALUE)
    number(part.get("max_length"), join(path, "max_length"), found, 1, INPUT_VALUE)


_CHECKS: dict[int, Callable[[Json, str, Found], None]] = {
    ROW: _row,
    BUTTON: _button,
    TEXT_INPUT: _text_input,
} | dict.fromkeys(SELECTS, _select)


def _unique(components: list[Any], found: Found) -> None:
    seen: dict[str, set[Any]] = {"custom_id": set(), "id": set()}
    for path, part in _walk(components, "components"):
        for name, known in seen.items():
            value = part.get(name)
            if value in known:
                words = f"Component {name.replace('_', ' ')} cannot be duplicated"
                found.append(Violation(join(path, name), f"COMPONENT_{name.upper()}_DUPLICATED", words))
            known |= {value} if value else set()


def _walk(components: list[Any], path: str) -> list[tuple[str, Json]]:
    known: list[tuple[str, Json]] = []
    for place, part in enumerate(components):
        if not isinstance(part, dict):
            continue
        where = join(path, place)
        inner = part.get("components")
        known += [(where, part), *_walk(inner if isinstance(inner, list) else [], join(where, "components"))]
        if isinstance(part.get("component"), dict):
            known += _walk([part["component"]], join(where, "component"))
    return known
