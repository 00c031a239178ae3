"""Get in touch: what only Slack's forms and threads have."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.peers.slack import Message, User
from tests.support.slack.bots import CASE, well
from tests.support.slack.desk import SlackDesk, slack_desk


@pytest.fixture(scope="module")
def desk(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SlackDesk]:
    with slack_desk(data_dir, tmp_path_factory.mktemp("desk")) as desk, desk.running():
        yield desk


@pytest.fixture
def ann(desk: SlackDesk) -> User:
    return desk.slack.user("ann")


@pytest.fixture
def advice(desk: SlackDesk, ann: User) -> Message:
    return desk.ask(ann, CASE, desk.place(ann))


def test_the_form_begins_with_the_users_name_and_without_consent(desk: SlackDesk, ann: User, advice: Message) -> None:
    view: Any = desk.consult(advice, ann).shown
    assert view.title == "Get in touch"
    assert view.state["name"]["name"]["value"] == "ann"
    [consent] = [block for block in view.blocks if block.get("block_id") == "consent"]
    assert "initial_option" not in consent["element"]


def test_what_is_passed_on_to_the_consultant_is_said_once(desk: SlackDesk, ann: User, advice: Message) -> None:
    card = desk.request_card(advice, ann)
    desk.reply(card, "How many tickets?")
    desk.say(advice, ann, "Two hundred a day.")
    desk.posted()
    assert "mention me" in desk.slack.ephemerals(advice.channel, ann)[-1].text


def test_a_consultants_reply_is_not_confirmed_to_them(desk: SlackDesk, ann: User, advice: Message) -> None:
    card = desk.request_card(advice, ann)
    before = len(desk.slack.ephemerals(desk.channel, desk.cem))
    desk.say_below(card, desk.cem, "reply: How many tickets?")
    desk.wait_for(lambda: "How many tickets?" in desk.read(advice)[-1], what="the reply")
    desk.settle()
    assert len(desk.slack.ephemerals(desk.channel, desk.cem)) == before


def test_wrong_mail_addresses_keep_the_form_open(desk: SlackDesk, ann: User, advice: Message) -> None:
    offer = desk.consult(advice, ann)
    for wrong in ("nonsense", "a@b", "a b@c.example", "<!here>@example.com", "a@b.example\nBcc: all"):
        well(desk.slack.submit(offer.shown, {"need": "Help", "consent": "summary", "email": wrong}))
        assert set(desk.form(ann).errors) == {"email"}
    offer.send(email="ann@firm.example")
    assert "ann@firm.example" in desk.card(ann).text
