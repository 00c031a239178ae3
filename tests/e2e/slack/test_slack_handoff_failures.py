"""The handoff when things go wrong: kill -9 at each step, an outage, a channel that is not there."""

import html
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.peers.slack import Fault, Message, User
from tests.support.slack.bots import ANSWERING, CASE, press
from tests.support.slack.staffed import FILLED, NEED, Staffed, close_all, request, told, with_consultants

pytestmark = pytest.mark.takes_long

RESTARTING = 30.0  # seconds until what a killed process was sending is sent by the next


@pytest.fixture(scope="module")
def staffed(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Staffed]:
    with with_consultants(data_dir, tmp_path_factory.mktemp("failing")) as bot:
        yield bot


@pytest.fixture
def ann(staffed: Staffed) -> User:
    if not staffed.is_running:
        staffed.start()
    return staffed.slack.user("ann")


@pytest.fixture
def advice(staffed: Staffed, ann: User) -> Message:
    slack = staffed.slack
    [answer] = staffed.answers(slack.mention(slack.channel("general", ann), ann, CASE))
    return answer


def killed(staffed: Staffed, act: Callable[[], object], fault: Fault) -> None:
    """Kills the bot as soon as a fault was met, while it does something; and starts it again."""
    before = fault.times
    with suppress(AssertionError):
        act()
    staffed.slack.wait_for(lambda: fault.times < before, ANSWERING, "the step at which to kill")
    staffed.kill()
    staffed.slack.wait_for(lambda: not staffed.slack.connected)
    fault.times = 0
    staffed.start()
    staffed.slack.redeliver()


def sending(staffed: Staffed, channel: str, method: str = "chat.*", *, after: bool) -> Fault:
    """From now on what is posted in a channel is not answered in time, before or after it has taken place."""
    how = {"late": 30.0} if after else {"delay": 30.0}
    return staffed.slack.fail(method, times=1_000, when=lambda said: said.get("channel") == channel, **how)


def cards_of(staffed: Staffed, user: User) -> list[Message]:
    [(reference,)] = staffed.rows("SELECT reference FROM leads WHERE user_id = ? AND state != 'draft'", user.id)
    return [m for m in staffed.slack.said(staffed.desk) if reference in m.text and not m.thread_ts]


@pytest.mark.parametrize("after", [False, True], ids=["before it is posted", "after it was posted"])
def test_killed_at_the_card_it_comes_once(staffed: Staffed, ann: User, advice: Message, *, after: bool) -> None:
    slack = staffed.slack
    press(slack, advice, "Get in touch", ann)
    view = staffed.form(ann)
    fault = sending(staffed, staffed.desk.id, after=after)
    killed(staffed, lambda: slack.submit(view, FILLED).wait(ANSWERING), fault)
    staffed.posted(seconds=RESTARTING)
    [card] = cards_of(staffed, ann)
    assert NEED in card.text
    assert len(told(staffed, advice)) == 1


@pytest.mark.parametrize("after", [False, True], ids=["before it is posted", "after it was posted"])
def test_killed_at_a_reply_it_comes_once(staffed: Staffed, ann: User, advice: Message, *, after: bool) -> None:
    slack = staffed.slack
    card = staffed.card(request(staffed, advice, ann))
    fault = sending(staffed, advice.channel, after=after)
    killed(staffed, lambda: slack.say(staffed.desk, staffed.cem, "reply: Hello there", thread=card.message), fault)
    staffed.posted(seconds=RESTARTING)
    assert sum("Hello there" in text for text in told(staffed, advice)) == 1
    assert "Replies: 1 delivered, 0 on the way" in card.text


@pytest.mark.parametrize("after", [False, True], ids=["before it is posted", "after it was posted"])
def test_killed_at_a_note_it_comes_once(staffed: Staffed, ann: User, advice: Message, *, after: bool) -> None:
    slack = staffed.slack
    card = staffed.card(request(staffed, advice, ann))
    fault = sending(staffed, staffed.desk.id, after=after)
    killed(staffed, lambda: slack.say(advice.channel, ann, "note: One more thing", thread=advice), fault)
    staffed.posted(seconds=RESTARTING)
    assert staffed.thread(card) == ["ann adds:\nOne more thing"]


@pytest.mark.parametrize("button", ["Claim", "Resolve"])
def test_killed_at_a_click_the_card_shows_what_is_so(staffed: Staffed, ann: User, advice: Message, button: str) -> None:
    slack = staffed.slack
    card = staffed.card(request(staffed, advice, ann))
    fault = sending(staffed, staffed.desk.id, "chat.update", after=True)
    killed(staffed, lambda: slack.click(card.now, button, staffed.cem).wait(ANSWERING), fault)
    staffed.posted(seconds=RESTARTING)
    assert "by cem" in card.text
    assert card.buttons == (["Reply", "Resolve", "Release"] if button == "Claim" else ["Reply"])


def test_killed_at_the_file_it_is_shared_once(staffed: Staffed, ann: User, advice: Message) -> None:
    slack = staffed.slack
    press(slack, advice, "Get in touch", ann)
    view = staffed.form(ann)
    agreed = {"need": NEED, "consent": "The summary and the conversation"}
    fault = slack.fail("files.completeUploadExternal", times=1_000, late=30.0)
    killed(staffed, lambda: slack.submit(view, agreed).wait(ANSWERING), fault)
    staffed.posted(seconds=RESTARTING)
    [card] = cards_of(staffed, ann)
    assert [len(message.files) for message in slack.answers(card)] == [1]


def test_killed_while_the_form_is_open_it_can_be_sent_afterwards(staffed: Staffed, ann: User, advice: Message) -> None:
    slack = staffed.slack
    press(slack, advice, "Get in touch", ann)
    view = staffed.form(ann)
    staffed.kill()
    slack.wait_for(lambda: not slack.connected)
    staffed.start()
    slack.submit(view, FILLED).wait(ANSWERING)
    assert "is recorded" in close_all(slack, ann)
    staffed.posted(seconds=RESTARTING)
    assert len(cards_of(staffed, ann)) == 1


def test_an_outage_of_the_consultants_channel_loses_nothing(staffed: Staffed, ann: User, advice: Message) -> None:
    slack = staffed.slack
    down = slack.fail("chat.*", status=503, times=1_000, when=lambda said: said.get("channel") == staffed.desk.id)
    press(slack, advice, "Get in touch", ann)
    slack.submit(staffed.form(ann), FILLED).wait(ANSWERING)
    assert "is recorded" in close_all(slack, ann)
    slack.wait_for(lambda: len(told(staffed, advice, user_only=True)) == 1, ANSWERING, "the confirmation")
    slack.say(advice.channel, ann, "note: It is urgent", thread=advice)
    slack.wait_for(lambda: down.times < 995, RESTARTING, "several attempts")
    down.times = 0
    staffed.posted(seconds=RESTARTING)
    [card] = cards_of(staffed, ann)
    assert [html.unescape(m.text) for m in slack.answers(card)] == ["ann adds:\nIt is urgent"]


def test_a_bot_that_was_removed_from_the_channel_posts_there_when_it_is_back(
    staffed: Staffed, ann: User, advice: Message
) -> None:
    slack = staffed.slack
    slack.leave(staffed.desk, slack.bot)
    press(slack, advice, "Get in touch", ann)
    slack.submit(staffed.form(ann), FILLED).wait(ANSWERING)
    close_all(slack, ann)
    attempts = "SELECT max(attempts) FROM deliveries WHERE kind = 'card' AND user_id = ?"
    slack.wait_for(lambda: staffed.rows(attempts, ann.id)[0][0] >= 2, ANSWERING, "two attempts")
    assert staffed.direct(ann) == []  # what is for the consultants never goes to the user instead
    slack.join(staffed.desk, slack.bot)
    staffed.posted(seconds=RESTARTING)
    assert len(cards_of(staffed, ann)) == 1
