"""Asking on Slack and on Discord: directly, by mention, by command and from a menu; and what is not for the bot."""

from typing import Any

import pytest

from bot import texts
from tests.conftest import ROOT
from tests.support.platforms import Platform
from tests.support.running import ANSWERING

QUESTION = "What are the cons of fine-tuning?"
FOLLOW_UP = "And of RAG?"
CASE = "We have 200 support tickets, our docs change weekly, and auditors want sources."
BUTTONS = ["Check it step by step", "Get in touch", "Helpful", "Not helpful"]
GUIDANCE = (ROOT / "corpus" / "fine-tuning-vs-rag.md").read_text()


def is_about_rag(post: Any) -> bool:
    return any("RAG" in section for _, section in post.sources)


def test_dm_is_answered_with_sources_and_buttons(platform: Platform, ann: Any) -> None:
    [answer] = platform.answers(platform.dm(ann, QUESTION))
    assert answer.sources
    for quote, section in answer.sources:
        assert quote in GUIDANCE
        assert section.split(" › ")[-1].split(" > ")[-1] in GUIDANCE
    assert answer.buttons == BUTTONS


def test_follow_up_in_dm_is_understood(platform: Platform, ann: Any) -> None:
    [first] = platform.answers(platform.dm(ann, QUESTION))
    [second] = platform.answers(platform.dm(ann, FOLLOW_UP))
    assert is_about_rag(second)
    assert second.sources != first.sources


def test_use_case_is_advised_on(platform: Platform, ann: Any, general: Any) -> None:
    [advice] = platform.answers(platform.mention(general, ann, CASE))
    assert advice.text.startswith("Recommendation: RAG")
    assert advice.buttons == BUTTONS


def test_mention_is_answered_once_and_pings_nobody(platform: Platform, ann: Any, general: Any) -> None:
    [answer] = platform.answers(platform.say(general, ann, f"{QUESTION} {platform.mark}"))
    assert answer.sources
    assert not answer.is_private
    assert "<@" not in str(answer.now.text)
    assert len(platform.turns(general)) == 1


def test_mention_in_thread_is_answered_there(platform: Platform, ann: Any, ben: Any, general: Any) -> None:
    thread = platform.thread(general, ben)
    platform.answers(platform.mention(thread, ann, QUESTION))
    assert len(platform.posts(thread)) == 1


def test_thread_goes_on_without_mention(platform: Platform, ann: Any, general: Any) -> None:
    thread = platform.thread(general, ann)
    platform.answers(platform.mention(thread, ann, QUESTION))
    [second] = platform.answers(platform.say(thread, ann, FOLLOW_UP))
    assert is_about_rag(second)


def test_keeps_quiet_in_thread_once_somebody_else_is_addressed(
    platform: Platform, ann: Any, ben: Any, general: Any
) -> None:
    thread = platform.thread(general, ann)
    platform.answers(platform.mention(thread, ann, QUESTION))
    platform.say(thread, ann, f"<@{ben.id}> what do you think?")
    platform.settle()
    platform.say(thread, ann, "What does fine-tuning cost?")
    platform.settle()
    platform.answers(platform.mention(thread, ann, "What does RAG cost?"))
    assert len(platform.posts(thread)) == 2
    platform.answers(platform.say(thread, ann, FOLLOW_UP))
    assert len(platform.posts(thread)) == 3


def test_keeps_quiet_in_thread_once_somebody_else_joins_in(
    platform: Platform, ann: Any, ben: Any, general: Any
) -> None:
    thread = platform.thread(general, ann)
    platform.answers(platform.mention(thread, ann, QUESTION))
    platform.say(thread, ben, "We had that last year.")
    platform.settle()
    platform.say(thread, ann, "What does fine-tuning cost?")
    platform.settle()
    platform.answers(platform.mention(thread, ben, "What does RAG cost?"))
    assert len(platform.posts(thread)) == 2
    platform.answers(platform.say(thread, ben, FOLLOW_UP))
    assert len(platform.posts(thread)) == 3


def test_ignores_messages_not_addressed_to_bot(platform: Platform, ann: Any, ben: Any, general: Any) -> None:
    thread = platform.thread(general, ben)
    platform.say(general, ann, QUESTION)
    platform.say(general, ann, f"<@{ben.id}> {QUESTION}")
    platform.say(general, ann, f"@everyone {QUESTION}")
    platform.say(thread, ann, QUESTION)
    platform.answers(platform.mention(general, ann, QUESTION))
    assert len(platform.posts(general)) == len(platform.turns(general)) == 1
    assert not platform.posts(thread)


def test_repeated_event_is_answered_once(platform: Platform, ann: Any, general: Any) -> None:
    asked = platform.mention(general, ann, QUESTION)
    [answer] = platform.answers(asked)
    platform.repeat(asked)
    platform.answers(platform.mention(general, ann, FOLLOW_UP))
    assert len(platform.turns(general)) == 2
    assert len(platform.posts(general)) == 2
    assert answer.text == platform.posts(general)[0].text


def test_mere_mention_is_told_what_to_write(platform: Platform, ann: Any, general: Any) -> None:
    [answer] = platform.answers(platform.mention(general, ann, ""))
    assert answer.text == texts.sentence("empty")


def test_questions_are_answered_in_order(platform: Platform, ann: Any) -> None:
    asked = [platform.dm(ann, text) for text in ("What is RAG?", "What is fine-tuning?", "Can I combine both?")]
    for message in asked:
        platform.finish(message)
    posts = platform.posts(ann)
    subjects = [int(post.ids["Get in touch"].split(":")[2]) for post in posts]
    assert len(subjects) == 3
    assert subjects == sorted(subjects)
    sent = platform.running.rows("SELECT sent_as FROM deliveries WHERE user_id = ? ORDER BY turn_id", ann.id)
    assert [post.key for post in posts] == [key for (key,) in sent]


def test_command_is_answered_privately_and_can_be_shared(platform: Platform, ann: Any, ben: Any, general: Any) -> None:
    [answer] = platform.ask(general, ann, QUESTION)
    assert answer.is_private
    assert answer.sources
    assert answer.buttons == [*BUTTONS[:2], "Share with channel", *BUTTONS[2:]]
    assert not platform.private_posts(general, ben)
    assert not platform.posts(general)
    answer.press("Share with channel", posts=1)
    [shared] = platform.posts(general)
    assert shared.text.startswith(texts.sentence("shared_question", question=QUESTION))
    assert shared.sources == answer.sources
    assert not shared.buttons


def test_message_menu_asks_what_somebody_wrote(platform: Platform, ann: Any, ben: Any, general: Any) -> None:
    [answer] = platform.ask_of(platform.say(general, ben, QUESTION), ann)
    assert answer.is_private
    assert answer.sources
    assert not platform.posts(general)


def test_message_menu_on_message_without_words_tells_what_to_write(
    platform: Platform, ann: Any, ben: Any, general: Any
) -> None:
    [answer] = platform.ask_of(platform.say(general, ben, ""), ann)
    assert answer.text == texts.sentence("empty")


def test_question_that_is_too_long_is_told_the_limit(platform: Platform, ann: Any, general: Any) -> None:
    [answer] = platform.ask(general, ann, "word " * 1_199)
    assert "characters; I can read up to" in answer.text
    assert answer.buttons == BUTTONS[:2]


@pytest.mark.parametrize(
    ("where", "trouble"),
    [
        ("channel", {"retry_after": 1}),
        ("channel", {"status": 500}),
        ("channel", {"status": 503, "times": 2}),
        ("channel", {"reset": "before"}),
        ("channel", {"reset": "after"}),
        ("channel", {"reset": "after", "times": 2}),
        ("dm", {"reset": "after"}),
    ],
    ids=str,
)
def test_passing_trouble_neither_loses_nor_doubles_an_answer(
    platform: Platform, ann: Any, general: Any, where: str, trouble: dict[str, Any]
) -> None:
    place = general if where == "channel" else ann
    fault = platform.fail_posts(place, **trouble)
    asked = platform.mention(general, ann, QUESTION) if where == "channel" else platform.dm(ann, QUESTION)
    [answer] = platform.answers(asked)
    assert answer.sources
    assert answer.buttons == BUTTONS
    fault.times = 0
    assert len(platform.posts(place)) == 1


def test_answers_dm_where_bot_may_not_write_and_says_why(platform: Platform, ann: Any, general: Any) -> None:
    asked = platform.mention(general, ann, QUESTION)
    platform.shut_out(general)
    platform.finish(asked)
    assert not platform.posts(general)
    *_, answer = posts = platform.posts(ann)
    assert posts[0].text.startswith(texts.sentence(f"{platform.name}_no_place"))
    assert answer.sources


def test_answer_deleted_by_moderator_is_no_trouble(platform: Platform, ann: Any, general: Any) -> None:
    asked = platform.mention(general, ann, QUESTION)
    [answer] = platform.answers(asked)
    platform.delete(answer.message)
    platform.edit(asked, f"{platform.mark} What is RAG?")
    [second] = platform.wait_for(lambda: platform.posts(general), ANSWERING)
    assert is_about_rag(second)
    platform.delete(second.message)
    platform.delete(asked)
    platform.wait_for(lambda: not platform.turns(general))
    assert not platform.posts(general)


def test_deleted_question_takes_its_answer_along(platform: Platform, ann: Any, general: Any) -> None:
    asked = platform.mention(general, ann, QUESTION)
    platform.answers(asked)
    platform.delete(asked)
    platform.wait_for(lambda: not platform.posts(general), "the answer to go")
    platform.wait_for(lambda: not platform.turns(general), "the question to be forgotten")


def test_edited_question_is_answered_again_in_place(platform: Platform, ann: Any, general: Any) -> None:
    asked = platform.mention(general, ann, QUESTION)
    [answer] = platform.answers(asked)
    platform.edit(asked, f"{platform.mark} {CASE}")
    platform.wait_for(lambda: answer.text.startswith("Recommendation: RAG"), "the edited question's answer")
    assert len(platform.posts(general)) == 1
    platform.delete(asked)
    platform.wait_for(lambda: not platform.posts(general), "the answer to go")
