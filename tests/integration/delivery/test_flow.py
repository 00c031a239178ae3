"""The flow: order, duplicates, quotas, failures of the responder and of the platform, forgetting, stopping."""

import asyncio
import time
from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from bot.delivery.attempts import FIRST_PAUSE
from bot.delivery.flow import Policy
from bot.delivery.handover import handover_of
from bot.delivery.janitor import Janitor
from bot.delivery.liveness import Liveness
from bot.delivery.ports import BusyError, RefusedError
from bot.delivery.quota import Quota
from bot.store.accepting import Work
from bot.store.records import Delivery
from tests.support.delivery.crashing import Starting, some_messages
from tests.support.delivery.staging import IMPATIENT, Stage, said, until


async def test_a_conversation_is_answered_in_its_order(stage: Stage) -> None:
    async with stage.flow(policy=Policy(janitor_interval=60)) as flow:  # nobody helps
        for number in range(10):
            assert await flow.accept(said(f"{number}"))
        await stage.finished()
    assert stage.sent == [str(number) for number in range(10)]
    last = (await stage.turns())["9"]
    assert last.reply == {"earlier": ["3", "4", "5", "6", "7", "8"]}
    assert last.token is None


async def test_a_slow_answer_holds_up_its_own_conversation_only(stage: Stage) -> None:
    stage.responder.until["slow"] = asyncio.Event()
    async with stage.flow() as flow:
        for message in (said("slow"), said("behind it"), said("elsewhere", "there")):
            await flow.accept(message)
        await stage.finished("elsewhere")
        assert stage.sent == ["elsewhere"]
        stage.responder.until["slow"].set()
        await stage.finished()
    assert stage.sent == ["elsewhere", "slow", "behind it"]


async def test_a_question_that_is_edited_while_it_is_answered_gets_one_answer_to_its_last_text(stage: Stage) -> None:
    stage.responder.until["old"] = asyncio.Event()
    async with stage.flow() as flow:
        await flow.accept(replace(said("old"), name="m1"))
        await flow.accept(replace(said("waiting"), name="m2"))
        await until(lambda: stage.responder.heard == ["old"])
        for name, text in (("m1", "new"), ("m2", "edited")):
            await flow.store.inbox.amend("test:one", name, text, [f"edit/{name}"])
        stage.responder.until["old"].set()
        await stage.finished()
    assert stage.sent == ["new", "edited"]
    assert stage.responder.heard == ["old", "new", "edited"]


async def test_who_asks_too_much_is_told_once_and_others_are_answered(stage: Stage) -> None:
    async with stage.flow(Quota(by_user=2, by_tenant=100)) as flow:
        for number in range(6):
            await flow.accept(said(f"{number}"))
        await flow.accept(said("mine", user="U2"))
        await stage.finished()
        assert stage.sent == ["0", "1", "too many, U1", "mine"]
        stage.clock.off = timedelta(minutes=61)
        await flow.accept(said("later"))
        await stage.finished()
    assert stage.sent[-1] == "later"
    assert set((await stage.states()).values()) == {"done"}


async def test_a_tenant_has_a_limit_of_its_own(stage: Stage) -> None:
    async with stage.flow(Quota(by_user=100, by_tenant=2)) as flow:
        for number in range(4):
            await flow.accept(said(f"{number}", user=f"U{number}"))
        await flow.accept(said("elsewhere", tenant="test:two"))
        await stage.finished()
    assert [text for text in stage.sent if text != "elsewhere"] == ["0", "1", "too many, U2", "too many, U3"]
    assert "elsewhere" in stage.sent


async def test_a_question_that_cannot_be_answered_is_apologised_for_and_kept(stage: Stage) -> None:
    stage.responder.impossible.add("odd")
    async with stage.flow() as flow:
        for text in ("odd", "even"):
            await flow.accept(said(text))
        await stage.finished()
        (failed,) = await stage.store.inbox.failures()
        assert (failed.text, failed.error) == ("odd", "answering failed")
        assert stage.sent == [f"sorry, {failed.reference}", "even"]
        stage.responder.impossible.clear()
        assert await stage.store.inbox.resend([failed.id]) == [failed.id]
        await stage.finished()
    assert stage.sent[2:] == ["odd"]
    assert await stage.store.inbox.failures() == []


async def test_a_busy_platform_is_given_the_time_that_it_asks_for(stage: Stage) -> None:
    stage.platform.before["post"] = [BusyError(1), BusyError(0.5)]
    async with stage.flow() as flow:
        await flow.accept(said("post"))
        await flow.accept(said("elsewhere", "there"))
        await stage.finished("elsewhere")
        assert stage.sent == ["elsewhere"]
        await stage.finished()
    first, _, second, third = (at for _, at in stage.platform.called)
    assert second - first >= 1
    assert third - second >= 0.5
    assert {name for name, _ in stage.platform.called} == {"send"}


async def test_what_may_have_arrived_is_looked_for_before_it_is_sent_again(stage: Stage) -> None:
    stage.platform.after["arrived"] = [TimeoutError()]
    stage.platform.before["lost"] = [ConnectionError("token xoxb-secret"), OSError()]
    async with stage.flow() as flow:
        await flow.accept(said("arrived"))
        await stage.finished()
        assert [name for name, _ in stage.platform.called] == ["send", "find"]
        stage.platform.called.clear()
        await flow.accept(said("lost"))
        await stage.finished()
    assert stage.sent == ["arrived", "lost"]
    assert [name for name, _ in stage.platform.called] == ["send", "find", "send", "find", "send"]
    (first, _, second, _, third) = (at for _, at in stage.platform.called)
    assert second - first >= FIRST_PAUSE / 2
    assert third - second >= FIRST_PAUSE


async def test_a_refused_post_is_kept_and_those_after_it_go_on(stage: Stage) -> None:
    stage.platform.before["rude"] = [RefusedError("not_in_channel")]
    async with stage.flow() as flow:
        for text in ("rude", "polite"):
            await flow.accept(said(text))
        await stage.finished()
        (failed,) = await stage.store.inbox.failures()
        assert (failed.text, failed.error, failed.token) == ("rude", "not_in_channel", "secret")
        assert stage.sent == ["polite"]
        await stage.store.inbox.resend([failed.id])
        await stage.finished()
    assert stage.sent == ["polite", "rude"]
    assert stage.responder.heard == ["rude", "polite"]


async def test_a_post_is_given_up_after_a_day(stage: Stage) -> None:
    stage.platform.before["post"] = [OSError() for _ in range(3)]
    async with stage.flow() as flow:
        await flow.accept(said("post"))
        await until(lambda: bool(stage.platform.called))
        stage.clock.off = timedelta(hours=25)
        await stage.finished()
        (failed,) = await stage.store.inbox.failures()
        assert failed.error == "OSError"
        stage.platform.before.clear()
        await stage.store.inbox.resend([failed.id])
        await stage.finished()
    assert stage.sent == ["post"]


async def test_an_answer_is_delivered_though_the_database_was_lost_right_after_it_was_kept(stage: Stage) -> None:
    keep, lost = stage.store.inbox.answered, [OperationalError("COMMIT", {}, ConnectionError())]

    async def answered(*args: Any) -> list[Delivery] | None:
        posts = await keep(*args)
        if lost:
            raise lost.pop()
        return posts

    stage.store.inbox.answered = answered  # type: ignore[method-assign] # a server that restarts
    async with stage.flow() as flow:
        await flow.accept(said("first"))
        await flow.accept(said("second"))
        await stage.finished()
    assert stage.sent == ["first", "second"]


async def test_who_is_forgotten_while_an_answer_is_made_gets_none(stage: Stage) -> None:
    stage.responder.until["mine"] = asyncio.Event()
    async with stage.flow() as flow:
        for message in (said("mine"), said("yours", user="U2")):
            await flow.accept(message)
        await until(lambda: "mine" in stage.responder.heard)
        assert await stage.store.erasure.forget("U1")
        stage.responder.until["mine"].set()
        await stage.finished()
        assert list(await stage.states()) == ["yours"]
    assert stage.sent == ["yours"]


async def test_who_is_forgotten_while_a_post_waits_gets_none(stage: Stage) -> None:
    stage.platform.before["mine"] = [BusyError(1)]
    async with stage.flow() as flow:
        for message in (said("mine"), said("yours", user="U2")):
            await flow.accept(message)
        await until(lambda: bool(stage.platform.called))
        await stage.store.erasure.forget("U1")
        await stage.finished()
        await until(lambda: not flow.in_progress)
    assert stage.sent == ["yours"]


async def test_who_is_forgotten_while_a_post_waits_gets_none_of_the_others(stage: Stage) -> None:
    stage.platform.before["one"] = [BusyError(0.5)]
    async with stage.flow() as flow:
        await flow.accept(said("one\ntwo"))
        await until(stage.is_postponed)
        await stage.store.erasure.forget("U1")
        await flow.accept(said("next"))
        await stage.finished()
        await until(lambda: not flow.in_progress)
    assert stage.sent == ["next"]


async def test_who_is_forgotten_between_two_posts_of_an_answer_gets_no_more(stage: Stage) -> None:
    send = stage.platform.send

    async def forget_then(delivery: Delivery) -> str:
        sent_as = await send(delivery)
        await stage.store.erasure.forget(delivery.user)
        return sent_as

    stage.platform.send = forget_then  # type: ignore[method-assign] # at the very moment
    async with stage.flow() as flow:
        await flow.accept(said("one\ntwo\nthree"))
        await until(lambda: bool(stage.sent))
        await until(lambda: not flow.in_progress)
    assert stage.sent == ["one"]


async def test_a_stop_does_not_wait_for_a_long_pause_and_the_next_process_goes_on(stage: Stage) -> None:
    stage.platform.before["post"] = [BusyError(100)]
    async with stage.flow() as flow:
        await flow.accept(said("post"))
        await flow.accept(said("behind it"))
        await until(lambda: bool(stage.platform.called))
        await until(stage.is_postponed)
        started = time.monotonic()
    assert time.monotonic() - started < Policy().stop_timeout
    assert stage.sent == []
    stage.clock.off = timedelta(seconds=99)
    async with stage.flow():
        await stage.finished()
    assert stage.sent == ["post", "behind it"]
    assert stage.responder.heard == ["post", "behind it"]


async def test_a_stop_lets_an_answer_come_to_its_end(stage: Stage) -> None:
    stage.responder.until["slow"] = asyncio.Event()
    async with stage.flow() as flow:
        await flow.accept(said("slow"))
        await until(lambda: "slow" in stage.responder.heard)
        asyncio.get_running_loop().call_later(0.5, stage.responder.until["slow"].set)
    assert stage.sent == ["slow"]
    assert await stage.states() == {"slow": "done"}


async def test_what_another_process_accepts_is_left_by_one_that_stops(
    stage: Stage, tmp_path: Path, starting: Starting
) -> None:
    accepting = starting(f"sqlite:///{tmp_path}/database.sqlite", tmp_path / "elsewhere", "--no-work").started()
    stage.responder.until["slow"] = asyncio.Event()
    async with stage.flow() as flow:
        await flow.accept(said("slow"))
        await until(lambda: stage.responder.heard == ["slow"])
        stopping = asyncio.create_task(flow.stop())
        assert await asyncio.to_thread(accepting.ask, some_messages("a", 1)) == {"a-0"}
        await asyncio.sleep(4 * IMPATIENT.janitor_interval)
        assert stage.responder.heard == ["slow"]
        stage.responder.until["slow"].set()
        await stopping
        assert stage.sent == ["slow"]
    async with stage.flow():
        await stage.finished()
    assert stage.sent == ["slow", "said a-0"]


async def test_what_was_accepted_right_before_a_stop_is_answered_in_it(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(15):
        async with stage.flow() as flow:
            await flow.accept(said(f"{number}"))
        assert stage.sent[-1:] == [f"{number}"]
    assert set((await stage.states()).values()) == {"done"}
    assert not caplog.records


async def test_work_on_a_turn_that_is_gone_does_no_harm(stage: Stage) -> None:
    async with stage.flow() as flow:
        flow.begin(Work("test:one", 4711))
        await flow.accept(said("after it"))
        await stage.finished()
        await until(lambda: not flow.in_progress)
    assert stage.sent == ["after it"]


async def test_what_was_accepted_but_never_begun_is_found(stage: Stage) -> None:
    await stage.store.inbox.accept(said("left"))
    await stage.store.inbox.accept(said("not ours", tenant="other:one"))
    async with stage.flow():
        await stage.finished("left")
    assert await stage.states() == {"left": "done", "not ours": "accepted"}


async def test_what_is_older_than_its_days_is_deleted(stage: Stage) -> None:
    async with stage.flow() as flow:
        await flow.accept(said("old"))
        await stage.finished()
    stage.clock.off = timedelta(days=29)
    async with stage.flow() as flow:
        await flow.accept(said("new"))
        await stage.finished()
    assert list(await stage.states()) == ["old", "new"]
    stage.clock.off = timedelta(days=31)
    async with stage.flow():
        await until(lambda: _only(stage, "new"))


async def _only(stage: Stage, text: str) -> bool:
    return list(await stage.states()) == [text]


async def test_the_lock_is_held_while_a_round_waits_for_the_database(stage: Stage) -> None:
    held = list[str]()

    class Counting(Liveness):
        async def hold(self, process: str) -> None:
            held.append(process)

        async def dead(self, processes: Collection[str]) -> set[str]:
            return await asyncio.Future()  # it never comes

    async with stage.flow() as flow:
        nowhere = handover_of(stage.store.database.urls, "this process", (), here=True)
        tidying = asyncio.create_task(Janitor(flow, Counting(), nowhere, "this process", 30, policy=IMPATIENT).run())
        await until(lambda: len(held) > 2)
        tidying.cancel()


async def test_a_message_that_takes_the_process_down_each_time_is_put_aside(stage: Stage) -> None:
    policy = Policy(stop_timeout=0, janitor_interval=0.2, max_runs=2)
    stage.responder.until["deadly"] = asyncio.Event()
    accepted = await stage.store.inbox.accept(said("deadly"))
    await stage.store.inbox.accept(said("harmless"))
    assert accepted
    for runs in range(3):
        async with stage.flow(policy=policy):
            await until(lambda runs=runs: stage.responder.heard == ["deadly"] * (runs + 1))
    async with stage.flow(policy=policy):
        await stage.finished()
    (failed,) = await stage.store.inbox.failures()
    assert (failed.text, failed.error) == ("deadly", "begun 3 times, and never finished")
    assert stage.sent == ["harmless"]


async def test_a_clock_that_goes_back_does_not_hold_a_post_back(stage: Stage) -> None:
    stage.responder.until["slow"] = asyncio.Event()
    stage.platform.before["slow"] = [BusyError(0.5)]
    async with stage.flow(Quota(by_user=10, by_tenant=10)) as flow:
        await flow.accept(said("slow"))
        await flow.accept(said("behind it"))
        stage.clock.off = timedelta(hours=-1)
        stage.responder.until["slow"].set()
        await until(lambda: bool(stage.platform.called))
        stage.clock.off = timedelta(hours=-2)
        await flow.accept(said("last"))
        assert not await flow.accept(said("slow"))
        await stage.finished()
    assert stage.sent == ["slow", "behind it", "last"]


async def test_a_process_that_starts_with_a_clock_set_back_waits_the_longest_pause_at_most(stage: Stage) -> None:
    policy = Policy(janitor_interval=0.2, max_pause=1)
    stage.platform.before["post"] = [BusyError(100)]
    async with stage.flow(policy=policy) as flow:
        await flow.accept(said("post"))
        await until(stage.is_postponed)
    stage.clock.off = timedelta(hours=-1)
    async with stage.flow(policy=policy):
        await stage.finished()
    assert stage.sent == ["post"]
