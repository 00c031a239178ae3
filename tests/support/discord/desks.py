"""A bot on Discord with a channel of consultants, and what people do to reach them and to answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.peers.discord import READS_ALL, App, Channel, Interaction, Message, Modal, User, discord_server
from tests.support.discord.bots import Bot, Screen, plain
from tests.support.running import ANSWERING

NEED = "Could somebody look at our plan with us?"
SUMMARY, ALL, NOTHING = "Share the summary", "Share summary and conversation", "Share only what I write"
ALWAYS = {"DESK_HOURS": "Mon-Sun 00:00-24:00"}


class Staffed(Bot):
    """A bot whose requests go to a channel of two consultants, in a server of theirs."""

    desk: Channel
    cem: User
    dora: User

    def posted(self, kind: str | None = None, seconds: float = ANSWERING) -> None:
        """Waits until every post of a request is on its way no more."""
        which = "" if kind is None else f" AND kind = '{kind}'"
        waiting = f"SELECT count(*) FROM deliveries WHERE lane IS NOT NULL AND state = 'pending'{which}"
        self.discord.wait_for(lambda: self.rows(waiting) == [(0,)], seconds, "the posts")

    def form(self, told: Interaction) -> Modal:
        """The form that a click has opened."""
        told.wait(ANSWERING)
        assert told.modal, f"{told}: {told.text}"
        return told.modal

    def card(self, reference: str) -> Screen:
        """The card of a request, in the consultants' channel."""
        self.posted()
        [card] = [m for m in self.discord.said(self.desk) if reference in m.text]
        return Screen(self.discord, card, self.cem)

    def thread(self, card: Screen) -> list[str]:
        """What the bot said in the thread under a card."""
        self.posted()
        return [plain(m.text) for m in self.discord.said(card.message.id)]

    def say_below(self, card: Screen, user: User, text: str, *, mentions: bool = False) -> Message:
        """Says something in the thread under a card, which is there once something was said in it."""
        discord = self.discord
        if card.message.id not in discord.world.channels:
            discord.thread(self.desk, message=card.message, owner=user)
        say = discord.mention if mentions else discord.say
        return say(card.message.id, user, text)

    def reference(self, user: User) -> str:
        """That of the newest request of a person."""
        own = "SELECT reference FROM leads WHERE user_id = ? AND state != 'draft' ORDER BY id DESC LIMIT 1"
        [(reference,)] = self.rows(own, user.id)
        return str(reference)


@contextmanager
def with_consultants(data_dir: Path, folder: Path, **settings: str) -> Iterator[Staffed]:
    """A bot that runs and may read what does not mention it, on a Discord of its own."""
    with discord_server(app=App(flags=READS_ALL)) as discord:
        cem, dora = discord.user("cem"), discord.user("dora")
        desk = discord.channel(discord.guild("firm", cem, dora), "consultants")
        discord.keep_private(desk, cem, dora)
        bot = Staffed(discord, data_dir, folder, {**ALWAYS, "CONSULTANT_DISCORD_CHANNEL": desk.id, **settings})
        bot.desk, bot.cem, bot.dora = desk, cem, dora
        bot.start()
        try:
            yield bot
        finally:
            bot.kill()


def preview(staffed: Staffed, answer: Message, user: User) -> Message:
    """What may be passed on, as it is shown after Get in touch."""
    [shown] = staffed.told(staffed.discord.click(answer, "Get in touch", user))
    return shown


def request(staffed: Staffed, answer: Message, user: User, consent: str = SUMMARY, **values: object) -> str:
    """Gets in touch from below an answer; returns the request's reference."""
    shown = preview(staffed, answer, user)
    form = staffed.form(staffed.discord.click(shown, consent, user))
    sent = staffed.discord.submit(form, user, {"need": NEED, **values}).wait(ANSWERING)
    assert sent.acked, staffed.log

    def is_recorded() -> bool:
        now = staffed.discord.now(shown)
        return now is not None and "is recorded" in plain(now.text)

    staffed.discord.wait_for(is_recorded, ANSWERING, "the card to say that it is recorded")
    staffed.posted()
    return staffed.reference(user)


def everything_in(staffed: Staffed) -> str:
    """All that is to be seen in the consultants' channel and its threads, in any version, and in its files."""
    discord = staffed.discord
    places = [c for c in discord.world.channels.values() if staffed.desk.id in (c.id, c.parent_id)]
    seen = [str(vars(message)) for place in places for message in discord.messages(place)]
    seen += [file.content.decode() for place in places for m in discord.messages(place) for file in m.files]
    return "\n".join(seen)
