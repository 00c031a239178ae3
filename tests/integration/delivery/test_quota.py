"""The quotas, and what counts."""

from hypothesis import given
from hypothesis import strategies as some

from bot.delivery.quota import PERIOD, Quota
from bot.store.accepting import Work
from bot.store.inbox import Answer, Usage
from bot.store.post import Post
from bot.store.store import Store
from tests.support.delivery.staging import said


@given(some.builds(Usage, some.integers(1, 9), some.integers(1, 9)))
def test_the_last_question_that_is_allowed_is_answered(used: Usage) -> None:
    assert Quota(by_user=5, by_tenant=7).allows(used) == (used.by_user < 5 and used.by_tenant < 7)


async def test_questions_of_the_hour_count_but_not_those_that_were_too_many(store: Store) -> None:
    since = store.database.clock() - PERIOD
    for reply in ({"text": "yes"}, None):
        await _asked(store, f"{reply}", Answer([Post({"text": "yes"})], reply))
    await _asked(store, "by another", Answer([], {}), user="U2")
    accepted = await store.inbox.accept(said("now"))
    work = Work("test:one", accepted.turn)
    assert (await store.inbox.question(work, since, 0)).usage == Usage(by_user=1, by_tenant=2)
    assert (await store.inbox.question(work, since, 0, Usage(1, 1))).usage == Usage(by_user=1, by_tenant=1)
    assert (await store.inbox.question(work, since + 2 * PERIOD, 0)).usage == Usage(by_user=0, by_tenant=0)


async def _asked(store: Store, text: str, answer: Answer, user: str = "U1") -> None:
    accepted = await store.inbox.accept(said(text, user=user))
    turn = await store.inbox.turn(Work("test:one", accepted.turn))
    await store.inbox.answered(turn, answer)
    await store.inbox.finish(turn)
