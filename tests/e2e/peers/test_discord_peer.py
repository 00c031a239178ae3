"""The loopback Discord is as strict as Discord: shown with the real discord.py over real sockets."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import aiohttp
import discord as library
import pytest
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route
from yarl import URL

from tests.peers import ACK
from tests.peers.discord import READS_ALL, App, Discord, Interaction, discord_server, violations

INTENTS = library.Intents(guilds=True, guild_messages=True, dm_messages=True)


class Bot(library.AutoShardedClient):
    """A bot on a loop of its own that records what it is told."""

    def __init__(self, **options: Any) -> None:
        mentions = library.AllowedMentions.none()
        options = {"intents": INTENTS, "guild_ready_timeout": 0.05, "allowed_mentions": mentions} | options
        super().__init__(**options)
        self.tree = app_commands.CommandTree(self)
        self.heard: list[library.Message] = []
        self.told: list[library.Interaction] = []
        self.on_told: Callable[[library.Interaction], Coroutine[Any, Any, Any]] | None = None
        self.on_heard: Callable[[library.Message], Coroutine[Any, Any, Any]] | None = None
        self.gone: list[set[int]] = []
        self.changed: list[library.RawMessageUpdateEvent] = []
        self.ended: BaseException | None = None
        self.own_loop = asyncio.new_event_loop()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        pass

    async def on_message(self, message: library.Message) -> None:
        self.heard.append(message)
        if self.on_heard and message.author != self.user:
            await self.on_heard(message)

    async def on_raw_message_edit(self, event: library.RawMessageUpdateEvent) -> None:
        self.changed.append(event)

    async def on_raw_message_delete(self, event: library.RawMessageDeleteEvent) -> None:
        self.gone.append({event.message_id})

    async def on_raw_bulk_message_delete(self, event: library.RawBulkMessageDeleteEvent) -> None:
        self.gone.append(event.message_ids)

    async def on_interaction(self, interaction: library.Interaction) -> None:
        self.told.append(interaction)
        if self.on_told:
            await self.on_told(interaction)

    def texts(self) -> list[str]:
        return [message.content for message in self.heard if message.author != self.user]

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.own_loop).result(20)

    def live(self, token: str) -> None:
        with asyncio.Runner(loop_factory=lambda: self.own_loop) as runner:
            try:
                runner.run(self._live(token))
            except (library.ClientException, library.HTTPException) as error:
                self.ended = error

    async def _live(self, token: str) -> None:
        async with self:
            await self.start(token)


@contextmanager
def running(server: Discord, **options: Any) -> Iterator[Bot]:
    bot = Bot(**options)
    thread = threading.Thread(target=bot.live, args=(options.pop("token", server.token),), daemon=True)
    thread.start()
    try:
        server.wait_connected(10)
        yield bot
    finally:
        if thread.is_alive() and not bot.is_closed():
            bot.do(bot.close())
        thread.join(10)


@pytest.fixture
def discord(monkeypatch: pytest.MonkeyPatch) -> Iterator[Discord]:
    with discord_server() as server:
        point_at(server, monkeypatch)
        yield server


def point_at(server: Discord, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Route, "BASE", server.api_url)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", URL(server.gateway_url))


@pytest.fixture
def bot(discord: Discord) -> Iterator[Bot]:
    with running(discord) as bot:
        yield bot


def test_what_is_said_in_a_guild_is_read_only_where_the_bot_is_mentioned(discord: Discord, bot: Bot):
    ann = discord.user("ann")
    general = discord.channel(discord.guild("acme", ann), "general")
    discord.say(general, ann, "a secret")
    discord.mention(general, ann, "RAG?")
    said = discord.wait_for(lambda: bot.texts()[1:])
    assert said == [f"{discord.bot.mention} RAG?"]
    assert bot.texts()[0] == ""
    assert bot.heard[1].guild.name == "acme"
    assert bot.heard[1].author.display_name == "ann"


def test_a_reply_to_the_bot_mentions_it(discord: Discord, bot: Bot):
    ann, general = place(discord)
    asked = discord.mention(general, ann, "RAG?")
    discord.wait_for(lambda: bot.heard)
    bot.do(bot.heard[0].reply("RAG."))
    answer = discord.answers(asked)[0]
    discord.say(general, ann, "Why?", reply_to=answer)
    discord.say(general, ann, "Hm", reply_to=answer, ping=False)
    discord.wait_for(lambda: len(bot.texts()) == 3)
    assert bot.texts()[1:] == ["Why?", ""]
    assert bot.heard[-2].reference.resolved.content == "RAG."


def place(discord: Discord) -> tuple[Any, Any]:
    ann = discord.user("ann")
    return ann, discord.channel(discord.guild("acme", ann), "general")


def test_the_message_content_intent_wants_to_be_granted(monkeypatch: pytest.MonkeyPatch):
    intents = library.Intents(guilds=True, guild_messages=True, message_content=True)
    with discord_server(app=App(flags=READS_ALL)) as discord:
        point_at(discord, monkeypatch)
        ann, general = place(discord)
        with running(discord, intents=intents) as bot:
            discord.say(general, ann, "a secret")
            discord.wait_for(lambda: bot.texts() == ["a secret"])
            discord.dm(ann, "not among the intents")
            assert bot.texts() == ["a secret"]
    with discord_server() as discord:
        point_at(discord, monkeypatch)
        refused = Bot(intents=intents)
        refused.live(discord.token)
        assert isinstance(refused.ended, library.PrivilegedIntentsRequired)


def test_a_wrong_token_is_refused(discord: Discord):
    refused = Bot()
    refused.live("MTIz.x.y")
    assert isinstance(refused.ended, library.LoginFailure)


@app_commands.allowed_installs(guilds=True, users=True)
@app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
class Commands(app_commands.Group):
    """Advice."""

    @app_commands.command(description="Ask a question")
    async def ask(self, interaction: library.Interaction, text: str, private: str = "") -> None:
        await interaction.response.defer(ephemeral=bool(private), thinking=True)
        await interaction.followup.send(f"You asked: {text}")

    @app_commands.command(description="Says it at once")
    async def quick(self, interaction: library.Interaction) -> None:
        view = library.ui.View()
        view.add_item(library.ui.Button(label="Go", custom_id="go"))
        view.add_item(library.ui.Select(custom_id="pick", options=[library.SelectOption(label="RAG", value="rag")]))
        await interaction.response.send_message("Now", ephemeral=True, view=view)

    @app_commands.command(description="Never answers")
    async def silent(self, interaction: library.Interaction) -> None:
        pass


@pytest.fixture
def commands(discord: Discord, bot: Bot) -> Bot:
    bot.tree.add_command(Commands(name="rag-or-tune"))
    bot.do(bot.tree.sync())
    return bot


def test_commands_that_the_client_would_not_send_are_refused(discord: Discord, commands: Bot):
    ann, general = place(discord)
    for more in [("nothing",), (), ("ask",), ("ask", {"text": 5}), ("ask", {"text": "x", "other": "y"})]:
        with pytest.raises(AssertionError):
            discord.command(general, ann, "rag-or-tune", *more)
    with pytest.raises(AssertionError, match="registered"):
        discord.command(general, ann, "unknown")
    with pytest.raises(AssertionError, match="not installed"):
        discord.command(discord.private(ann, discord.user("bob")), ann, "rag-or-tune", "quick")


def test_where_only_the_person_installed_the_app(discord: Discord, commands: Bot):
    ann, bob = discord.user("ann", installed=True), discord.user("bob")
    elsewhere = discord.channel(discord.guild("other", bob, ann, bot=False), "general")
    told = discord.command(elsewhere, ann, "rag-or-tune", "ask", {"text": "RAG?"})
    discord.wait_for(lambda: told.answers)
    seen = commands.told[-1]
    assert (told.owners, seen.is_user_integration(), seen.is_guild_integration()) == ({"1": ann.id}, True, False)
    for number in range(5):
        commands.do(seen.followup.send(f"more {number}"))
    assert refusal(commands, seen.followup.send("too much")) == (400, 40094)
    assert refusal(commands, seen.channel.send("hello")) == (403, 50001)
    with pytest.raises(AssertionError):
        discord.command(elsewhere, bob, "rag-or-tune", "quick")
    private = discord.command(discord.private(ann, bob), ann, "rag-or-tune", "quick").wait()
    assert (private.context, private.text) == (2, "Now")


def refusal(bot: Bot, work: Coroutine[Any, Any, Any]) -> tuple[int, int]:
    with pytest.raises(library.HTTPException) as error:
        bot.do(work)
    return error.value.status, error.value.code


def test_an_interaction_is_acknowledged_once_and_in_time(monkeypatch: pytest.MonkeyPatch):
    with discord_server(ack_seconds=0.3) as discord:
        point_at(discord, monkeypatch)
        with running(discord) as bot:
            bot.tree.add_command(Commands(name="rag-or-tune"))
            bot.do(bot.tree.sync())
            ann = discord.user("ann")
            late = discord.command(ann, ann, "rag-or-tune", "silent").wait()
            assert (late.failed, late.acked, discord.complaints) == (True, False, [late])
            assert refusal(bot, bot.told[0].response.defer()) == (404, 10062)
            assert refusal(bot, bot.told[0].followup.send("late")) == (404, 10015)
            discord.ack_seconds = ACK  # as a busy machine may need it
            told = discord.command(ann, ann, "rag-or-tune", "quick").wait()
            discord.wait_for(bot.told[1].response.is_done)
            bot.told[1].response._response_type = None
            assert refusal(bot, bot.told[1].response.send_message("again")) == (400, 40060)
            bot.do(bot.told[1].edit_original_response(content="Edited"))
            bot.do(bot.told[1].followup.send("More", ephemeral=True))
            assert [message.text for message in told.answers] == ["Edited", "More"]
            assert told.response.versions[0]["text"] == "Now"
            discord.expire(told)
            assert refusal(bot, bot.told[1].followup.send("late")) == (401, 50027)
            assert refusal(bot, bot.told[1].edit_original_response(content="late")) == (401, 50027)


def test_buttons_selects_and_forms(discord: Discord, commands: Bot):
    ann, bob = discord.user("ann"), discord.user("bob")
    shown = discord.command(ann, ann, "rag-or-tune", "quick").wait().response
    assert shown.labels == ["Go"]
    commands.on_told = press
    told = discord.click(shown, "Go", ann).wait()
    assert (told.type, told.modal.title) == (9, "Form")
    with pytest.raises(AssertionError, match="required"):
        discord.submit(told.modal, ann)
    sent = discord.submit(told.modal, ann, {"Name": "Ann"}).wait()
    assert (sent.type, sent.response.text, sent.response.id) == (7, "Hello Ann", shown.id)
    chosen = discord.choose(sent.response, "pick", "RAG", ann).wait()
    discord.wait_for(lambda: chosen.followups)
    assert (chosen.type, chosen.followups[0].text) == (6, "rag")
    for wrong in [lambda: discord.click(shown, "Stop", ann), lambda: discord.click(shown, "Go", bob)]:
        with pytest.raises(AssertionError):
            wrong()


async def press(interaction: library.Interaction) -> None:
    custom_id = interaction.data.get("custom_id")
    if custom_id == "go":
        modal = library.ui.Modal(title="Form", custom_id="form")
        modal.add_item(library.ui.Label(text="Name", component=library.ui.TextInput(custom_id="name")))
        await interaction.response.send_modal(modal)
    elif custom_id == "form":
        name = interaction.data["components"][0]["component"]["value"]
        await interaction.response.edit_message(content=f"Hello {name}")
    elif custom_id == "pick":
        await interaction.response.defer()
        await interaction.followup.send(interaction.data["values"][0])


def test_what_a_message_may_hold(discord: Discord, bot: Bot):
    discord.dm(discord.user("ann"), "Hello")
    discord.wait_for(lambda: bot.heard)
    channel = bot.heard[0].channel
    assert refusal(bot, channel.send("x" * 2001)) == (400, 50035)
    assert refusal(bot, channel.send("")) == (400, 50006)
    assert refusal(bot, channel.send(embed=library.Embed(title="x" * 257))) == (400, 50035)
    with pytest.raises(library.HTTPException, match=r"In embeds\.0\.title: Must be 256 or fewer in length"):
        bot.do(channel.send(embed=library.Embed(title="x" * 257)))
    file = library.File(fp=__file__, filename="a.png", description="A picture")
    bot.do(channel.send(file=file, embed=library.Embed(title="x").set_image(url="attachment://a.png")))
    said = discord.said(discord.world.users[str(bot.heard[0].author.id)])[-1]
    assert (said.files[0].filename, said.files[0].description) == ("a.png", "A picture")
    assert said.embeds[0]["image"]["url"].startswith("http://127.0.0.1")
    again = bot.do(channel.fetch_message(int(said.id)))
    assert bot.do(again.attachments[0].read()) == said.files[0].content
    bot.do(again.edit(content="Text", embed=None, attachments=[]))
    now = discord.now(said)
    assert (now.text, now.embeds, now.files, len(now.versions)) == ("Text", [], [], 1)


def test_a_nonce_makes_one_message(discord: Discord, bot: Bot):
    ann = discord.user("ann")
    discord.dm(ann, "Hello")
    discord.wait_for(lambda: bot.heard)
    first, second = (bot.do(bot.heard[0].channel.send("once", nonce="n")) for _ in range(2))
    assert (first.id, len(discord.said(ann))) == (second.id, 1)
    discord.expire_nonces()
    bot.do(bot.heard[0].channel.send("once", nonce="n"))
    assert len(discord.said(ann)) == 2


def test_whom_a_message_notifies(discord: Discord, bot: Bot):
    ann, general = place(discord)
    asked = discord.mention(general, ann, "Hello")
    discord.wait_for(lambda: bot.heard)
    text = f"@everyone {ann.mention} <@&{general.guild_id}>"
    bot.do(bot.heard[0].reply(text))
    assert discord.pinged == []
    bot.do(bot.heard[0].reply("x", mention_author=True))
    bot.do(bot.heard[0].channel.send(text, allowed_mentions=library.AllowedMentions.all()))
    assert [message.pinged for message in discord.said(general)] == [
        [],
        [ann.id],
        [ann.id, general.guild_id, "everyone"],
    ]
    assert len(discord.answers(asked)) == 3


def test_permissions_in_channels_and_threads(discord: Discord, bot: Bot):
    ann, general = place(discord)
    discord.mention(general, ann, "Hello")
    discord.wait_for(lambda: bot.heard)
    channel, embed = bot.heard[0].channel, library.Embed(title="Title")
    discord.deny(general, "EMBED_LINKS")
    bot.do(channel.send("Text", embed=embed))
    assert discord.said(general)[-1].embeds == []
    discord.deny(general, "SEND_MESSAGES")
    assert refusal(bot, channel.send("x")) == (403, 50013)
    thread = discord.thread(general, "thread")
    discord.mention(thread, ann, "Here")
    place_of_thread = discord.wait_for(lambda: bot.heard[2:])[0].channel
    assert isinstance(place_of_thread, library.Thread)
    bot.do(place_of_thread.send("x"))
    discord.deny(general, "SEND_MESSAGES_IN_THREADS")
    assert refusal(bot, place_of_thread.send("x")) == (403, 50013)
    discord.deny(general, "VIEW_CHANNEL")
    assert refusal(bot, place_of_thread.send("x")) == (403, 50001)
    discord.mention(general, ann, "Unseen")
    discord.allow(general)
    discord.archive(thread)
    bot.do(place_of_thread.send("unarchives"))
    discord.archive(thread, locked=True)
    assert refusal(bot, place_of_thread.send("x")) == (400, 50083)
    discord.remove_channel(thread)
    assert refusal(bot, place_of_thread.send("x")) == (404, 10003)
    assert not any("Unseen" in text for text in bot.texts())


def test_dms_that_are_closed(discord: Discord, bot: Bot):
    ann, far = discord.user("ann", closed=True), discord.user("far", stranger=True)
    general = discord.channel(discord.guild("acme", ann), "general")
    discord.mention(general, ann, "Hello")
    discord.wait_for(lambda: bot.heard)
    assert refusal(bot, bot.heard[0].author.send("psst")) == (403, 50007)
    user = bot.do(bot.fetch_user(int(far.id)))
    assert refusal(bot, user.send("psst")) == (403, 50278)


def test_edits_deletions_and_history(discord: Discord, bot: Bot):
    ann = discord.user("ann")
    first = discord.dm(ann, "one")
    discord.dm(ann, "two", reply_to=first)
    discord.edit(first, "uno")
    channel = discord.wait_for(lambda: bot.heard[1:])[0].channel
    read = bot.do(collected(channel.history(limit=10)))
    assert [message.content for message in read] == ["two", "uno"]
    discord.delete(first)
    assert refusal(bot, channel.fetch_message(int(first.id))) == (404, 10008)
    assert refusal(bot, read[0].edit(content="x")) == (403, 50005)
    assert refusal(bot, channel.send("x", reference=bot.heard[0])) == (400, 50035)
    gone = bot.heard[0].to_reference(fail_if_not_exists=False)
    bot.do(channel.send("x", reference=gone))
    assert discord.said(ann)[-1].reference is None


def test_changes_and_deletions_are_told(discord: Discord, bot: Bot):
    ann, general = place(discord)
    one, two = (discord.mention(general, ann, text) for text in ("see https://example.org/", "two"))
    discord.unfurl(one)
    discord.edit(one, f"{discord.bot.mention} edited")
    discord.delete(discord.say(general, ann, "three"))
    discord.purge(one, two)
    discord.wait_for(lambda: len(bot.gone) == 2)
    assert bot.gone[1] == {int(one.id), int(two.id)}
    assert [event.message.edited_at is None for event in bot.changed] == [True, False]
    assert bot.changed[1].message.content.endswith("edited")


def test_threads_of_the_bot(discord: Discord, bot: Bot):
    ann, general = place(discord)
    asked = discord.mention(general, ann, "RAG?")
    discord.wait_for(lambda: bot.heard)
    thread = bot.do(bot.heard[0].create_thread(name="RAG"))
    bot.do(thread.send("In the thread"))
    assert [message.text for message in discord.answers(asked)] == ["In the thread"]
    assert refusal(bot, bot.heard[0].create_thread(name="again")) == (400, 160004)
    discord.deny(general, "CREATE_PUBLIC_THREADS")
    assert refusal(bot, bot.heard[0].create_thread(name="x")) == (403, 50013)


async def collected(found: Any) -> list[Any]:
    return [each async for each in found]


def test_faults(discord: Discord, bot: Bot):
    ann = discord.user("ann")
    discord.dm(ann, "Hello")
    discord.wait_for(lambda: bot.heard)
    channel, route = bot.heard[0].channel, "POST /channels/{}/messages"
    discord.fail(route, status=429, retry_after=0.2)
    bot.do(channel.send("limited"))
    discord.fail(route, status=429, retry_after=0.1, everywhere=True)
    bot.do(channel.send("limited everywhere"))
    assert [call.status for call in discord.calls(route)] == [429, 200, 429, 200]
    discord.fail(route, status=429, banned=True)
    assert refusal(bot, channel.send("x"))[0] == 429
    discord.fail(route, code=50013, when=lambda payload: payload["content"] == "this")
    bot.do(channel.send("that"))
    assert refusal(bot, channel.send("this")) == (403, 50013)
    discord.fail(route, status=503)
    assert refusal(bot, channel.send("x"))[0] == 503
    discord.fail(route, reset="after")
    with pytest.raises(aiohttp.ServerDisconnectedError):
        bot.do(channel.send("arrived"))
    assert discord.said(ann)[-1].text == "arrived"
    assert "app asks POST" in discord.dump()


def test_an_overflow_of_messages_is_limited(monkeypatch: pytest.MonkeyPatch):
    with discord_server(posts=(2, 0.5)) as discord:
        point_at(discord, monkeypatch)
        with running(discord) as bot:
            ann = discord.user("ann")
            discord.dm(ann, "Hello")
            discord.wait_for(lambda: bot.heard)
            for number in range(4):
                bot.do(bot.heard[0].channel.send(str(number)))
            assert [message.text for message in discord.said(ann)] == ["0", "1", "2", "3"]


def test_closing_codes(discord: Discord, bot: Bot):
    discord.close(4000)
    discord.wait_connected()
    assert len(discord.resumed) == 1
    discord.revoke()
    discord.drop()
    discord.wait_for(lambda: bot.ended)
    assert isinstance(bot.ended, library.ConnectionClosed)
    assert bot.ended.code == 4004
    bot.ended = None


def embeds(**parts: Any) -> dict[str, Any]:
    return {"embeds": [parts]}


def buttons(*ids: str, **more: Any) -> list[dict[str, Any]]:
    return [{"type": 2, "style": 1, "label": "x", "custom_id": each} | more for each in ids]


def rows(*components: list[dict[str, Any]]) -> dict[str, Any]:
    return {"content": "x", "components": [{"type": 1, "components": each} for each in components]}


def select(**more: Any) -> list[dict[str, Any]]:
    return [{"type": 3, "custom_id": "s", "options": [{"label": "x", "value": "y"}]} | more]


def form(**more: Any) -> dict[str, Any]:
    label = {"type": 18, "label": more.pop("label", "b"), "component": {"type": 4, "custom_id": "a", "style": 1} | more}
    return {"title": "Form", "custom_id": "form", "components": [label]}


def options(count: int, **more: Any) -> list[dict[str, Any]]:
    return [{"label": "x", "value": str(number)} | more for number in range(count)]


@pytest.mark.parametrize(
    "taken",
    [
        {"content": "x" * 2000},
        embeds(title="x" * 256, description="y" * 4096),
        embeds(fields=[{"name": "x", "value": "y"}] * 25),
        rows(buttons(*"abcde"), buttons("f"), buttons("g"), buttons("h"), select(options=options(25))),
        form(value="x" * 4000),
        {"type": 4, "data": {"content": "x"}},
        {"type": 9, "data": form()},
    ],
)
def test_what_is_within_the_limits(taken: dict[str, Any]):
    assert violations(taken) == []


@pytest.mark.parametrize(
    ("refused", "where"),
    [
        ({"content": "x" * 2001}, "content"),
        ({"content": " "}, "message"),
        ({"embeds": [{"title": "x"}] * 11}, "embeds"),
        (embeds(title="x" * 257), "embeds.0.title"),
        (embeds(description="x" * 4097), "embeds.0.description"),
        (embeds(fields=[{"name": "x", "value": "y"}] * 26), "embeds.0.fields"),
        (embeds(fields=[{"name": "x", "value": " "}]), "embeds.0.fields.0.value"),
        (embeds(title="x", footer={"text": "x" * 2049}), "embeds.0.footer.text"),
        (embeds(title="x", url="javascript:x"), "embeds.0.url"),
        ({"embeds": [{"description": "x" * 3001}] * 2}, "embeds"),
        (rows(*[buttons(each) for each in "abcdef"]), "components"),
        (rows(buttons(*"abcdef")), "components.0.components"),
        ({"components": [{"type": 10, "content": "x"}]}, "components.0.type"),
        (rows(buttons("a"), buttons("a")), "components.1.components.0.custom_id"),
        (rows(buttons("a" * 101)), "components.0.components.0.custom_id"),
        (rows(buttons("a", label="x" * 81)), "components.0.components.0.label"),
        (rows(buttons("a", style=5, url="https://x.org")), "components.0.components.0"),
        (rows(select() + select(custom_id="t")), "components.0.components"),
        (rows(select(options=options(26))), "components.0.components.0.options"),
        (rows(select(options=options(1, description="x" * 101))), "components.0.components.0.options.0.description"),
        (rows(select(options=options(1) * 2)), "components.0.components.0.options.1.value"),
        (rows(select(placeholder="x" * 151)), "components.0.components.0.placeholder"),
        (form() | {"title": "x" * 46}, "title"),
        (form(label="x" * 46), "components.0.label"),
        (form(placeholder="x" * 101), "components.0.component.0.placeholder"),
        (form(value="x" * 4001), "components.0.component.0.value"),
        (form() | {"components": form()["components"] * 6}, "components"),
        ({"content": "x", "allowed_mentions": {"parse": ["all"]}}, "allowed_mentions.parse.0"),
        ({"content": "x", "nonce": "x" * 26}, "nonce"),
    ],
)
def test_what_breaks_a_limit(refused: dict[str, Any], where: str):
    assert where in [each.split(": ")[0] for each in violations(refused)]


def test_an_interaction_is_waited_for_in_coroutines_too(discord: Discord, commands: Bot):
    ann = discord.user("ann")

    async def act() -> Interaction:
        with pytest.raises(RuntimeError, match="blocks"):
            discord.wait_for(lambda: True)
        return await discord.command(ann, ann, "rag-or-tune", "quick")

    assert asyncio.run(act()).text == "Now"
