"""While a model writes: a status, in threads the sentences that are certain, and one whole answer at the end."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import texts
from bot.slack.progress import PATIENCE
from tests.peers.openai import Script, openai_server
from tests.peers.slack import Channel, Message, Slack, User, slack_server
from tests.support.slack.bots import ANSWERING, QUESTION, Bot, elements, words

FIRST = "Fine-tuning carries a risk of catastrophic forgetting."
SECOND = "Knowledge becomes stale without retraining."
PIECE = 0.05  # seconds between two pieces of what the model writes


@pytest.fixture(scope="module")
def model() -> Iterator[Script]:
    with openai_server() as model:
        yield model


@pytest.fixture(scope="module")
def writing(model: Script, data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bot]:
    with slack_server() as slack:
        settings = {"LLM_MODEL": "openai:scripted", "OPENAI_API_KEY": "key", "OPENAI_API_BASE": model.url}
        bot = Bot(slack, data_dir, tmp_path_factory.mktemp("writing"), settings)
        with bot.running():
            yield bot


@pytest.fixture
def slack(writing: Bot, model: Script) -> Slack:
    model.say((FIRST, [1]), (SECOND, [2]))
    model.delay, model.held_before = 0, ""
    model.go_on.clear()
    ann = writing.slack.user("learner")
    writing.slack.dm(ann, QUESTION)
    writing.direct(ann)  # now the model has been told the statements, and with them their numbers
    model.say(
        (FIRST, [model.number_of("Risk of catastrophic forgetting")]),
        (SECOND, [model.number_of("Knowledge becomes stale without retraining")]),
    )
    model.delay = PIECE
    return writing.slack


@pytest.fixture
def general(slack: Slack, ann: User) -> Channel:
    return slack.channel("general", ann, bot=True)


def growing(slack: Slack, asked: Message) -> Message:
    """The answer while it grows."""
    return slack.wait_for(lambda: next((m for m in slack.answers(asked) if m.streaming), None), ANSWERING)


def assert_whole(answer: Message) -> None:
    assert not answer.streaming
    assert FIRST in words(answer)
    assert SECOND in words(answer)
    assert "Fine-Tuning Explained > Limitations" in words(answer)
    assert "Get in touch" in [button["text"]["text"] for button in elements(answer, "button")]


def test_in_a_thread_the_first_sentence_is_there_before_the_last_is_written(
    writing: Bot, model: Script, slack: Slack, ann: User, general: Channel
) -> None:
    model.held_before = SECOND
    asked = slack.mention(general, ann, QUESTION)
    early = growing(slack, asked)
    assert FIRST.rstrip(".") in early.text
    assert SECOND.rstrip(".") not in early.text
    model.go_on.set()
    [answer] = writing.answers(asked)
    assert answer.ts == early.ts
    assert_whole(answer)


def test_it_says_that_it_works_until_it_has_answered(writing: Bot, slack: Slack, ann: User, general: Channel) -> None:
    asked = slack.mention(general, ann, QUESTION)
    writing.answers(asked)
    said = [status["status"] for status in slack.statuses if status["thread_ts"] == asked.ts]
    assert said == [texts.sentence("slack_status"), ""]


def test_a_direct_message_is_answered_at_once_with_a_status_meanwhile(writing: Bot, slack: Slack, ann: User) -> None:
    asked = slack.dm(ann, QUESTION)
    [answer] = writing.direct(ann)
    assert_whole(answer)
    assert not answer.versions
    assert [status["status"] for status in slack.statuses if status["thread_ts"] == asked.ts][-1] == ""


def test_a_message_that_grows_without_our_knowledge_becomes_the_answer(
    writing: Bot, slack: Slack, ann: User, general: Channel
) -> None:
    slack.fail("chat.startStream", reset="after")
    asked = slack.mention(general, ann, QUESTION)
    [answer] = writing.answers(asked)
    assert_whole(answer)


def test_after_a_kill_before_slack_named_it_the_message_that_grew_becomes_the_answer(
    writing: Bot, slack: Slack, ann: User, general: Channel
) -> None:
    slack.fail("chat.startStream", late=5.0)
    asked = slack.mention(general, ann, QUESTION)
    early = growing(slack, asked)
    writing.kill()
    writing.start()
    [answer] = writing.answers(asked)
    assert answer.ts == early.ts
    assert_whole(answer)


@pytest.mark.parametrize("trouble", ["chat.startStream", "chat.appendStream", "chat.stopStream", "assistant.*"])
def test_trouble_on_the_way_leaves_one_whole_answer(
    writing: Bot, slack: Slack, ann: User, general: Channel, trouble: str
) -> None:
    slack.fail(trouble, "internal_error")
    asked = slack.mention(general, ann, QUESTION)
    [answer] = writing.answers(asked)
    assert_whole(answer)


def test_a_stream_that_slack_has_ended_becomes_the_whole_answer(
    writing: Bot, slack: Slack, ann: User, general: Channel
) -> None:
    asked = slack.mention(general, ann, QUESTION)
    growing(slack, asked)
    slack.expire_streams()
    [answer] = writing.answers(asked)
    assert_whole(answer)


def test_after_a_kill_the_whole_answer_takes_the_place_of_what_was_begun(
    writing: Bot, slack: Slack, ann: User, general: Channel
) -> None:
    asked = slack.mention(general, ann, QUESTION)
    early = growing(slack, asked)
    writing.kill()
    writing.start()
    [answer] = writing.answers(asked)
    assert answer.ts == early.ts
    assert_whole(answer)


def test_what_is_answered_at_once_needs_no_status(writing: Bot, slack: Slack, ann: User) -> None:
    said = slack.dm(ann, "hello!")
    assert writing.direct(ann)
    statuses = [call for call in slack.calls("assistant.threads.setStatus") if call.args["thread_ts"] == said.ts]
    assert all(status.at - said.deliveries[0].at > PATIENCE for status in statuses)  # a busy machine takes its time
