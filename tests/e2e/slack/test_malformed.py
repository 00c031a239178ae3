"""What Slack signs and what is malformed all the same: refused, whatever it is, without error and without trace."""

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers.slack import Slack, slack_server
from tests.support.running import status
from tests.support.slack.bots import ANSWERING, Bot, WebBot
from tests.support.slack.breaking import broken, broken_request, real_payloads
from tests.support.slack.pelting import FRAMES, IGNORED, REFUSED, Told, sent

REQUESTS = 2_000
ENVELOPES = 300


@pytest.fixture(scope="module")
def web(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebBot]:
    with slack_server() as slack:
        bot = WebBot(slack, data_dir, tmp_path_factory.mktemp("malformed"))
        bot.start()
        try:
            yield bot
            assert bot.stop() == 0
        finally:
            bot.kill()


@pytest.fixture(scope="module")
def told(web: WebBot) -> Told:
    return Told(web, real_payloads(web.slack))


def test_nothing_malformed_is_an_error_or_leaves_a_trace(web: WebBot, told: Told) -> None:
    randomly = random.Random(2)
    asked = [broken_request(told.real[n % len(told.real)], randomly) for n in range(REQUESTS)]
    kept, shown = told.kept(), told.shown()
    counted = Counter(asyncio.run(sent(web, asked)))
    assert set(counted) <= {*REFUSED, *IGNORED}, counted
    print(counted)
    assert told.kept() == kept
    assert told.shown() == shown
    assert "Traceback" not in web.log, web.log
    assert "catastrophic" not in web.log
    assert status(f"{web.url}/readyz") == 200
    assert told.answers(web.slack.user("ben"))


def test_a_command_may_speak_of_a_payload(web: WebBot) -> None:
    ann = web.slack.user("ann")
    room = web.slack.channel("payloads", ann)
    web.slack.command(ann, room, "RAG or fine-tuning for our JSON payload=5 & more?")
    web.slack.wait_for(lambda: web.slack.ephemerals(room, ann), ANSWERING)


def test_slack_may_look_at_the_certificate(web: WebBot) -> None:
    looked = web.slack.raw("token=a&ssl_check=1", "application/x-www-form-urlencoded", signature="none").wait()
    assert (looked.status, looked.body) == (200, b"")
    assert web.slack.url_verification().wait().json == {"challenge": "a-challenge"}


@pytest.mark.parametrize("signature", ["v0=\u00e9", "none", "v1=00", "v0=" + "0" * 64])
def test_a_signature_may_be_anything(web: WebBot, signature: str) -> None:
    assert web.slack.raw("{}", signature=signature).wait().status == 401


def test_over_a_socket_what_is_malformed_is_acknowledged_and_no_more(bot: Bot, slack: Slack) -> None:
    told, randomly = Told(bot, real_payloads(slack)), random.Random(3)
    kept, shown, before = told.kept(), told.shown(), len(bot.log)
    for number in range(ENVELOPES):
        real = told.real[number % len(told.real)]
        assert slack.envelope(real.kind, broken(real, randomly)) is None
    assert "Traceback" not in bot.log[before:]
    for frame in FRAMES:
        slack.frame(frame)
    assert told.kept() == kept
    assert told.shown() == shown
    assert slack.connected == 1
    assert told.answers(slack.user("ben"))
