"""Forms as Slack's modals, https://docs.slack.dev/surfaces/modals."""

import logging
from typing import Any

from pydantic import JsonValue
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot import texts
from bot.messages.card import Card
from bot.messages.form import MAX_INPUT, Field, FieldKind, Form
from bot.messages.reply import Line
from bot.slack.api_errors import code_of
from bot.slack.rendering import render

log = logging.getLogger(__name__)

Block = dict[str, JsonValue]


async def open_form(client: AsyncWebClient, trigger: str, form: Form) -> bool:
    """Open a form; False when it took us too long, or the trigger was used already."""
    try:
        await client.views_open(trigger_id=trigger, view=render_modal(form))
    except SlackApiError as error:
        if code_of(error) not in ("expired_trigger_id", "exchanged_trigger_id", "trigger_expired"):
            raise
        return False
    return True


def render_modal(form: Form) -> dict[str, Any]:
    """Render a form as a modal."""
    intro = [block for part in render(Card(form.lines)) for block in part.blocks] if form.lines else []
    return {
        "type": "modal",
        "callback_id": form.press.id,
        "title": _plain(form.title),
        "submit": _plain(form.send),
        "close": _plain(texts.sentence("form_close")),
        "blocks": [*intro, *map(_input, form.fields)],
    }


def render_notice(title: str, text: str) -> dict[str, Any]:
    """Render a text as a modal."""
    blocks = render(Card((Line(text),)))[0].blocks
    return {"type": "modal", "title": _plain(title), "close": _plain(texts.sentence("form_close")), "blocks": blocks}


def _input(field: Field) -> Block:
    block: Block = {
        "type": "input",
        "block_id": field.name,
        "label": _plain(field.label),
        "element": _element(field),
        "optional": not field.is_required,
    }
    return block | ({"hint": _plain(field.hint)} if field.hint else {})


def _element(field: Field) -> Block:
    element: Block = {"action_id": field.name}
    if field.kind is FieldKind.CHOICE:
        options = {choice: _option(choice, text) for choice, text in field.choices}
        element |= {"type": "radio_buttons", "options": [*options.values()]}
        return element | ({"initial_option": options[field.value]} if field.value in options else {})
    is_long = field.kind is FieldKind.TEXT
    element |= {"type": "plain_text_input", "multiline": is_long, "max_length": MAX_INPUT}
    return element | ({"initial_value": field.value} if field.value else {})


def _option(choice: str, text: str) -> Block:
    return {"text": _plain(text), "value": choice}


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": False}
