"""Forms as Discord's modals, https://docs.discord.com/developers/components/reference; and what is filled in."""

from collections.abc import Mapping
from typing import Any

import discord

from bot import texts
from bot.discord.limits import DESCRIPTION, LABEL, TITLE
from bot.messages.card import Button, Card, Press
from bot.messages.form import MAX_INPUT, Field, FieldKind, Form
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


def form_again(press: Press, values: Mapping[str, str], errors: Mapping[str, str]) -> Card:
    """The errors in a form, what was written in it, and a way to reopen it: Discord closes it when it is sent."""
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
        max_length=MAX_INPUT,
    )
