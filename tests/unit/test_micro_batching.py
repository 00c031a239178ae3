"""Micro-batches: one for those who ask at once, and nobody is forgotten."""

import asyncio
import threading
from collections.abc import Sequence

import pytest

from bot.threads import MAX_BATCH, MicroBatcher, compute


async def echo_all(texts: Sequence[str]) -> Sequence[str]:
    await asyncio.sleep(0)
    if "bad" in texts:
        raise ValueError("bad")
    return texts


async def test_those_who_ask_at_once_share_a_batch_in_a_thread() -> None:
    batches = list[int]()

    def work(texts: Sequence[str]) -> list[str]:
        assert threading.current_thread() is not threading.main_thread()
        batches.append(len(texts))
        return [text.upper() for text in texts]

    shout = MicroBatcher[str, str](lambda texts: compute(lambda: work(texts)))
    found = await asyncio.gather(*(shout(f"a{n}") for n in range(MAX_BATCH + 5)))
    assert found == [f"A{n}" for n in range(MAX_BATCH + 5)]
    assert batches == [MAX_BATCH, 5]
    assert await shout("later") == "LATER"


async def test_everybody_who_waits_hears_of_a_failure_and_the_next_are_served() -> None:
    echo = MicroBatcher[str, str](echo_all)
    found = await asyncio.gather(*(echo("bad") for _ in range(3)), return_exceptions=True)
    assert [type(error) for error in found] == [ValueError] * 3
    assert await echo("good") == "good"


async def test_a_question_that_was_given_up_does_not_disturb_the_others() -> None:
    echo = MicroBatcher[str, str](echo_all)
    given_up, kept = asyncio.create_task(echo("given up")), asyncio.create_task(echo("kept"))
    await asyncio.sleep(0)
    given_up.cancel()
    assert await kept == "kept"
    with pytest.raises(asyncio.CancelledError):
        await given_up


async def test_one_that_is_impossible_spoils_no_other() -> None:
    echo = MicroBatcher[str, str](echo_all)
    found = await asyncio.gather(*(echo(text) for text in ("good", "bad", "better")), return_exceptions=True)
    assert [found[0], type(found[1]), found[2]] == ["good", ValueError, "better"]
