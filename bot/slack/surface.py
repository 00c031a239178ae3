"""Slack as a surface of the flow: shows replies, sends posts, and finds those that were sent."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from itertools import zip_longest
from typing import cast

from aiohttp import ClientError
from pydantic import JsonValue
from slack_sdk.errors import SlackApiError
from slack_sdk.models.metadata import Metadata
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot import prompts
from bot.cards import Card, under
from bot.consultant import Show
from bot.delivery.platform import BusyError, RefusedError
from bot.errors import BotError
from bot.platforms import Keep
from bot.replies import Reply
from bot.slack.limits import UPDATE
from bot.slack.names import SCOPES
from bot.slack.progress import progress
from bot.slack.rendering import Rendering, escaped, rendered
from bot.store.tables import Delivery, Turn

Clients = Callable[[str], Awaitable[AsyncWebClient]]
Blocks = list[dict[str, JsonValue]]

POST = "rag_or_tune_post"
LOOKED_AT = 50  # the messages among which a post is looked for
CLOCKS = timedelta(minutes=10)  # by which Slack's clock and ours may differ
TOO_MUCH = frozenset(("invalid_blocks", "invalid_blocks_format", "msg_too_long", "msg_blocks_too_long"))
NO_PLACE = frozenset(
    (
        "not_in_channel",
        "channel_not_found",
        "is_archived",
        "restricted_action",
        "restricted_action_read_only_channel",
        "restricted_action_thread_only_channel",
        "thread_not_found",
        "user_not_in_channel",
    )
)
GONE = frozenset(("message_not_found", "cant_update_message", "cant_delete_message"))
GROWING = "streaming_state_conflict"  # a message whose writer was killed
PASSING = frozenset(("internal_error", "fatal_error", "service_unavailable", "request_timeout"))


class SlackSurface:
    """Posts by the clients of the workspaces, one a tenant."""

    def __init__(self, clients: Clients, article_url: str | None, app_token: str | None = None) -> None:
        """`app_token` is that of Socket Mode; it is only checked here."""
        self._clients = clients
        self._article_url = article_url
        self._app_token = app_token

    def render(self, reply: Reply, turn: Turn) -> Sequence[Mapping[str, JsonValue]]:
        """The posts that show a reply to a turn."""
        is_private = bool(turn.address.get("private"))
        card = Card.of(reply, *under(reply, turn.id, can_share=is_private))
        earlier = cast(Sequence[str], turn.address.get("replaces", []))
        return [*_in_place_of(earlier, rendered(card, self._article_url))]

    @asynccontextmanager
    async def progress(self, turn: Turn, keep: Keep) -> AsyncIterator[Show]:
        """A status, and in threads a message that grows."""
        client = await self._clients(turn.tenant)
        async with progress(client, turn, keep) as show:
            yield show

    async def check(self) -> str:
        """Asks Slack whether it knows the tokens, and which scopes they have."""
        client = await self._clients("")
        try:
            known = await client.auth_test()
            if self._app_token:
                await client.apps_connections_open(app_token=self._app_token)
        except SlackApiError as error:
            raise BotError(
                f"Slack refuses a token ({_code(error)}); copy SLACK_BOT_TOKEN and SLACK_APP_TOKEN again"
            ) from error
        except (ClientError, OSError) as error:
            raise BotError("Slack cannot be reached; check the network and SLACK_API_URL") from error
        granted = {scope.strip() for scope in known.headers.get("x-oauth-scopes", "").split(",")}
        missing = [scope for scope in SCOPES if scope not in granted]
        if missing:
            raise BotError(
                f"the scopes {', '.join(missing)} are missing; paste the manifest again and reinstall the app"
            )
        return f"{known['user']} in {known['team']}"

    async def send(self, delivery: Delivery) -> str:
        """Posts in the thread, privately where the question was private, or to the user where there is no place."""
        try:
            return await self._send(delivery, delivery.payload.get("blocks"))
        except SlackApiError as error:
            problem = _code(error)
            if problem in TOO_MUCH:
                return await self._as_text(delivery)
            if problem in NO_PLACE:
                return await self._to_the_user(delivery)
            raise _meaning(error) from error

    async def find(self, delivery: Delivery) -> str | None:
        """Looks for the marker among the last messages; a private post cannot be looked for."""
        if delivery.address.get("private") or {"replaces", "removes"} & delivery.payload.keys():
            return None
        client = await self._clients(delivery.tenant)
        channel, thread = _text(delivery, "channel"), delivery.address.get("thread")
        try:
            if thread:
                since = str((delivery.created_at - CLOCKS).timestamp())  # without it, a thread's first messages come
                found = await client.conversations_replies(
                    channel=channel, ts=str(thread), oldest=since, limit=LOOKED_AT, include_all_metadata=True
                )
            else:
                found = await client.conversations_history(channel=channel, limit=LOOKED_AT, include_all_metadata=True)
        except SlackApiError as error:
            if _code(error) in NO_PLACE:
                return None
            raise _meaning(error) from error
        return _marked(found, delivery.marker)

    async def _send(self, delivery: Delivery, blocks: JsonValue) -> str:
        client = await self._clients(delivery.tenant)
        if delivery.address.get("private"):
            return await self._privately(client, delivery, blocks)
        if "removes" in delivery.payload:
            return await _remove(client, delivery)
        if "replaces" in delivery.payload and (replaced := await _replace(client, delivery, blocks)):
            return replaced
        posted = await client.chat_postMessage(
            channel=_text(delivery, "channel"),
            thread_ts=cast(str | None, delivery.address.get("thread")),
            text=_text_of(delivery),
            blocks=cast(Blocks | None, blocks),
            metadata=_marker(delivery),
            unfurl_links=False,
            unfurl_media=False,
        )
        return str(posted["ts"])

    async def _privately(self, client: AsyncWebClient, delivery: Delivery, blocks: JsonValue) -> str:
        """To the one who asked: by the command's own address while it lasts, then as an ephemeral message."""
        text, shown = _text_of(delivery), cast(Blocks | None, blocks)
        if delivery.token:
            given = await AsyncWebhookClient(delivery.token).send(text=text, blocks=shown, response_type="ephemeral")
            if given.status_code == 200:
                return "private"
        channel, user = _text(delivery, "channel"), delivery.user
        posted = await client.chat_postEphemeral(channel=channel, user=user, text=text, blocks=shown)
        return str(posted["message_ts"])

    async def _as_text(self, delivery: Delivery) -> str:
        """What Slack refuses as blocks it takes as plain text."""
        try:
            return await self._send(delivery, None)
        except SlackApiError as error:
            raise _meaning(error) from error

    async def _to_the_user(self, delivery: Delivery) -> str:
        """Where the bot cannot post, the user gets the reply in a direct message, with what to do."""
        client = await self._clients(delivery.tenant)
        try:
            opened = await client.conversations_open(users=delivery.user)
            channel, note = opened["channel"]["id"], prompts.sentence("slack_no_place")
            last = await client.conversations_history(channel=channel, limit=LOOKED_AT, include_all_metadata=True)
            earlier = _marked(last, delivery.marker)
            if earlier:
                return earlier
            posted = await client.chat_postMessage(
                channel=channel,
                text=f"{escaped(note)}\n\n{_text_of(delivery)}",
                metadata=_marker(delivery),
                unfurl_links=False,
            )
        except SlackApiError as error:
            raise _meaning(error) from error
        return str(posted["ts"])


def _in_place_of(earlier: Sequence[str], parts: Sequence[Rendering]) -> Iterator[dict[str, JsonValue]]:
    """The posts of these parts, in place of earlier posts as far as there are any; what is left of those is removed."""
    for part, replaced in zip_longest(parts, earlier):
        if part is None:
            yield {"text": "", "removes": replaced}
            continue
        post: dict[str, JsonValue] = {"text": part.text, "blocks": cast(JsonValue, part.blocks)}
        yield post | {"replaces": replaced} if replaced else post


async def _replace(client: AsyncWebClient, delivery: Delivery, blocks: JsonValue) -> str | None:
    """Puts a post in place of an earlier one, which may be done again and again; None when that one is gone."""
    post: Callable[[], Awaitable[object]] = partial(
        client.chat_update,
        channel=_text(delivery, "channel"),
        ts=str(delivery.payload["replaces"]),
        text=_text_of(delivery)[:UPDATE],
        blocks=cast(Blocks, blocks or []),  # without any, Slack would keep the old ones
    )
    try:
        await post()
    except SlackApiError as error:
        if _code(error) in GONE:
            return None
        if _code(error) != GROWING:
            raise
        await client.chat_stopStream(channel=_text(delivery, "channel"), ts=str(delivery.payload["replaces"]))
        await post()
    return str(delivery.payload["replaces"])


async def _remove(client: AsyncWebClient, delivery: Delivery) -> str:
    """Takes an earlier post away; nothing is left that has a name."""
    try:
        await client.chat_delete(channel=_text(delivery, "channel"), ts=str(delivery.payload["removes"]))
    except SlackApiError as error:
        if _code(error) not in GONE:
            raise
    return ""


def _meaning(error: SlackApiError) -> Exception:
    """What an answer of Slack's means for the flow; https://docs.slack.dev/reference/methods/chat.postMessage#errors."""
    response = cast(AsyncSlackResponse, error.response)
    if response.status_code == 429:
        return BusyError(float(response.headers.get("Retry-After", 1)))
    if response.status_code >= 500 or _code(error) in PASSING:
        return ConnectionError(_code(error))
    return RefusedError(_code(error))


def _code(error: SlackApiError) -> str:
    data = error.response.data if isinstance(error.response, AsyncSlackResponse) else {}
    return str(data.get("error", "unknown")) if isinstance(data, dict) else "unknown"


def _marker(delivery: Delivery) -> Metadata:
    return Metadata(event_type=POST, event_payload={"marker": delivery.marker})


def _marked(found: AsyncSlackResponse, marker: str) -> str | None:
    for message in found.get("messages") or []:
        if message.get("metadata", {}).get("event_payload", {}).get("marker") == marker:
            return str(message["ts"])
    return None


def _text(delivery: Delivery, name: str) -> str:
    return str(delivery.address[name])


def _text_of(delivery: Delivery) -> str:
    return str(delivery.payload["text"])
