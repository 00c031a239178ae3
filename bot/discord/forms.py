"""Forms as Discord's modals, https://docs.discord.com/developers/components/reference; and what is filled in."""

from collections.abc import Iterator, Mapping
from typing import Any

import discord

from bot import texts
from bot.discord.limits import DESCRIPTION, LABEL, TITLE
from bot.messages.card import Button, Card, Press
from bot.messages.form import LONGEST, Field, FieldKind, Form
from bot.messages.reply import Line, LineKind

Item = discord.ui.Item[Any]


def modal(form: Form) -> discord.ui.Modal:
    """The modal of a form. What is sent is known by its id, so that discord.py need not remember it."""
    shown = discord.ui.Modal(title=form.title[:TITLE], custom_id=form.press.id, timeout=None)
    for field in form.fields:
        description = field.hint[:DESCRIPTION] or None
        shown.add_item(discord.ui.Label(text=field.label[:LABEL], description=description, component=_input(field)))
    shown.stop()
    return shown


def values_of(data: Mapping[str, Any]) -> dict[str, str]:
    """What was filled in, by field."""
    return dict(_values(data.get("components") or []))


def again(press: Press, values: Mapping[str, str], errors: Mapping[str, str]) -> Card:
    """What was filled in wrongly, with what was written: Discord closes a form when it is sent."""
    said = Line(texts.sentence("form_wrong", errors=" ".join(dict.fromkeys(errors.values()))))
    written = [
        Line(texts.sentence("form_written", text=values[name]), LineKind.ITEM)
        for name in ("need", "text")
        if values.get(name, "").strip()
    ]
    return Card((said, *written), rows=((Button(texts.sentence("do_again"), press, is_main=True),),))


def _input(field: Field) -> Item:
    if field.kind is FieldKind.CHOICE:
        options = [
            discord.SelectOption(label=text, value=choice, default=choice == field.value)
            for choice, text in field.choices
        ]
        return discord.ui.Select(custom_id=field.name, options=options)
    style = discord.TextStyle.long if field.kind is FieldKind.TEXT else discord.TextStyle.short
    return discord.ui.TextInput(
        custom_id=field.name,
        style=style,
        default=field.value or None,
        required=field.is_required,
        max_length=LONGEST,
    )


def _values(components: list[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for component in components:
        inner = component.get("component") or component
        if name := inner.get("custom_id"):
            yield str(name), str(next(iter(inner.get("values") or []), inner.get("value") or ""))
