"""One way to act and to look on Slack and on Discord, in which scenarios for both are written once.

Messages, people and places are the peer's own; what the bot said is a `Post`.
"""

from collections.abc import Callable
from typing import Any

from tests.peers.slack import Message as SlackMessage
from tests.support.everything import Everything
from tests.support.posts import DiscordPost, Post, SlackPost, act_in_slack, posts_of
from tests.support.running import ANSWERING
from tests.support.slack.bots import well

COMMAND = "rag-or-tune"


class Platform:
    """A platform of the running bot: what people do there, and what there is to see.

    A place is a channel, a thread, or a person for their direct messages.
    """

    def __init__(self, running: Everything, peer: Any) -> None:
        self.running = running
        self.peer = peer
        self.user = peer.user
        self.dm = peer.dm
        self.edit = peer.edit
        self.delete = peer.delete

    def wait_for(self, predicate: Callable[[], Any], what: str = "") -> Any:
        return self.peer.wait_for(predicate, ANSWERING, what)

    def restart(self) -> None:
        """kill -9, and a new process."""
        self.running.kill()
        self.wait_for(lambda: not self.peer.connected, "the connection to be gone")
        self.running.start()

    def finish(self, asked: Any) -> str | None:
        """Waits until a message has been answered, or could not be; returns the error."""
        own = "SELECT state, error FROM turns WHERE name = ? ORDER BY id"

        def over() -> list[Any]:
            turns = self.running.rows(own, self.turn_of(asked))
            return turns if all(state in ("done", "failed") for state, _ in turns) else []

        error: str | None = self.wait_for(over, "an answer")[-1][1]
        return error

    def ask(self, place: Any, user: Any, text: str) -> list[Post]:
        """Asks by the command; returns what the bot posted."""
        return self.call(place, user, "ask", text)

    def notices(self, channel: Any, user: Any) -> list[str]:
        """What only this person was told in the channel."""
        return [post.text for post in self.private_posts(channel, user)]

    def turns(self, place: Any) -> list[tuple[str, str | None]]:
        """The states and errors of all that was asked in a channel, in its threads, or by a person directly."""
        return self.running.turns(self.channel_of(place))


class SlackPlatform(Platform):
    name = "slack"

    @property
    def mark(self) -> str:
        """The mention of the bot in a text."""
        return f"<@{self.peer.bot.id}>"

    def channel(self, *members: Any) -> Any:
        """A new channel with these members and the bot."""
        return self.peer.channel("general", *members)

    def join(self, channel: Any, user: Any) -> Any:
        """Adds a person to a channel."""
        self.peer.join(channel, user)
        return user

    def thread(self, channel: Any, user: Any) -> Any:
        """A thread in the channel, begun by this person without the bot."""
        return self.peer.say(channel, user, "What do we do about the wiki?")

    def say(self, place: Any, user: Any, text: str) -> Any:
        channel, thread = (place.channel, place) if isinstance(place, SlackMessage) else (place, None)
        return self.peer.say(channel, user, text, thread=thread)

    def mention(self, place: Any, user: Any, text: str) -> Any:
        return self.say(place, user, f"{self.mark} {text}")

    def repeat(self, asked: Any) -> None:
        """Tells the bot of a message once more."""
        for delivery in asked.deliveries:
            well(self.peer.repeat(delivery))

    def call(self, place: Any, user: Any, name: str, text: str = "") -> list[Post]:
        """Calls a command; returns what the bot posted."""
        channel = self.channel_of(place)
        return act_in_slack(
            self.peer, channel, user, lambda: self.peer.command(user, channel, text or name), bool(text)
        )

    def ask_of(self, message: Any, user: Any) -> list[Post]:
        """Asks what somebody wrote, from the menu of their message."""
        return act_in_slack(self.peer, message.channel, user, lambda: self.peer.shortcut("ask", user, message), 1)

    def press_at_once(self, post: Post, clicks: list[tuple[str, Any]]) -> None:
        """Clicks buttons, each with who does, at the same moment."""
        now = post.now
        for delivery in [self.peer.click(now, which, user) for which, user in clicks]:
            well(delivery)

    def settle(self) -> None:
        """Waits until the bot has taken in all that it was told."""
        self.peer.settle(ANSWERING)

    def posts(self, place: Any) -> list[Post]:
        """What the bot said there to everybody."""
        found = self.peer.answers(place) if isinstance(place, SlackMessage) else self.peer.said(self.channel_of(place))
        return [SlackPost(self.peer, message, None) for message in found]

    def private_posts(self, channel: Any, user: Any) -> list[Post]:
        """What only this person sees in the channel."""
        return [SlackPost(self.peer, message, user) for message in self.peer.ephemerals(channel, user)]

    def answers(self, asked: Any) -> list[Post]:
        """What the bot said to a message, once it has been answered."""
        self.finish(asked)
        is_direct = asked.channel.startswith("D") and not asked.thread_ts
        found = self.peer.said(asked.channel) if is_direct else self.peer.answers(asked)
        return [SlackPost(self.peer, message, asked.user) for message in found if message.ts > asked.ts]

    def turn_of(self, asked: Any) -> str:
        return f"{asked.channel}/{asked.ts}"

    def channel_of(self, place: Any) -> str:
        if isinstance(place, SlackMessage):
            return place.channel
        return str(place.id if place.id in self.peer.world.channels else self.peer.direct(place).id)

    def fail_posts(self, place: Any, **how: Any) -> Any:
        """Makes the bot's next posts there fail; `how` as for the peer, `retry_after` when they are too many."""
        channel = self.channel_of(place)
        how |= {"error": "ratelimited"} if "retry_after" in how else {}
        return self.peer.fail("chat.postMessage", when=lambda said: said["channel"] == channel, **how)

    def shut_out(self, channel: Any) -> None:
        """Lets the bot write in a channel no more."""
        self.peer.leave(channel, self.peer.bot)


class DiscordPlatform(Platform):
    name = "discord"

    @property
    def mark(self) -> str:
        return str(self.peer.bot.mention)

    def channel(self, *members: Any) -> Any:
        return self.peer.channel(self.peer.guild("acme", *members), "general")

    def join(self, channel: Any, user: Any) -> Any:
        self.peer.join(channel.guild_id, user)
        return user

    def thread(self, channel: Any, user: Any) -> Any:
        return self.peer.thread(channel, owner=user)

    def say(self, place: Any, user: Any, text: str) -> Any:
        return self.peer.say(place, user, text)

    def mention(self, place: Any, user: Any, text: str) -> Any:
        return self.peer.mention(place, user, text)

    def repeat(self, asked: Any) -> None:
        self.peer.repeat(asked)

    def call(self, place: Any, user: Any, name: str, text: str = "") -> list[Post]:
        interaction = self.peer.command(place, user, COMMAND, name, *([{"question": text}] if text else []))
        return posts_of(self.peer, interaction, user, 1)

    def ask_of(self, message: Any, user: Any) -> list[Post]:
        return posts_of(self.peer, self.peer.menu(message, user, f"Ask {COMMAND}"), user, 1)

    def press_at_once(self, post: Any, clicks: list[tuple[str, Any]]) -> None:
        ids = post.ids
        for interaction in [post.click_forged(ids[which], user) for which, user in clicks]:
            assert interaction.wait(ANSWERING).acked

    def settle(self) -> None:
        self.finish(self.dm(self.user("bystander"), "Hello!"))  # events come in their order

    def posts(self, place: Any) -> list[Post]:
        return [DiscordPost(self.peer, message, None) for message in self.peer.said(place)]

    def private_posts(self, channel: Any, user: Any) -> list[Post]:
        return [DiscordPost(self.peer, m, user) for m in self.peer.ephemerals(user) if m.channel_id == channel.id]

    def answers(self, asked: Any) -> list[Post]:
        self.finish(asked)
        return [DiscordPost(self.peer, message, asked.author_id) for message in self.peer.answers(asked)]

    def turn_of(self, asked: Any) -> str:
        return f"{asked.channel_id}/{asked.id}"

    def channel_of(self, place: Any) -> str:
        return str(place.id if place.id in self.peer.world.channels else self.peer.direct(place).id)

    def fail_posts(self, place: Any, **how: Any) -> Any:
        how |= {"status": 429} if "retry_after" in how else {}
        return self.peer.fail(f"POST /channels/{self.channel_of(place)}/messages", **how)

    def shut_out(self, channel: Any) -> None:
        self.peer.deny(channel, "SEND_MESSAGES")


PLATFORMS = {"slack": SlackPlatform, "discord": DiscordPlatform}
