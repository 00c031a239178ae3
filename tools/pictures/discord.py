"""A question of the interview on Discord as HTML, set as its desktop app sets it, and the chart of a summary.

A component that is not drawn here raises KeyError.
"""

import re
from html import escape
from pathlib import Path
from typing import Any

from tests.peers.discord import Discord, Message
from tests.peers.discord.components import BUTTON, ROW, STRING_SELECT
from tests.support.discord.bots import CASE
from tests.support.discord.desk import discord_desk
from tests.support.posts import DiscordPost

ARTICLE_URL = "https://example.com/fine-tuning-or-rag"
STYLES = {1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link"}
LINE = re.compile(r"(### |-# |- )(.*)")
INLINE = re.compile(r"\\(?P<escaped>[^\w\s]|_)|\*\*(?P<bold>(?:\\.|[^\\])+?)\*\*|\*(?P<italic>(?:\\.|[^\\*])+?)\*")
TAGS = {"### ": "h3", "-# ": "small", "bold": "b", "italic": "i"}


def interview(data: Path, folder: Path) -> tuple[str, bytes]:
    """Advise on a case and begin an interview on a loopback Discord; return the question's page and the chart's PNG."""
    with discord_desk(data, folder, ARTICLE_URL=ARTICLE_URL) as bot, bot.running():
        discord, maya = bot.discord, bot.discord.user("Maya")
        room = discord.channel(discord.guild("acme", maya), "ai-projects")
        advice = bot.answers(discord.mention(room, maya, CASE))[-1]
        [card] = bot.told(discord.click(advice, "Check it step by step", maya))
        screen = DiscordPost(discord, card, maya)
        screen.press("Recommend now")
        [chart] = [file.content for file in screen.now.files if file.content.startswith(b"\x89PNG")]
        [question] = bot.told(discord.command(room, maya, "rag-or-tune", "interview"))
        return f'<div class="place"># {escape(room.name)}</div>{_message(discord, question)}', chart


def _message(discord: Discord, message: Message) -> str:
    """Draw a private answer to a command."""
    if message.embeds or message.files:
        raise KeyError("embeds and files are not drawn")
    lines = "".join(map(_line, message.content.strip("\n").split("\n")))
    command = (message.origin or {})["interaction"]
    user = discord.world.users[command["user"]["id"]].name
    return (
        f'<div class="message only"><div class="before"><b>{escape(user)}</b> used <a>/{command["name"]}</a></div>'
        f'<div class="avatar bot">R?</div><div><span class="who">rag-or-tune</span><span class="app">APP</span>'
        f'<span class="time">Today at 10:24</span></div>'
        f'<div class="content">{lines}</div>{"".join(map(_component, message.components))}'
        f'<div class="whisper">👁 Only you can see this • <a>Dismiss message</a></div></div>'
    )


def _line(line: str) -> str:
    found = LINE.match(line)
    if not found:
        return f"<div>{_inline(line) or '<br>'}</div>"
    mark, text = found[1], _inline(found[2])
    if mark == "- ":
        return f'<div class="item"><i>•</i><p>{text}</p></div>'
    return f"<{TAGS[mark]}>{text}</{TAGS[mark]}>"


def _inline(text: str) -> str:
    drawn, end = "", 0
    for found in INLINE.finditer(text):
        kind = found.lastgroup or ""
        inner = escape(found[kind]) if kind == "escaped" else f"<{TAGS[kind]}>{_inline(found[kind])}</{TAGS[kind]}>"
        drawn, end = drawn + escape(text[end : found.start()]) + inner, found.end()
    return drawn + escape(text[end:])


def _component(part: dict[str, Any]) -> str:
    if part["type"] == ROW:
        return f'<div class="row">{"".join(map(_component, part["components"]))}</div>'
    if part["type"] == BUTTON:
        return f'<span class="button {STYLES[part["style"]]}">{escape(part["label"])}</span>'
    if part["type"] == STRING_SELECT:
        return f'<div class="select empty">{escape(part["placeholder"])}<span class="caret">⌄</span></div>'
    raise KeyError(part["type"])
