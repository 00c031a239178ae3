"""The post office: what it does when the database is away in the middle of its work."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from bot.delivery.ports import RefusedError
from bot.delivery.posting import MAX_CONCURRENT_POSTS, PostOffice
from bot.store.address import NOWHERE
from bot.store.post import Notification, Post, PostKind
from bot.store.records import Delivery, QueuedNotification
from bot.store.tables import DeliveryRow
from tests.support.delivery.staging import Stage


class Resigned:
    """A clerk that gives up what was refused; it hears once that the database is away."""

    def __init__(self) -> None:
        self.lost = [OperationalError("SELECT", {}, ConnectionError())]

    async def render(self, post: QueuedNotification) -> Delivery:
        said = Post({"text": f"a {post.notification.kind}"})
        return Delivery(post.id, post.tenant, post.user, post.marker, NOWHERE, said, post.created_at)

    def fallback_platform(self, post: QueuedNotification, error: Exception, now: datetime) -> None:
        return None

    def is_final(self, post: QueuedNotification, error: Exception, now: datetime) -> bool:
        return isinstance(error, RefusedError)

    async def follow_ups(self, post: QueuedNotification, error: str | None) -> Sequence[Notification]:
        if self.lost:
            raise self.lost.pop()
        return [Notification(PostKind.THREAD, "another lane", undelivered=error)]

    async def run_scheduled(self) -> None:
        pass


async def test_what_follows_from_a_failure_is_kept_though_the_database_was_away(stage: Stage) -> None:
    stage.platform.before["a card"] = [RefusedError("no such channel")]
    await stage.store.leads.post("test:one", "a key", Notification(PostKind.CARD, "a lane"))
    office = PostOffice(stage.store, {"test": stage.platform}, Resigned(), "this process")
    await office.round()
    await office.stop(10)
    async with stage.store.database.across_tenants() as session:
        kept = list(await session.scalars(select(DeliveryRow).order_by(DeliveryRow.id)))
    assert [(post.kind, post.state, post.taken_by) for post in kept] == [
        ("card", "failed", None),
        ("thread", "pending", None),
    ]


async def test_what_another_process_tried_meanwhile_is_looked_for_before_it_is_sent(stage: Stage) -> None:
    stage.platform.after["a card"] = [ConnectionError("the confirmation is lost")]
    await stage.store.leads.post("test:one", "a key", Notification(PostKind.CARD, "a lane"))
    one, other = (PostOffice(stage.store, {"test": stage.platform}, Resigned(), name) for name in ("one", "other"))
    for _ in range(MAX_CONCURRENT_POSTS):
        await other._room["test"].acquire()
    await other.round()  # it has seen the post, and no room for it
    await one.round()
    await one.stop(10)
    stage.clock.off = timedelta(hours=1)  # it is due again
    for _ in range(MAX_CONCURRENT_POSTS):
        other._room["test"].release()
    await other.stop(10)
    assert stage.sent == ["a card"]
    assert [name for name, _ in stage.platform.called] == ["send", "find"]
