"""Asking on a simulated Discord: directly, by mention, by command and from a message's menu, and what is let be."""

import discord
import pytest
from simcord.enums import MessageType

from bot import texts
from bot.discord import rendering
from bot.discord.names import ASK
from tests.support.discord.simulated import (
    ARTICLE,
    CASE,
    FOLLOW_UP,
    GUIDANCE,
    QUESTION,
    Simulation,
    button_id,
    labels,
    shown,
    sources,
)

pytest_plugins = ["tests.support.discord.simulating"]
pytestmark = pytest.mark.asyncio(loop_scope="module")

HOSTILE = (
    "@everyone @here <@{ben}> <@&{role}> <#3> *we* have 200 ```tickets``` [here](https://evil.example) "
    "discord.gg/abc,\n# our docs change weekly\n> and ||auditors|| want `sources`"
)


async def test_a_direct_message_is_answered_with_citations_and_buttons(simulation: Simulation) -> None:
    [answer] = await simulation.ask()
    assert answer.reference is None
    assert sources(answer)
    for quote, section, url in sources(answer):
        assert quote in GUIDANCE
        assert section.split(" > ")[-1] in GUIDANCE
        assert url.startswith(f"{ARTICLE}#:~:text=")
    assert labels(answer) == ["Check it step by step", "Get in touch", "Helpful", "Not helpful"]


async def test_a_follow_up_is_understood(simulation: Simulation) -> None:
    await simulation.ask()
    first, second = await simulation.ask(FOLLOW_UP)
    assert any("RAG" in section for _, section, _ in sources(second))
    assert sources(second) != sources(first)


async def test_a_use_case_is_advised_on(simulation: Simulation) -> None:
    [advice] = await simulation.ask(CASE)
    assert shown(advice).startswith("### Recommendation: ")
    assert "Check it step by step" in labels(advice)


async def test_a_mention_is_answered_by_a_reply_that_pings_nobody(simulation: Simulation) -> None:
    asked = await simulation.ann.send(simulation.general, f"{QUESTION} {simulation.mentioning}")
    await simulation.answered()
    [answer] = simulation.said(simulation.general)
    assert answer.reference
    assert answer.reference.message_id == asked.id
    assert sources(answer)
    assert simulation.pinged() == set()


async def test_a_reply_to_the_bot_that_pings_it_goes_on(simulation: Simulation) -> None:
    [answer] = await simulation.mention()
    await simulation.ann.send(simulation.general, f"{simulation.mentioning} {FOLLOW_UP}", reply_to=answer)
    await simulation.answered()
    _, second = simulation.said(simulation.general)
    assert any("RAG" in section for _, section, _ in sources(second))


async def test_in_a_channel_everybody_has_a_conversation_of_their_own(simulation: Simulation) -> None:
    await simulation.mention()
    [_, alone] = await simulation.mention(FOLLOW_UP, by=simulation.ben)
    [_, _, following] = await simulation.mention(FOLLOW_UP)
    assert sources(following)
    assert sources(alone) != sources(following)


async def test_a_mention_in_a_thread_is_answered_there(simulation: Simulation) -> None:
    thread = simulation.thread("Plans")
    [answer] = await simulation.mention(place=thread)
    assert answer.channel.id == thread.id
    assert simulation.said(simulation.general) == []


async def test_in_a_thread_it_goes_on_without_a_mention_when_it_may_read_along(simulation: Simulation) -> None:
    await simulation.reconnect(reads_all=True)
    thread = simulation.thread("Plans")
    await simulation.ann.send(thread, QUESTION)
    assert await simulation.answered() == []
    await simulation.mention(place=thread)
    await simulation.ann.send(thread, FOLLOW_UP)
    await simulation.answered()
    _, second = simulation.said(thread)
    assert any("RAG" in section for _, section, _ in sources(second))
    await simulation.ann.send(thread, f"{simulation.ben.mention} what do you think?")
    await simulation.ann.send(thread, "What does fine-tuning cost?")
    await simulation.answered()
    assert len(simulation.said(thread)) == 2


async def test_without_message_content_it_waits_for_its_mention_in_threads(simulation: Simulation) -> None:
    thread = simulation.thread("Plans")
    await simulation.mention(place=thread)
    await simulation.ann.send(thread, FOLLOW_UP)
    await simulation.answered()
    assert len(simulation.said(thread)) == 1


async def test_it_keeps_out_of_what_is_not_said_to_it(simulation: Simulation) -> None:
    await simulation.ann.send(simulation.general, QUESTION)
    await simulation.ann.send(simulation.general, f"{simulation.ben.mention} {QUESTION}")
    await simulation.ann.send(simulation.general, f"@everyone {QUESTION}")
    assert await simulation.answered() == []


async def test_bots_webhooks_and_the_systems_messages_are_ignored(simulation: Simulation) -> None:
    other = simulation.guild.add_member(simulation.env.create_user("other", bot=True))
    await other.send(simulation.general, f"{simulation.mentioning} {QUESTION}")
    hook = simulation.guild.create_webhook(simulation.general)
    await hook.send(f"{simulation.mentioning} {QUESTION}")
    simulation.guild.create_system_message(simulation.general, MessageType.CHANNEL_NAME_CHANGE, author=simulation.ann)
    assert await simulation.answered() == []


async def test_its_own_words_are_ignored(simulation: Simulation) -> None:
    channel = simulation.bot.get_channel(simulation.general.id)
    assert isinstance(channel, discord.TextChannel)
    await channel.send(f"{simulation.mentioning} {QUESTION}")
    assert await simulation.answered() == []


async def test_an_event_that_comes_again_is_answered_once(simulation: Simulation) -> None:
    asked = await simulation.ann.send_dm(QUESTION)
    await simulation.answered()
    for _ in range(2):
        await simulation.bot.on_message(asked)
    assert len(await simulation.answered()) == 1
    assert len(simulation.direct(simulation.ann)) == 1


async def test_a_mere_mention_is_told_what_to_write(simulation: Simulation) -> None:
    [answer] = await simulation.mention("")
    assert shown(answer) == texts.sentence("empty")


async def test_a_command_in_a_server_is_answered_privately_until_it_is_shared(simulation: Simulation) -> None:
    result = await simulation.command("ask", question=QUESTION)
    assert result.ephemeral
    [answer] = simulation.private(simulation.general, simulation.ann)
    assert sources(answer)
    assert simulation.private(simulation.general, simulation.ben) == []
    assert simulation.said(simulation.general) == []
    await simulation.press(answer, "Share with channel")
    [shared] = simulation.said(simulation.general)
    assert shown(shared).startswith(texts.sentence("shared_question", question=QUESTION))
    assert sources(shared) == sources(answer)
    assert not labels(shared)
    assert simulation.pinged() == set()


async def test_a_command_to_the_bot_alone_is_answered_openly(simulation: Simulation) -> None:
    result = await simulation.direct_command("ask", question=QUESTION)
    assert not result.ephemeral
    [answer] = simulation.direct(simulation.ann)
    assert sources(answer)
    assert "Share with channel" not in labels(answer)


async def test_a_long_answer_to_a_command_is_as_private_in_all_its_messages(
    simulation: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    for limit in ("CONTENT", "EMBED", "EMBEDS"):
        monkeypatch.setattr(rendering, limit, 400)
    await simulation.command("ask", question=CASE)
    assert len(simulation.private(simulation.general, simulation.ann)) > 2
    assert simulation.private(simulation.general, simulation.ben) == []
    assert simulation.said(simulation.general) == []


async def test_a_messages_menu_asks_what_somebody_wrote(simulation: Simulation) -> None:
    said = await simulation.ben.send(simulation.general, QUESTION)
    result = await simulation.ann.context_menu(simulation.general, ASK, said)
    await simulation.answered()
    assert result.ephemeral
    [answer] = simulation.private(simulation.general, simulation.ann)
    assert sources(answer)
    assert simulation.said(simulation.general) == []


async def test_a_messages_menu_on_one_without_words_says_what_to_write(simulation: Simulation) -> None:
    said = await simulation.ben.send(simulation.general, attachments=[("cat.png", b"cat")])
    await simulation.ann.context_menu(simulation.general, ASK, said)
    await simulation.answered()
    [answer] = simulation.private(simulation.general, simulation.ann)
    assert shown(answer) == texts.sentence("empty")


@pytest.mark.parametrize("way", ["direct", "mention", "command"])
async def test_hostile_text_is_only_text(simulation: Simulation, way: str) -> None:
    role = simulation.guild.create_role("boss", mentionable=True)
    text = HOSTILE.format(ben=simulation.ben.id, role=role.id)
    if way == "direct":
        [answer] = await simulation.ask(text)
    elif way == "mention":
        [answer] = await simulation.mention(text)
    else:
        await simulation.command("ask", question=text)
        [answer] = simulation.private(simulation.general, simulation.ann)
        await simulation.press(answer, "Share with channel")
        [shared] = simulation.said(simulation.general)
        assert text in shown(shared)
        assert all(part not in shared.content for part in ("@everyone", " <@", "[here]", "discord.gg", "\n#", "\n>"))
    assert "Recommendation" in shown(answer)
    assert simulation.pinged() == set()


async def test_an_edited_question_is_answered_anew_in_place_of_its_answer(simulation: Simulation) -> None:
    asked = await simulation.ann.send_dm(QUESTION)
    await simulation.answered()
    [first] = simulation.direct(simulation.ann)
    await simulation.ann.user.edit(asked, "What is RAG?")
    await simulation.answered()
    [second] = simulation.direct(simulation.ann)
    assert second.id == first.id
    assert any("RAG Explained" in section for _, section, _ in sources(second))


async def test_a_deleted_question_takes_its_answer_along(simulation: Simulation) -> None:
    asked = await simulation.ann.send(simulation.general, f"{simulation.mentioning} {QUESTION}")
    await simulation.answered()
    await simulation.ann.delete(asked)
    await simulation.answered()
    assert simulation.said(simulation.general) == []
    assert simulation.turns() == []


async def test_questions_are_answered_in_their_order(simulation: Simulation) -> None:
    for text in ("What is RAG?", "What is fine-tuning?", "Can I combine both?"):
        await simulation.ann.send_dm(text)
    await simulation.answered()
    turns = [button_id(answer, "Get in touch") for answer in simulation.direct(simulation.ann)]
    assert turns == sorted(turns)
    assert len(turns) == 3


async def test_where_embeds_are_not_allowed_the_citations_are_text(simulation: Simulation) -> None:
    no_embeds = discord.PermissionOverwrite(embed_links=False)
    place = simulation.guild.create_text_channel("plain", overwrites={simulation.bot.user: no_embeds})
    [answer] = await simulation.mention(place=place)
    assert answer.embeds == []
    assert "-# [1] “" in shown(answer)


@pytest.mark.parametrize("code", [10003, 50001, 50013, 50083, 160005])
async def test_where_it_cannot_write_its_asker_is_told_directly_what_to_do(simulation: Simulation, code: int) -> None:
    path = f"/channels/{simulation.general.id}/messages"
    simulation.env.inject_error("POST", path, status=404 if code == 10003 else 403, code=code, message="no")
    await simulation.mention()
    assert simulation.said(simulation.general) == []
    said, answer = simulation.direct(simulation.ann)
    assert shown(said) == texts.sentence("discord_no_place")
    assert sources(answer)


async def test_a_channel_that_the_bot_may_read_only_is_answered_directly(simulation: Simulation) -> None:
    silent = discord.PermissionOverwrite(send_messages=False)
    place = simulation.guild.create_text_channel("news", overwrites={simulation.bot.user: silent})
    assert await simulation.mention(place=place) == []
    assert len(simulation.direct(simulation.ann)) == 2


@pytest.mark.parametrize("code", [50007, 50278])
async def test_who_takes_no_direct_messages_leaves_a_failure_that_says_why(simulation: Simulation, code: int) -> None:
    simulation.env.inject_error("POST", f"/channels/{simulation.general.id}/messages", status=403, code=50013)
    direct = f"/channels/{simulation.ann.user.dm_channel.id}/messages"
    simulation.env.inject_error("POST", direct, status=403, code=code)
    await simulation.mention()
    assert simulation.turns() == [("failed", "the user takes no direct messages of this bot")]


async def test_a_command_whose_token_ran_out_is_answered_directly(simulation: Simulation) -> None:
    simulation.env.inject_error("PATCH", "/webhooks/*/messages/@original", status=401, code=50027)
    await simulation.command("ask", question=QUESTION)
    said, answer = simulation.direct(simulation.ann)
    assert shown(said) == texts.sentence("discord_too_late")
    assert sources(answer)


async def test_questions_that_a_moderator_deletes_together_take_their_answers_along(simulation: Simulation) -> None:
    asked = [await simulation.ann.send(simulation.general, f"{simulation.mentioning} {QUESTION}") for _ in range(2)]
    await simulation.answered()
    assert len(simulation.said(simulation.general)) == 2
    simulation.env.backend.bulk_delete_messages(simulation.general.id, [message.id for message in asked])
    await simulation.answered()
    assert simulation.said(simulation.general) == []
    assert simulation.turns() == []


async def test_an_answer_that_a_moderator_deleted_is_no_trouble_when_its_question_is(simulation: Simulation) -> None:
    asked = await simulation.ann.send(simulation.general, f"{simulation.mentioning} {QUESTION}")
    await simulation.answered()
    [answer] = simulation.said(simulation.general)
    simulation.env.backend.delete_message(simulation.general.id, answer.id)
    await simulation.ann.edit(asked, f"{simulation.mentioning} What is RAG?")
    await simulation.answered()
    [second] = simulation.said(simulation.general)
    assert any("RAG Explained" in section for _, section, _ in sources(second))
    simulation.env.backend.delete_message(simulation.general.id, second.id)
    await simulation.ann.delete(asked)
    await simulation.answered()
    assert simulation.said(simulation.general) == []


async def test_trouble_that_passes_neither_loses_nor_doubles_an_answer(simulation: Simulation) -> None:
    simulation.env.inject_error("POST", f"/channels/{simulation.general.id}/messages", status=500)
    [answer] = await simulation.mention()
    assert sources(answer)
