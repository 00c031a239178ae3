"""What the flow counts and times."""

from datetime import timedelta

from bot.delivery.ports import BusyError, RefusedError
from bot.delivery.quota import Quota
from tests.support.counting import Counted
from tests.support.delivery.staging import UNLIMITED, Stage, said


def of(outcome: str) -> Counted:
    return Counted("questions_total", outcome=outcome)


def deliveries(result: str) -> Counted:
    return Counted("deliveries_total", platform="test", result=result)


async def test_questions_are_counted_by_what_came_of_them(stage: Stage) -> None:
    stage.responder.impossible.add("broken")
    answered, failed, too_many = of("answered"), of("failed"), of("too_many")
    async with stage.flow(Quota(1, 100)) as flow:
        for text in ("broken", "good", "and another"):
            await flow.accept(said(text))
        await stage.finished()
    assert (answered.more, failed.more, too_many.more) == (1, 1, 1)


async def test_attempts_to_deliver_are_counted_by_platform_and_result(stage: Stage) -> None:
    stage.platform.before = {"busy": [BusyError(0.0), ConnectionError()], "refused": [RefusedError("no")]}
    sent, retried, failed = deliveries("sent"), deliveries("retried"), deliveries("failed")
    async with stage.flow() as flow:
        for text in ("good", "busy", "refused"):
            await flow.accept(said(text, text))
        await stage.finished()
    assert (sent.more, retried.more, failed.more) == (2, 2, 1)


async def test_stages_are_timed_from_what_the_database_knows(stage: Stage) -> None:
    async with stage.flow(UNLIMITED) as flow:
        await flow.accept(said("before"))
        await stage.finished()
        answers, delivered = (Counted("stage_seconds_count", stage=name) for name in ("answer", "deliver"))
        seconds, slow = Counted("stage_seconds_sum", stage="answer"), Counted("stage_seconds_sum", stage="deliver")
        await flow.accept(said("asked"))
        await stage.finished()
    assert (answers.more, delivered.more) == (1, 1)
    assert 0 < seconds.more < timedelta(minutes=1).total_seconds()
    assert slow.more < timedelta(minutes=1).total_seconds()
