"""The App Home, and what is shared and deleted as only Slack does it."""

from tests.peers.slack import Channel, Slack, User, View
from tests.support.posts import SlackPost
from tests.support.slack.bots import Bot, press, well


def open_home(slack: Slack, user: User, words: str = "") -> View:
    """Opens somebody's Home; returns it once it says this."""
    slack.open_home(user, "home")
    slack.wait_for(lambda: user.id in slack.homes and words in str(slack.homes[user.id].blocks))
    return slack.homes[user.id]


def test_home_lists_interviews_and_says_what_is_kept(slack: Slack, ann: User) -> None:
    home = open_home(slack, ann, "You have no interview yet")
    assert "90 days" in str(home.blocks)
    slack.click(home, "Check it step by step", ann)
    slack.wait_for(lambda: slack.said(slack.direct(ann)))
    open_home(slack, ann, "0 answered, at most 8 more")


def test_home_leads_the_leader_back_to_the_team(slack: Slack, ann: User, ben: User, general: Channel) -> None:
    well(slack.command(ann, general, "team"))
    assert "(with your team)" not in str(open_home(slack, ben).blocks)
    press(slack, open_home(slack, ann, "0 answered, at most 8 more (with your team)"), "Go on with 1", ann)
    assert len(slack.said(general)) == 2
    assert slack.said(slack.direct(ann)) == []


def test_home_leads_the_leader_back_where_bot_is_no_member(slack: Slack, ann: User, ben: User) -> None:
    well(slack.command(ann, slack.channel("far", ann, ben, bot=False), "team"))
    press(slack, open_home(slack, ann), "Go on with 1", ann)
    [direct] = slack.said(slack.direct(ann))
    own = SlackPost(slack, direct, ann)
    own.press("Go on")
    assert own.text.startswith("Question 2")


def test_forgetting_from_the_home_is_asked_once_more_as_dm(slack: Slack, ann: User) -> None:
    slack.click(open_home(slack, ann), "Check it step by step", ann)
    slack.wait_for(lambda: slack.said(slack.direct(ann)))
    slack.click(slack.homes[ann.id], "Forget me", ann)
    slack.wait_for(lambda: len(slack.said(slack.direct(ann))) == 2)
    open_home(slack, ann, "0 answered, at most 8 more")
    slack.click(slack.said(slack.direct(ann))[1], "Forget me", ann)
    slack.wait_for(lambda: slack.ephemerals(slack.direct(ann), ann))
    open_home(slack, ann, "You have no interview yet")


def test_direct_messages_offer_first_questions(slack: Slack, ann: User) -> None:
    before = len(slack.prompts)
    slack.open_home(ann, "messages")
    slack.wait_for(lambda: len(slack.prompts) > before)


def test_private_answer_is_shared_where_bot_is_no_member(slack: Slack, ann: User) -> None:
    far = slack.channel("far", ann, bot=False)
    slack.command(ann, far, "what are the cons of tuning?")
    slack.wait_for(lambda: slack.ephemerals(far, ann))
    slack.click(slack.ephemerals(far, ann)[0], "Share with channel", ann)
    slack.wait_for(lambda: slack.said(far))
    assert "Asked: “what are the cons of tuning?”" in slack.said(far)[0].text
    assert "Risk of catastrophic forgetting" in slack.said(far)[0].text


def test_deleted_question_is_forgotten_where_its_answer_must_stay(
    slack: Slack, bot: Bot, ann: User, general: Channel
) -> None:
    asked = slack.mention(general, ann, "what are the cons of tuning?")
    assert bot.answers(asked)
    slack.fail("chat.delete", "cant_delete_message")
    slack.delete(asked)
    slack.wait_for(lambda: not bot.turns(general.id))
    assert slack.answers(asked)
