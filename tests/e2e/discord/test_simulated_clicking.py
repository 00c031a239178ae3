"""Clicking on a simulated Discord: the interview as one card that changes in place, and the buttons under replies."""

from collections.abc import AsyncIterator

import discord
import pytest
import pytest_asyncio
from simcord.results import InteractionResult

from bot import texts
from bot.discord import showing
from bot.discord.rendering import PICTURE
from bot.messages.card import Press
from tests.support.discord.simulated import (
    CASE,
    QUESTION,
    Person,
    Shown,
    Simulation,
    button_id,
    choices,
    items,
    labels,
    said_anew,
    shown,
    sources,
)

pytest_plugins = ["tests.support.discord.simulating"]
pytestmark = pytest.mark.asyncio(loop_scope="module")

HUGE = 10**30


class Screen:
    """A card of ann's."""

    def __init__(self, simulation: Simulation, message: Shown) -> None:
        self._simulation = simulation
        self.message = message

    @property
    def now(self) -> discord.Message:
        return self._simulation.now(self.message)

    @property
    def text(self) -> str:
        return shown(self.now)

    @property
    def choices(self) -> list[str]:
        return choices(self.now)

    async def press(self, label: str, *, by: Person | None = None) -> list[str]:
        """Presses; what only the one who clicked was told."""
        return told(await self._simulation.press(self.now, label, by=by))

    async def choose(self, text: str) -> list[str]:
        return told(await self._simulation.choose(self.now, text))

    async def press_old(self, custom_id: str, *, by: Person | None = None) -> list[str]:
        return told(await self._simulation.press_forged(self.message, custom_id, by=by))


def told(result: InteractionResult) -> list[str]:
    """What was said after a click to the one who clicked; it was deferred, and nobody else was told."""
    assert result.acknowledged
    assert all(followup.ephemeral for followup in said_anew(result))
    return [shown(followup) for followup in said_anew(result)]


@pytest_asyncio.fixture(loop_scope="module")
async def advice(simulation: Simulation) -> AsyncIterator[discord.Message]:
    """A reply to ann in the channel, with its buttons."""
    [answer] = await simulation.mention(CASE)
    yield answer


@pytest_asyncio.fixture(loop_scope="module")
async def card(simulation: Simulation, advice: discord.Message) -> Screen:
    """The card of ann's interview."""
    result = await simulation.press(advice, "Check it step by step")
    [begun] = said_anew(result)
    return Screen(simulation, begun)


@pytest_asyncio.fixture(loop_scope="module")
async def question(card: Screen) -> Screen:
    """The card at the first question, without what was said."""
    await card.press("Start over")
    return card


async def test_the_card_begins_with_what_was_said(card: Screen) -> None:
    assert card.text.startswith(f"### {texts.sentence('interview_review')}")
    assert "How often it changes: " in card.text
    assert "(read in “our docs change weekly”)" in card.text
    assert "Not answered: " in card.text
    assert labels(card.now) == ["Go on", "Recommend now", "Start over"]


async def test_somebody_elses_card_begins_with_nothing(simulation: Simulation, advice: discord.Message) -> None:
    result = await simulation.press(advice, "Check it step by step", by=simulation.ben)
    [begun] = said_anew(result)
    assert shown(begun).startswith("Question 1")


async def test_a_second_click_begins_no_second_interview(
    simulation: Simulation, advice: discord.Message, card: Screen
) -> None:
    result = await simulation.press(advice, "Check it step by step")
    assert told(result) == [texts.sentence("interview_there")]
    assert card.text.startswith("### ")


async def test_the_card_changes_in_place(simulation: Simulation, question: Screen) -> None:
    before = len(simulation.said(simulation.general))
    for _ in range(3):
        assert await question.press("Skip") == []
    assert question.text.startswith("Question 4")
    assert len(simulation.said(simulation.general)) == before


async def test_an_answer_leads_to_the_next_question_and_back_to_the_answered_one(question: Screen) -> None:
    first, chosen = question.text, question.choices[0]
    await question.press(chosen)
    assert question.text.startswith("Question 2")
    await question.press("Back")
    assert question.text == first
    assert question.choices[0] == f"✓ {chosen}"


async def test_why_shows_the_reason_and_hides_it_again(question: Screen) -> None:
    plain = question.text
    await question.press("Why this matters")
    assert question.text.startswith(plain)
    assert len(question.text) > len(plain) + 20
    await question.press("Why this matters")
    assert question.text == plain


async def test_skip_and_dont_know_leave_a_question_open(question: Screen) -> None:
    await question.press("Skip")
    await question.press("I don't know")
    await question.press("Review and edit")
    assert question.text.count(": skipped") == 1
    assert question.text.count(": I don't know") == 1


async def test_one_answer_is_edited_by_the_menu_and_the_others_stay(card: Screen) -> None:
    before = card.text.splitlines()
    await card.choose("How often it changes")
    assert card.text.startswith(texts.sentence("editing"))
    assert card.choices[0].startswith("✓ ")
    await card.press(card.choices[1])
    changed = [(old, new) for old, new in zip(before, card.text.splitlines(), strict=True) if old != new]
    assert [old.startswith("- How often it changes") for old, _ in changed] == [True]


async def test_the_questions_come_to_an_end_with_a_recommendation_and_its_picture(question: Screen) -> None:
    for _ in range(12):
        if not question.choices:
            break
        await question.press(question.choices[0])
    assert "Recommendation: " in question.text
    [attached] = question.now.attachments
    assert attached.filename == PICTURE
    assert attached.description
    assert sources(question.now)
    assert labels(question.now) == [
        "Get in touch", "Share with channel", "Copy as Markdown", "Review and edit", "Start over"
    ]  # fmt: skip


async def test_the_picture_goes_with_the_summary(card: Screen) -> None:
    await card.press("Recommend now")
    assert len(card.now.attachments) == 1
    assert [embed.image.url for embed in card.now.embeds if embed.image]
    await card.press("Review and edit")
    assert card.now.attachments == []
    assert card.now.embeds == []
    assert card.text.startswith(f"### {texts.sentence('interview_review')}")


async def test_a_stale_click_shows_the_present_card_with_a_sentence(simulation: Simulation, question: Screen) -> None:
    old = button_id(question.now, "Skip")
    for _ in range(3):
        await question.press("Skip")
    present = question.text
    assert await question.press_old(old) == [texts.sentence("interview_stale")]
    assert question.text == present
    assert simulation.private(simulation.general, simulation.ben) == []


async def test_a_double_click_counts_once_and_is_passed_over(question: Screen) -> None:
    old = button_id(question.now, question.choices[0])
    for _ in range(2):
        assert await question.press_old(old) == []
    assert question.text.startswith("Question 2")


async def test_a_foreign_click_is_refused_privately(simulation: Simulation, question: Screen) -> None:
    before = question.text
    for which in ("Skip", "Recommend now", question.choices[0]):
        assert await question.press(which, by=simulation.ben) == [texts.sentence("interview_foreign")]
    assert question.text == before


async def test_a_foreign_copy_shows_nothing_of_the_interview(simulation: Simulation, card: Screen) -> None:
    await card.press("Recommend now")
    assert await card.press("Copy as Markdown", by=simulation.ben) == [texts.sentence("interview_gone")]


async def test_an_opinion_is_kept_once_and_the_last_one_counts(simulation: Simulation, advice: discord.Message) -> None:
    kept = "SELECT helpful FROM feedback WHERE user_id = ?"
    for _ in range(2):
        assert told(await simulation.press(advice, "Helpful")) == [texts.sentence("feedback_thanks")]
    assert simulation.rows(kept, str(simulation.ann.id)) == [(1,)]
    assert told(await simulation.press(advice, "Not helpful")) == [texts.sentence("feedback_sorry")]
    await simulation.press(advice, "Helpful", by=simulation.ben)
    assert simulation.rows(kept, str(simulation.ann.id)) == [(0,)]
    assert simulation.rows(kept, str(simulation.ben.id)) == [(1,)]
    assert shown(simulation.now(advice)) == shown(advice)


async def test_a_copy_is_markdown_that_only_its_user_gets(card: Screen) -> None:
    await card.press("Recommend now")
    summary = card.text
    copied = "\n".join(await card.press("Copy as Markdown"))
    assert copied.startswith("```\n## ")
    assert "1. “" in copied
    assert card.text == summary


async def test_a_summary_is_shared_with_its_chart_and_pings_nobody(simulation: Simulation, card: Screen) -> None:
    await card.press("Recommend now")
    result = await simulation.press(card.now, "Share with channel")
    [shared] = said_anew(result)
    assert not shared.ephemeral
    assert shown(shared).startswith(card.text.splitlines()[0])
    assert len(shared.attachments) == 1
    assert not items(shared.message)
    assert simulation.pinged() == set()


async def test_a_summary_that_is_edited_again_is_not_shared(card: Screen) -> None:
    await card.press("Recommend now")
    old = button_id(card.now, "Share with channel")
    await card.press("Review and edit")
    assert await card.press_old(old) == [texts.sentence("share_gone")]


async def test_the_way_to_a_person_is_said(simulation: Simulation, card: Screen, advice: discord.Message) -> None:
    assert told(await simulation.press(advice, "Get in touch")) == [texts.sentence("contact_later")]
    await card.press("Recommend now")
    assert await card.press("Get in touch") == [texts.sentence("contact_later")]


async def test_the_interview_from_a_private_answer_is_private_too(simulation: Simulation) -> None:
    await simulation.command("ask", question=CASE)
    [answer] = simulation.private(simulation.general, simulation.ann)
    result = await simulation.press(answer, "Check it step by step")
    [begun] = said_anew(result)
    assert begun.ephemeral
    assert "(read in “our docs change weekly”)" in shown(begun)
    card = Screen(simulation, begun)
    await card.press("Start over")
    assert card.text.startswith("Question 1")
    assert simulation.said(simulation.general) == []


async def test_the_interview_in_a_direct_message_changes_in_place(simulation: Simulation) -> None:
    [answer] = await simulation.ask(CASE)
    await simulation.press(answer, "Check it step by step")
    _, begun = simulation.direct(simulation.ann)
    card = Screen(simulation, begun)
    await card.press("Start over")
    await card.press(card.choices[0])
    assert card.text.startswith("Question 2")
    assert len(simulation.direct(simulation.ann)) == 2


async def test_what_is_said_after_a_click_in_a_direct_message_is_no_ephemeral_message(simulation: Simulation) -> None:
    [answer] = await simulation.ask(QUESTION)
    result = await simulation.press(answer, "Helpful")
    assert [shown(followup) for followup in said_anew(result)] == [texts.sentence("feedback_thanks")]
    assert not said_anew(result)[0].ephemeral


async def test_an_interview_that_is_gone_says_how_to_begin_anew(question: Screen) -> None:
    assert await question.press_old("rt1:answer:999999:0:often") == [texts.sentence("interview_gone")]


@pytest.mark.parametrize(
    "name",
    [
        "rt0:answer",
        "rt2:answer:1:0:often",
        "rt1:",
        "rt1:answer",
        "rt1:answer:x:0:often",
        "rt1:answer:²:0:often",
        f"rt1:answer:{HUGE}:0:often",
        "another bot's",
        "\n",
        "x" * 100,
    ],
)
async def test_a_button_that_this_version_does_not_know_says_so(question: Screen, name: str) -> None:
    before = question.text
    assert await question.press_old(name) == [texts.sentence("button_gone")]
    assert question.text == before


@pytest.mark.parametrize(
    "name",
    [
        "rt1:nonsense:1:0:",
        "rt1:helpful:999999:0:yes",
        "rt1:answer:{interview}:{step}:no such option",
        "rt1:edit:{interview}:{step}:no such question",
        "rt1:edit:{interview}:{step}:",
        "rt1:nonsense:{interview}:{step}:",
    ],
)
async def test_an_id_that_we_did_not_make_does_no_harm(question: Screen, name: str) -> None:
    _, _, interview, step, _ = button_id(question.now, "Skip").split(":", 4)
    before = question.text
    await question.press_old(name.format(interview=interview, step=step))
    assert question.text == before
    await question.press(question.choices[0])
    assert question.text.startswith("Question 2")


async def test_a_choice_from_a_menu_that_was_never_there_does_no_harm(simulation: Simulation, card: Screen) -> None:
    [menu] = [item for item in items(card.now) if isinstance(item, discord.SelectMenu)]
    before = card.text
    result = await simulation.press_forged(card.message, menu.custom_id, values=["no such question"])
    assert told(result) == [texts.sentence("interview_stale")]
    assert card.text == before


async def test_a_button_without_a_meaning_does_not_turn_a_reply_into_an_interview(
    simulation: Simulation, advice: discord.Message, question: Screen
) -> None:
    _, _, interview, step, _ = button_id(question.now, "Skip").split(":", 4)
    result = await simulation.press_forged(advice, f"rt1:nonsense:{interview}:{step}:")
    assert told(result) == []
    assert shown(simulation.now(advice)) == shown(advice)


async def test_a_card_that_discord_did_not_take_is_shown_by_the_next_click(
    simulation: Simulation, question: Screen
) -> None:
    simulation.expects_trouble()
    simulation.env.inject_error("POST", "/interactions/*/*/callback", status=400, code=50035)
    before, answer = question.text, question.choices[0]
    [said] = await question.press(answer)
    assert said.startswith("Sorry, something went wrong here.")
    assert question.text == before
    await question.press(answer)
    assert question.text.startswith("Question 2")


async def test_a_click_that_discord_has_given_up_on_is_made_good_by_the_next(
    simulation: Simulation, question: Screen
) -> None:
    simulation.expects_trouble()
    simulation.env.inject_error("POST", "/interactions/*/*/callback", status=404, code=10062, times=2)
    before = question.text
    await simulation.press(question.now, "Skip")
    assert question.text == before
    await question.press("Skip")
    assert question.text.startswith("Question 2")


@pytest.fixture
def is_slow(simulation: Simulation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every click takes long enough to be deferred."""
    del simulation  # it sets the same
    monkeypatch.setattr(showing, "SOON", 0)


@pytest.mark.usefixtures("is_slow")
async def test_a_click_that_takes_long_is_deferred_and_ends_in_the_same(
    simulation: Simulation, question: Screen, advice: discord.Message
) -> None:
    result = await simulation.press(question.now, "Skip")
    assert result.deferred
    assert question.text.startswith("Question 2")
    assert await question.press("Skip", by=simulation.ben) == [texts.sentence("interview_foreign")]
    result = await simulation.press(advice, "Helpful")
    assert result.deferred
    assert told(result) == [texts.sentence("feedback_thanks")]
    await question.press("Recommend now")
    assert len(question.now.attachments) == 1
    result = await simulation.press(question.now, "Share with channel")
    assert [followup.ephemeral for followup in result.followups] == [False]


@pytest.mark.usefixtures("is_slow")
async def test_a_deferred_click_whose_token_ran_out_still_changes_the_card(
    simulation: Simulation, question: Screen
) -> None:
    simulation.env.inject_error("PATCH", "/webhooks/*", status=401, code=50027)
    await question.press(question.choices[0])
    assert question.text.startswith("Question 2")


async def test_every_id_fits_and_is_read_again(question: Screen) -> None:
    for _ in range(12):
        for item in items(question.now):
            assert len(item.custom_id) <= 100
            assert Press.of(item.custom_id)
        if not question.choices:
            break
        await question.press(question.choices[-1])
