"""The adapter that every platform brings."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from bot.advising.consultant import ShowLine
from bot.delivery.ports import Platform
from bot.messages.card import Card
from bot.messages.person import Person
from bot.messages.reply import Reply
from bot.store.address import Draft
from bot.store.post import Content, Rendered
from bot.store.records import Turn

Keep = Callable[[Draft], Awaitable[None]]


class Adapter(Platform, Protocol):
    """A platform: renders replies and cards, sends posts, and knows its people."""

    def progress(self, turn: Turn, keep: Keep) -> AbstractAsyncContextManager[ShowLine]:
        """Show that a turn is being worked on, and each line as it comes; `keep` stores what is on the platform."""

    def post(self, card: Card) -> Rendered:
        """Render a card as one message."""

    async def is_member(self, tenant: str, channel: str, user: str) -> bool:
        """Return True if a person is in a channel, or on platforms without members may see it."""

    def render(self, reply: Reply, turn: Turn) -> Sequence[Content]:
        """Render a reply to a turn as posts, in their order."""

    async def find_name(self, person: Person) -> str:
        """Ask for a person's name; their id where the platform does not say."""

    async def take_back(self, turn: Turn, posts: Sequence[str]) -> None:
        """Delete the posts of an answer as far as the platform allows. Raises what may be tried again."""

    async def check(self) -> str:
        """Describe the connection for the doctor. Raises BotError for what must be fixed, saying how."""

    async def close(self) -> None:
        """Close the connections."""
