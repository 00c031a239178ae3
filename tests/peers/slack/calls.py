"""A call of the Web API: its arguments read as Slack reads them, its errors, and the table of methods."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.peers.slack.blocks import WEIGHT_A_MESSAGE, slack_files, violations, weight
from tests.peers.slack.state import Channel, Install, Json, User, World

TEXT = 40_000
METADATA_BYTES = 16_000


class ApiError(Exception):
    """What Slack answers instead: an error code, perhaps with details, a status and headers."""

    def __init__(self, code: str, *messages: str, **more: Any):
        super().__init__(code)
        self.body: Json = {"ok": False, "error": code, **more}
        if messages:
            self.body["response_metadata"] = {"messages": [f"[ERROR] {message}" for message in messages]}


def missing(name: str) -> ApiError:
    return ApiError("invalid_arguments", f"missing required field: {name}")


@dataclass
class Call:
    """One call of one method, by the app that holds the token."""

    world: World
    method: str
    args: Json
    install: Install

    @property
    def team_id(self) -> str:
        return self.install.team_id

    def text(self, name: str) -> str | None:
        """An argument that is a string; numbers count as such, as in a form."""
        value = self.args.get(name)
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
        raise ApiError("invalid_arguments", f"must provide a string [json-pointer:/{name}]")

    def required(self, name: str) -> str:
        value = self.text(name)
        if not value:
            raise missing(name)
        return value

    def flag(self, name: str) -> bool:
        return self.args.get(name) in (True, 1, "1", "true", "True")

    def number(self, name: str, default: int) -> int:
        try:
            return int(self.args.get(name) or default)
        except ValueError as error:
            raise ApiError("invalid_arguments", f"must provide an integer [json-pointer:/{name}]") from error

    def json(self, name: str, wrong: str) -> Any:
        """An argument that is JSON, or a string with JSON in it; `wrong` is the code when it is neither."""
        value = self.args.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError as error:
            raise ApiError(wrong) from error

    def need(self, *scopes: str) -> None:
        """Any of these scopes."""
        if scopes and not set(scopes) & set(self.install.scopes):
            raise ApiError("missing_scope", needed=scopes[0], provided=",".join(self.install.scopes))

    def channel(self, name: str = "channel") -> Channel:
        """The channel that the bot may know of: public ones of its team, and those it is in."""
        channel = self.world.channels.get(self.required(name))
        if channel is None or channel.team_id != self.team_id:
            raise ApiError("channel_not_found")
        if channel.kind != "channel" and self.install.bot.id not in channel.members:
            raise ApiError("channel_not_found")
        return channel

    def postable(self) -> Channel:
        """The channel, or a person's DM, that the bot may post to."""
        wanted = self.required("channel")
        person = self.world.users.get(wanted)
        if person and person.team_id == self.team_id and not person.is_bot:
            return self.world.direct(self.team_id, person.id)
        channel = self.channel()
        self.enter(channel)
        return channel

    def enter(self, channel: Channel) -> None:
        """Refuses archived channels and those the bot is not in."""
        if channel.archived:
            raise ApiError("is_archived")
        if self.install.bot.id not in channel.members and "chat:write.public" not in self.install.scopes:
            raise ApiError("not_in_channel")

    def user(self, name: str) -> User:
        user = self.world.users.get(self.required(name))
        if user is None or user.team_id != self.team_id:
            raise ApiError("user_not_found")
        return user

    def thread(self, channel: Channel) -> str | None:
        """The thread to post into, which has to exist and to be a thread's first message."""
        ts = self.text("thread_ts")
        if ts is None:
            return None
        parent = channel.messages.get(ts)
        if parent is None:
            raise ApiError("thread_not_found")
        if parent.thread_ts not in (None, parent.ts):
            raise ApiError("cannot_reply_to_message")
        return ts

    def metadata(self) -> Json | None:
        value = self.json("metadata", "invalid_metadata_format")
        if not value:
            return value
        if not isinstance(value, dict) or not isinstance(value.get("event_type"), str):
            raise ApiError("invalid_metadata_format")
        if not isinstance(value.get("event_payload"), dict):
            raise ApiError("invalid_metadata_schema")
        if len(json.dumps(value)) > METADATA_BYTES:
            raise ApiError("metadata_too_large")
        return {"event_type": value["event_type"], "event_payload": value["event_payload"]}


def check_content(text: str, blocks: Any, *, longest: int = TEXT, weighed: bool = True) -> None:
    """Raises what Slack answers to a message of this text and these blocks."""
    if len(text) > longest:
        raise ApiError("msg_too_long")
    if blocks is None:
        return
    if not isinstance(blocks, list):
        raise ApiError("invalid_blocks_format")
    wrong = violations(blocks)
    if wrong:
        raise ApiError("invalid_blocks", *wrong, errors=wrong)
    if weighed and weight(blocks) > WEIGHT_A_MESSAGE:
        raise ApiError("msg_blocks_too_long")


def check_files(world: World, team_id: str, blocks: list[Json], code: str) -> None:
    """Raises `code` when the blocks show a file that is not, or not yet, uploaded and looked through."""
    for pointer, name in slack_files(blocks):
        file = world.files.get(name)
        if file is None or file.team_id != team_id or file.ready is None or file.ready > time.monotonic():
            raise ApiError(code, f"invalid slack file [json-pointer:{pointer}]")


@dataclass(frozen=True)
class Method:
    run: Callable[[Call], Json]
    scopes: tuple[str, ...]
    token: str


METHODS: dict[str, Method] = {}


def method(name: str, *scopes: str, token: str = "bot") -> Callable[[Callable[[Call], Json]], Callable[[Call], Json]]:
    """Registers a method of the Web API; `token` is the kind it takes: "bot", "app" or "none"."""

    def register(run: Callable[[Call], Json]) -> Callable[[Call], Json]:
        METHODS[name] = Method(run, scopes, token)
        return run

    return register
