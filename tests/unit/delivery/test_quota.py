"""The quotas."""

from hypothesis import given
from hypothesis import strategies as some

from bot.delivery.quota import Quota
from bot.store.inbox import Usage


@given(some.builds(Usage, some.integers(1, 9), some.integers(1, 9)))
def test_the_last_question_that_is_allowed_is_answered(used: Usage) -> None:
    assert Quota(by_user=5, by_tenant=7).allows(used) == (used.by_user < 5 and used.by_tenant < 7)
