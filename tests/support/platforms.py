"""One way to act and to look on Slack and on Discord, in which scenarios for both are written once.

Messages, people and places are the peer's own; what the bot said is a `Post`.
"""

import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.peers.discord.interaction import DEFER_UPDATE, Interaction
from tests.peers.discord.state import BUTTON
from tests.peers.slack import Message as SlackMessage
from tests.support.discord.bots import NOTE, plain
from tests.support.everything import Everything
from tests.support.running import ANSWERING
from tests.support.slack.bots import SOURCE, UPLOADS, elements, forged, well

COMMAND = "rag-or-tune"
EARLY = 0.9  # seconds; a click on Discord that is deferred before this has led to nothing more
HEADING = re.compile(r"^(?:#{1,3}|-#) ", re.MULTILINE)


@dataclass
class Post:
    """A message of the bot's on the screen of `user`, read as it stands now.

    `text` is what a reader sees, `sources` are the quotes with their sections, `ids` the buttons' by their labels,
    `choices` what the menu offers.
    """

    platform: Any
    message: Any
    user: Any

    @property
    def now(self) -> Any:
        shown = self.platform.peer.now(self.message)
        assert shown, "the post is gone"
        return shown

    @property
    def is_gone(self) -> bool:
        return self.platform.peer.now(self.message) is None

    @property
    def is_private(self) -> bool:
        """Whether only one person sees it."""
        return bool(self.message.ephemeral_to)

    @property
    def buttons(self) -> list[str]:
        return list(self.ids)

    @property
    def answers(self) -> list[str]:
        """The buttons that answer the question on a card."""
        return [label for label, name in self.ids.items() if ":answer:" in name]

    def press(self, which: str, user: Any = None, *, posts: int = 0) -> list["Post"]:
        """Clicks a button; returns what was posted, once the bot has acted and it is as much as `posts`."""
        return self.platform.press(self, which, user or self.user, posts)

    def press_forged(self, name: str, user: Any = None, *, posts: int = 0) -> list["Post"]:
        """Clicks a button with this id in place of the first one's: an old one, or one that never was there."""
        return self.platform.press_forged(self, name, user or self.user, posts)


class SlackPost(Post):
    @property
    def key(self) -> str:
        return str(self.message.ts)

    @property
    def text(self) -> str:
        return html.unescape(self.now.text)

    @property
    def sources(self) -> list[tuple[str, str]]:
        return SOURCE.findall(self.text)

    @property
    def ids(self) -> dict[str, str]:
        return {button["text"]["text"]: button["action_id"] for button in elements(self.now, "button")}

    @property
    def choices(self) -> list[str]:
        return [option["text"]["text"] for menu in elements(self.now, "static_select") for option in menu["options"]]

    @property
    def has_picture(self) -> bool:
        return any(block["type"] == "image" for block in self.now.blocks)

    def choose(self, option: str) -> None:
        """Chooses from the menu."""
        [menu] = elements(self.now, "static_select")
        well(self.platform.peer.click(self.now, menu["action_id"], self.user, option))


class DiscordPost(Post):
    @property
    def key(self) -> str:
        return str(self.message.id)

    @property
    def text(self) -> str:
        return HEADING.sub("", plain(self.now.text))

    @property
    def sources(self) -> list[tuple[str, str]]:
        return [(quote, section or linked) for quote, section, linked in NOTE.findall(plain(self.now.text))]

    @property
    def ids(self) -> dict[str, str]:
        return {button.label: button.custom_id or "" for button in self.now.buttons}

    @property
    def choices(self) -> list[str]:
        return [option["label"] for menu in self.now.selects for option in menu["options"]]

    @property
    def has_picture(self) -> bool:
        return bool(self.now.files)

    def choose(self, option: str) -> None:
        [menu] = self.now.selects
        self.platform.act(self, lambda: self.platform.peer.choose(self.now, menu["custom_id"], option, self.user))


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

    def show_picture(self, summary: Post) -> None:
        """Shows a summary again until its picture is there, which a busy machine may upload too late."""
        for _ in range(UPLOADS):
            if summary.has_picture:
                return
            summary.press("Review and edit")
            summary.press("Recommend now")
        assert summary.has_picture

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
        return self._act(channel, user, lambda: self.peer.command(user, channel, text or name), bool(text))

    def ask_of(self, message: Any, user: Any) -> list[Post]:
        """Asks what somebody wrote, from the menu of their message."""
        return self._act(message.channel, user, lambda: self.peer.shortcut("ask", user, message), 1)

    def press(self, post: Post, which: str, user: Any, posts: int) -> list[Post]:
        return self._act(post.message.channel, user, lambda: self.peer.click(post.now, which, user), posts)

    def press_forged(self, post: Post, name: str, user: Any, posts: int) -> list[Post]:
        click = lambda: self.peer.click(forged(post.now, name), name, user)  # noqa: E731
        return self._act(post.message.channel, user, click, posts)

    def press_at_once(self, post: Post, clicks: list[tuple[str, Any]]) -> None:
        """Clicks buttons, each with who does, at the same moment."""
        now = post.now
        for delivery in [self.peer.click(now, which, user) for which, user in clicks]:
            well(delivery)

    def _act(self, channel: str, user: Any, act: Callable[[], Any], posts: int) -> list[Post]:
        """Acts, and waits until that is acknowledged, as it is when the bot has acted; returns what is new."""
        before = self._visible(channel, user)
        well(act())
        new: dict[str, Any] = {}

        def has_come() -> bool:
            new.update({key: m for key, m in self._visible(channel, user).items() if key not in before})
            return len(new) >= posts

        self.wait_for(has_come, "what the bot posts")
        return [SlackPost(self, message, user) for message in new.values()]

    def _visible(self, channel: str, user: Any) -> dict[str, Any]:
        """What the bot has said in the channel, to all and to this person, and directly."""
        places = dict.fromkeys((channel, self.peer.direct(user).id))
        own = [m for place in places for m in (*self.peer.said(place), *self.peer.ephemerals(place, user))]
        return {message.ts: message for message in own}

    def settle(self) -> None:
        """Waits until the bot has taken in all that it was told."""
        self.peer.settle(ANSWERING)

    def posts(self, place: Any) -> list[Post]:
        """What the bot said there to everybody."""
        found = self.peer.answers(place) if isinstance(place, SlackMessage) else self.peer.said(self.channel_of(place))
        return [SlackPost(self, message, None) for message in found]

    def private_posts(self, channel: Any, user: Any) -> list[Post]:
        """What only this person sees in the channel."""
        return [SlackPost(self, message, user) for message in self.peer.ephemerals(channel, user)]

    def answers(self, asked: Any) -> list[Post]:
        """What the bot said to a message, once it has been answered."""
        self.finish(asked)
        is_direct = asked.channel.startswith("D") and not asked.thread_ts
        found = self.peer.said(asked.channel) if is_direct else self.peer.answers(asked)
        return [SlackPost(self, message, asked.user) for message in found if message.ts > asked.ts]

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
        return self._posts_of(interaction, user, 1)

    def ask_of(self, message: Any, user: Any) -> list[Post]:
        return self._posts_of(self.peer.menu(message, user, f"Ask {COMMAND}"), user, 1)

    def press(self, post: Post, which: str, user: Any, posts: int) -> list[Post]:
        return self.act(post, lambda: self.peer.click(post.now, which, user), user, posts)

    def press_forged(self, post: Post, name: str, user: Any, posts: int) -> list[Post]:
        return self.act(post, lambda: self._click_forged(post.message, name, user), user, posts)

    def press_at_once(self, post: Post, clicks: list[tuple[str, Any]]) -> None:
        ids = post.ids
        for interaction in [self._click_forged(post.message, ids[which], user) for which, user in clicks]:
            assert interaction.wait(ANSWERING).acked

    def _click_forged(self, message: Any, name: str, user: Any) -> Interaction:
        """Clicks a button with this id, which the message's first one has for a moment."""

        def act() -> Interaction:
            button = next(part for part in self.peer.world.find(message).walk() if part["type"] == BUTTON)
            kept, button["custom_id"] = button["custom_id"], name
            try:
                return self.peer.click(message, name, user)
            finally:
                button["custom_id"] = kept

        return self.peer.run(act)

    def act(self, post: Post, act: Callable[[], Interaction], user: Any = None, posts: int = 0) -> list[Post]:
        """Acts on a post, and waits until the bot has acted; returns what it posted."""
        versions = len(post.now.versions)
        interaction = act().wait(ANSWERING)
        assert interaction.acked, self.peer.dump()
        if interaction.type == DEFER_UPDATE and (interaction.seconds or 0) > EARLY:
            self.wait_for(lambda: interaction.answers or len(post.now.versions) > versions, "the click's effect")
        return self._posts_of(interaction, user, posts)

    def _posts_of(self, interaction: Interaction, user: Any, posts: int) -> list[Post]:
        assert interaction.wait(ANSWERING).acked, self.peer.dump()
        self.wait_for(lambda: len(interaction.answers) >= posts, "what the bot posts")
        return [DiscordPost(self, message, user) for message in interaction.answers]

    def settle(self) -> None:
        self.finish(self.dm(self.user("bystander"), "Hello!"))  # events come in their order

    def posts(self, place: Any) -> list[Post]:
        return [DiscordPost(self, message, None) for message in self.peer.said(place)]

    def private_posts(self, channel: Any, user: Any) -> list[Post]:
        return [DiscordPost(self, m, user) for m in self.peer.ephemerals(user) if m.channel_id == channel.id]

    def answers(self, asked: Any) -> list[Post]:
        self.finish(asked)
        return [DiscordPost(self, message, asked.author_id) for message in self.peer.answers(asked)]

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
