"""A bot with a channel of consultants, and what people do to reach them and to answer."""

import html
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.peers.slack import Channel, Message, Slack, User, View, slack_server
from tests.support.slack.bots import ANSWERING, Bot, Screen, press, well, words

NEED = "Could somebody look at our plan with us?"
FILLED = {"need": NEED, "consent": "The summary"}
ALWAYS = {"DESK_HOURS": "Mon-Sun 00:00-24:00"}


class Staffed(Bot):
    """A bot whose requests go to a channel of two consultants."""

    desk: Channel
    cem: User
    dora: User

    def posted(self, kind: str | None = None, seconds: float = ANSWERING) -> None:
        """Waits until every post of a request is on its way no more."""
        which = "" if kind is None else f" AND kind = '{kind}'"
        waiting = f"SELECT count(*) FROM deliveries WHERE lane IS NOT NULL AND state = 'pending'{which}"
        self.slack.settle(ANSWERING)
        self.slack.wait_for(lambda: self.rows(waiting) == [(0,)], seconds, "the posts")
        self.slack.settle(ANSWERING)

    def form(self, user: User) -> View:
        """The form that is on a person's screen."""
        view = self.slack.wait_for(lambda: self.slack.view(user), ANSWERING, "a form")
        assert view
        return view

    def card(self, reference: str) -> Screen:
        """The card of a request, in the consultants' channel."""
        self.posted()
        [card] = [m for m in self.slack.said(self.desk) if reference in m.text and not m.thread_ts]
        return Screen(self.slack, card, self.cem)

    def thread(self, card: Screen) -> list[str]:
        """What the bot said under a card."""
        self.posted()
        return [html.unescape(message.text) for message in self.slack.answers(card.message)]


@contextmanager
def with_consultants(data_dir: Path, folder: Path, **settings: str) -> Iterator[Staffed]:
    """A bot that runs, in a Slack of its own."""
    with slack_server() as slack:
        cem, dora = slack.user("cem"), slack.user("dora")
        desk = slack.channel("consultants", cem, dora)
        bot = Staffed(slack, data_dir, folder, {**ALWAYS, "CONSULTANT_SLACK_CHANNEL": desk.id, **settings})
        bot.desk, bot.cem, bot.dora = desk, cem, dora
        bot.start()
        try:
            yield bot
        finally:
            bot.kill()


def request(staffed: Staffed, answer: Message, user: User, **values: str) -> str:
    """Gets in touch from below an answer; returns the request's reference."""
    slack = staffed.slack
    press(slack, answer, "Get in touch", user)
    well(slack.submit(staffed.form(user), {**FILLED, **values}))
    close_all(slack, user)
    staffed.posted()
    [(reference,)] = staffed.rows(
        "SELECT reference FROM leads WHERE user_id = ? AND state = 'open' ORDER BY id DESC LIMIT 1", user.id
    )
    return reference


def close_all(slack: Slack, user: User) -> str:
    """Closes what a form was answered with; returns what it said."""
    view = slack.view(user)
    if view is None:
        return ""
    slack.close(view)
    return "".join(words(Message("", "", "", blocks=view.blocks)))


def told(staffed: Staffed, answer: Message, *, user_only: bool = False) -> list[str]:
    """What the user reads in their thread after the answer, once no post waits any more (`user_only`: of theirs)."""
    staffed.posted("user" if user_only else None)
    return [html.unescape(message.text) for message in staffed.slack.answers(answer)[1:]]


def everything_in(staffed: Staffed) -> str:
    """All that is to be seen in the consultants' channel, in any version, and in its files."""
    slack = staffed.slack
    seen = [str(vars(message)) for message in slack.messages(staffed.desk)]
    seen += [(file.content or b"").decode() for file in slack.files if file.channel == staffed.desk.id]
    return "\n".join(seen)
