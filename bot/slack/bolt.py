"""Bolt's app, with which no event gets lost."""

from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest

EVENT = "event_callback"  # the type of what is delivered again until it is acknowledged
OK, UNAVAILABLE = 200, 503


class App(AsyncApp):
    """Where Slack does not say whose the bot's token is, Bolt acknowledges an event unread; this one does not."""

    async def async_dispatch(self, req: AsyncBoltRequest) -> BoltResponse:
        """Bolt's response, but for an event that was not authorized: that has to come again."""
        response = await super().async_dispatch(req)
        is_read = req.body.get("type") != EVENT or req.context.authorize_result is not None
        return response if is_read or response.status != OK else BoltResponse(status=UNAVAILABLE)
