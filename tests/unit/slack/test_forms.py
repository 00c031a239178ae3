"""Forms as modals: within the limits of every platform, and read back as they were filled in."""

import pytest

from bot.discord.limits import DESCRIPTION, LABEL
from bot.handoff.consultants import reply_form
from bot.handoff.request_forms import request_form, small_form
from bot.messages.card import MAX_PRESS_ID, Press
from bot.messages.form import Form
from bot.slack.forms import render_modal, render_notice
from tests.peers.slack import view_violations
from tests.support.rooms import draft

TITLE = 24  # characters, Slack's limit
MOST_FIELDS = 5  # Discord's limit

CASE = {"summary": ["a <!channel> summary"] * 16, "transcript": [{"said": "x", "replied": "y"}]}
FORMS = [
    request_form(draft(10**18, CASE), "ann"),
    request_form(draft(1, {}), ""),
    reply_form(Press("reply", 10**18)),
    small_form(Press("note", 1)),
    small_form(Press("solved", 1)),
    small_form(Press("solved", 1, choice="no")),
]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.title)
def test_forms_fit_every_platform(form: Form) -> None:
    assert len(form.title) <= TITLE
    assert 1 <= len(form.fields) <= MOST_FIELDS
    assert all(len(field.label) <= LABEL and len(field.hint) <= DESCRIPTION for field in form.fields)
    assert len({field.name for field in form.fields}) == len(form.fields)
    assert len(form.press.id) <= MAX_PRESS_ID
    assert view_violations(render_modal(form)) == []


def test_a_notice_is_a_modal_too() -> None:
    assert view_violations(render_notice("rag-or-tune", "Something <!channel> happened.")) == []
