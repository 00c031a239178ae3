"""Discord's messages and modals as HTML, set as its desktop app sets them."""

import base64
from collections.abc import Callable
from html import escape
from typing import Any

from tests.peers.discord import File, Message, Modal
from tests.peers.discord.components import BUTTON, LABEL, ROW, STRING_SELECT, TEXT_DISPLAY, TEXT_INPUT
from tools.pictures.markdown import Names, html_of

Component = dict[str, Any]

STYLES = {1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link"}
PREVIEW = 12  # lines of a text file that are seen before it is opened
PARAGRAPH = 2  # the style of an input of several lines


def message_html(message: Message, names: Names) -> str:
    """What a message says, without who said it. Raises KeyError for a component that is not drawn here."""
    shown = [f'<div class="content">{html_of(message.content, names)}</div>'] if message.content else []
    drawn = [str(embed.get("image", {}).get("url", "")) for embed in message.embeds]
    shown += [_file(file) for file in message.files if not any(url.endswith(file.filename) for url in drawn)]
    shown += [_embed(embed, message.files, names) for embed in message.embeds]
    shown += [_component(part) for part in message.components]
    return "".join(shown)


def modal_html(modal: Modal) -> str:
    """A form on the screen."""
    fields = "".join(_component(part) for part in modal.components)
    buttons = '<span class="button secondary">Cancel</span><span class="button primary">Submit</span>'
    return f'<div class="modal"><h2>{escape(modal.title)}</h2>{fields}<div class="sending">{buttons}</div></div>'


def _embed(embed: Component, files: list[File], names: Names) -> str:
    known = {"type", "flags", "description", "color", "image"}
    if unknown := embed.keys() - known:
        raise KeyError(unknown)
    text = f'<div class="content">{html_of(embed["description"], names)}</div>' if "description" in embed else ""
    pictures = [file for file in files if embed.get("image", {}).get("url", "").endswith(f"/{file.filename}")]
    colour = f"#{embed.get('color', 0):06x}"
    return f'<div class="embed" style="border-color: {colour}">{text}{"".join(map(_picture, pictures))}</div>'


def _file(file: File) -> str:
    if file.content.startswith(b"\x89PNG"):
        return _picture(file)
    lines = file.content.decode(errors="replace").splitlines() if file.filename.endswith(".txt") else []
    more = f"\n… ({len(lines) - PREVIEW} lines left)" if len(lines) > PREVIEW else ""
    text = f"<pre>{escape(chr(10).join(lines[:PREVIEW]) + more)}</pre>" if lines else ""
    size = f"{len(file.content) / 1024:.2f} KB"
    return f'<div class="file">{text}<a>{escape(file.filename)}</a><small>{size}</small></div>'


def _picture(file: File) -> str:
    data = base64.b64encode(file.content).decode()
    return f'<img src="data:image/png;base64,{data}" alt="{escape(file.description or "")}">'


def _component(part: Component) -> str:
    return COMPONENTS[part["type"]](part)


def _row(part: Component) -> str:
    return f'<div class="row">{"".join(map(_component, part["components"]))}</div>'


def _button(part: Component) -> str:
    disabled = " disabled" if part.get("disabled") else ""
    return f'<span class="button {STYLES[part["style"]]}{disabled}">{escape(part["label"])}</span>'


def _select(part: Component) -> str:
    chosen = ", ".join(option["label"] for option in part["options"] if option.get("default"))
    text = chosen or part.get("placeholder") or "Make a selection"
    state = "chosen" if chosen else "empty"
    return f'<div class="select {state}">{escape(text)}<span class="caret">⌄</span></div>'


def _input(part: Component) -> str:
    kind = "paragraph" if part["style"] == PARAGRAPH else "short"
    text = f"<span>{escape(part['value'])}</span>" if part.get("value") else escape(part.get("placeholder") or "")
    return f'<div class="input {kind}">{text}</div>'


def _label(part: Component) -> str:
    inner = part["component"]
    star = '<span class="star">*</span>' if inner.get("required", True) else ""
    hint = f"<small>{escape(part['description'])}</small>" if part.get("description") else ""
    return f'<div class="label"><b>{escape(part["label"])}{star}</b>{hint}{_component(inner)}</div>'


def _text(part: Component) -> str:
    return f'<div class="content">{html_of(part["content"], {})}</div>'


COMPONENTS: dict[int, Callable[[Component], str]] = {
    ROW: _row,
    BUTTON: _button,
    STRING_SELECT: _select,
    TEXT_INPUT: _input,
    LABEL: _label,
    TEXT_DISPLAY: _text,
}
