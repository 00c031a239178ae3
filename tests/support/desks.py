"""A bot with a channel of two consultants, on Slack or on Discord, and what people do to reach them and to answer.

`tests.support.slack.desk` and `tests.support.discord.desk` have the same methods, so that one test runs on both.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from tests.support.running import ANSWERING, Running

NEED = "Could somebody look at our plan with us?"
ALWAYS = {"DESK_HOURS": "Mon-Sun 00:00-24:00"}
CONSENTS = ["nothing", "summary", "all"]
STALLED = 30.0  # seconds

Person = Any  # of the platform's peer, as are messages and places
Post = Any
Card = Any


@dataclass
class Offer:
    """What may be passed on, and the form below it."""

    desk: Any
    user: Person
    shown: Any  # in Slack the form, on Discord the message above it

    @property
    def text(self) -> str:
        return str(self.desk.text_of_offer(self))

    @property
    def consents(self) -> list[str]:
        return list(self.desk.consents_of(self))

    def send(self, consent: str = "summary", *, forged: str = "", **values: object) -> str:
        """Fill the form in and send it, with a `forged` id instead of its own; return what the user reads then."""
        return str(self.desk.send_offer(self, consent, {"need": NEED, **values}, forged))


class Desk(Running):
    """What both platforms have in common."""

    platform: str
    peer: Any
    channel: Any  # the consultants'
    cem: Person
    dora: Person

    def wait_for(self, predicate: Callable[[], Any], seconds: float = ANSWERING, what: str = "") -> Any:
        return self.peer.wait_for(predicate, seconds, what)

    def person(self, name: str = "ann") -> Person:
        return self.peer.user(name)

    def posted(self, kind: str | None = None, seconds: float = ANSWERING) -> None:
        """Wait until no post of a request (of that kind) is on its way any more."""
        which = "" if kind is None else f" AND kind = '{kind}'"
        waiting = f"SELECT count(*) FROM deliveries WHERE lane IS NOT NULL AND state = 'pending'{which}"
        self.settle()
        self.wait_for(lambda: self.rows(waiting) == [(0,)], seconds, "the posts")
        self.settle()

    def reference(self, user: Person) -> str:
        """Return that of the newest request of a person."""
        own = "SELECT reference FROM leads WHERE user_id = ? AND state != 'draft' ORDER BY id DESC LIMIT 1"
        [(reference,)] = self.rows(own, user.id)
        return str(reference)

    def request(self, answer: Post, user: Person, consent: str = "summary", **values: object) -> str:
        """Get in touch from below an answer; return the request's reference."""
        told = self.consult(answer, user).send(consent, **values)
        assert "is recorded" in told, told
        self.posted()
        return self.reference(user)

    def cards(self, user: Person) -> list[Post]:
        """Return the cards of a person's newest request, of which there should be one."""
        reference = self.reference(user)
        return [m for m in self.peer.said(self.channel) if reference in m.text and not getattr(m, "thread_ts", None)]

    def card(self, user: Person, seconds: float = ANSWERING) -> Card:
        """Return the card of a person's newest request, once everything is posted."""
        self.posted(seconds=seconds)
        [card] = self.wait_for(lambda: self.cards(user), seconds, "the card")
        return self.screen(card, self.cem)

    def request_card(self, answer: Post, user: Person, consent: str = "summary", **values: object) -> Card:
        self.request(answer, user, consent, **values)
        return self.card(user)

    def press(self, card: Card, which: str, user: Person | None = None) -> None:
        """Click on a card, and wait until everybody has been told."""
        card.press(which, user)
        self.posted()

    def reply(self, card: Card, text: str) -> None:
        """Reply by the form of a card."""
        self.fill(card.now, "Reply", self.cem, text=text)

    def kill_while(self, act: Callable[[], object], fault: Any) -> None:
        """Kill the bot as soon as a fault is met while it does something; and start it again."""
        before = fault.times
        with suppress(AssertionError):
            act()
        self.wait_for(lambda: fault.times < before, what="the step at which to kill")
        self.lose()
        fault.times = 0
        self.start()

    def lose(self) -> None:
        """Kill the bot, and wait until the platform knows."""
        self.kill()
        self.wait_for(lambda: not self.peer.connected)

    def read(self, answer: Post, kind: str | None = None) -> list[str]:
        """Return what the user reads after an answer, once no post (of that kind) is on its way any more."""
        self.posted(kind)
        return [self.text(post) for post in self.following(answer)]
