"""What Discord is interaction of the commands and when, and who may call how many."""

from bot import texts
from tests.peers.discord import Channel, Discord, User
from tests.support.discord.bots import QUESTION, Bot, cited, plain
from tests.support.running import ANSWERING

NAMES = ["ask", "contact", "forget", "help", "interview", "status", "team"]
ORIGINAL = "PATCH /webhooks/{}/{}/messages/@original"


def test_every_command_is_described_and_offered_everywhere(discord: Discord) -> None:
    group, menu = discord.commands
    assert menu["name"] == "Ask rag-or-tune"
    assert sorted(command["name"] for command in group["options"]) == NAMES
    described = [group, *group["options"], *(o for c in group["options"] for o in c.get("options", []))]
    assert all(0 < len(each["description"]) <= 100 for each in described)
    for command in (group, menu):
        assert command["contexts"] == [0, 1, 2]
        assert command["integration_types"] == [0, 1]


def test_question_has_a_length_that_discord_checks(discord: Discord) -> None:
    [ask] = [command for command in discord.commands[0]["options"] if command["name"] == "ask"]
    [question] = ask["options"]
    assert (question["min_length"], question["max_length"]) == (1, 6_000)


def test_commands_are_registered_once_and_again_only_when_they_change(bot: Bot, discord: Discord) -> None:
    def restart() -> int:
        before = len(discord.syncs)
        bot.kill()
        discord.wait_for(lambda: not discord.connected, ANSWERING)
        bot.start()
        return len(discord.syncs) - before

    assert restart() == 0
    known = discord.world.commands
    discord.run(lambda: known[0].update(description="What it said in the last version"))
    assert restart() == 1
    discord.run(lambda: discord.world.commands.pop())
    assert restart() == 1


def test_too_many_interviews_are_refused_to_one_person(
    bot: Bot, discord: Discord, general: Channel, ann: User, ben: User
) -> None:
    for name in ("interview", "team"):
        for _ in range(5):
            bot.told(discord.command(general, ann, "rag-or-tune", name))
        [refusal] = bot.told(discord.command(general, ann, "rag-or-tune", name))
        assert refusal.ephemeral
        assert plain(refusal.text).startswith(texts.sentence("discord_cooldown", seconds=0).partition("0")[0])
        [card] = bot.told(discord.command(general, ben, "rag-or-tune", name))
        assert plain(card.text).startswith("Question 1")


def test_failing_command_says_so_with_a_reference(bot: Bot, discord: Discord, general: Channel, ann: User) -> None:
    logged = len(bot.log)
    discord.fail(ORIGINAL, status=400, code=50035)
    interaction = discord.command(general, ann, "rag-or-tune", "interview").wait()
    apology = discord.wait_for(lambda: [m for m in discord.ephemerals(ann) if "went wrong" in m.text], ANSWERING)[0]
    assert interaction.acked
    assert "Invalid Form Body" not in apology.text
    assert "Invalid Form Body" in bot.log[logged:]


def test_command_that_discord_takes_but_answers_with_an_error_goes_on(
    bot: Bot, discord: Discord, general: Channel, ann: User
) -> None:
    discord.fail("POST /interactions/{}/{}/callback", status=503, takes_effect=True)
    [card] = bot.told(discord.command(general, ann, "rag-or-tune", "interview"))
    assert plain(card.text).startswith("Question 1")
    assert len(discord.ephemerals(ann)) == 1


def test_command_accepted_before_a_kill_is_answered_after_it(
    bot: Bot, discord: Discord, general: Channel, ann: User
) -> None:
    fault = discord.fail(ORIGINAL, status=503, times=1_000)
    interaction = discord.command(general, ann, "rag-or-tune", "ask", {"question": QUESTION}).wait()
    discord.wait_for(lambda: fault.times < 1_000, ANSWERING, "the first attempt")
    bot.kill()
    fault.times = 0
    discord.wait_for(lambda: not discord.connected, ANSWERING)
    bot.start()
    [answer] = bot.told(interaction)
    assert answer.ephemeral
    assert cited(answer)
