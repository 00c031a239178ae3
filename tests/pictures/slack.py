"""`python -m tests.pictures.slack FOLDER`: pictures of the bot in Slack, of what it really says on a loopback Slack."""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from html import escape
from pathlib import Path

from tests.conftest import ROOT
from tests.peers.slack import Channel, Message, Slack, User, slack_server
from tests.peers.slack.blocks import interactive
from tests.pictures.blocks import Images, html_of
from tests.pictures.chromium import picture
from tests.slack.bots import ANSWERING, CASE, QUESTION, Bot, well
from tests.terminal.processes import environment

DATA = ROOT / ".pytest_cache" / "d" / "data"  # what is learned, which the tests keep; to learn it takes minutes
STYLE = (Path(__file__).parent / "slack.css").read_text()
TIME = '<span class="time">10:24 AM</span>'
ARTICLE = {"ARTICLE_URL": "https://example.com/fine-tuning-or-rag"}


def main() -> None:
    """Takes all the pictures."""
    parser = argparse.ArgumentParser(prog="python -m tests.pictures.slack", description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    DATA.mkdir(parents=True, exist_ok=True)
    subprocess.run([sys.executable, "-m", "bot", "index"], cwd=ROOT, env=environment(DATA), check=True)
    with slack_server() as slack, tempfile.TemporaryDirectory() as name:
        bot = Bot(slack, DATA, Path(name), ARTICLE)
        bot.start()
        try:
            for what, body in _scenes(slack):
                picture(body, STYLE, (folder / f"{what}.png").absolute())
                print(folder / f"{what}.png")
        finally:
            bot.kill()


def _scenes(slack: Slack) -> Iterator[tuple[str, str]]:
    """Each picture's name and page."""
    maya = slack.user("maya")
    room = slack.channel("ai-projects", maya)
    asked = slack.mention(room, maya, QUESTION)
    yield "answer", _thread(slack, room, asked, _answers(slack, asked))
    case = slack.mention(room, maya, CASE)
    [advice] = _answers(slack, case)
    yield "advice", _thread(slack, room, case, [advice])
    _press(slack, advice, "check", maya)
    card = slack.wait_for(lambda: _answers(slack, case)[1:], ANSWERING)[0]
    yield "review", _thread(slack, room, case, [card])
    _press(slack, card, "finish", maya)
    slack.wait_for(lambda: slack.now(card) != card, ANSWERING)
    yield "summary", _thread(slack, room, case, [slack.now(card) or card])
    for text in ("interview", "help"):
        before = len(slack.ephemerals(room, maya))
        well(slack.command(maya, room, text))
        shown = slack.wait_for(lambda before=before: slack.ephemerals(room, maya)[before:], ANSWERING)
        yield {"interview": "question"}.get(text, text), _page(room, [_said(slack, message) for message in shown])
    slack.open_home(maya)
    home = slack.wait_for(lambda: slack.homes.get(maya.id), ANSWERING)
    yield "home", f'<div class="place">rag-or-tune</div><div class="home">{html_of(home.blocks, _images(slack))}</div>'


def _answers(slack: Slack, asked: Message) -> list[Message]:
    """The answers in a thread, once their buttons are there."""
    return slack.wait_for(lambda: [said for said in slack.answers(asked) if [*interactive(said.blocks)]], ANSWERING)


def _press(slack: Slack, shown: Message, name: str, user: User) -> None:
    well(slack.click(shown, lambda element: f":{name}:" in element["action_id"], user))


def _thread(slack: Slack, room: Channel, asked: Message, answers: list[Message]) -> str:
    return _page(room, [_said(slack, message) for message in (asked, *answers)])


def _page(room: Channel, messages: list[str]) -> str:
    return f'<div class="place"># {escape(room.name)}</div>{"".join(messages)}'


def _said(slack: Slack, message: Message) -> str:
    """A message with the face and name of who said it."""
    if not message.bot_id:
        words = escape(message.text).replace(escape(f"<@{slack.bot.id}>"), '<span class="mention">@rag-or-tune</span>')
        return _framed("person", "M", f'<span class="who">Maya</span>{TIME}<div class="said">{words}</div>')
    only = '<span class="only">👁 Only visible to you</span>' if message.ephemeral_to else ""
    who = f'<span class="who">rag-or-tune</span><span class="app">APP</span>{TIME}'
    return _framed("bot", "r?", f"{only}{who}{html_of(message.blocks, _images(slack))}")


def _framed(kind: str, face: str, body: str) -> str:
    return f'<div class="message"><div class="avatar {kind}">{face}</div><div class="body">{body}</div></div>'


def _images(slack: Slack) -> Images:
    return {file.id: file.content for file in slack.files if file.content}


if __name__ == "__main__":
    main()
