"""Cards as Slack's blocks. All text goes into rich text, in which Slack knows no markup and no mention."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import chain, groupby
from typing import TypeVar, cast

from pydantic import JsonValue, TypeAdapter

from bot.messages.card import Button, Card, Menu, Picture
from bot.messages.formatting import shorten
from bot.messages.reply import Citation, Line, LineKind
from bot.slack.limits import (
    ALT_TEXT,
    BLOCKS,
    BUTTON,
    OPTION,
    PART,
    PLACEHOLDER,
    TEXT,
    TITLE,
    URL,
    WEIGHT,
    WEIGHT_OF_A_BLOCK,
)

T = TypeVar("T")
Json = dict[str, JsonValue]  # a block, or a part of one: https://docs.slack.dev/reference/block-kit/blocks

COUNTED = ("text", "url")
BOLD: Json = {"bold": True}
ITALIC: Json = {"italic": True}
LIST = "rich_text_list"


@dataclass(frozen=True)
class Rendering:
    """A message: its blocks, and the plain text for notifications and for where blocks are refused."""

    text: str
    blocks: list[dict[str, JsonValue]] = field(default_factory=list)

    @classmethod
    def from_json(cls, kept: Mapping[str, JsonValue]) -> "Rendering":
        """Read it from the store."""
        return _RENDERING.validate_python(kept)

    def to_json(self) -> dict[str, JsonValue]:
        """Write it for the store."""
        return {"text": self.text, "blocks": [*self.blocks]}


_RENDERING = TypeAdapter(Rendering)

EMPTY = Rendering("")


def render(card: Card, article_url: str | None = None, picture: str | None = None) -> list[Rendering]:
    """The messages that show a card, one unless it is very long; the buttons are under the last.

    `picture` is the id of the file with the card's picture.
    """
    actions = [Rendering("", [block]) for block in _actions(card)]
    room = reduce(_joined, actions, EMPTY)  # in every message, though only the last has the buttons
    parts = [EMPTY]
    shown = [_image(card.picture, picture)] if card.picture and picture else []
    for piece in chain(_lines(card.lines), shown, _citations(card.citations, article_url)):
        if _fits(reduce(_joined, (parts[-1], piece, room))):
            parts[-1] = _joined(parts[-1], piece)
        else:
            parts.append(piece)
    return [*parts[:-1], _joined(parts[-1], room)]


def escape(text: str) -> str:
    """Text in which Slack finds no link, no mention and no channel."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _joined(one: Rendering, other: Rendering) -> Rendering:
    return Rendering("\n".join(filter(None, (one.text, other.text))), [*one.blocks, *other.blocks])


def _fits(part: Rendering) -> bool:
    weight = sum(map(_length, part.blocks)) + WEIGHT_OF_A_BLOCK * len(part.blocks)
    return len(part.blocks) <= BLOCKS and weight <= WEIGHT and len(part.text) <= TEXT


def _length(value: JsonValue) -> int:
    """The characters of all that counts as text in a block or in a part of one."""
    if isinstance(value, list):
        return sum(map(_length, value))
    if not isinstance(value, dict):
        return 0
    own = (text for name in COUNTED if isinstance(text := value.get(name), str))
    return sum(map(len, own)) + sum(map(_length, value.values()))


def _lines(lines: Sequence[Line]) -> Iterator[Rendering]:
    """Blocks of no more text than Slack shows; bullets that follow one another are one list."""
    if lines and _is_title(lines[0]):
        title, lines = lines[0].plain(), lines[1:]
        yield Rendering(escape(title), [{"type": "header", "text": _plain(title, has_emoji=False)}])
    for part in _within(
        PART, [part for line in lines for part in line.split(PART)], lambda line: len(line.plain()) + 2
    ):
        text = escape("\n".join(line.plain() for line in part))
        shown = [_element(line, is_first=number == 0) for number, line in enumerate(part)]
        yield Rendering(text, [_of("rich_text", _grouped(shown))])


def _is_title(line: Line) -> bool:
    """Return True if a first line can be set as a header."""
    text = line.plain()
    return line.kind is LineKind.HEADING and line.text.isprintable() and bool(text.strip()) and len(text) <= TITLE


def _within(most: int, things: Sequence[T], size: Callable[[T], int]) -> Iterator[list[T]]:
    """The things in groups of at most this size together; one that is larger stands alone."""
    group, total = list[T](), 0
    for thing in things:
        if group and total + size(thing) > most:
            yield group
            group, total = [], 0
        group.append(thing)
        total += size(thing)
    if group:
        yield group


def _element(line: Line, *, is_first: bool) -> Json:
    marks = [_text(f" [{number}]") for number in line.cites]
    said = line.text or " "  # Slack takes no empty ones
    match line.kind:
        case LineKind.HEADING:
            above = "" if is_first else "\n"  # a block has its own space above
            return _of("rich_text_section", [_text(f"{above}{line.text}\n", BOLD), *marks])
        case LineKind.ITEM:
            return _bullets([_of("rich_text_section", [_text(said), *marks])])
        case LineKind.CODE:
            return _of("rich_text_preformatted", [_text(said), *marks])
        case LineKind.PLAIN:
            return _of("rich_text_section", [_text(said), *marks, _text("\n")])


def _grouped(elements: Sequence[Json]) -> list[Json]:
    """Neighbouring lists as one."""
    grouped = list[Json]()
    for kind, members in groupby(elements, key=lambda element: element["type"]):
        if kind == LIST:
            grouped.append(_bullets(chain.from_iterable(_parts(member) for member in members)))
        else:
            grouped += members
    return grouped


def _citations(citations: Sequence[Citation], article_url: str | None) -> Iterator[Rendering]:
    """Notes, set apart from what is said as a quotation is."""
    notes = [_note(number, citation, article_url) for number, citation in enumerate(citations, 1)]
    for part in _within(PART, notes, lambda note: sum(map(_length, note[1]))):
        text = escape("\n".join(plain for plain, _ in part))
        first, *others = (elements for _, elements in part)
        lines = [*first, *chain.from_iterable((_text("\n"), *elements) for elements in others)]
        yield Rendering(text, [_of("rich_text", [_of("rich_text_quote", lines)])])


def _note(number: int, citation: Citation, article_url: str | None) -> tuple[str, list[Json]]:
    """A citation as plain text, and as it is shown."""
    plain = f"[{number}] “{citation.quote}” ({citation.section})"
    return plain, [_text(f"[{number}] “{citation.quote}” "), _source(citation, article_url)]


def _source(citation: Citation, article_url: str | None) -> Json:
    if article_url is None:
        return _text(citation.section or " ", ITALIC)
    url = citation.link(article_url)
    return {"type": "link", "url": url if len(url) <= URL else article_url, "text": citation.section or article_url}


def _image(picture: Picture, file: str) -> Rendering:
    alt_text = shorten(picture.alt_text, ALT_TEXT)
    return Rendering("", [{"type": "image", "slack_file": {"id": file}, "alt_text": alt_text}])


def _actions(card: Card) -> Iterator[Json]:
    if card.menu:
        yield _of("actions", [_menu(card.menu)])
    for row in card.rows:
        yield _of("actions", [_button(button) for button in row])


def _button(button: Button) -> Json:
    shown: Json = {"type": "button", "text": _plain(button.label(BUTTON)), "action_id": button.press.id}
    return shown | {"style": "primary"} if button.is_main or button.is_chosen else shown


def _menu(menu: Menu) -> Json:
    options: list[JsonValue] = [
        {"text": _plain(shorten(text, OPTION)), "value": choice} for choice, text in menu.choices
    ]
    named: Json = {"placeholder": _plain(shorten(menu.text, PLACEHOLDER)), "action_id": menu.press.id}
    return {"type": "static_select", **named, "options": options}


def _of(kind: str, elements: Sequence[Json]) -> Json:
    return {"type": kind, "elements": [*elements]}


def _bullets(items: Iterable[Json]) -> Json:
    return {**_of(LIST, [*items]), "style": "bullet"}


def _parts(element: Json) -> list[Json]:
    return cast(list[Json], element["elements"])


def _text(text: str, style: Json | None = None) -> Json:
    return {"type": "text", "text": text, "style": style} if style else {"type": "text", "text": text}


def _plain(text: str, *, has_emoji: bool = True) -> Json:
    return {"type": "plain_text", "text": text, "emoji": has_emoji}
