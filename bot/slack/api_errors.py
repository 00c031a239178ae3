"""Slack's errors, and what they mean for the delivery, https://docs.slack.dev/reference/methods/chat.postMessage#errors."""

from typing import cast

from aiohttp import ClientError
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.delivery.ports import BusyError, RefusedError

# Whatever may come of asking Slack; a timeout is an OSError.
TROUBLE = (SlackClientError, ClientError, OSError)
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
MISSING = "message_not_found"
GONE = frozenset((MISSING, "cant_update_message", "cant_delete_message"))
GROWING = "streaming_state_conflict"  # a message whose writer was killed
REMOVED = frozenset(("account_inactive", "app_not_installed", "invalid_auth", "token_expired", "token_revoked"))
NOT_ADDED = "team_access_not_granted"  # to a workspace of the organisation that has installed the app
GROWN = "message_not_in_streaming_state"
PASSING = frozenset(("internal_error", "fatal_error", "service_unavailable", "request_timeout"))


def meaning(error: SlackApiError) -> Exception:
    """Translate an error of Slack's into what the delivery does about it."""
    response = cast(AsyncSlackResponse, error.response)
    if response.status_code == 429:
        return BusyError(float(response.headers.get("Retry-After", 1)))
    if response.status_code >= 500 or code_of(error) in PASSING:
        return ConnectionError(code_of(error))
    if code_of(error) in REMOVED:
        return RefusedError(f"Slack no longer accepts the bot token ({code_of(error)}); reinstall it, then resend")
    if code_of(error) == NOT_ADDED:
        return RefusedError("the app is no longer in this workspace; add it there, then resend")
    return RefusedError(code_of(error))


def code_of(error: SlackApiError) -> str:
    """The name of the refusal."""
    data = error.response.data if isinstance(error.response, AsyncSlackResponse) else {}
    return str(data.get("error", "unknown")) if isinstance(data, dict) else "unknown"
