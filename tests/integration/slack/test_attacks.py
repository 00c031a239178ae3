"""What a stranger on the network may try at the bot's address: bodies without end, dawdling, packing, repeating."""

import gzip
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from bot.slack.signed_requests import BODY_TIMEOUT, MAX_DISCARDED
from tests.peers.slack import Signing, slack_server
from tests.support.running import ANSWERING, status
from tests.support.slack.bots import QUESTION, WebBot, press, well

CHUNK = b"186a0\r\n" + b"x" * 100_000 + b"\r\n"
ENDLESS = 500  # chunks; nobody reads so many
DAWDLERS = 60
GROWN = 25_000_000  # bytes of memory that a process may take meanwhile, half of what is sent


@pytest.fixture(scope="module")
def web(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebBot]:
    with slack_server() as slack:
        bot = WebBot(slack, data_dir, tmp_path_factory.mktemp("attacked"))
        with bot.running():
            yield bot
            assert "Traceback" not in bot.log


def memory(web: WebBot) -> int:
    """The bytes that the process holds."""
    assert web.process
    return psutil.Process(web.process.pid).memory_info().rss


def connection(web: WebBot, head: str, path: str = "/slack/events", method: str = "POST") -> socket.socket:
    """A connection on which a request has begun."""
    to = socket.create_connection(("127.0.0.1", urlsplit(web.url).port), timeout=BODY_TIMEOUT + ANSWERING)
    to.sendall(f"{method} {path} HTTP/1.1\r\nHost: bot\r\n{head}\r\n".encode())
    return to


def sent(to: socket.socket) -> int:
    """How many chunks are taken before the connection is closed."""
    for number in range(ENDLESS):
        try:
            to.sendall(CHUNK)
        except OSError:
            return number
    return ENDLESS


@pytest.mark.parametrize("length", ["", "Content-Length: 5\r\n"], ids=["of no length", "of a false length"])
def test_a_body_without_end_is_cut_off(web: WebBot, length: str) -> None:
    before = memory(web)
    with connection(web, f"{length}Transfer-Encoding: chunked\r\n") as endless:
        assert sent(endless) < ENDLESS
    assert memory(web) - before < GROWN
    assert status(f"{web.url}/healthz") == 200


@pytest.mark.parametrize("path", ["/healthz", "/metrics", "/nothing"])
def test_where_no_body_belongs_none_is_kept(web: WebBot, path: str) -> None:
    before = memory(web)
    with connection(web, "Transfer-Encoding: chunked\r\n", path, "GET") as endless:
        sent(endless)
        assert memory(web) - before < GROWN


def test_a_body_that_is_announced_too_large_is_not_waited_for(web: WebBot) -> None:
    with connection(web, f"Content-Length: {MAX_DISCARDED + 1}\r\n") as large:
        assert large.recv(100).startswith(b"HTTP/1.1 413 ")


def test_who_dawdles_is_not_waited_for_and_holds_nobody_up(web: WebBot) -> None:
    slack = web.slack
    ann = slack.user("ann")
    with ExitStack() as open_for_long:
        slow = [open_for_long.enter_context(connection(web, "Content-Length: 99\r\n")) for _ in range(DAWDLERS)]
        for _ in range(DAWDLERS):  # these never end what comes before the body
            open_for_long.enter_context(connection(web, "X-More:")).sendall(b" and")
        asked = slack.mention(slack.channel("general", ann), ann, QUESTION)
        assert web.answers(asked)
        assert {each.recv(100).split(b"\r\n")[0] for each in slow} == {b"HTTP/1.1 408 Request Timeout"}
        assert not any(each.recv(1) for each in slow if each.recv(1000))


def test_who_leaves_in_the_middle_is_no_error(web: WebBot) -> None:
    with connection(web, "Content-Length: 99\r\n") as leaving:
        leaving.sendall(b"{")
    assert status(f"{web.url}/readyz") == 200


def test_what_is_packed_is_not_unpacked(web: WebBot) -> None:
    bomb, before = gzip.compress(b" " * 200_000_000, 9), memory(web)
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    signed = {**headers, **Signing(web.slack.app.signing_secret).headers(bomb)}
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(urllib.request.Request(f"{web.url}/slack/events", bomb, signed), timeout=ANSWERING)
    with refused.value as answer:
        assert answer.code == 400
    assert memory(web) - before < GROWN


def test_what_was_told_once_has_no_effect_again(web: WebBot) -> None:
    slack = web.slack
    ann = slack.user("ann")
    room = slack.channel("general", ann)
    asked = slack.mention(room, ann, QUESTION)
    [answer] = web.answers(asked)
    command = well(slack.command(ann, room, QUESTION))
    press(slack, answer, "Helpful", ann)
    clicked = well(slack.click(answer, "Check it step by step", ann))
    web.finished(room.id)
    tables = ("events", "turns", "deliveries", "interviews", "feedback")
    before = [web.rows(f"SELECT * FROM {table}") for table in tables[1:]]
    for told in (*asked.deliveries, command, clicked):
        slack.repeat(told).wait(ANSWERING)
    web.finished(room.id)
    assert [web.rows(f"SELECT * FROM {table}") for table in tables[1:]] == before
