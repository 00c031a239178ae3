"""Cards as Slack's blocks. All text goes into rich text, in which Slack knows no markup and no mention."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import chain, groupby
from typing import TypeVar

from pydantic import JsonValue, TypeAdapter
from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    HeaderBlock,
    ImageBlock,
    Option,
    RichTextBlock,
    RichTextElement,
    RichTextElementParts,
    RichTextListElement,
    RichTextPreformattedElement,
    RichTextQuoteElement,
    RichTextSectionElement,
    StaticSelectElement,
)
from slack_sdk.models.blocks.basic_components import PlainTextObject, SlackFile

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
Text, Link, Style = RichTextElementParts.Text, RichTextElementParts.Link, RichTextElementParts.TextStyle
COUNTED = ("text", "url")
BOLD, ITALIC = Style(bold=True), Style(italic=True)


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
    actions = [Rendering("", [block.to_dict()]) for block in _actions(card)]
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
        yield Rendering(escape(title), [HeaderBlock(text=PlainTextObject(text=title, emoji=False)).to_dict()])
    for part in _within(
        PART, [part for line in lines for part in line.split(PART)], lambda line: len(line.plain()) + 2
    ):
        text = escape("\n".join(line.plain() for line in part))
        shown = [_element(line, is_first=number == 0) for number, line in enumerate(part)]
        yield Rendering(text, [RichTextBlock(elements=_grouped(shown)).to_dict()])


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


def _element(line: Line, *, is_first: bool) -> RichTextElement:
    marks = [Text(text=f" [{number}]") for number in line.cites]
    match line.kind:
        case LineKind.HEADING:
            above = "" if is_first else "\n"  # a block has its own space above
            return RichTextSectionElement(elements=[Text(text=f"{above}{line.text}\n", style=BOLD), *marks])
        case LineKind.ITEM:
            item = RichTextSectionElement(elements=[Text(text=line.text or " "), *marks])  # Slack takes no empty ones
            return RichTextListElement(style="bullet", elements=[item])
        case LineKind.CODE:
            return RichTextPreformattedElement(elements=[Text(text=line.text or " "), *marks])
        case LineKind.PLAIN:
            return RichTextSectionElement(elements=[Text(text=line.text or " "), *marks, Text(text="\n")])


def _grouped(elements: Sequence[RichTextElement]) -> list[RichTextElement]:
    """Neighbouring lists as one."""
    grouped = list[RichTextElement]()
    for kind, members in groupby(elements, key=type):
        if kind is RichTextListElement:
            items = [item for member in members for item in getattr(member, "elements", ())]
            grouped.append(RichTextListElement(style="bullet", elements=items))
        else:
            grouped += members
    return grouped


def _citations(citations: Sequence[Citation], article_url: str | None) -> Iterator[Rendering]:
    """Notes, set apart from what is said as a quotation is."""
    notes = [_note(number, citation, article_url) for number, citation in enumerate(citations, 1)]
    for part in _within(PART, notes, lambda note: sum(_length(element.to_dict()) for element in note[1])):
        text = escape("\n".join(plain for plain, _ in part))
        first, *others = (elements for _, elements in part)
        lines = [*first, *chain.from_iterable((Text(text="\n"), *elements) for elements in others)]
        yield Rendering(text, [RichTextBlock(elements=[RichTextQuoteElement(elements=lines)]).to_dict()])


def _note(number: int, citation: Citation, article_url: str | None) -> tuple[str, list[RichTextElement]]:
    """A citation as plain text, and as it is shown."""
    plain = f"[{number}] “{citation.quote}” ({citation.section})"
    return plain, [Text(text=f"[{number}] “{citation.quote}” "), _source(citation, article_url)]


def _source(citation: Citation, article_url: str | None) -> RichTextElement:
    if article_url is None:
        return Text(text=citation.section or " ", style=ITALIC)
    url = citation.link(article_url)
    return Link(url=url if len(url) <= URL else article_url, text=citation.section or article_url)


def _image(picture: Picture, file: str) -> Rendering:
    alt_text = shorten(picture.alt_text, ALT_TEXT)
    return Rendering("", [ImageBlock(slack_file=SlackFile(id=file), alt_text=alt_text).to_dict()])


def _actions(card: Card) -> Iterator[Block]:
    if card.menu:
        yield ActionsBlock(elements=[_menu(card.menu)])
    for row in card.rows:
        yield ActionsBlock(elements=[_button(button) for button in row])


def _button(button: Button) -> ButtonElement:
    style = "primary" if button.is_main or button.is_chosen else None
    return ButtonElement(text=button.label(BUTTON), action_id=button.press.id, style=style)


def _menu(menu: Menu) -> StaticSelectElement:
    options = [Option(value=choice, text=shorten(text, OPTION)) for choice, text in menu.choices]
    return StaticSelectElement(placeholder=shorten(menu.text, PLACEHOLDER), action_id=menu.press.id, options=options)
