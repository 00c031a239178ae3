"""`python -m tools.pictures.discord FOLDER`: pictures of the bot in Discord, as it really is on a loopback."""

import re
from collections.abc import Sequence
from html import escape
from pathlib import Path

from tests.peers.discord import Channel, Discord, Message, User
from tests.support.discord.bots import CASE, QUESTION, Screen
from tests.support.discord.desk import LABELS, DiscordDesk, discord_desk
from tests.support.running import ANSWERING
from tools.pictures.album import Scenes, take
from tools.pictures.components import message_html, modal_html
from tools.pictures.markdown import Names, html_of

TAG = re.compile(r"<[^>]+>")
TIME = '<span class="time">Today at 10:24</span>'
ARTICLE = {"ARTICLE_URL": "https://example.com/fine-tuning-or-rag"}
UNCOVERED = "Which GPU should we buy for fine-tuning?"
NEED = "Could somebody look at our plan with us before we present it on Friday?"
NOTE = "note: We also have 40 pages of manuals, as PDF."
REPLY = "Happy to. How do your auditors check an answer today, by hand or with a tool?"
ASIDE = "I know this team, they are quick."


def main() -> None:
    """Takes all the pictures."""
    take("discord", __doc__, scenes)


def scenes(data: Path, folder: Path) -> Scenes:
    """All that is pictured, in the order in which it happens."""
    with discord_desk(data, folder, **ARTICLE) as bot:
        bot.start()
        maya = bot.discord.user("Maya")
        room = bot.discord.channel(bot.discord.guild("acme", maya), "ai-projects")
        yield from _asking(bot, room, maya)
        yield from _deciding(bot, room, maya)
        yield from _handing_off(bot, room, maya)


def _asking(bot: DiscordDesk, room: Channel, maya: User) -> Scenes:
    discord = bot.discord
    for name, question in (("answer", QUESTION), ("abstention", UNCOVERED), ("advice", CASE)):
        asked = discord.mention(room, maya, question)
        yield name, _page(discord, room, [asked, *bot.answers(asked)])
    yield "help", _command(bot, room, maya, "help")
    told = discord.command(room, maya, "rag-or-tune", "ask", {"question": CASE})
    [private] = bot.told(told)
    yield "private", _page(discord, room, [private])
    yield "shared", _page(discord, room, bot.told(discord.click(private, "Share with channel", maya)))


def _deciding(bot: DiscordDesk, room: Channel, maya: User) -> Scenes:
    discord, advice = bot.discord, bot.answers(bot.discord.mention(room, maya, CASE))[-1]
    [card] = bot.told(discord.click(advice, "Check it step by step", maya))
    screen = Screen(discord, card, maya)
    yield "review", _page(discord, room, [screen.now])
    screen.press("Recommend now")
    yield "summary", _page(discord, room, [screen.now])
    yield "question", _command(bot, room, maya, "interview")
    [shown] = bot.told(discord.command(room, maya, "rag-or-tune", "team"))
    team = Screen(discord, shown, maya)
    team.press(team.answers[0])
    yield "team", _page(discord, room, [team.now])


def _handing_off(bot: DiscordDesk, room: Channel, maya: User) -> Scenes:
    discord = bot.discord
    [*_, advice] = bot.answers(discord.mention(room, maya, CASE))
    shown = bot.consult(advice, maya).shown
    yield "contact", _page(discord, room, [shown])
    form = bot.form(discord.click(shown, LABELS[-1], maya))
    yield "form", modal_html(form)
    discord.submit(form, maya, {"need": NEED}).wait(ANSWERING)
    card = bot.card(maya)
    yield "sent", _page(discord, room, [discord.now(shown) or shown])
    yield "confirmation", _page(discord, room, discord.said(room)[-1:])
    yield "desk-open", _page(discord, bot.channel, [card.now])
    card.press("Claim")
    note = discord.mention(room, maya, NOTE)
    discord.wait_for(lambda: any("manuals" in text for text in bot.thread(card)), ANSWERING)
    bot.say_below(card, bot.dora, ASIDE)
    bot.say_below(card, bot.cem, f"reply: {REPLY}")
    discord.wait_for(lambda: "Happy" in discord.said(room)[-1].text, ANSWERING)
    bot.posted()
    yield "reply", _page(discord, room, [note, discord.said(room)[-1]])
    yield "desk-claimed", _page(discord, bot.channel, [card.now])
    below = discord.world.channels[card.message.id]
    yield "desk-thread", _page(discord, below, discord.messages(below))
    yield "desk-reply", modal_html(bot.form(discord.click(card.now, "Reply", bot.cem)))
    yield "status", _command(bot, room, maya, "status")
    card.press("Resolve")
    bot.posted()
    yield "closing", _page(discord, room, discord.said(room)[-1:])
    yield "desk-resolved", _page(discord, bot.channel, [card.now])
    late = bot.say_below(card, bot.cem, "reply: One more thing.")
    refused = discord.wait_for(lambda: [m for m in discord.said(below) if int(m.id) > int(late.id)], ANSWERING)
    yield "desk-refused", _page(discord, below, [late, *refused])


def _command(bot: DiscordDesk, room: Channel, user: User, name: str) -> str:
    """What a command is answered with."""
    return _page(bot.discord, room, bot.told(bot.discord.command(room, user, "rag-or-tune", name)))


def _page(discord: Discord, place: Channel, messages: Sequence[Message]) -> str:
    parent = discord.world.channels.get(place.parent_id or "")
    title = f"# {parent.name} › {place.name}" if parent else f"# {place.name}"
    return f'<div class="place">{escape(title)}</div>{"".join(_said(discord, each) for each in messages)}'


def _said(discord: Discord, message: Message) -> str:
    """A message with the face and name of who said it, what it answers to and the thread below it."""
    author, below = discord.world.users[message.author_id], discord.world.channels.get(message.id)
    kind, badge, face = (
        ("bot", '<span class="app">APP</span>', "r?") if author.is_bot else ("person", "", author.name[0])
    )
    whisper = '<div class="whisper">👁 Only you can see this • <a>Dismiss message</a></div>'
    return (
        f'<div class="message{" only" if message.ephemeral else ""}">{_before(discord, message)}'
        f'<div class="avatar {kind}">{escape(face.upper())}</div>'
        f'<div><span class="who">{escape(author.name)}</span>{badge}{TIME}</div>'
        f"{message_html(message, _names(discord))}{_thread(below) if below else ''}"
        f"{whisper if message.ephemeral else ''}</div>"
    )


def _before(discord: Discord, message: Message) -> str:
    """The line above a message that answers to another one or to a command."""
    names, command = _names(discord), (message.origin or {}).get("interaction")
    if command:
        return f'<div class="before"><b>{escape(names[command["user"]["id"]])}</b> used <a>/{command["name"]}</a></div>'
    if not message.reference:
        return ""
    place = discord.world.channels[message.channel_id]
    answered = {**place.messages, **place.ephemerals}.get(message.reference["message_id"])
    if answered is None:
        return '<div class="before"><i>Original message was deleted</i></div>'
    text = TAG.sub(" ", html_of(answered.content, names)) or "<i>Click to see attachment</i>"
    return f'<div class="before"><b>{escape(names[answered.author_id])}</b> {text}</div>'


def _thread(below: Channel) -> str:
    count = len(below.messages)
    return f'<div class="thread"><b>{escape(below.name)}</b><a>{count} Message{"s" * (count != 1)} ›</a></div>'


def _names(discord: Discord) -> Names:
    world = discord.world
    return {thing.id: thing.name for thing in (*world.users.values(), *world.channels.values())}


if __name__ == "__main__":
    main()
