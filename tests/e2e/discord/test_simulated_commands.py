"""The commands on a simulated Discord: what each says, to whom, how often, and when Discord is told of them."""

from typing import Any

import pytest
from discord import app_commands
from discord.http import Route

from bot import texts
from bot.discord.names import ASK, COMMAND
from tests.support.discord.simulated import CASE, QUESTION, Simulation, choices, labels, said_anew, shown

pytest_plugins = ["tests.support.discord.simulating"]
pytestmark = pytest.mark.asyncio(loop_scope="module")

NAMES = ("ask", "contact", "forget", "help", "interview", "status", "team")
COOLDOWN = 60


def told_of_commands(simulation: Simulation) -> int:
    """How often Discord was told of the commands."""
    return len([request for request in simulation.env.http_requests if request.method == "PUT"])


async def test_everybody_finds_the_commands_in_servers_and_with_the_bot_alone(simulation: Simulation) -> None:
    found = {f"{COMMAND} {name}" for name in NAMES}
    assert set(simulation.ann.available_commands(simulation.general)) == found
    assert set(simulation.ann.user.available_commands()) == found


async def test_every_command_and_option_says_what_it_does(simulation: Simulation) -> None:
    [group, menu] = simulation.env.backend.commands[None].values()
    assert menu["name"] == ASK
    assert sorted(command["name"] for command in group["options"]) == sorted(NAMES)
    described = [group, *group["options"], *(o for c in group["options"] for o in c.get("options", []))]
    assert all(0 < len(each["description"]) <= 100 for each in described)
    for command in (group, menu):
        assert command["contexts"] == [0, 1, 2]
        assert command["integration_types"] == [0, 1]


async def test_discord_is_told_of_the_commands_once_and_again_only_when_they_changed(simulation: Simulation) -> None:
    assert told_of_commands(simulation) == 1
    for _ in range(2):
        await simulation.reconnect()
    assert told_of_commands(simulation) == 1
    known = simulation.env.backend.commands[None]
    known[(COMMAND, 1)]["description"] = "What it said in the last version"
    await simulation.reconnect()
    assert told_of_commands(simulation) == 2
    simulation.env.backend.commands[None].popitem()
    await simulation.reconnect()
    assert told_of_commands(simulation) == 3
    await simulation.reconnect()
    assert told_of_commands(simulation) == 3


@pytest.mark.parametrize("name", ["interview", "contact", "help", "forget", "status"])
async def test_in_a_server_only_the_one_who_called_sees_the_reply(simulation: Simulation, name: str) -> None:
    result = await simulation.command(name)
    assert result.ephemeral
    assert len(simulation.private(simulation.general, simulation.ann)) == 1
    assert simulation.private(simulation.general, simulation.ben) == []
    assert simulation.said(simulation.general) == []


@pytest.mark.parametrize("name", NAMES[1:])
async def test_alone_with_the_bot_nothing_is_ephemeral(simulation: Simulation, name: str) -> None:
    result = await simulation.direct_command(name)
    assert not result.ephemeral
    assert len(simulation.direct(simulation.ann)) == 1


async def test_help_says_how_to_ask_and_begins_an_interview(simulation: Simulation) -> None:
    await simulation.command("help")
    [said] = simulation.private(simulation.general, simulation.ann)
    assert shown(said) == texts.sentence("discord_help")
    result = await simulation.press(said, "Check it step by step")
    [card] = said_anew(result)
    assert card.ephemeral
    assert shown(card).startswith("Question 1")


async def test_contact_says_how_to_reach_a_person(simulation: Simulation) -> None:
    result = await simulation.command("contact")
    assert result.response
    assert shown(result.response) == texts.sentence("contact_later")


async def test_an_interview_by_command_changes_in_place(simulation: Simulation) -> None:
    await simulation.command("interview")
    [card] = simulation.private(simulation.general, simulation.ann)
    assert shown(card).startswith("Question 1")
    await simulation.press(card, choices(card)[0])
    [card] = simulation.private(simulation.general, simulation.ann)
    assert shown(card).startswith("Question 2")
    await simulation.press(card, "Recommend now")
    [card] = simulation.private(simulation.general, simulation.ann)
    assert "ecommendation" in shown(card)
    assert len(card.attachments) == 1


async def test_status_tells_of_interviews_and_resumes_them(simulation: Simulation) -> None:
    await simulation.command("status")
    [empty] = simulation.private(simulation.general, simulation.ann)
    assert texts.sentence("status_answered") in shown(empty)
    assert texts.sentence("home_none") in shown(empty)
    result = await simulation.press(empty, "Check it step by step")
    [card] = said_anew(result)
    await simulation.press(card, choices(card.message)[0])
    await simulation.command("status")
    now = simulation.private(simulation.general, simulation.ann)[-1]
    assert "1. 1 answered" in shown(now)
    result = await simulation.press(now, "Go on with 1")
    [resumed] = said_anew(result)
    assert shown(resumed).startswith("Question 2")
    assert resumed.ephemeral


async def test_forget_asks_first_and_then_forgets_everything(simulation: Simulation) -> None:
    await simulation.ask(CASE)
    [answer] = simulation.direct(simulation.ann)
    await simulation.press(answer, "Check it step by step")
    await simulation.ask(QUESTION, by=simulation.ben)
    await simulation.command("forget")
    [asked] = simulation.private(simulation.general, simulation.ann)
    assert shown(asked) == texts.sentence("forget_ask")
    assert len(simulation.turns()) == 2
    result = await simulation.press(asked, "Forget me")
    assert [shown(followup) for followup in said_anew(result)] == [texts.sentence("forgotten")]
    assert len(simulation.turns()) == 1
    assert simulation.rows("SELECT id FROM interviews WHERE user_id = ?", str(simulation.ann.id)) == []
    result = await simulation.press(answer, "Check it step by step")
    assert shown(said_anew(result)[0]).startswith("Question 1")


@pytest.mark.parametrize("name", ["interview", "team"])
async def test_who_begins_too_many_interviews_is_told_when_to_try_again(simulation: Simulation, name: str) -> None:
    for _ in range(5):
        await simulation.command(name)
    result = await simulation.command(name)
    assert result.ephemeral
    assert result.response
    assert shown(result.response) == texts.sentence("discord_cooldown", seconds=COOLDOWN)
    other = await simulation.command(name, by=simulation.ben)
    assert other.response
    assert shown(other.response).startswith("Question 1")
    await simulation.env.advance_time(COOLDOWN + 1)
    again = await simulation.command(name)
    assert again.response
    assert shown(again.response).startswith("Question 1")
    cooled = simulation.env.errors
    assert [type(error) for error in cooled] == [app_commands.CommandOnCooldown]
    simulation.forgives(cooled)


async def test_a_command_that_fails_says_so_with_a_reference(simulation: Simulation) -> None:
    simulation.expects_trouble()
    simulation.env.inject_error("PATCH", "/webhooks/*/messages/@original", status=400, code=50035, message="secret")
    result = await simulation.command("interview")
    assert result.ephemeral
    [said] = simulation.private(simulation.general, simulation.ann)
    assert shown(said).startswith("Sorry, something went wrong here.")
    assert "secret" not in shown(said)
    [error] = simulation.env.errors
    assert isinstance(error, app_commands.CommandInvokeError)
    simulation.forgives([error])


@pytest.fixture
def is_repeated(simulation: Simulation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Discord takes each response, and answers with an error of its own; discord.py then tries it again."""
    request = simulation.env._webhook_adapter.request

    async def twice(address: Route, *arguments: Any, **named: Any) -> Any:
        if address.url.endswith("/callback"):
            await request(address, *arguments, **named)
        return await request(address, *arguments, **named)

    monkeypatch.setattr(simulation.env._webhook_adapter, "request", twice)


@pytest.mark.usefixtures("is_repeated")
async def test_what_discord_took_at_the_first_attempt_goes_on(simulation: Simulation) -> None:
    result = await simulation.command("interview")
    assert result.response
    question = result.response
    assert shown(question).startswith("Question 1")
    await simulation.press(question, "Skip")
    assert len(simulation.private(simulation.general, simulation.ann)) == 1
    assert shown(simulation.now(question)).startswith("Question 2")


async def test_discord_takes_no_question_that_is_too_long(simulation: Simulation) -> None:
    [group, _] = simulation.env.backend.commands[None].values()
    [ask] = [command for command in group["options"] if command["name"] == "ask"]
    [question] = ask["options"]
    assert question["min_length"] == 1
    assert question["max_length"] == 6_000
    await simulation.command("ask", question="word " * 1_200)
    [answer] = simulation.private(simulation.general, simulation.ann)
    assert "characters; I can read up to" in shown(answer)
    assert labels(answer) == ["Check it step by step", "Get in touch"]
