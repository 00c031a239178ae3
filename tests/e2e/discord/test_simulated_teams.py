"""A team's interview on a simulated Discord: one card for everybody, one vote a member, and one who leads."""

import asyncio

import discord
import pytest
import pytest_asyncio

from bot import texts
from tests.support.discord.simulated import Simulation, button_id, choices, labels, shown

pytest_plugins = ["tests.support.discord.simulating"]
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def card(simulation: Simulation) -> discord.Message:
    """The card of an interview that ann leads."""
    result = await simulation.command("team")
    assert not result.ephemeral
    [begun] = simulation.said(simulation.general)
    return begun


def told(simulation: Simulation, person: str) -> list[str]:
    return [shown(message) for message in simulation.private(simulation.general, getattr(simulation, person))]


async def test_votes_are_counted_live_and_everybody_has_one(simulation: Simulation, card: discord.Message) -> None:
    first, second, *_ = choices(card)
    assert first.endswith(" (0)")
    await simulation.press(card, first)
    now = simulation.now(card)
    assert choices(now)[0] == first.replace("(0)", "(1)")
    await simulation.press(now, choices(now)[0], by=simulation.ben)
    now = simulation.now(card)
    assert choices(now)[0] == first.replace("(0)", "(2)")
    assert "Votes: 2." in shown(now)
    await simulation.press(now, second, by=simulation.ben)
    now = simulation.now(card)
    assert choices(now)[:2] == [first.replace("(0)", "(1)"), second.replace("(0)", "(1)")]
    assert "Votes: 2." in shown(now)
    assert texts.sentence("team_even") in shown(now)
    assert len(simulation.said(simulation.general)) == 1


async def test_only_who_started_it_leads_it_on(simulation: Simulation, card: discord.Message) -> None:
    await simulation.press(card, choices(card)[0], by=simulation.ben)
    await simulation.press(simulation.now(card), "Go on", by=simulation.ben)
    assert told(simulation, "ben") == [texts.sentence("team_foreign")]
    await simulation.press(simulation.now(card), "Go on")
    assert shown(simulation.now(card)).startswith("Question 2")
    assert told(simulation, "ann") == []


async def test_a_vote_on_an_earlier_question_shows_where_the_team_is(
    simulation: Simulation, card: discord.Message
) -> None:
    old = button_id(card, choices(card)[0])
    await simulation.press(card, "Go on")
    present = shown(simulation.now(card))
    await simulation.press_forged(card, old, by=simulation.ben)
    assert told(simulation, "ben") == [texts.sentence("team_stale")]
    assert shown(simulation.now(card)) == present


async def test_it_comes_to_a_summary_with_a_picture_that_everybody_may_copy(
    simulation: Simulation, card: discord.Message
) -> None:
    now = card
    for _ in range(12):
        if not choices(now):
            break
        for person in (simulation.ann, simulation.ben):
            await simulation.press(now, choices(simulation.now(card))[0], by=person)
        await simulation.press(simulation.now(card), "Go on")
        now = simulation.now(card)
    assert "ecommendation" in shown(now)
    assert texts.sentence("team", count=2) in shown(now)
    assert len(now.attachments) == 1
    assert labels(now) == ["Get in touch", "Copy as Markdown", "Review and edit", "Start over"]
    await simulation.press(now, "Copy as Markdown", by=simulation.ben)
    assert told(simulation, "ben")[0].startswith("```\n## ")
    assert simulation.pinged() == set()


async def test_its_leader_finds_it_by_status_and_shows_it_again(simulation: Simulation, card: discord.Message) -> None:
    await simulation.press(card, "Skip")
    await simulation.command("status")
    [status] = simulation.private(simulation.general, simulation.ann)
    assert "(with your team)" in shown(status)
    await simulation.press(status, "Go on with 1")
    _, again = simulation.said(simulation.general)
    assert shown(again) == shown(simulation.now(card))
    await simulation.press(again, choices(again)[0], by=simulation.ben)
    assert "Votes: 1." in shown(simulation.now(again))


async def test_a_team_is_led_on_after_a_restart(simulation: Simulation, card: discord.Message) -> None:
    await simulation.press(card, choices(card)[0], by=simulation.ben)
    await simulation.restart()
    await simulation.press(card, choices(simulation.now(card))[0])
    assert "Votes: 2." in shown(simulation.now(card))
    await simulation.press(simulation.now(card), "Go on")
    assert shown(simulation.now(card)).startswith("Question 2")


async def test_votes_at_one_moment_all_count(simulation: Simulation, card: discord.Message) -> None:
    people = [simulation.guild.add_member(simulation.env.create_user(f"member{number}")) for number in range(6)]
    name = button_id(card, choices(card)[0])
    interactions = [simulation.pressed_at_once(card, name, person) for person in people]
    await asyncio.sleep(0)
    await simulation.answered()
    assert all(result.acknowledged for result in interactions)
    assert "Votes: 6." in shown(simulation.now(card))
