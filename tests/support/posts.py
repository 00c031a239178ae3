"""A message of the bot's on a person's screen, on Slack and on Discord: what is read in it, and what is pressed."""

import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.peers.discord.interaction import DEFER_UPDATE, Interaction
from tests.peers.discord.state import BUTTON
from tests.support.discord.bots import NOTE, plain
from tests.support.running import ANSWERING
from tests.support.slack.bots import SOURCE, elements, forged, well

MAX_UPLOADS = 5  # that a busy machine may take too long for
EARLY = 0.9  # seconds; a click on Discord that is deferred before this has led to nothing more
HEADING = re.compile(r"^(?:#{1,3}|-#) ", re.MULTILINE)


@dataclass
class Post:
    """A message of the bot's on the screen of `user`, read as it stands now.

    `text` is what a reader sees, `sources` are the quotes with their sections, `ids` the buttons' by their labels,
    `choices` what the menu offers.
    """

    peer: Any
    message: Any
    user: Any

    @property
    def now(self) -> Any:
        shown = self.peer.now(self.message)
        assert shown, "the post is gone"
        return shown

    @property
    def is_gone(self) -> bool:
        return self.peer.now(self.message) is None

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
        """Click a button; return what was posted, once the bot has acted and it is as much as `posts`."""
        raise NotImplementedError

    def press_forged(self, name: str, user: Any = None, *, posts: int = 0) -> list["Post"]:
        """Click a button with this id in place of the first one's: an old one, or one that never was there."""
        raise NotImplementedError

    def show_picture(self) -> None:
        """Show a summary again until its picture is there, which a busy machine may upload too late."""
        for _ in range(MAX_UPLOADS):
            if self.has_picture:
                return
            self.press("Review and edit")
            self.press("Recommend now")
        assert self.has_picture


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
        return bool(self.images)

    @property
    def images(self) -> list[dict[str, Any]]:
        """The blocks that show a picture."""
        return [block for block in self.now.blocks if block["type"] == "image"]

    def press(self, which: str, user: Any = None, *, posts: int = 0) -> list[Post]:
        return self._click(self.now, which, user or self.user, posts)

    def press_forged(self, name: str, user: Any = None, *, posts: int = 0) -> list[Post]:
        return self._click(forged(self.now, name), name, user or self.user, posts)

    def _click(self, message: Any, which: str, user: Any, posts: int) -> list[Post]:
        return act_in_slack(self.peer, self.message.channel, user, lambda: self.peer.click(message, which, user), posts)

    def choose(self, option: str) -> None:
        """Choose from the menu."""
        [menu] = elements(self.now, "static_select")
        well(self.peer.click(self.now, menu["action_id"], self.user, option))


def act_in_slack(peer: Any, channel: str, user: Any, act: Callable[[], Any], posts: int) -> list[Post]:
    """Act, and wait until that is acknowledged, as it is when the bot has acted; return what is new."""
    before = _visible(peer, channel, user)
    well(act())
    new: dict[str, Any] = {}

    def has_come() -> bool:
        new.update({key: m for key, m in _visible(peer, channel, user).items() if key not in before})
        return len(new) >= posts

    peer.wait_for(has_come, ANSWERING, "what the bot posts")
    return [SlackPost(peer, message, user) for message in new.values()]


def _visible(peer: Any, channel: str, user: Any) -> dict[str, Any]:
    """Return what the bot has said in the channel, to all and to this person, and directly."""
    places = dict.fromkeys((channel, peer.direct(user).id))
    own = [m for place in places for m in (*peer.said(place), *peer.ephemerals(place, user))]
    return {message.ts: message for message in own}


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

    def press(self, which: str, user: Any = None, *, posts: int = 0) -> list[Post]:
        return self._act(lambda: self.peer.click(self.now, which, user or self.user), user, posts)

    def press_forged(self, name: str, user: Any = None, *, posts: int = 0) -> list[Post]:
        return self._act(lambda: self.click_forged(name, user or self.user), user, posts)

    def choose(self, option: str) -> None:
        [menu] = self.now.selects
        self._act(lambda: self.peer.choose(self.now, menu["custom_id"], option, self.user))

    def click_forged(self, name: str, user: Any) -> Interaction:
        """Click a button with this id, which the message's first one has for a moment."""

        def act() -> Interaction:
            button = next(part for part in self.peer.world.find(self.message).walk() if part["type"] == BUTTON)
            kept, button["custom_id"] = button["custom_id"], name
            try:
                return self.peer.click(self.message, name, user)
            finally:
                button["custom_id"] = kept

        return self.peer.run(act)

    def _act(self, act: Callable[[], Interaction], user: Any = None, posts: int = 0) -> list[Post]:
        """Act, and wait until the bot has acted; return what it posted."""
        versions = len(self.now.versions)
        interaction = act().wait(ANSWERING)
        assert interaction.acked, self.peer.dump()
        if interaction.type == DEFER_UPDATE and (interaction.seconds or 0) > EARLY:
            has_changed = lambda: interaction.answers or len(self.now.versions) > versions  # noqa: E731
            self.peer.wait_for(has_changed, ANSWERING, "the click's effect")
        return posts_of(self.peer, interaction, user or self.user, posts)


def posts_of(peer: Any, interaction: Interaction, user: Any, posts: int) -> list[Post]:
    """Return what the bot answered to an interaction, once it is as much as `posts`."""
    assert interaction.wait(ANSWERING).acked, peer.dump()
    peer.wait_for(lambda: len(interaction.answers) >= posts, ANSWERING, "what the bot posts")
    return [DiscordPost(peer, message, user) for message in interaction.answers]
