"""Bolt, with which no event gets lost and nothing malformed does harm."""

import logging
from traceback import walk_tb

from slack_bolt import BoltResponse
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from bot.observing.logs import report
from bot.slack.parsing import MalformedError, parse_id, parsing

log = logging.getLogger(__name__)

EVENT = "event_callback"  # the type of what is delivered again until it is acknowledged
OK, UNHANDLED, UNAVAILABLE = 200, 404, 503
LISTENERS = "bot.slack.listeners"  # whose error handler passes on what Bolt stumbled over
IDENTITY = ("team_id", "enterprise_id", "user_id", "channel_id", "thread_ts")  # as Bolt reads them


class App(AsyncApp):
    """Bolt's app, but for what it takes for granted.

    Where Slack does not say whose the bot's token is, Bolt acknowledges an event unread; this one has it delivered
    again. And what Bolt stumbles over while reading is a MalformedError; a failure of our own has to come again, too.
    """

    async def async_dispatch(self, req: AsyncBoltRequest) -> BoltResponse:
        """Bolt's response. Raises MalformedError for what is none of Slack's."""
        with parsing():
            if not isinstance(req.body, dict):
                raise TypeError("not an object")
            for name in IDENTITY:
                if (value := req.context.get(name)) is not None:
                    parse_id(value)
        try:
            response = await super().async_dispatch(req)
        except (LookupError, TypeError, AttributeError, ValueError, OverflowError) as error:
            if _is_ours(error):
                report(log, "an event could not be dispatched", error=error)
                return BoltResponse(status=UNAVAILABLE)
            raise MalformedError(type(error).__name__) from error
        if response.status == UNHANDLED:  # what this version does not know would only come again
            return BoltResponse(status=OK)
        is_unread = req.body.get("type") == EVENT and req.context.authorize_result is None and response.status == OK
        return BoltResponse(status=UNAVAILABLE) if is_unread and await self._is_installed(req) else response

    async def _is_installed(self, req: AsyncBoltRequest) -> bool:
        """True if we know a token for the workspace of an event; without one nobody could answer it."""
        where = req.context
        return self.installation_store is None or bool(
            await self.installation_store.async_find_bot(
                enterprise_id=where.enterprise_id,
                team_id=where.team_id,
                is_enterprise_install=where.is_enterprise_install,
            )
        )


def _is_ours(error: Exception) -> bool:
    """True if an error comes out of the bot's own code, and not out of what Bolt reads."""
    modules = (frame.f_globals.get("__name__", "") for frame, _ in walk_tb(error.__traceback__))
    return any(name.startswith("bot.") and name not in (__name__, LISTENERS) for name in modules)


class SocketHandler(AsyncSocketModeHandler):
    """Socket Mode, in which what is malformed is acknowledged and nothing else."""

    async def handle(self, client: SocketModeClient, req: SocketModeRequest) -> None:  # type: ignore[override] # as Bolt
        """Have Bolt handle the payload of an envelope."""
        try:
            with parsing():
                await super().handle(client, req)
        except MalformedError as error:
            log.warning("a malformed envelope from Slack was ignored (%s)", error)
            await client.send_socket_mode_response(SocketModeResponse(req.envelope_id))
