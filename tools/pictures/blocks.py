"""Slack's blocks as HTML, set as Slack's desktop app sets them: what the pictures show is what people see."""

import base64
from collections.abc import Callable, Mapping
from html import escape
from typing import Any

Block = dict[str, Any]
Images = Mapping[str, bytes]  # PNGs by the ids of their files

STYLES = {"bold": "b", "italic": "i", "strike": "s", "code": "code"}


def html_of(blocks: list[Block], images: Images) -> str:
    """All blocks, one below the other. Raises KeyError for a type that is not drawn here."""
    return "".join(
        f'<div class="block {block["type"]}">{BLOCKS[block["type"]](block, images)}</div>' for block in blocks
    )


def _rich_text(block: Block, images: Images) -> str:
    return "".join(RICH[element["type"]](element) for element in block["elements"])


def _section_of_text(element: Block) -> str:
    return f'<div class="text">{_inline(element)}</div>'


def _list(element: Block) -> str:
    tag, indent = ("ol" if element["style"] == "ordered" else "ul"), element.get("indent", 0)
    items = "".join(f"<li>{_inline(item)}</li>" for item in element["elements"])
    return f'<{tag} class="indent{indent}">{items}</{tag}>'


def _quote(element: Block) -> str:
    return f'<blockquote class="text">{_inline(element)}</blockquote>'


def _preformatted(element: Block) -> str:
    return f"<pre>{_inline(element)}</pre>"


def _inline(element: Block) -> str:
    return "".join(INLINE[part["type"]](part) for part in element["elements"])


def _styled(part: Block, text: str) -> str:
    for name, tag in STYLES.items():
        if part.get("style", {}).get(name):
            text = f"<{tag}>{text}</{tag}>"
    return text


def _text_part(part: Block) -> str:
    return _styled(part, escape(part["text"]))


def _link(part: Block) -> str:
    return _styled(part, f"<a>{escape(part.get('text') or part['url'])}</a>")


def _user(part: Block) -> str:
    return f'<span class="mention">@{escape(part["user_id"])}</span>'


def _plain(block: Block) -> str:
    return escape(block["text"])


def _section(block: Block, images: Images) -> str:
    fields = "".join(f"<div>{_plain(field)}</div>" for field in block.get("fields", []))
    text = f'<div class="text">{_plain(block["text"])}</div>' if "text" in block else ""
    beside = _element(block["accessory"], images) if "accessory" in block else ""
    return f'<div class="words">{text}{f"<div class=fields>{fields}</div>" if fields else ""}</div>{beside}'


def _header(block: Block, images: Images) -> str:
    return _plain(block["text"])


def _context(block: Block, images: Images) -> str:
    return " ".join(
        _image(part, images) if part["type"] == "image" else f"<span>{_plain(part)}</span>"
        for part in block["elements"]
    )


def _divider(block: Block, images: Images) -> str:
    return "<hr>"


def _actions(block: Block, images: Images) -> str:
    return "".join(_element(element, images) for element in block["elements"])


def _element(element: Block, images: Images) -> str:
    kind = element["type"]
    if kind == "button":
        return f'<span class="button {element.get("style", "")}">{_plain(element["text"])}</span>'
    if kind.endswith("_select"):
        return f'<span class="button menu">{_plain(element["placeholder"])}<span class="caret">⌄</span></span>'
    if kind == "image":
        return _image(element, images)
    if kind == "feedback_buttons":
        both = (element["positive_button"], element["negative_button"])
        return "".join(f'<span class="thumb">{sign}</span>' for sign, _ in zip("👍👎", both, strict=True))
    raise KeyError(kind)


def _input(block: Block, images: Images) -> str:
    optional = ' <span class="optional">(optional)</span>' if block.get("optional") else ""
    hint = f'<div class="hint">{_plain(block["hint"])}</div>' if "hint" in block else ""
    return (
        f"<label>{_plain(block['label'])}{optional}</label>{FIELDS[block['element']['type']](block['element'])}{hint}"
    )


def _radio_buttons(element: Block) -> str:
    chosen = (element.get("initial_option") or {}).get("value")
    return "".join(
        f'<div class="radio{" chosen" if option["value"] == chosen else ""}">{_plain(option["text"])}</div>'
        for option in element["options"]
    )


def _text_input(element: Block) -> str:
    kind = "long" if element.get("multiline") else "short"
    return f'<div class="input {kind}">{escape(element.get("initial_value", ""))}</div>'


def _image(block: Block, images: Images) -> str:
    file = block.get("slack_file", {}).get("id")
    source = f"data:image/png;base64,{base64.b64encode(images[file]).decode()}" if file else block["image_url"]
    title = f'<div class="title">{_plain(block["title"])}</div>' if "title" in block else ""
    return f'{title}<img src="{source}" alt="{escape(block["alt_text"])}">'


def _table(block: Block, images: Images) -> str:
    rows = ("".join(f"<td>{_cell(cell)}</td>" for cell in row) for row in block["rows"])
    return f"<table>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"


def _cell(cell: Block) -> str:
    return escape(str(cell["text"])) if "text" in cell else "".join(_inline(part) for part in cell["elements"])


BLOCKS: dict[str, Callable[[Block, Images], str]] = {
    "rich_text": _rich_text,
    "section": _section,
    "header": _header,
    "context": _context,
    "divider": _divider,
    "actions": _actions,
    "context_actions": _actions,
    "image": _image,
    "table": _table,
    "input": _input,
}
FIELDS: dict[str, Callable[[Block], str]] = {"radio_buttons": _radio_buttons, "plain_text_input": _text_input}
RICH: dict[str, Callable[[Block], str]] = {
    "rich_text_section": _section_of_text,
    "rich_text_list": _list,
    "rich_text_quote": _quote,
    "rich_text_preformatted": _preformatted,
}
INLINE: dict[str, Callable[[Block], str]] = {"text": _text_part, "link": _link, "user": _user}
