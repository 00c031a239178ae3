"""An answer in Slack as HTML, set as Slack's desktop app sets it. A block that is not drawn here raises KeyError."""

from html import escape
from pathlib import Path
from typing import Any

from tests.peers.slack import Message, Slack
from tests.peers.slack.blocks import interactive
from tests.support.running import ANSWERING
from tests.support.slack.bots import QUESTION
from tests.support.slack.desk import slack_desk

Block = dict[str, Any]

ARTICLE_URL = "https://example.com/fine-tuning-or-rag"
TIME = '<span class="time">10:24 AM</span>'
STYLES = {"bold": "b", "italic": "i", "code": "code"}


def answer_page(data: Path, folder: Path) -> str:
    """Ask a question in a channel of a loopback Slack, and draw the thread."""
    with slack_desk(data, folder, ARTICLE_URL=ARTICLE_URL) as bot, bot.running():
        slack, maya = bot.slack, bot.slack.user("Maya")
        room = slack.channel("ai-projects", maya)
        asked = slack.mention(room, maya, QUESTION)
        answers = slack.wait_for(lambda: [m for m in slack.answers(asked) if [*interactive(m.blocks)]], ANSWERING)
        messages = "".join(_message(slack, message) for message in [asked, *answers])
        return f'<div class="place"># {escape(room.name)}</div>{messages}'


def _message(slack: Slack, message: Message) -> str:
    who, badge, kind, face = "rag-or-tune", '<span class="app">APP</span>', "bot", "r?"
    body = "".join(f'<div class="block {block["type"]}">{_block(block)}</div>' for block in message.blocks)
    if not message.bot_id:
        who = slack.world.users[message.user].name
        badge, kind, face = "", "person", who[0].upper()
        mention = '<span class="mention">@rag-or-tune</span>'
        body = f'<div class="text">{escape(message.text).replace(escape(f"<@{slack.bot.id}>"), mention)}</div>'
    return (
        f'<div class="message"><div class="avatar {kind}">{escape(face)}</div>'
        f'<div class="body"><span class="who">{escape(who)}</span>{badge}{TIME}{body}</div></div>'
    )


def _block(block: Block) -> str:
    match block["type"]:
        case "rich_text":
            return "".join(map(_rich_text, block["elements"]))
        case "header":
            return escape(block["text"]["text"])
        case "actions" | "context_actions":
            return "".join(map(_element, block["elements"]))
    raise KeyError(block["type"])


def _rich_text(element: Block) -> str:
    match element["type"]:
        case "rich_text_section":
            return f'<div class="text">{_inline(element)}</div>'
        case "rich_text_quote":
            return f'<blockquote class="text">{_inline(element)}</blockquote>'
        case "rich_text_list":
            tag = "ol" if element["style"] == "ordered" else "ul"
            items = "".join(f"<li>{_inline(item)}</li>" for item in element["elements"])
            return f'<{tag} class="indent{element.get("indent", 0)}">{items}</{tag}>'
    raise KeyError(element["type"])


def _inline(element: Block) -> str:
    return "".join(map(_part, element["elements"]))


def _part(part: Block) -> str:
    if part["type"] not in ("text", "link"):
        raise KeyError(part["type"])
    text = escape(part.get("text") or part["url"])
    if part["type"] == "link":
        text = f"<a>{text}</a>"
    for name, tag in STYLES.items():
        if part.get("style", {}).get(name):
            text = f"<{tag}>{text}</{tag}>"
    return text


def _element(element: Block) -> str:
    match element["type"]:
        case "button":
            return f'<span class="button {element.get("style", "")}">{escape(element["text"]["text"])}</span>'
        case "feedback_buttons":
            return '<span class="thumb">👍</span><span class="thumb">👎</span>'
    raise KeyError(element["type"])
