"""Discord's Markdown as HTML, as far as the bot and its users write it: https://support.discord.com/hc/articles/210298617."""

import re
from collections.abc import Callable, Iterator, Mapping
from html import escape

Names = Mapping[str, str]  # of people and channels by their ids

FENCE = re.compile(r"```(?:\w*\n)?(.*?)\n?```", re.DOTALL)
LINE = re.compile(r"(?P<mark>#{1,3} |-# | *[-*] | *\d+\. |> )(?P<rest>.*)")
INLINE = re.compile(
    r"\\(?P<escaped>[^\w\s]|_)"
    r"|`(?P<code>[^`\n]+)`"
    r"|\[(?P<label>(?:\\.|[^\]\\])+)\]\((?P<url>https?://[^\s)]+)\)"
    r"|\*\*(?P<bold>(?:\\.|[^\\])+?)\*\*"
    r"|__(?P<underlined>(?:\\.|[^\\])+?)__"
    r"|\*(?P<slanted>(?:\\.|[^\\*])+?)\*"
    r"|(?<!\w)_(?P<italic>(?:\\.|[^\\_])+?)_(?!\w)"
    r"|~~(?P<struck>(?:\\.|[^\\])+?)~~"
    r"|<(?P<sign>[@#])!?(?P<who>\d+)>"
    r"|(?P<address>https?://[^\s<>]+)",
)
TAGS = {"bold": "b", "underlined": "u", "slanted": "i", "italic": "i", "struck": "s"}


def html_of(text: str, names: Names) -> str:
    """A message's content, or an embed's description."""
    parts = FENCE.split(text)
    drawn = [f"<pre>{escape(part)}</pre>" if number % 2 else _lines(part, names) for number, part in enumerate(parts)]
    return "".join(drawn)


def _lines(text: str, names: Names) -> str:
    return "".join(_line(line, names) for line in text.strip("\n").split("\n")) if text.strip() else ""


def _line(line: str, names: Names) -> str:
    found = LINE.match(line)
    if not found:
        return f"<div>{_inline(line, names) or '<br>'}</div>"
    mark, rest = found["mark"], _inline(found["rest"], names)
    if mark.startswith("#"):
        return f"<h{len(mark) - 1}>{rest}</h{len(mark) - 1}>"
    if mark == "-# ":
        return f"<small>{rest}</small>"
    if mark == "> ":
        return f"<blockquote>{rest}</blockquote>"
    sign = "•" if mark.strip() in ("-", "*") else mark.strip()
    return f'<div class="item" style="margin-left: {len(mark) - len(mark.lstrip())}em"><i>{sign}</i><p>{rest}</p></div>'


def _inline(text: str, names: Names) -> str:
    return "".join(_pieces(text, names))


def _pieces(text: str, names: Names) -> Iterator[str]:
    end = 0
    for found in INLINE.finditer(text):
        yield escape(text[end : found.start()])
        yield _marked(found, names)
        end = found.end()
    yield escape(text[end:])


def _marked(found: re.Match[str], names: Names) -> str:
    kind = found.lastgroup or ""
    if kind in TAGS:
        return f"<{TAGS[kind]}>{_inline(found[kind], names)}</{TAGS[kind]}>"
    return MARKED[kind](found, names)


def _mention(found: re.Match[str], names: Names) -> str:
    return f'<span class="mention">{found["sign"]}{escape(names[found["who"]])}</span>'


MARKED: dict[str, Callable[[re.Match[str], Names], str]] = {
    "escaped": lambda found, _names: escape(found["escaped"]),
    "code": lambda found, _names: f"<code>{escape(found['code'])}</code>",
    "url": lambda found, names: f"<a>{_inline(found['label'], names)}</a>",
    "who": _mention,
    "address": lambda found, _names: f"<a>{escape(found['address'])}</a>",
}
