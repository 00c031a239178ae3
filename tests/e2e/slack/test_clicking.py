"""Clicking in Slack: the interview as one card that changes in place, and the buttons under replies."""

import html

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot import texts
from bot.messages.card import Press
from tests.peers.slack import Channel, Message, Slack, User
from tests.support.slack.bots import (
    ANSWERING,
    CASE,
    QUESTION,
    Bot,
    Screen,
    elements,
    forged,
    notices,
    press,
    well,
    words,
)

HUGE = 10**30


@pytest.fixture
def advice(bot: Bot, slack: Slack, ann: User, general: Channel) -> Message:
    """A reply to ann, with its buttons."""
    [answer] = bot.answers(slack.mention(general, ann, CASE))
    return answer


@pytest.fixture
def card(slack: Slack, ann: User, advice: Message) -> Screen:
    """The card of ann's interview."""
    press(slack, advice, "Check it step by step", ann)
    _, shown = slack.answers(advice)
    return Screen(slack, shown, ann)


@pytest.fixture
def question(card: Screen) -> Screen:
    """The card at the first question, without what was said."""
    card.press("Start over")
    return card


def test_the_card_begins_with_what_was_said(card: Screen) -> None:
    assert card.text.startswith(texts.sentence("interview_review"))
    assert "How often it changes: " in card.text
    assert "(read in “our docs change weekly”)" in card.text
    assert "Not answered: " in card.text
    assert card.buttons == ["Go on", "Recommend now", "Start over"]


def test_somebody_elses_card_begins_with_nothing(slack: Slack, ben: User, advice: Message) -> None:
    press(slack, advice, "Check it step by step", ben)
    _, shown = slack.answers(advice)
    assert shown.text.startswith("Question 1")


def test_the_card_stands_in_the_thread_and_changes_in_place(slack: Slack, question: Screen, advice: Message) -> None:
    for _ in range(3):
        question.press(question.answers[0])
    assert [message.ts for message in slack.answers(advice)] == [advice.ts, question.message.ts]
    assert question.now.thread_ts == advice.thread_ts
    assert len(question.now.versions) == 4


def test_an_answer_leads_to_the_next_question_and_back_to_the_answered_one(question: Screen) -> None:
    first, chosen = question.text, question.answers[0]
    question.press(chosen)
    assert question.text.startswith("Question 2")
    question.press("Back")
    assert question.text == first
    assert question.answers[0] == f"✓ {chosen}"


def test_why_shows_the_reason_and_hides_it_again(question: Screen) -> None:
    plain = question.text
    question.press("Why this matters")
    assert question.text.startswith(plain)
    assert len(question.text) > len(plain) + 20
    question.press("Why this matters")
    assert question.text == plain


def test_skip_and_dont_know_leave_a_question_open(question: Screen) -> None:
    question.press("Skip")
    question.press("I don't know")
    question.press("Review and edit")
    assert question.text.count(": skipped") == 1
    assert question.text.count(": I don't know") == 1


def test_one_answer_is_edited_by_the_menu_and_the_others_stay(card: Screen) -> None:
    before = card.text.splitlines()
    assert "How often it changes" in card.choices
    card.choose("How often it changes")
    assert card.text.startswith(texts.sentence("editing"))
    assert card.answers[0].startswith("✓ ")
    card.press(card.answers[1])
    changed = [(old, new) for old, new in zip(before, card.text.splitlines(), strict=True) if old != new]
    assert [old.startswith("- How often it changes") for old, _ in changed] == [True]


def test_finish_recommends_and_back_to_the_review_edits(card: Screen) -> None:
    card.press("Recommend now")
    assert card.text.startswith("Recommendation: ")
    assert "] “" in card.text or "[1]" in card.text
    assert card.buttons == ["Get in touch", "Share with channel", "Copy as Markdown", "Review and edit", "Start over"]
    card.press("Review and edit")
    assert card.text.startswith(texts.sentence("interview_review"))


def test_the_questions_come_to_an_end_with_a_recommendation(card: Screen) -> None:
    card.press("Start over")
    assert card.text.startswith("Question 1")
    for _ in range(12):
        if not card.answers:
            break
        card.press(card.answers[0])
    assert "Recommendation: " in card.text
    assert "\n\n" not in card.text


def test_a_stale_click_shows_the_present_card_with_a_sentence(
    slack: Slack, ann: User, question: Screen, general: Channel
) -> None:
    old = question.now
    for _ in range(3):
        question.press(question.answers[0])
    present = question.text
    press(slack, old, "Skip", ann)
    assert question.text == present
    assert notices(slack, general, ann) == [texts.sentence("interview_stale")]


def test_a_double_click_counts_once_and_is_passed_over(
    slack: Slack, ann: User, question: Screen, general: Channel
) -> None:
    old, answer = question.now, question.answers[0]
    for delivery in [slack.click(old, answer, ann) for _ in range(2)]:
        well(delivery)
    assert question.text.startswith("Question 2")
    press(slack, old, answer, ann)
    assert question.text.startswith("Question 2")
    assert notices(slack, general, ann) == []


def test_a_foreign_click_is_refused_privately(
    slack: Slack, ann: User, ben: User, question: Screen, general: Channel
) -> None:
    before = question.text
    for which in ("Skip", "Recommend now", question.answers[0]):
        question.press(which, ben)
    assert question.text == before
    assert notices(slack, general, ben) == [texts.sentence("interview_foreign")] * 3
    assert notices(slack, general, ann) == []


def test_a_foreign_copy_shows_nothing_of_the_interview(slack: Slack, ben: User, card: Screen, general: Channel) -> None:
    card.press("Recommend now")
    card.press("Copy as Markdown", ben)
    assert [len(notice) < 200 for notice in notices(slack, general, ben)] == [True]


def test_an_opinion_is_kept_once_and_the_last_one_counts(
    bot: Bot, slack: Slack, ann: User, ben: User, advice: Message, general: Channel
) -> None:
    kept = "SELECT helpful FROM feedback WHERE user_id = ?"
    for _ in range(2):
        press(slack, advice, "Helpful", ann)
    assert bot.rows(kept, ann.id) == [(1,)]
    press(slack, advice, "Not helpful", ann)
    press(slack, advice, "Helpful", ben)
    assert bot.rows(kept, ann.id) == [(0,)]
    assert bot.rows(kept, ben.id) == [(1,)]
    assert notices(slack, general, ann)[-1] == texts.sentence("feedback_sorry")
    assert notices(slack, general, ben) == [texts.sentence("feedback_thanks")]
    assert {message.thread_ts for message in slack.ephemerals(general, ann)} == {advice.thread_ts}
    assert slack.now(advice) == advice


def test_a_copy_is_markdown_that_only_its_user_gets(slack: Slack, ann: User, card: Screen, general: Channel) -> None:
    card.press("Recommend now")
    shown = card.text
    card.press("Copy as Markdown")
    [message] = slack.ephemerals(general, ann)
    assert message.thread_ts == card.now.thread_ts  # where the person looks
    [block] = message.blocks
    assert [element["type"] for element in block["elements"]] == ["rich_text_preformatted"]
    copied = words(message)
    assert "## " in copied
    assert "1. “" in copied
    assert html.unescape(shown.splitlines()[0]) in copied
    assert card.text == shown


def test_a_summary_is_shared_in_the_channel_with_its_chart(
    slack: Slack, ann: User, card: Screen, general: Channel
) -> None:
    before = slack.said(general)
    card.press("Recommend now")
    card.press("Share with channel")
    [shared] = slack.said(general)[len(before) :]
    assert shared.thread_ts is None
    assert shared.text.startswith(card.text.splitlines()[0])
    assert [block["type"] for block in shared.blocks].count("image") == 1
    assert not elements(shared, "button")


def test_a_summary_that_is_edited_again_is_not_shared(slack: Slack, ann: User, card: Screen, general: Channel) -> None:
    card.press("Recommend now")
    summary = card.now
    card.press("Review and edit")
    press(slack, summary, "Share with channel", ann)
    assert notices(slack, general, ann) == [texts.sentence("share_gone")]


def test_the_way_to_a_person_is_said(slack: Slack, ann: User, card: Screen, advice: Message, general: Channel) -> None:
    press(slack, advice, "Get in touch", ann)
    card.press("Recommend now")
    card.press("Get in touch")
    well(slack.command(ann, general, "contact"))
    said = [texts.sentence("contact_later")] * 3
    slack.wait_for(lambda: notices(slack, general, ann) == said, ANSWERING)


def test_an_interview_by_command_is_private(bot: Bot, slack: Slack, ann: User, general: Channel) -> None:
    well(slack.command(ann, general, "interview"))
    [shown] = bot.private(general, ann)
    card = Screen(slack, shown, ann)
    assert card.text.startswith("Question 1")
    card.press(card.answers[0])
    assert card.text.startswith("Question 2")
    card.press("Recommend now")
    assert "ecommendation" in card.text
    assert slack.said(general) == []
    assert [message.ts for message in slack.ephemerals(general, ann)] == [shown.ts]


def test_the_interview_from_a_private_answer_is_private_too(
    bot: Bot, slack: Slack, ann: User, general: Channel
) -> None:
    well(slack.command(ann, general, CASE))
    [answer] = bot.private(general, ann)
    press(slack, answer, "Check it step by step", ann)
    assert slack.said(general) == []
    [shown] = slack.said(slack.direct(ann))
    card = Screen(slack, shown, ann)
    assert "(read in “our docs change weekly”)" in card.text


def test_the_interview_in_a_direct_message_changes_in_place(bot: Bot, slack: Slack, ann: User) -> None:
    slack.dm(ann, CASE)
    [answer] = bot.direct(ann)
    press(slack, answer, "Check it step by step", ann)
    _, shown = slack.said(slack.direct(ann))
    card = Screen(slack, shown, ann)
    card.press("Start over")
    card.press(card.answers[0])
    assert card.text.startswith("Question 2")


def test_the_card_comes_directly_where_the_bot_was_removed(
    slack: Slack, ann: User, advice: Message, general: Channel
) -> None:
    slack.leave(general, slack.bot)
    press(slack, advice, "Check it step by step", ann)
    assert len(slack.said(slack.direct(ann))) == 1


def test_an_interview_that_is_gone_says_how_to_begin_anew(
    bot: Bot, slack: Slack, ann: User, question: Screen, general: Channel
) -> None:
    press(slack, forged(question.now, "rt1:answer:999999:0:often"), "rt1:answer:999999:0:often", ann)
    assert notices(slack, general, ann) == [texts.sentence("interview_gone")]


@pytest.mark.parametrize(
    "action_id",
    [
        "rt1:",
        "rt1:answer",
        "rt1:answer:x:0:often",
        "rt1:answer:1:x:often",
        "rt1:answer:-1:0:often",
        "rt1:answer:²:0:often",
        f"rt1:answer:{HUGE}:0:often",
        f"rt1:check:{HUGE}:0:",
        f"rt1:helpful:{HUGE}:0:yes",
        f"rt1:copy:{HUGE}:0:",
        "rt1:helpful:999999:0:yes",
        "rt1:helpful:999999:0:perhaps",
        "rt1:nonsense:1:0:",
        "rt1::1:0:",
        "rt1:answer:{interview}:{step}:no such option",
        "rt1:answer:{interview}:{step}:\0",
        "rt1:edit:{interview}:{step}:no such question",
        "rt1:edit:{interview}:{step}:",
        "rt1:nonsense:{interview}:{step}:",
        f"rt1:answer:{{interview}}:{HUGE}:often",
        "rt1:" + "x" * 200,
    ],
)
def test_an_id_that_we_did_not_make_does_no_harm(slack: Slack, ann: User, question: Screen, action_id: str) -> None:
    _, _, interview, step, _ = elements(question.now, "button")[0]["action_id"].split(":", 4)
    name = action_id.format(interview=interview, step=step)
    before = question.text
    press(slack, forged(question.now, name), name, ann)
    assert question.text == before
    question.press(question.answers[0])
    assert question.text.startswith("Question 2")


def test_a_button_without_a_meaning_does_not_turn_a_reply_into_an_interview(
    slack: Slack, ann: User, question: Screen, advice: Message
) -> None:
    _, _, interview, step, _ = elements(question.now, "button")[0]["action_id"].split(":", 4)
    name = f"rt1:nonsense:{interview}:{step}:"
    press(slack, forged(advice, name), name, ann)
    assert slack.now(advice) == advice


def test_a_card_that_slack_did_not_take_is_shown_by_the_next_click(slack: Slack, question: Screen) -> None:
    slack.fail("response_url", status=500)
    before, answer = question.text, question.answers[0]
    question.press(answer)
    assert question.text == before
    question.press(answer)
    assert question.text.startswith("Question 2")


def test_who_clicked_hears_that_slack_did_not_take_the_card(slack: Slack, ann: User, question: Screen) -> None:
    slack.fail("response_url", status=500)
    question.press(question.answers[0])
    [said] = slack.ephemerals(question.message.channel, ann)
    assert "went wrong" in said.text


def test_a_card_for_which_the_clicks_address_was_used_up_is_in_the_log(
    bot: Bot, slack: Slack, question: Screen
) -> None:
    slack.fail("response_url", status=404, times=2)
    question.press(question.answers[0])
    assert "a response_url answered 404" in bot.log


@given(some.text())
def test_any_id_can_be_read(text: str) -> None:
    for name in (text, f"rt1:{text}", f"rt1:answer:{text}:1:often", f"rt1:answer:1:{text}:often"):
        read = Press.of(name)
        assert read is None or 0 <= read.subject < 2**63 > read.step >= 0


@given(
    some.sampled_from(["answer", "edit"]), some.integers(0, 10**18 - 1), some.integers(0, 999), some.text(max_size=40)
)
def test_an_id_carries_the_whole_press(name: str, subject: int, step: int, choice: str) -> None:
    assert Press.of(Press(name, subject, step, choice).id) == Press(name, subject, step, choice)


def test_a_button_of_another_time_does_no_harm(slack: Slack, ann: User, question: Screen) -> None:
    before = question.text
    slack.click(forged(question.now, "rt0:answer"), "rt0:answer", ann).wait(ANSWERING)
    assert question.text == before


def test_a_click_goes_on_after_a_rate_limit(slack: Slack, ann: User, advice: Message) -> None:
    slack.fail("chat.postMessage", "ratelimited", retry_after=1, when=lambda args: args["channel"] == advice.channel)
    press(slack, advice, "Check it step by step", ann)
    assert len(slack.answers(advice)) == 2


def test_the_buttons_of_an_answer_work_too(bot: Bot, slack: Slack, ann: User, general: Channel) -> None:
    [answer] = bot.answers(slack.mention(general, ann, QUESTION))
    press(slack, answer, "Check it step by step", ann)
    _, shown = slack.answers(answer)
    assert shown.text.startswith("Question 1")
