"""A bot in Slack with a channel of consultants; users ask in a thread, where the bot hears what is said."""

import html
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.peers.slack import Channel, Message, User, View, slack_server
from tests.support.desks import ALWAYS, STALLED, Desk, Offer
from tests.support.posts import SlackPost
from tests.support.running import ANSWERING
from tests.support.slack.bots import Bot, press, well, words


class SlackDesk(Bot, Desk):
    """In Slack."""

    platform, words_of_a_reply = "slack", 900

    @property
    def peer(self) -> Any:
        return self.slack

    def start(self) -> None:
        super().start()
        self.slack.redeliver()

    def settle(self) -> None:
        self.slack.settle(ANSWERING)

    def place(self, *people: User, name: str = "general") -> Channel:
        """Return a new channel of these people, in which the bot is."""
        return self.slack.channel(name, *people)

    def ask(self, user: User, text: str, place: Channel | None = None) -> Message:
        """Return the answer to a question, asked by a mention or, without a place, directly."""
        if place is None:
            self.slack.dm(user, text)
            return self.direct(user)[-1]
        return self.answers(self.slack.mention(place, user, text))[-1]

    def ask_at_ease(self, user: User, text: str, place: Channel) -> Message:
        """Return the answer to a question asked where the bot hears what is said thereafter without a mention."""
        return self.ask(user, text, place)

    def ask_privately(self, user: User, text: str, place: Channel) -> Message:
        """Return the answer to a question asked by command."""
        well(self.slack.command(user, place, text))
        return self.private(place, user)[-1]

    def command(self, user: User, name: str, place: Channel) -> str:
        """Return what a command is answered with."""
        before = len(self.slack.ephemerals(place, user))
        well(self.slack.command(user, place, name))
        return self.text(self.wait_for(lambda: self.slack.ephemerals(place, user)[before:])[-1])

    def consult(self, answer: Message, user: User) -> Offer:
        """Click on Get in touch."""
        press(self.slack, answer, "Get in touch", user)
        return Offer(self, user, self.form(user))

    def contact(self, user: User, place: Channel) -> Offer:
        """Get in touch by command."""
        well(self.slack.command(user, place, "contact"))
        return Offer(self, user, self.form(user))

    def text_of_offer(self, offer: Offer) -> str:
        return html.unescape(str(offer.shown.blocks))

    def consents_of(self, offer: Offer) -> list[str]:
        [consent] = [block for block in offer.shown.blocks if block.get("block_id") == "consent"]
        return [option["value"] for option in consent["element"]["options"]]

    def send_offer(self, offer: Offer, consent: str, values: dict[str, Any], forged: str) -> str:
        view = offer.shown
        if any(block.get("block_id") == "consent" for block in view.blocks):
            values["consent"] = consent
        if forged:
            self.slack.run(lambda: self.slack.world.views[view.id].spec.__setitem__("callback_id", forged))
        return self.submit(view, values)

    def form(self, user: User) -> View:
        """Return the form that is on a person's screen."""
        view: View = self.wait_for(lambda: self.slack.view(user), what="a form")
        return view

    def submit(self, view: View, values: dict[str, Any]) -> str:
        """Submit a form, read what it is answered with, and close it."""
        well(self.slack.submit(view, values))
        told = [now for now in self.slack.views if now.id == view.id]
        for now in told:
            self.slack.close(now)
        return "".join(words(Message("", "", "", blocks=now.blocks)) for now in told)

    def fill(self, post: Message, button: str, user: User, **values: str) -> str:
        """Click on what opens a form, fill it in and send it; return what the user is told thereupon."""
        press(self.slack, post, button, user)
        return self.submit(self.form(user), values)

    def notice(self, post: Message, button: str, user: User) -> str:
        """Click on what opens no form; return what only this person is told thereupon."""
        before = len(self.slack.ephemerals(post.channel, user))
        press(self.slack, post, button, user)
        assert self.slack.view(user) is None
        return self.text(self.wait_for(lambda: self.slack.ephemerals(post.channel, user)[before:])[-1])

    def claim_at_once(self, card: SlackPost, crowd: list[User]) -> list[list[str]]:
        """Let all of them join the consultants and claim; return what each was told."""
        for one in crowd:
            self.slack.join(self.channel, one)
        for click in [self.slack.click(card.now, "Claim", one) for one in crowd]:
            well(click)
        self.posted()
        return [[self.text(each) for each in self.slack.ephemerals(self.channel, one)] for one in crowd]

    def join(self, place: Channel, user: User) -> None:
        """Let a person into a channel."""
        self.slack.join(place, user)

    def visit(self, user: User) -> None:
        """Let a person in where the consultants' channel is, but not into it: in Slack everybody is there."""

    def forget(self, user: User) -> None:
        """Let a user have everything forgotten."""
        place = self.place(user, name="elsewhere")
        well(self.slack.command(user, place, "forget"))
        press(self.slack, self.slack.ephemerals(place, user)[0], "Forget me", user)

    def screen(self, post: Message, user: User) -> SlackPost:
        return SlackPost(self.slack, post, user)

    def begin_interview(self, answer: Message, user: User) -> SlackPost:
        """Check it step by step; below what others do not see, the card comes directly."""
        press(self.slack, answer, "Check it step by step", user)
        alone = answer.ephemeral_to or answer.channel.startswith("D")
        cards = self.slack.said(self.slack.direct(user)) if alone else self.slack.answers(answer)
        return self.screen(cards[-1], user)

    def text(self, post: Message) -> str:
        """Return what stands in a post, without its marks."""
        return html.unescape(post.text)

    def following(self, answer: Message) -> list[Message]:
        """Return what the bot said after an answer where that stands."""
        return [m for m in self.slack.said(answer.channel) if m.ts > answer.ts and m.root == answer.root]

    def say(self, answer: Message, user: User, text: str, *files: str) -> Message:
        """Say something where the bot has answered and hears it."""
        return self.slack.say(answer.channel, user, text, thread=answer, files=[{"name": name} for name in files])

    def answer(self, post: Message, user: User, text: str) -> None:
        """Answer to what the bot has said directly."""
        self.slack.dm(user, text, thread=post)

    def ask_again(self, answer: Message, user: User, text: str) -> None:
        """Ask again where the bot has answered, and wait for the answer."""
        self.answers(self.slack.mention(answer.channel, user, text, thread=answer))

    def edit(self, note: Message, text: str) -> None:
        self.slack.edit(note, text)

    def thread(self, card: SlackPost) -> list[str]:
        """Return what the bot said under a card."""
        self.posted()
        return [self.text(message) for message in self.slack.answers(card.message)]

    def say_below(self, card: SlackPost, user: User, text: str) -> None:
        """Say something under a card."""
        self.slack.say(self.channel, user, text, thread=card.message)

    def refusal_below(self, card: SlackPost, user: User) -> str:
        """Return what the bot answered to the refused reply of a consultant under a card."""
        self.posted()
        return self.text([m for m in self.slack.ephemerals(self.channel, user) if m.thread_ts == card.message.ts][-1])

    def files(self, card: SlackPost) -> list[tuple[str, str]]:
        """Return names and contents of the files under a card."""
        found = [(f, (f.channel, f.thread_ts)) for f in self.slack.files]
        place = (self.channel.id, card.message.ts)
        shared = [file for message in self.slack.answers(card.message) for file in message.files]
        assert len(shared) == sum(where == place for _, where in found)
        return [(file.name, (file.content or b"").decode()) for file, where in found if where == place]

    def everything(self) -> str:
        """Return all that is to be seen in the consultants' channel, in any version, and in its files."""
        seen = [str(vars(message)) for message in self.slack.messages(self.channel)]
        seen += [(file.content or b"").decode() for file in self.slack.files if file.channel == self.channel.id]
        return "\n".join(seen)

    def stall(self, what: str, place: str, *, after: bool = True) -> Any:
        """Answer no post, update or file in a place in time from now on, before or `after` it has taken place."""
        if what == "file":
            return self.slack.fail("files.completeUploadExternal", times=1_000, late=STALLED)
        method = {"post": "chat.*", "update": "chat.update"}[what]
        how = {"late": STALLED} if after else {"delay": STALLED}
        return self.slack.fail(method, times=1_000, when=lambda said: said.get("channel") == place, **how)

    def place_of(self, post: Message) -> str:
        return post.channel

    def place_below(self, card: SlackPost) -> str:
        """Return where what is said under a card is posted."""
        return self.channel.id

    def break_down(self) -> Any:
        """Let every call to the consultants' channel fail from now on."""
        return self.slack.fail(
            "chat.*", status=503, times=1_000, when=lambda said: said.get("channel") == self.channel.id
        )

    def shut_out(self) -> None:
        """Remove the bot from the consultants' channel."""
        self.slack.leave(self.channel, self.slack.bot)

    def let_in(self) -> None:
        self.slack.join(self.channel, self.slack.bot)


@contextmanager
def slack_desk(data_dir: Path, folder: Path, **settings: str) -> Iterator[SlackDesk]:
    """Yield a desk in a Slack of its own; the bot does not run yet."""
    with slack_server() as slack:
        cem, dora = slack.user("cem"), slack.user("dora")
        channel = slack.channel("consultants", cem, dora)
        own = {**ALWAYS, "CONSULTANT_SLACK_CHANNEL": channel.id, **settings}
        desk = SlackDesk(slack, data_dir, folder, own)
        desk.channel, desk.cem, desk.dora = channel, cem, dora
        yield desk
