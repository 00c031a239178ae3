"""Clicking on Slack and on Discord: the interview as one card that changes in place, and the buttons under replies."""

from typing import Any

import pytest

from bot import texts
from bot.messages.card import Press
from tests.support.platforms import Platform
from tests.support.posts import Post

QUESTION = "What are the cons of fine-tuning?"
CASE = "We have 200 support tickets, our docs change weekly, and auditors want sources."
QUESTIONS = 12  # more than any interview has
HUGE = 10**30
UNKNOWN_IDS = (  # `interview` and `step` are those of the card
    "rt0:answer",
    "rt2:answer:1:0:often",
    "rt1:",
    "rt1:answer",
    "rt1:answer:x:0:often",
    "rt1:answer:1:x:often",
    "rt1:answer:-1:0:often",
    "rt1:answer:²:0:often",
    f"rt1:answer:{HUGE}:0:often",
    f"rt1:check:{HUGE}:0:",
    f"rt1:helpful:{HUGE}:0:yes",
    f"rt1:answer:{{interview}}:{HUGE}:often",
    "rt1:" + "x" * 96,
    "another bot's",
    "rt1:helpful:999999:0:yes",
    "rt1:helpful:999999:0:perhaps",
    "rt1:nonsense:1:0:",
    "rt1::1:0:",
    "rt1:answer:{interview}:{step}:no such option",
    "rt1:answer:{interview}:{step}:\0",
    "rt1:edit:{interview}:{step}:no such question",
    "rt1:edit:{interview}:{step}:",
    "rt1:nonsense:{interview}:{step}:",
)


@pytest.fixture
def advice(platform: Platform, ann: Any, general: Any) -> Post:
    """A reply to ann in the channel, with its buttons."""
    [answer] = platform.answers(platform.mention(general, ann, CASE))
    answer.user = ann
    return answer


@pytest.fixture
def card(advice: Post) -> Post:
    """The card of ann's interview."""
    [card] = advice.press("Check it step by step", posts=1)
    return card


@pytest.fixture
def question(card: Post) -> Post:
    """The card at the first question, without what was read in the case."""
    card.press("Start over")
    return card


def test_card_begins_with_what_was_read(card: Post) -> None:
    assert not card.is_private
    assert card.text.startswith(texts.sentence("interview_review"))
    assert "How often it changes: " in card.text
    assert "(read in “our docs change weekly”)" in card.text
    assert "Not answered: " in card.text
    assert card.buttons == ["Go on", "Recommend now", "Start over"]


def test_card_of_somebody_else_begins_empty(advice: Post, ben: Any) -> None:
    [card] = advice.press("Check it step by step", ben, posts=1)
    assert card.text.startswith("Question 1")


def test_interview_begins_from_an_answer_too(platform: Platform, ann: Any, general: Any) -> None:
    [answer] = platform.answers(platform.mention(general, ann, QUESTION))
    [card] = answer.press("Check it step by step", ann, posts=1)
    assert card.text.startswith("Question 1")


def test_second_click_begins_no_second_interview(advice: Post, card: Post) -> None:
    [notice] = advice.press("Check it step by step", posts=1)
    assert notice.is_private
    assert notice.text == texts.sentence("interview_there")


def test_card_changes_in_place(platform: Platform, question: Post, general: Any) -> None:
    before = len(platform.posts(general))
    for _ in range(3):
        assert question.press("Skip") == []
    assert question.text.startswith("Question 4")
    assert len(platform.posts(general)) == before


def test_back_leads_to_the_answered_question(question: Post) -> None:
    first, choice = question.text, question.answers[0]
    question.press(choice)
    assert question.text.startswith("Question 2")
    question.press("Back")
    assert question.text == first
    assert question.answers[0] == f"✓ {choice}"


def test_why_shows_and_hides_the_reason(question: Post) -> None:
    before = question.text
    question.press("Why this matters")
    assert question.text.startswith(before)
    assert len(question.text) > len(before) + 20
    question.press("Why this matters")
    assert question.text == before


def test_skip_and_dont_know_leave_questions_open(question: Post) -> None:
    question.press("Skip")
    question.press("I don't know")
    question.press("Review and edit")
    assert question.text.count(": skipped") == 1
    assert question.text.count(": I don't know") == 1


def test_editing_one_answer_keeps_the_others(card: Post) -> None:
    before = card.text.splitlines()
    assert "How often it changes" in card.choices
    card.choose("How often it changes")
    assert card.text.startswith(texts.sentence("editing"))
    assert card.answers[0].startswith("✓ ")
    card.press(card.answers[1])
    changes = [(old, new) for old, new in zip(before, card.text.splitlines(), strict=True) if old != new]
    assert [old.startswith("- How often it changes") for old, _ in changes] == [True]


def test_interview_ends_in_a_recommendation_with_picture(platform: Platform, question: Post) -> None:
    for _ in range(QUESTIONS):
        for name in question.ids.values():
            assert len(name) <= 100  # as Discord demands
            assert Press.of(name)
        if not question.answers:
            break
        question.press(question.answers[0])
    assert "Recommendation: " in question.text
    assert question.sources
    question.show_picture()
    assert question.buttons == [
        "Get in touch",
        "Share with channel",
        "Copy as Markdown",
        "Review and edit",
        "Start over",
    ]


def test_review_takes_summary_and_picture_away(card: Post) -> None:
    card.press("Recommend now")
    assert card.text.startswith("Recommendation: ")
    card.press("Review and edit")
    assert card.text.startswith(texts.sentence("interview_review"))
    assert not card.has_picture


def test_stale_click_shows_the_present_card_and_says_so(question: Post) -> None:
    old = question.ids["Skip"]
    for _ in range(3):
        question.press(question.answers[0])
    before = question.text
    [notice] = question.press_forged(old, posts=1)
    assert notice.is_private
    assert notice.text == texts.sentence("interview_stale")
    assert question.text == before


def test_double_click_counts_once_without_a_notice(platform: Platform, ann: Any, question: Post, general: Any) -> None:
    answer = question.answers[0]
    old = question.ids[answer]
    platform.press_at_once(question, [(answer, ann), (answer, ann)])
    platform.wait_for(lambda: question.text.startswith("Question 2"))
    assert question.press_forged(old) == []
    assert question.text.startswith("Question 2")
    assert platform.private_posts(general, ann) == []


def test_click_of_somebody_else_is_refused_privately(
    platform: Platform, ann: Any, ben: Any, question: Post, general: Any
) -> None:
    before = question.text
    for which in ("Skip", "Recommend now", question.answers[0]):
        [notice] = question.press(which, ben, posts=1)
        assert notice.is_private
        assert notice.text == texts.sentence("interview_foreign")
    assert question.text == before
    assert platform.private_posts(general, ann) == []


def test_copy_for_somebody_else_shows_nothing_of_the_interview(ben: Any, card: Post) -> None:
    card.press("Recommend now")
    [notice] = card.press("Copy as Markdown", ben, posts=1)
    assert notice.text == texts.sentence("interview_gone")


def test_last_opinion_counts_and_is_kept_once_for_each_person(
    platform: Platform, ann: Any, ben: Any, advice: Post, general: Any
) -> None:
    opinions = "SELECT helpful FROM feedback WHERE user_id = ?"
    before = advice.text
    for _ in range(2):
        [thanks] = advice.press("Helpful", posts=1)
        assert thanks.text == texts.sentence("feedback_thanks")
    assert platform.running.rows(opinions, ann.id) == [(1,)]
    [sorry] = advice.press("Not helpful", posts=1)
    assert sorry.text == texts.sentence("feedback_sorry")
    advice.press("Helpful", ben, posts=1)
    assert platform.running.rows(opinions, ann.id) == [(0,)]
    assert platform.running.rows(opinions, ben.id) == [(1,)]
    assert platform.notices(general, ben) == [texts.sentence("feedback_thanks")]
    assert advice.text == before


def test_copy_is_markdown_for_its_reader_only(card: Post) -> None:
    card.press("Recommend now")
    before = card.text
    copies = card.press("Copy as Markdown", posts=1)
    assert all(copy.is_private for copy in copies)
    assert "## " in copies[0].now.text
    assert "1. “" in "".join(copy.text for copy in copies)
    assert card.text == before


def test_summary_is_shared_with_its_picture_and_without_buttons(platform: Platform, card: Post, general: Any) -> None:
    card.press("Recommend now")
    [shared] = card.press("Share with channel", posts=1)
    assert not shared.is_private
    assert shared.text.startswith(card.text.splitlines()[0])
    assert shared.has_picture
    assert not shared.buttons


def test_summary_that_is_edited_again_is_not_shared(card: Post) -> None:
    card.press("Recommend now")
    old = card.ids["Share with channel"]
    card.press("Review and edit")
    [notice] = card.press_forged(old, posts=1)
    assert notice.text == texts.sentence("share_gone")


def test_without_consultants_get_in_touch_says_where(platform: Platform, ann: Any, advice: Post, general: Any) -> None:
    [card] = advice.press("Check it step by step", posts=1)
    card.press("Recommend now")
    posts = [*advice.press("Get in touch", posts=1), *card.press("Get in touch", posts=1)]
    posts += platform.call(general, ann, "contact")
    assert all(post.is_private for post in posts)
    assert [post.text for post in posts] == [texts.sentence("contact_later")] * 3


def test_interview_below_private_answer_is_private(platform: Platform, ann: Any, general: Any) -> None:
    [answer] = platform.ask(general, ann, CASE)
    [card] = answer.press("Check it step by step", posts=1)
    assert "(read in “our docs change weekly”)" in card.text
    card.press("Start over")
    assert card.text.startswith("Question 1")
    assert not platform.posts(general)


def test_interview_in_dm_changes_in_place(platform: Platform, ann: Any) -> None:
    [answer] = platform.answers(platform.dm(ann, CASE))
    [card] = answer.press("Check it step by step", ann, posts=1)
    card.press("Start over")
    card.press(card.answers[0])
    assert card.text.startswith("Question 2")
    assert len(platform.posts(ann)) == 2


def test_interview_that_is_gone_tells_how_to_begin_again(question: Post) -> None:
    [notice] = question.press_forged("rt1:answer:999999:0:often", posts=1)
    assert notice.text == texts.sentence("interview_gone")


def test_unknown_button_ids_do_no_harm(question: Post) -> None:
    _, _, interview, step, _ = question.ids["Skip"].split(":", 4)
    before = question.text
    for name in UNKNOWN_IDS:
        posts = question.press_forged(name.format(interview=interview, step=step))
        assert all(post.is_private for post in posts), name
        assert question.text == before, name
    question.press(question.answers[0])
    assert question.text.startswith("Question 2")


def test_meaningless_button_turns_no_reply_into_an_interview(advice: Post, question: Post) -> None:
    _, _, interview, step, _ = question.ids["Skip"].split(":", 4)
    before = advice.text
    assert advice.press_forged(f"rt1:nonsense:{interview}:{step}:") == []
    assert advice.text == before


@pytest.mark.parametrize("name", ["interview", "help", "forget", "status"])
def test_command_is_answered_to_its_caller_only(
    platform: Platform, ann: Any, ben: Any, general: Any, name: str
) -> None:
    [post] = platform.call(general, ann, name)
    assert post.is_private
    assert not platform.private_posts(general, ben)
    assert not platform.posts(general)


def test_help_tells_how_to_ask_and_begins_an_interview(platform: Platform, ann: Any, general: Any) -> None:
    [post] = platform.call(general, ann, "help")
    assert post.text == texts.sentence(f"{platform.name}_help")
    assert f"/{'rag-or-tune'} team" in post.text
    [card] = post.press("Check it step by step", posts=1)
    assert card.text.startswith("Question 1")
    assert not platform.posts(general)


def test_interview_by_command_changes_in_place(platform: Platform, ann: Any, general: Any) -> None:
    [card] = platform.call(general, ann, "interview")
    assert card.text.startswith("Question 1")
    card.press(card.answers[0])
    assert card.text.startswith("Question 2")
    card.press("Recommend now")
    assert "ecommendation" in card.text
    assert len(platform.private_posts(general, ann)) == 1


def test_status_lists_interviews_and_resumes_them(platform: Platform, ann: Any, general: Any) -> None:
    [empty] = platform.call(general, ann, "status")
    assert texts.sentence("status_answered") in empty.text
    assert texts.sentence("home_none") in empty.text
    [card] = platform.call(general, ann, "interview")
    card.press(card.answers[0])
    [status] = platform.call(general, ann, "status")
    assert "1. 1 answered" in status.text
    [card] = status.press("Go on with 1", posts=1)
    assert card.text.startswith("Question 2")
    assert not platform.posts(general)


def test_forget_asks_first_and_then_deletes_everything(platform: Platform, ann: Any, ben: Any, general: Any) -> None:
    [answer] = platform.answers(platform.dm(ann, CASE))
    answer.press("Check it step by step", ann, posts=1)
    platform.answers(platform.dm(ben, QUESTION))
    [sure] = platform.call(general, ann, "forget")
    assert sure.text == texts.sentence("forget_ask")
    assert len(platform.turns(ann)) == 1
    [notice] = sure.press("Forget me", posts=1)
    assert notice.text == texts.sentence("forgotten")
    assert not platform.turns(ann)
    assert len(platform.turns(ben)) == 1
    assert not platform.running.rows("SELECT id FROM interviews WHERE user_id = ?", ann.id)
    [card] = answer.press("Check it step by step", ann, posts=1)
    assert card.text.startswith("Question 1")
