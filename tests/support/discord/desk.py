"""A bot on Discord with a channel of consultants; where people are alone with it, it hears all that they say."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.peers.discord import READS_ALL, App, Channel, Fault, Interaction, Message, Modal, User, discord_server
from tests.support.desks import ALWAYS, CONSENTS, STALLED, Desk, Offer
from tests.support.discord.bots import Bot, plain
from tests.support.posts import DiscordPost
from tests.support.running import ANSWERING

LABELS = ["Share only what I write", "Share the summary", "Share summary and conversation"]
TITLE = re.compile(r"^(?:<@\d+>\s*)?### ")


class DiscordDesk(Bot, Desk):
    """On Discord."""

    platform, words_of_a_reply = "discord", 220

    @property
    def peer(self) -> Any:
        return self.discord

    def settle(self) -> None:
        """Do nothing: Discord does not know what the bot has yet to hear."""

    def place(self, *people: User, name: str = "general") -> Channel:
        return self.discord.channel(self.discord.guild("acme", *people), name)

    def join(self, place: Channel, user: User) -> None:
        self.discord.join(place.guild_id or "", user)

    def visit(self, user: User) -> None:
        self.join(self.channel, user)

    def ask(self, user: User, text: str, place: Channel | None = None) -> Message:
        asked = self.discord.mention(place, user, text) if place else self.discord.dm(user, text)
        return self.answers(asked)[-1]

    def ask_at_ease(self, user: User, text: str, place: Channel) -> Message:
        return self.ask(user, text)

    def ask_privately(self, user: User, text: str, place: Channel) -> Message:
        return self.told(self.discord.command(place, user, "rag-or-tune", "ask", {"question": text}))[-1]

    def command(self, user: User, name: str, place: Channel) -> str:
        return self.text(self.told(self.discord.command(place, user, "rag-or-tune", name))[-1])

    def forget(self, user: User) -> None:
        place = self.place(user, name="elsewhere")
        [ask] = self.told(self.discord.command(place, user, "rag-or-tune", "forget"))
        self.told(self.discord.click(ask, "Forget me", user))

    def consult(self, answer: Message, user: User) -> Offer:
        return self._offer(self.discord.click(answer, "Get in touch", user), user)

    def contact(self, user: User, place: Channel) -> Offer:
        return self._offer(self.discord.command(place, user, "rag-or-tune", "contact"), user)

    def _offer(self, asked: Interaction, user: User) -> Offer:
        return Offer(self, user, self.discord.now(self.told(asked)[-1]))

    def text_of_offer(self, offer: Offer) -> str:
        assert offer.shown.ephemeral or not offer.shown.guild_id  # nobody else sees it
        return plain(offer.shown.text)

    def consents_of(self, offer: Offer) -> list[str]:
        return [CONSENTS[LABELS.index(label)] for label in offer.shown.labels]

    def send_offer(self, offer: Offer, consent: str, values: dict[str, Any], forged: str) -> str:
        form = self.form(self.discord.click(offer.shown, LABELS[CONSENTS.index(consent)], offer.user))
        form.custom_id = forged or form.custom_id
        sent = self.discord.submit(form, offer.user, values).wait(ANSWERING)
        assert sent.acked, self.log

        def outcome() -> str:
            now = self.discord.now(offer.shown)
            changed = now.text if now and now.text != offer.shown.text else ""
            return plain(sent.text or changed)

        return str(self.wait_for(outcome, what="what became of the form"))

    def form(self, click: Interaction) -> Modal:
        """Return the form that a click has opened."""
        click.wait(ANSWERING)
        assert click.modal, f"{click}: {click.text}"
        return click.modal

    def fill(self, post: Message, button: str, user: User, **values: str) -> str:
        sent = self.discord.submit(self.form(self.discord.click(post, button, user)), user, values)
        assert sent.wait(ANSWERING).acked, self.log
        return plain(sent.text)

    def notice(self, post: Message, button: str, user: User) -> str:
        click = self.discord.click(post, button, user)
        notice = self.text(self.told(click)[-1])
        assert click.modal is None
        return notice

    def claim_at_once(self, card: DiscordPost, crowd: list[User]) -> list[list[str]]:
        for one in crowd:
            self.visit(one)
        self.discord.keep_private(self.channel, self.cem, self.dora, *crowd)
        late = self.stall("update", self.channel.id, after=False)  # they all see the button
        clicks = [self.discord.click(card.message, "Claim", one) for one in crowd]
        late.times = 0
        assert all(click.wait(ANSWERING).acked for click in clicks)
        self.posted()
        self.wait_for(lambda: sum(bool(click.answers) for click in clicks) == len(crowd) - 1, what="the notices")
        return [[self.text(answer) for answer in click.answers] for click in clicks]

    def screen(self, post: Message, user: User) -> DiscordPost:
        return DiscordPost(self.discord, post, user)

    def begin_interview(self, answer: Message, user: User) -> DiscordPost:
        return self.screen(self.told(self.discord.click(answer, "Check it step by step", user))[-1], user)

    def text(self, post: Message) -> str:
        return TITLE.sub("", plain(post.text))

    def following(self, answer: Message) -> list[Message]:
        place = self.discord.world.channels[answer.channel_id]
        return [message for message in self.discord.said(place) if int(message.id) > int(answer.id)]

    def say(self, answer: Message, user: User, text: str, *files: str) -> Message:
        place = self.discord.world.channels[answer.channel_id]
        say = self.discord.say if place.direct else self.discord.mention
        return say(place, user, text, files=dict.fromkeys(files, b"%"))

    def answer(self, post: Message, user: User, text: str) -> None:
        self.discord.dm(user, text, reply_to=post)

    def ask_again(self, answer: Message, user: User, text: str) -> None:
        self.answers(self.discord.mention(self.discord.world.channels[answer.channel_id], user, text))

    def edit(self, note: Message, text: str) -> None:
        self.discord.unfurl(note)  # which comes as a change, and is none
        mention = self.discord.bot.mention
        self.discord.edit(note, f"{mention} {text}" if mention in note.text else text)

    def thread(self, card: DiscordPost) -> list[str]:
        self.posted()
        return [self.text(message) for message in self.discord.said(card.message.id)]

    def say_below(self, card: DiscordPost, user: User, text: str, *, mentions: bool = False) -> Message:
        """Say something in the thread under a card, which is there once something was said in it."""
        if card.message.id not in self.discord.world.channels:
            self.discord.thread(self.channel, message=card.message, owner=user)
        say = self.discord.mention if mentions else self.discord.say
        return say(card.message.id, user, text)

    def refusal_below(self, card: DiscordPost, user: User) -> str:
        return str(self.wait_for(lambda: self.thread(card), what="the refusal")[-1])

    def files(self, card: DiscordPost) -> list[tuple[str, str]]:
        posts = self.discord.said(card.message.id)
        return [(file.filename, file.content.decode()) for post in posts for file in post.files]

    def everything(self) -> str:
        places = [c for c in self.discord.world.channels.values() if self.channel.id in (c.id, c.parent_id)]
        posts = [message for place in places for message in self.discord.messages(place)]
        files = [file.content.decode() for post in posts for file in post.files]
        return plain("\n".join([str(vars(post)) for post in posts] + files))

    def stall(self, what: str, place: str, *, after: bool = True) -> Fault:
        how: dict[str, Any] = {"late": STALLED} if after else {"delay": STALLED}
        if what == "file":
            how["when"] = lambda said: not said.get("components")
        update = f"PATCH /channels/{place}/messages/{{}}"
        routes = {"post": f"POST /channels/{place}/messages", "update": update, "file": "POST /channels/{}/messages"}
        return self.discord.fail(routes[what], times=1_000, **how)

    def place_of(self, post: Message) -> str:
        return post.channel_id

    def place_below(self, card: DiscordPost) -> str:
        self.say_below(card, self.cem, "Let us see.")
        return card.message.id

    def break_down(self) -> Fault:
        return self.discord.fail(f"* /channels/{self.channel.id}/*", status=503, times=1_000)

    def shut_out(self) -> None:
        self.discord.deny(self.channel, "SEND_MESSAGES")

    def let_in(self) -> None:
        self.discord.allow(self.channel, "SEND_MESSAGES")


@contextmanager
def discord_desk(data_dir: Path, folder: Path, **settings: str) -> Iterator[DiscordDesk]:
    """Yield a desk on a Discord of its own, where the bot may read what does not mention it; it does not run yet."""
    with discord_server(app=App(flags=READS_ALL)) as discord:
        cem, dora = discord.user("cem"), discord.user("dora")
        channel = discord.channel(discord.guild("firm", cem, dora), "consultants")
        discord.keep_private(channel, cem, dora)
        own = {**ALWAYS, "CONSULTANT_DISCORD_CHANNEL": channel.id, **settings}
        desk = DiscordDesk(discord, data_dir, folder, own)
        desk.channel, desk.cem, desk.dora = channel, cem, dora
        yield desk
