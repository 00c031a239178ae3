"""How a route of the REST API is declared, and the request that it is given."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.peers.discord.errors import ApiError
from tests.peers.discord.state import Channel, File, Guild, Json, User, World


@dataclass
class Call:
    """A request that the app may make: the ids in its path, its query, its body."""

    world: World
    ids: tuple[str, ...]
    payload: Json
    query: dict[str, str]
    files: list[File] = field(default_factory=list)
    body: Any = None

    def channel(self) -> Channel:
        """The channel that the path names first, where the bot sees it."""
        channel = self.world.channels.get(self.ids[0])
        if channel is None:
            raise ApiError(10003)
        guild = self.world.guild_of(channel)
        there = self.world.bot.id in (guild.members if guild else channel.recipients)
        if not there:
            raise ApiError(50001)
        return channel

    def guild(self) -> Guild:
        """The guild that the path names first, where the bot is a member."""
        guild = self.world.guilds.get(self.ids[0])
        if guild is None:
            raise ApiError(10004)
        if self.world.bot.id not in guild.members:
            raise ApiError(50001)
        return guild

    def user(self, user_id: str) -> User:
        user = self.world.users.get(user_id)
        if user is None:
            raise ApiError(10013)
        return user

    def flag(self, name: str) -> bool:
        """A switch in the query."""
        return self.query.get(name, "").lower() in ("1", "true")


class Route(NamedTuple):
    name: str
    pattern: re.Pattern[str]
    run: Callable[[Call], Any]
    open: bool


ROUTES: list[Route] = []


def route(name: str, *, open_to_all: bool = False) -> Callable[[Callable[[Call], Any]], Callable[[Call], Any]]:
    """Registers what answers "VERB /path/{}"; None as an answer is 204. `open_to_all` wants no bot token."""

    def register(run: Callable[[Call], Any]) -> Callable[[Call], Any]:
        pattern = re.compile(re.escape(name).replace(r"\{\}", "([^/]+)"))
        ROUTES.append(Route(name, pattern, run, open_to_all))
        return run

    return register


def lookup(verb: str, path: str) -> tuple[Route | None, tuple[str, ...]]:
    """The route of a request, literal ones first, and the ids in its path."""
    for each in sorted(ROUTES, key=lambda known: known.name.count("{}")):
        found = each.pattern.fullmatch(f"{verb} {path}")
        if found:
            return each, found.groups()
    return None, ()
