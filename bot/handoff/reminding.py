"""What is due by the clock: reminders, the morning's list, and cards that another platform's consultants are to get."""

from datetime import datetime, timedelta

from pydantic import JsonValue

from bot.handoff.channel import DeskChannel, in_order
from bot.handoff.rules import Rules
from bot.handoff.transitions import DESK, DIGEST, NOTICE, THREAD, announcement, lane
from bot.store.leads import CARD, Post
from bot.store.outbox import ON
from bot.store.store import Store
from bot.store.tables import Delivery, Lead, LeadState

IMPATIENCE = timedelta(hours=1)  # after which another platform's consultants get a card
REMINDERS = 2


class Reminding:
    """Reminds consultants, each once however many processes look around."""

    def __init__(self, store: Store, channels: tuple[DeskChannel, ...], rules: Rules) -> None:
        self._store = store
        self._channels = channels
        self._rules = rules

    async def look_around(self) -> None:
        """Sends on cards that are late; within the consultants' hours reminds of what nobody has claimed, and once a
        day tells what is not finished."""
        now = self._store.database.clock()
        await self._redirect_cards(now)
        if not self._channels or not self._rules.hours.is_open(now):
            return
        for lead in await self._store.leads.all([LeadState.OPEN]):
            since = max(lead.opened_at or now, self._rules.hours.opening(now))  # at night nobody could claim it
            due = since + self._rules.reminder * (lead.reminders + 1)
            if lead.reminders < REMINDERS and now >= due:
                await self._store.leads.remind(lead, await self._reminder(lead))
        day = now.astimezone(self._rules.hours.zone).date().isoformat()
        for channel in self._channels:
            digest = Post(DIGEST, f"digest/{channel.platform}")
            await self._store.leads.post(channel.tenant, f"digest/{day}", digest)

    async def _redirect_cards(self, now: datetime) -> None:
        """Cards that no process has taken care of for an hour go to the other platform's consultants."""
        for post in await self._store.outbox.waiting(now - IMPATIENCE):
            if not post.attempts and (platform := other_platform(self._channels, post)):
                await self._store.outbox.redirect(post, platform)

    async def _reminder(self, lead: Lead) -> list[Post]:
        """Under the card, then beside it; the card itself when there was no channel yet when it was asked for."""
        desk = lane(lead.id, DESK)
        there: dict[str, JsonValue] = {ON: in_order(self._channels, lead.tenant)[0].platform}
        if all(post.kind != CARD or post.sent_as == "" for post in await self._store.leads.posts(lead)):
            return announcement(desk, there, lead.details)
        return [Post(NOTICE if lead.reminders else THREAD, desk, there)]


def other_platform(channels: tuple[DeskChannel, ...], post: Delivery) -> str | None:
    """The platform whose consultants can get a card instead; None where there is none, and for everything else."""
    others = [channel.platform for channel in in_order(channels, post.tenant)[1:]]
    return next((p for p in others if post.kind == CARD and post.payload.get(ON) != p), None)
