"""`python -m tools.pictures.slack FOLDER`: pictures of the bot in Slack, of what it really says on a loopback Slack."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

from tests.peers.slack import Channel, File, Message, Slack, User, View
from tests.peers.slack.blocks import interactive
from tests.support.slack.bots import ANSWERING, CASE, QUESTION, press, well
from tests.support.slack.desk import SlackDesk, slack_desk
from tools.pictures.album import Scenes, take
from tools.pictures.blocks import Images, html_of

TIME = '<span class="time">10:24 AM</span>'
ARTICLE = {"ARTICLE_URL": "https://example.com/fine-tuning-or-rag"}
UNCOVERED = "Which GPU should we buy for fine-tuning?"
NEED = "Could somebody look at our plan with us before we present it on Friday?"
CONSENT = "also the summary and the conversation"
NOTE = "note: We also have 40 pages of manuals, as PDF."
REPLY = "Happy to. How do your auditors check an answer today, by hand or with a tool?"
ASIDE = "I know this team, they are quick."
PREVIEW = 5  # lines of a text file that are seen before it is opened


def main() -> None:
    """Takes all the pictures."""
    take("slack", __doc__, scenes)


def scenes(data: Path, folder: Path) -> Scenes:
    """All that is pictured, in the order in which it happens."""
    with slack_desk(data, folder, **ARTICLE) as bot:
        bot.start()
        maya = bot.slack.user("Maya")
        room = bot.slack.channel("ai-projects", maya)
        yield from _asking(bot.slack, room, maya)
        yield from _handing_off(bot, room, maya)
        yield from _commands(bot.slack, room, maya)


def _asking(slack: Slack, room: Channel, maya: User) -> Scenes:
    for name, question in (("answer", QUESTION), ("abstention", UNCOVERED)):
        asked = slack.mention(room, maya, question)
        yield name, _thread(slack, room, asked, _answers(slack, asked))
    case = slack.mention(room, maya, CASE)
    [advice] = _answers(slack, case)
    yield "advice", _thread(slack, room, case, [advice])
    _press(slack, advice, "check", maya)
    card = slack.wait_for(lambda: _answers(slack, case)[1:], ANSWERING)[0]
    yield "review", _thread(slack, room, case, [card])
    _press(slack, card, "finish", maya)
    slack.wait_for(lambda: slack.now(card) != card, ANSWERING)
    yield "summary", _thread(slack, room, case, [slack.now(card) or card])


def _commands(slack: Slack, room: Channel, maya: User) -> Scenes:
    for name, text in (("question", "interview"), ("help", "help"), ("status", "status")):
        yield name, _page(slack, room, _whispered(slack, room, maya, text))
    private = _whispered(slack, room, maya, CASE)
    yield "private", _page(slack, room, private)
    _press(slack, private[-1], "share", maya)
    yield "shared", _page(slack, room, [_newest(slack, room)])
    well(slack.command(maya, room, "team"))
    team = _newest(slack, room)
    _press(slack, team, "answer", maya)
    slack.settle(ANSWERING)
    yield "team", _page(slack, room, [slack.now(team) or team])
    slack.open_home(maya)
    home = slack.wait_for(lambda: slack.homes.get(maya.id), ANSWERING)
    yield "home", f'<div class="place">rag-or-tune</div><div class="home">{html_of(home.blocks, _images(slack))}</div>'


def _handing_off(bot: SlackDesk, room: Channel, maya: User) -> Scenes:
    slack = bot.slack
    asked = slack.mention(room, maya, CASE)
    [advice] = _answers(slack, asked)
    press(slack, advice, "Get in touch", maya)
    yield "form", _modal(slack, bot.form(maya))
    well(slack.submit(bot.form(maya), {"need": NEED, "consent": CONSENT}))
    yield "sent", _modal(slack, bot.form(maya))
    slack.close(bot.form(maya))
    bot.posted()
    card = bot.card(maya)
    yield "confirmation", _page(slack, room, slack.answers(asked)[1:])
    yield "desk-open", _page(slack, bot.channel, [card.now])
    press(slack, card.now, "Claim", bot.cem)
    note = slack.say(room, maya, NOTE, thread=asked)
    bot.posted()
    slack.say(bot.channel, bot.dora, ASIDE, thread=card.message)
    slack.say(bot.channel, bot.cem, f"reply: {REPLY}", thread=card.message)
    bot.posted()
    yield "reply", _page(slack, room, [note, slack.answers(asked)[-1]])
    yield "desk-claimed", _page(slack, bot.channel, [card.now])
    yield "desk-thread", _page(slack, bot.channel, [m for m in slack.messages(bot.channel) if m.thread_ts])
    press(slack, card.now, "Reply", bot.cem)
    yield "desk-reply", _modal(slack, bot.form(bot.cem))
    slack.close(bot.form(bot.cem))
    press(slack, card.now, "Resolve", bot.cem)
    bot.posted()
    yield "closing", _page(slack, room, slack.answers(asked)[-1:])
    yield "desk-resolved", _page(slack, bot.channel, [card.now])
    late = slack.say(bot.channel, bot.cem, "reply: One more thing.", thread=card.message)
    refused = slack.wait_for(lambda: slack.ephemerals(bot.channel, bot.cem), ANSWERING)
    yield "desk-refused", _page(slack, bot.channel, [late, *refused])


def _whispered(slack: Slack, room: Channel, user: User, text: str) -> list[Message]:
    """What a command is answered with, which only its user sees."""
    before = len(slack.ephemerals(room, user))
    well(slack.command(user, room, text))
    return slack.wait_for(lambda: slack.ephemerals(room, user)[before:], ANSWERING)


def _newest(slack: Slack, room: Channel) -> Message:
    """What the bot said last in the channel itself."""
    return slack.wait_for(lambda: [said for said in slack.said(room) if not said.thread_ts], ANSWERING)[-1]


def _answers(slack: Slack, asked: Message) -> list[Message]:
    """The answers in a thread, once their buttons are there."""
    return slack.wait_for(lambda: [said for said in slack.answers(asked) if [*interactive(said.blocks)]], ANSWERING)


def _press(slack: Slack, shown: Message, name: str, user: User) -> None:
    well(slack.click(shown, lambda element: f":{name}:" in element["action_id"], user))


def _thread(slack: Slack, room: Channel, asked: Message, answers: list[Message]) -> str:
    return _page(slack, room, [asked, *answers])


def _page(slack: Slack, room: Channel, messages: Sequence[Message]) -> str:
    said = "".join(_said(slack, message) for message in messages)
    return f'<div class="place"># {escape(room.name)}</div>{said}'


def _said(slack: Slack, message: Message) -> str:
    """A message with the face and name of who said it, and its files."""
    only = '<span class="only">👁 Only visible to you</span>' if message.ephemeral_to else ""
    who, badge, kind, face = "rag-or-tune", '<span class="app">APP</span>', "bot", "r?"
    if not message.bot_id:
        who = slack.world.users[message.user].name
        badge, kind, face = "", "person", who[0].upper()
    drawn = html_of(message.blocks, _images(slack)) if message.blocks and message.bot_id else _plain(slack, message)
    files = "".join(_file(file) for file in slack.files if any(file.id == each["id"] for each in message.files))
    return (
        f'<div class="message"><div class="avatar {kind}">{escape(face)}</div><div class="body">{only}'
        f'<span class="who">{escape(who)}</span>{badge}{TIME}{drawn}{files}</div></div>'
    )


def _plain(slack: Slack, message: Message) -> str:
    mention = '<span class="mention">@rag-or-tune</span>'
    return f'<div class="said">{escape(message.text).replace(escape(f"<@{slack.bot.id}>"), mention)}</div>'


def _file(file: File) -> str:
    lines = (file.content or b"").decode().splitlines()
    begin, more = escape("\n".join(lines[:PREVIEW])), max(len(lines) - PREVIEW, 0)
    return f'<div class="file"><b>{escape(file.title or file.name)}</b><pre>{begin}</pre>+ {more} lines</div>'


def _modal(slack: Slack, view: View) -> str:
    submit = view.spec.get("submit")
    buttons = [f'<span class="button">{escape(view.spec["close"]["text"])}</span>']
    buttons += [f'<span class="button primary">{escape(submit["text"])}</span>'] if submit else []
    return (
        f'<div class="modal"><div class="named">{escape(view.title)}</div>{html_of(view.blocks, _images(slack))}'
        f'<div class="sending">{"".join(buttons)}</div></div>'
    )


def _images(slack: Slack) -> Images:
    return {file.id: file.content for file in slack.files if file.content}


if __name__ == "__main__":
    main()
