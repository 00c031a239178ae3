"""Scheduled notifications: reminders, the morning's list, and cards that fall back to the other platform."""

from datetime import datetime, timedelta

from bot.handoff.channel import DeskChannel, in_order
from bot.handoff.response_times import ResponseTimes
from bot.handoff.transitions import DESK, announcement, lane
from bot.store.post import Notification, PostKind
from bot.store.records import Lead, LeadState, QueuedNotification
from bot.store.store import Store

FALLBACK_AFTER = timedelta(hours=1)  # after which another platform's consultants get a card
MAX_REMINDERS = 2


class Reminders:
    """Reminds consultants, each once however many processes look around."""

    def __init__(self, store: Store, channels: tuple[DeskChannel, ...], rules: ResponseTimes) -> None:
        self._store = store
        self._channels = channels
        self._rules = rules

    async def run_scheduled(self) -> None:
        """Send on cards that are late; within the consultants' hours reminds of what nobody has claimed, and once a
        day tells what is not finished."""
        now = self._store.database.clock()
        await self._redirect_cards(now)
        if not self._channels or not self._rules.hours.is_open(now):
            return
        for lead in await self._store.leads.all([LeadState.OPEN]):
            since = max(lead.opened_at or now, self._rules.hours.opening(now))  # at night nobody could claim it
            due = since + self._rules.reminder * (lead.reminders + 1)
            if lead.reminders < MAX_REMINDERS and now >= due:
                await self._store.leads.remind(lead, await self._reminder(lead))
        day = now.astimezone(self._rules.hours.zone).date().isoformat()
        for channel in self._channels:
            digest = Notification(PostKind.DIGEST, f"digest/{channel.platform}")
            await self._store.leads.post(channel.tenant, f"digest/{day}", digest)

    async def _redirect_cards(self, now: datetime) -> None:
        """Cards that no process has taken care of for an hour go to the other platform's consultants."""
        for post in await self._store.outbox.waiting(now - FALLBACK_AFTER):
            if not post.attempts and (platform := other_platform(self._channels, post)):
                await self._store.outbox.redirect(post, platform)

    async def _reminder(self, lead: Lead) -> list[Notification]:
        """Under the card, then beside it; the card itself when there was no channel yet when it was asked for."""
        desk = lane(lead.id, DESK)
        platform, posts = in_order(self._channels, lead.tenant)[0].platform, await self._store.leads.posts(lead)
        if all(post.notification.kind is not PostKind.CARD or post.sent_as == "" for post in posts):
            return announcement(desk, platform, lead.details)
        return [Notification(PostKind.NOTICE if lead.reminders else PostKind.THREAD, desk, platform)]


def other_platform(channels: tuple[DeskChannel, ...], post: QueuedNotification) -> str | None:
    """The platform whose consultants can get a card instead; None where there is none, and for everything else."""
    if post.notification.kind is not PostKind.CARD:
        return None
    others = [channel.platform for channel in in_order(channels, post.tenant)[1:]]
    return next((platform for platform in others if post.notification.platform != platform), None)
