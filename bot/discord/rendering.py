"""Cards as Discord's messages: the text as content, or where it is longer in an embed; the citations in an embed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import discord
from pydantic import JsonValue, TypeAdapter

from bot.discord.limits import BUTTON, CONTENT, EMBED, EMBED_COUNT, EMBEDS, OPTION, PLACEHOLDER
from bot.discord.markdown import render_line, render_notes, split_line
from bot.messages.card import Button, Card, Menu
from bot.messages.formatting import shorten, split
from bot.messages.reply import Line

PICTURE = "summary.png"
COLOUR = 0x4752C4
LINE_STARTS = ("#", "-", ">", "```")
NOTHING = "…"  # Discord takes no empty message


@dataclass(frozen=True)
class Component:
    """A button, or a menu if it has options, of which each is a value and what is shown of it."""

    id: str
    label: str = ""
    style: int = discord.ButtonStyle.secondary.value
    placeholder: str = ""
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Rendering:
    """A message: its content, the descriptions of its embeds, its rows of components; `has_picture` in a last embed."""

    content: str = ""
    embeds: list[str] = field(default_factory=list)
    rows: list[list[Component]] = field(default_factory=list)
    has_picture: bool = False

    @classmethod
    def from_json(cls, kept: Mapping[str, JsonValue]) -> "Rendering":
        """Read it from the store."""
        return _RENDERING.validate_python(kept)

    def to_json(self) -> dict[str, JsonValue]:
        """Write it for the store, without a picture."""
        return dict(_RENDERING.dump_python(self, mode="json", exclude={"has_picture"}))

    @property
    def options(self) -> dict[str, Any]:
        """Options for discord.py to send the message, or to edit another into it."""
        return {"content": self.content or None, "embeds": self.shown_embeds(), "view": self.view()}

    def pinging(self, user: str) -> "Rendering":
        """The same, calling a user's attention to it where there is room."""
        separator = "\n" if self.content.startswith(LINE_STARTS) else " "  # some markup begins a line
        content = f"<@{user}>{separator}{self.content}".rstrip()
        return replace(self, content=content) if len(content) <= CONTENT else self

    def texts(self) -> list[str]:
        """All of it as plain contents, for when Discord takes it in no other form."""
        return [*split("\n".join(filter(None, (self.content, *self.embeds))) or NOTHING, CONTENT)]

    def shown_embeds(self) -> list[discord.Embed]:
        """The embeds, as discord.py sends them."""
        embeds = [discord.Embed(description=text, colour=COLOUR) for text in self.embeds]
        picture = discord.Embed(colour=COLOUR).set_image(url=f"attachment://{PICTURE}")
        return [*embeds, picture] if self.has_picture else embeds

    def view(self) -> discord.ui.View:
        """The components, as discord.py sends them; what they do is found by their ids, not kept with the view."""
        view = discord.ui.View(timeout=None)
        for number, row in enumerate(self.rows):
            for component in row:
                view.add_item(_item(component, number))
        view.stop()  # else discord.py would remember it for as long as it runs
        return view


_RENDERING = TypeAdapter(Rendering)


def render(card: Card, article_url: str | None = None, *, with_embeds: bool = True) -> list[Rendering]:
    """The messages that show a card, one unless it is very long; the picture and the components are in the last.

    Without embeds everything is content, for where the bot may not post them. A card has at most five rows.
    """
    if with_embeds:
        parts = _with_embeds(card, article_url)
    else:
        lines = [line for whole in card.lines for line in split_line(whole, CONTENT)]
        small = [f"-# {note}" for note in render_notes(card.citations, article_url, CONTENT - len("-# "))]
        parts = [Rendering(text) for text in _packed([*_written(lines), *small], CONTENT)]
    parts = [part if part.embeds or part.content.strip() else Rendering(NOTHING) for part in parts or [Rendering()]]
    last = Rendering(parts[-1].content, parts[-1].embeds, [*_rows(card)], has_picture=card.picture is not None)
    return [*parts[:-1], last]


def render_fewest(card: Card, article_url: str | None) -> list[Rendering]:
    """The messages that show a card that is to change in place: without links, where these would make them more."""
    return min((render(card, url) for url in (article_url, None)), key=len)


def _with_embeds(card: Card, article_url: str | None) -> list[Rendering]:
    sources = _packed([*render_notes(card.citations, article_url, EMBED)], EMBED)
    texts = _packed(_written([line for whole in card.lines for line in split_line(whole, CONTENT)]), CONTENT)
    if len(texts) > 1:  # an embed has room for more
        texts = _packed(_written([line for whole in card.lines for line in split_line(whole, EMBED)]), EMBED)
        return [Rendering(embeds=embeds) for embeds in _grouped([*texts, *sources])]
    first, *others = _grouped(sources) or [[]]
    return [Rendering("".join(texts), first), *(Rendering(embeds=embeds) for embeds in others)]


def _written(lines: Sequence[Line]) -> list[str]:
    return [render_line(line, is_first=number == 0) for number, line in enumerate(lines)]


def _packed(texts: Sequence[str], most: int) -> list[str]:
    """The texts, one a line, in as few longer ones of at most that many characters as their order allows."""
    packed = list[str]()
    for text in texts:
        if packed and len(packed[-1]) + 1 + len(text) <= most:
            packed[-1] += f"\n{text}"
        else:
            packed.append(text.removeprefix("\n"))
    return [text for text in packed if text.strip()]


def _grouped(embeds: Sequence[str]) -> list[list[str]]:
    """The embeds of each message; one place is left for a picture."""
    groups = list[list[str]]()
    for embed in embeds:
        if groups and sum(map(len, groups[-1])) + len(embed) <= EMBEDS and len(groups[-1]) < EMBED_COUNT - 1:
            groups[-1].append(embed)
        else:
            groups.append([embed])
    return groups


def _rows(card: Card) -> Iterator[list[Component]]:
    if card.menu:
        yield [_menu(card.menu)]
    for row in card.rows:
        yield [_button(button) for button in row]


def _button(button: Button) -> Component:
    style = discord.ButtonStyle.secondary
    if button.is_chosen:
        style = discord.ButtonStyle.success
    elif button.is_main:
        style = discord.ButtonStyle.primary
    return Component(button.press.id, button.label(BUTTON), style.value)


def _menu(menu: Menu) -> Component:
    options = tuple((choice, shorten(text, OPTION)) for choice, text in menu.choices)
    return Component(menu.press.id, placeholder=shorten(menu.text, PLACEHOLDER), options=options)


def _item(component: Component, row: int) -> discord.ui.Item[discord.ui.View]:
    """The component as discord.py sends it."""
    name = component.id
    if not component.options:
        style = discord.ButtonStyle(component.style)
        return discord.ui.Button(label=component.label, custom_id=name, style=style, row=row)
    shown = [discord.SelectOption(label=text, value=choice) for choice, text in component.options]
    return discord.ui.Select(custom_id=name, placeholder=component.placeholder, options=shown, row=row)
