"""Restarts on a simulated Discord: between question and answer, and between any two clicks."""

import pytest

from bot import texts
from tests.support.discord.simulated import (
    CASE,
    FOLLOW_UP,
    QUESTION,
    Simulation,
    choices,
    labels,
    said_anew,
    shown,
    sources,
)

pytest_plugins = ["tests.support.discord.simulating"]
pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_question_that_a_process_only_accepted_is_answered_by_the_next(simulation: Simulation) -> None:
    await simulation.restart(here=False)
    asked = await simulation.ann.send(simulation.general, f"{simulation.mentioning} {QUESTION}")
    assert simulation.said(simulation.general) == []
    assert simulation.turns() == [("accepted", None)]
    await simulation.restart()
    await simulation.answered()
    [answer] = simulation.said(simulation.general)
    assert answer.reference
    assert answer.reference.message_id == asked.id
    assert sources(answer)
    assert labels(answer) == ["Check it step by step", "Get in touch", "Helpful", "Not helpful"]


async def test_a_command_that_a_process_only_accepted_is_answered_by_the_next(simulation: Simulation) -> None:
    await simulation.restart(here=False)
    result = await simulation.ann.slash(simulation.general, "rag-or-tune ask", question=QUESTION)
    assert result.deferred
    await simulation.restart()
    await simulation.answered()
    [answer] = simulation.private(simulation.general, simulation.ann)
    assert sources(answer)


async def test_a_command_that_waited_for_too_long_is_answered_directly(simulation: Simulation) -> None:
    await simulation.restart(here=False)
    await simulation.ann.slash(simulation.general, "rag-or-tune ask", question=QUESTION)
    await simulation.env.advance_time(16 * 60)
    await simulation.restart()
    await simulation.answered()
    _, answer = simulation.direct(simulation.ann)
    assert sources(answer)
    assert not labels(answer)  # they belong to the channel


@pytest.mark.parametrize("how", ["privately", "openly"])
async def test_every_button_of_an_answer_works_after_a_restart(simulation: Simulation, how: str) -> None:
    if how == "privately":
        await simulation.command("ask", question=CASE)
        [answer] = simulation.private(simulation.general, simulation.ann)
    else:
        [answer] = await simulation.mention(CASE)
    await simulation.restart()
    for label in labels(answer):
        await simulation.reconnect()
        result = await simulation.press(answer, label)
        assert result.acknowledged
        assert len(said_anew(result)) == 1, label


async def test_an_interview_survives_a_restart_between_any_two_clicks(simulation: Simulation) -> None:
    [answer] = await simulation.mention(CASE)
    result = await simulation.press(answer, "Check it step by step")
    [card] = said_anew(result)
    await simulation.restart()
    await simulation.choose(card, "How often it changes")
    await simulation.reconnect()
    now = simulation.now(card)
    await simulation.press(card, choices(now)[1])
    for label in ("Start over", "Skip", "Why this matters", "Back", "Recommend now", "Review and edit", "Go on"):
        await simulation.reconnect()
        result = await simulation.press(card, label)
        assert said_anew(result) == [], label
    assert shown(simulation.now(card)) != shown(now)


async def test_a_click_on_a_card_that_is_a_quarter_of_an_hour_old(simulation: Simulation) -> None:
    result = await simulation.command("interview")
    await simulation.env.advance_time(60 * 60)
    card = result.response
    assert card
    await simulation.press(card, choices(simulation.now(card))[0])
    assert shown(simulation.now(card)).startswith("Question 2")


async def test_what_was_edited_or_deleted_after_a_restart_is_followed(simulation: Simulation) -> None:
    asked = await simulation.ann.send_dm(QUESTION)
    await simulation.answered()
    await simulation.restart()
    await simulation.ann.user.edit(asked, "What is RAG?")
    await simulation.answered()
    [answer] = simulation.direct(simulation.ann)
    assert any("RAG Explained" in section for _, section, _ in sources(answer))
    await simulation.restart()
    await simulation.ann.user.delete(asked)
    await simulation.answered()
    assert simulation.direct(simulation.ann) == []


async def test_too_many_questions_are_told_so_once(simulation: Simulation) -> None:
    await simulation.restart(questions=2)
    for _ in range(4):
        await simulation.ask("What is RAG?")
    answers = simulation.direct(simulation.ann)
    assert [shown(answer) == texts.sentence("too_many") for answer in answers] == [False, False, True]
    await simulation.restart()


async def test_a_channel_that_is_deleted_before_the_answer_came(simulation: Simulation) -> None:
    await simulation.restart(here=False)
    place = simulation.guild.create_text_channel("short-lived")
    await simulation.ann.send(place, f"{simulation.mentioning} {QUESTION}")
    simulation.env.backend.delete_channel(place.id)
    await simulation.restart()
    await simulation.answered()
    said, answer = simulation.direct(simulation.ann)
    assert shown(said) == texts.sentence("discord_no_place")
    assert sources(answer)


async def test_a_question_that_is_deleted_before_the_answer_came_is_not_answered(simulation: Simulation) -> None:
    await simulation.restart(here=False)
    asked = await simulation.ann.send(simulation.general, f"{simulation.mentioning} {QUESTION}")
    await simulation.ann.delete(asked)
    await simulation.restart()
    await simulation.answered()
    assert simulation.said(simulation.general) == []
    assert simulation.direct(simulation.ann) == []


async def test_what_was_said_while_nobody_listened_is_answered_once(simulation: Simulation) -> None:
    await simulation.ask()
    simulation.env.backend.subscribers.clear()  # the gateway is gone
    await simulation.ann.send_dm(FOLLOW_UP)
    assert len(simulation.turns()) == 1
    await simulation.reconnect()
    await simulation.answered()
    assert len(simulation.direct(simulation.ann)) == 2
    await simulation.reconnect()
    await simulation.answered()
    assert len(simulation.direct(simulation.ann)) == 2
