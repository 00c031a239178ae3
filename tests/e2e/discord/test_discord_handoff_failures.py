"""The handoff on Discord when things go wrong: kill -9 at each step, an outage, a channel that is not there."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.peers.discord import Fault, Interaction, Message, Request, User
from tests.support.discord.bots import CASE, Screen
from tests.support.discord.desks import ALL, NEED, SUMMARY, Staffed, preview, request, with_consultants
from tests.support.running import ANSWERING

pytestmark = pytest.mark.takes_long

RESTARTING = 60.0  # seconds until what a killed process was sending is sent by the next
STEPS = pytest.mark.parametrize("after", [False, True], ids=["before it is posted", "after it was posted"])


@pytest.fixture(scope="module")
def staffed(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Staffed]:
    with with_consultants(data_dir, tmp_path_factory.mktemp("failing")) as bot:
        yield bot


@pytest.fixture
def ann(staffed: Staffed) -> User:
    if not staffed.is_running:
        staffed.start()
    return staffed.discord.user("ann")


@pytest.fixture
def advice(staffed: Staffed, ann: User) -> Message:
    [answer] = staffed.answers(staffed.discord.dm(ann, CASE))
    return answer


def killed(staffed: Staffed, act: Callable[[], object], fault: Fault) -> None:
    """Kills the bot as soon as a fault was met, while it does something; and starts it again."""
    before = fault.times
    with suppress(AssertionError):
        act()
    staffed.discord.wait_for(lambda: fault.times < before, ANSWERING, "the step at which to kill")
    staffed.kill()
    staffed.discord.wait_for(lambda: not staffed.discord.connected)
    fault.times = 0
    staffed.start()


def sending(staffed: Staffed, route: str, *, after: bool) -> Fault:
    """From now on these requests are not answered in time, before or after they have taken place."""
    how = {"late": 30.0} if after else {"delay": 30.0}
    return staffed.discord.fail(route, times=1_000, **how)


def cards_of(staffed: Staffed, user: User) -> list[Message]:
    reference = staffed.reference(user)
    return [message for message in staffed.discord.said(staffed.desk) if reference in message.text]


def submitting(staffed: Staffed, advice: Message, ann: User, consent: str = SUMMARY) -> Callable[[], Interaction]:
    """Sends the form that has been opened."""
    form = staffed.form(staffed.discord.click(preview(staffed, advice, ann), consent, ann))
    return lambda: staffed.discord.submit(form, ann, {"need": NEED})


@STEPS
def test_killed_at_the_card_it_comes_once(staffed: Staffed, ann: User, advice: Message, *, after: bool) -> None:
    submit = submitting(staffed, advice, ann)
    killed(staffed, submit, sending(staffed, f"POST /channels/{staffed.desk.id}/messages", after=after))
    staffed.posted(seconds=RESTARTING)
    [card] = cards_of(staffed, ann)
    assert NEED in card.text


def test_killed_after_a_reply_was_posted_it_comes_once(staffed: Staffed, ann: User, advice: Message) -> None:
    card = staffed.card(request(staffed, advice, ann))
    for text in ("Hello", "Hello"):  # the second must not be taken for the first
        fault = sending(staffed, f"POST /channels/{advice.channel_id}/messages", after=True)
        form = staffed.form(staffed.discord.click(card.now, "Reply", staffed.cem))
        killed(staffed, lambda form=form, text=text: staffed.discord.submit(form, staffed.cem, {"text": text}), fault)
        staffed.posted(seconds=RESTARTING)
    assert sum("\nHello" in message.text for message in staffed.discord.said(ann)) == 2
    assert "Replies: 2 delivered, 0 on the way" in card.text


def test_killed_after_a_note_was_posted_it_comes_once(staffed: Staffed, ann: User, advice: Message) -> None:
    card = staffed.card(request(staffed, advice, ann))
    staffed.say_below(card, staffed.cem, "Let us see.")
    fault = sending(staffed, f"POST /channels/{card.message.id}/messages", after=True)
    killed(staffed, lambda: staffed.discord.dm(ann, "note: One more thing"), fault)
    staffed.posted(seconds=RESTARTING)
    assert staffed.thread(card) == ["### ann adds:\nOne more thing"]


def test_killed_at_a_click_the_card_shows_what_is_so(staffed: Staffed, ann: User, advice: Message) -> None:
    card = staffed.card(request(staffed, advice, ann))
    fault = sending(staffed, f"PATCH /channels/{staffed.desk.id}/messages/{{}}", after=True)
    killed(staffed, lambda: staffed.discord.click(card.now, "Resolve", staffed.cem), fault)
    staffed.posted(seconds=RESTARTING)
    assert "by cem" in card.text
    assert card.buttons == ["Reply"]


@pytest.mark.parametrize("step", ["POST /channels/{}/messages/{}/threads", "POST /channels/{}/messages"])
def test_killed_at_the_file_it_is_shared_once(staffed: Staffed, ann: User, advice: Message, step: str) -> None:
    submit = submitting(staffed, advice, ann, ALL)
    fault = staffed.discord.fail(step, times=1_000, late=30.0, when=lambda said: not said.get("components"))
    killed(staffed, submit, fault)
    staffed.posted(seconds=RESTARTING)
    [card] = cards_of(staffed, ann)
    assert [len(message.files) for message in staffed.discord.said(card.id)] == [1]


def test_killed_while_the_form_is_open_it_can_be_sent_afterwards(staffed: Staffed, ann: User, advice: Message) -> None:
    submit = submitting(staffed, advice, ann)
    staffed.kill()
    staffed.discord.wait_for(lambda: not staffed.discord.connected)
    staffed.start()
    assert submit().wait(ANSWERING).acked
    staffed.discord.wait_for(lambda: cards_of(staffed, ann), RESTARTING, "the card")
    staffed.posted(seconds=RESTARTING)
    assert len(cards_of(staffed, ann)) == 1


def test_what_consultants_wrote_while_the_bot_was_away_is_sent_once(
    staffed: Staffed, ann: User, advice: Message
) -> None:
    card = staffed.card(request(staffed, advice, ann))
    staffed.say_below(card, staffed.cem, "reply: The first")

    def told(text: str) -> int:
        return sum(text in message.text for message in staffed.discord.said(ann))

    staffed.discord.wait_for(lambda: told("The first"), ANSWERING)
    staffed.kill()
    staffed.discord.wait_for(lambda: not staffed.discord.connected)
    staffed.discord.forget_sessions()
    staffed.say_below(card, staffed.cem, "reply: The second")
    staffed.start()
    staffed.discord.wait_for(lambda: told("The second"), RESTARTING)
    staffed.posted(seconds=RESTARTING)
    assert (told("The first"), told("The second")) == (1, 1)


def test_a_refused_reply_is_not_sent_when_the_bot_hears_of_it_again(
    staffed: Staffed, ann: User, advice: Message
) -> None:
    card = staffed.card(request(staffed, advice, ann))
    card.press("Claim")
    staffed.say_below(card, staffed.dora, "reply: Not mine to say")
    staffed.discord.wait_for(lambda: staffed.thread(card), ANSWERING)
    card.press("Release")
    staffed.kill()
    staffed.discord.wait_for(lambda: not staffed.discord.connected)
    staffed.start()
    asks = f"/channels/{card.message.id}/messages"

    def looks() -> list[Request]:
        return [each for each in staffed.discord.requests if each.path.endswith(asks) and each.route[:3] == "GET"]

    staffed.discord.wait_for(looks, RESTARTING, "a look at what was missed")
    staffed.posted(seconds=RESTARTING)
    assert len(staffed.thread(card)) == 1
    assert not any("Not mine to say" in message.text for message in staffed.discord.said(ann))


def test_an_outage_of_the_consultants_channel_loses_nothing(staffed: Staffed, ann: User, advice: Message) -> None:
    down = staffed.discord.fail(f"* /channels/{staffed.desk.id}/*", status=503, times=1_000)
    submitting(staffed, advice, ann)().wait(ANSWERING)
    staffed.discord.dm(ann, "note: It is urgent")
    staffed.discord.wait_for(lambda: down.times < 996, RESTARTING, "several attempts")
    down.times = 0
    staffed.posted(seconds=RESTARTING)
    [card] = cards_of(staffed, ann)
    assert staffed.thread(Screen(staffed.discord, card, staffed.cem)) == ["### ann adds:\nIt is urgent"]


def test_a_bot_that_lost_the_channel_posts_there_when_it_is_back(staffed: Staffed, ann: User, advice: Message) -> None:
    staffed.discord.deny(staffed.desk, "SEND_MESSAGES")
    before = len(staffed.discord.said(ann))
    submitting(staffed, advice, ann)().wait(ANSWERING)
    attempts = "SELECT max(attempts) FROM deliveries WHERE kind = 'card' AND user_id = ?"
    staffed.discord.wait_for(lambda: staffed.rows(attempts, ann.id)[0][0] >= 2, ANSWERING, "two attempts")
    assert len(staffed.discord.said(ann)) == before + 2  # what could be passed on, and the confirmation
    staffed.discord.allow(staffed.desk, "SEND_MESSAGES")
    staffed.posted(seconds=RESTARTING)
    assert len(cards_of(staffed, ann)) == 1


def test_where_no_thread_can_be_begun_everything_stands_in_the_channel(
    staffed: Staffed, ann: User, advice: Message
) -> None:
    staffed.discord.deny(staffed.desk, "CREATE_PUBLIC_THREADS")
    reference = request(staffed, advice, ann, ALL)
    assert [len(m.files) for m in staffed.discord.said(staffed.desk)][-1] == 1
    assert reference in staffed.discord.said(staffed.desk)[-1].files[0].filename
    staffed.discord.allow(staffed.desk, "CREATE_PUBLIC_THREADS")
