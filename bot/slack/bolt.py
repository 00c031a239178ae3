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
        is_unread = req.body.get("type") == EVENT and req.context.authorize_result is None and response.status == OK
        return BoltResponse(status=UNAVAILABLE) if is_unread and await self._is_installed(req) else response

    async def _is_installed(self, req: AsyncBoltRequest) -> bool:
        """Whether we know a token for the workspace of an event; without one nobody could answer it."""
        where = req.context
        return self.installation_store is None or bool(
            await self.installation_store.async_find_bot(
                enterprise_id=where.enterprise_id,
                team_id=where.team_id,
                is_enterprise_install=where.is_enterprise_install,
            )
        )
