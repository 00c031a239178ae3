"""The App Home, sharing, edits and deletions."""

import pytest

from bot import texts
from tests.peers.slack import Channel, Slack, User
from tests.support.slack.bots import Bot


def test_the_home_shows_ones_interviews_and_what_is_kept(slack: Slack, ann: User) -> None:
    slack.open_home(ann, "home")
    slack.wait_for(lambda: ann.id in slack.homes)
    home = slack.homes[ann.id]
    assert "You have no interview yet" in str(home.blocks)
    assert "90 days" in str(home.blocks)
    slack.click(home, "Check it step by step", ann)
    slack.wait_for(lambda: slack.said(slack.direct(ann)))
    slack.open_home(ann, "home")
    slack.wait_for(lambda: "0 answered, at most 8 more" in str(slack.homes[ann.id].blocks))


def test_the_direct_message_offers_first_questions(slack: Slack, ann: User) -> None:
    before = len(slack.prompts)
    slack.open_home(ann, "messages")
    slack.wait_for(lambda: len(slack.prompts) > before)


@pytest.mark.parametrize("is_member", [True, False])
def test_a_private_answer_is_shared_with_the_channel(slack: Slack, ann: User, *, is_member: bool) -> None:
    general = slack.channel("general", ann, bot=is_member)
    slack.command(ann, general, "what are the cons of tuning?")
    slack.wait_for(lambda: slack.ephemerals(general, ann))
    assert not slack.said(general)
    slack.click(slack.ephemerals(general, ann)[0], "Share with channel", ann)
    slack.wait_for(lambda: slack.said(general))
    assert "Asked: “what are the cons of tuning?”" in slack.said(general)[0].text
    assert "Risk of catastrophic forgetting" in slack.said(general)[0].text


def test_the_status_tells_of_questions_and_interviews(slack: Slack, bot: Bot, ann: User, general: Channel) -> None:
    slack.command(ann, general, "status")
    slack.wait_for(lambda: slack.ephemerals(general, ann))
    assert texts.sentence("status_answered") in slack.ephemerals(general, ann)[0].text
    slack.command(ann, general, "interview")
    slack.wait_for(lambda: len(slack.ephemerals(general, ann)) == 2)
    slack.command(ann, general, "status")
    slack.wait_for(lambda: len(slack.ephemerals(general, ann)) == 3)
    status = slack.ephemerals(general, ann)[2]
    assert "0 answered, at most 8 more" in status.text
    slack.click(status, "Go on with 1", ann)
    slack.wait_for(lambda: slack.said(slack.direct(ann)))
    assert slack.said(slack.direct(ann))[0].text.startswith("Question 1")


def test_an_edited_question_is_answered_anew_in_place(slack: Slack, bot: Bot, ann: User, general: Channel) -> None:
    slack.join(general, slack.bot)
    asked = slack.mention(general, ann, "what are the cons of tuning?")
    slack.wait_for(lambda: slack.answers(asked))
    slack.edit(asked, f"<@{slack.bot.id}> what is RAG good at?")
    slack.wait_for(lambda: "catastrophic" not in slack.answers(asked)[0].text)
    assert len(slack.answers(asked)) == 1
    assert "Easy to update knowledge" in slack.answers(asked)[0].text


def test_a_deleted_question_takes_its_answer_along(slack: Slack, bot: Bot, ann: User, general: Channel) -> None:
    slack.join(general, slack.bot)
    asked = slack.mention(general, ann, "what are the cons of tuning?")
    slack.wait_for(lambda: slack.answers(asked))
    slack.delete(asked)
    slack.wait_for(lambda: not slack.answers(asked))


def test_a_deleted_question_is_forgotten_where_its_answer_must_stay(
    slack: Slack, bot: Bot, ann: User, general: Channel
) -> None:
    slack.join(general, slack.bot)
    asked = slack.mention(general, ann, "what are the cons of tuning?")
    assert bot.answers(asked)
    slack.fail("chat.delete", "cant_delete_message")
    slack.delete(asked)
    slack.wait_for(lambda: not bot.turns(general.id))
    assert slack.answers(asked)


def test_forgetting_is_asked_once_more_and_then_done(slack: Slack, bot: Bot, ann: User, general: Channel) -> None:
    slack.command(ann, general, "forget")
    slack.wait_for(lambda: slack.ephemerals(general, ann))
    slack.click(slack.ephemerals(general, ann)[-1], "Forget me", ann)
    slack.wait_for(lambda: "is deleted" in str([message.text for message in slack.ephemerals(general, ann)]))


def test_forgetting_from_the_home_is_asked_once_more_directly(slack: Slack, ann: User) -> None:
    slack.open_home(ann, "home")
    slack.wait_for(lambda: ann.id in slack.homes)
    slack.click(slack.homes[ann.id], "Check it step by step", ann)
    slack.wait_for(lambda: slack.said(slack.direct(ann)))
    slack.click(slack.homes[ann.id], "Forget me", ann)
    slack.wait_for(lambda: len(slack.said(slack.direct(ann))) == 2)
    slack.open_home(ann, "home")
    slack.wait_for(lambda: "0 answered, at most 8 more" in str(slack.homes[ann.id].blocks))
    slack.click(slack.said(slack.direct(ann))[1], "Forget me", ann)
    slack.open_home(ann, "home")
    slack.wait_for(lambda: "You have no interview yet" in str(slack.homes[ann.id].blocks))
