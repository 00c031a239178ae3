"""The lock: one at a time, the urgent before the others, and nobody is kept out for ever."""

import asyncio

import pytest

from bot.store.priority_lock import PriorityLock


async def passed(lock: PriorityLock, *names: str) -> list[str]:
    """The order in which they pass that come while somebody is inside; capitals are urgent."""
    order = list[str]()

    async def come(name: str) -> None:
        async with lock.acquire(is_urgent=name.isupper()):
            order.append(name)
            await asyncio.sleep(0)

    async with lock.acquire(is_urgent=False):
        coming = [asyncio.create_task(come(name)) for name in names]
        await asyncio.sleep(0)
        assert order == []
    await asyncio.gather(*coming)
    return order


async def test_the_urgent_pass_first_and_the_others_in_between() -> None:
    assert await passed(PriorityLock(), "a", "b", "X", "Y") == ["X", "a", "Y", "b"]


async def test_each_kind_passes_in_its_order() -> None:
    assert await passed(PriorityLock(), "a", "b", "c") == ["a", "b", "c"]
    assert await passed(PriorityLock(), "X", "Y", "Z") == ["X", "Y", "Z"]


async def test_whoever_gives_up_holds_nobody_up() -> None:
    lock = PriorityLock()

    async def wait() -> None:
        async with lock.acquire(is_urgent=True):
            raise AssertionError("it was not to be let in")

    async with lock.acquire(is_urgent=False):
        waiting, just_in = (asyncio.create_task(wait()) for _ in range(2))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    just_in.cancel()  # it was let in, but does not know yet
    await asyncio.gather(just_in, return_exceptions=True)
    assert await asyncio.wait_for(passed(lock, "a"), 1) == ["a"]


async def test_whoever_gives_up_as_the_one_inside_leaves_hears_of_it() -> None:
    lock = PriorityLock()

    async def wait() -> None:
        async with lock.acquire(is_urgent=False):
            raise AssertionError("it was not to be let in")

    async with lock.acquire(is_urgent=False):
        waiting = asyncio.create_task(wait())
        await asyncio.sleep(0)
        waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await asyncio.wait_for(passed(lock, "a"), 1) == ["a"]


async def test_whoever_fails_inside_leaves_it_open() -> None:
    lock = PriorityLock()
    for _ in range(2):
        try:
            async with lock.acquire(is_urgent=True):
                raise ValueError
        except ValueError:
            pass
    assert await asyncio.wait_for(passed(lock, "a"), 1) == ["a"]
