"""Requests that Slack has signed and that are malformed all the same: no error, no trace, and the bot goes on."""

import asyncio
import copy
import json
import random
import time
from collections import Counter
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest

from tests.peers.slack import Signing, Slack
from tests.peers.slack.delivery import COMMAND, EVENT, Delivery
from tests.support.running import Running, status
from tests.support.slack.bots import ANSWERING, QUESTION, Bot, WebBot, press, well

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
REQUESTS, ENVELOPES = 1_500, 300
GONE = Ellipsis
VALUES: tuple[Any, ...] = (
    *(GONE, None, 5, -1e300, 10**40, True, "", [], {}, [[{}]], [None]),
    *({"id": 5}, "x" * 100_000, "\0", "a b"),
)
IN_FORMS = (GONE, "", "\0", "a b", "x" * 100_000)  # where a number is a name like any other
NEEDED = {  # by the type of what is sent, the paths without which nothing may be done
    "app_mention": ["event_id", "event", "event.channel", "event.ts", "event.user"],
    "message": ["event_id", "event", "event.channel"],
    "message_changed": ["event_id", "event.message", "event.message.ts", "event.channel"],
    "message_deleted": ["event_id", "event.deleted_ts", "event.channel"],
    "app_home_opened": ["event.user", "event.channel"],
    COMMAND: ["channel_id", "user_id", "trigger_id", "response_url"],
    "block_actions": ["user", "user.id", "actions", "actions.0", "actions.0.action_id", "container"],
    "message_action": ["channel", "channel.id", "user.id", "message", "trigger_id", "response_url"],
    "view_submission": ["user", "user.id", "view", "view.id"],
}
BODIES = [
    *(b"", b"{", b"[]", b"null", b"5", b"[" * 100_000, b'{"a":' * 1_000, b"\xff\xfe", b"\0", b"&&&", b"a=%ff"),
    *(b"payload=", b"payload=null", b"payload=%7B", b'{"type":"x","view":null}', b'payload={"type":"x","view":null}'),
]
TABLES = ("events", "conversations", "turns", "deliveries", "interviews", "leads", "feedback")
UNFINISHED = "SELECT count(*) FROM turns WHERE state IN ('accepted', 'answered')"
FRAMES = ("", "{", "[]", "null", "\0", '{"type":5}', '{"envelope_id":"a"}', "[" * 5_000)


def test_malformed_requests_get_a_4xx_and_leave_nothing_behind(web: WebBot) -> None:
    chance, slack = random.Random(2), web.slack
    real = _real_payloads(slack)
    bodies = [_encoded(*_broken(chance.choice(real), chance)) for _ in range(REQUESTS)]
    bodies += [(body, media) for body in BODIES for media in (JSON, FORM, "text/plain")]
    kept = _kept(web)
    counted = Counter(asyncio.run(_send(web, bodies)))
    assert all(200 <= code < 500 for code in counted), counted
    assert counted[400] > REQUESTS / 2, counted
    assert _kept(web) == kept
    assert "Traceback" not in web.log, web.log
    assert status(f"{web.url}/readyz") == 200
    _answers(slack)


def test_unknown_types_are_acknowledged(web: WebBot) -> None:
    known = [
        ({"type": kind, "view": None, "team_id": "T1"}, media)
        for kind in ("x", "view_closed")
        for media in (JSON, FORM)
    ]
    bodies = [_encoded("" if media == FORM else EVENT, payload) for payload, media in known]
    assert all(200 <= code < 500 for code in asyncio.run(_send(web, bodies)))


def test_malformed_envelopes_are_acknowledged_and_leave_nothing_behind(bot: Bot, slack: Slack) -> None:
    chance, real = random.Random(3), _real_payloads(slack)
    kept, before = _kept(bot), len(bot.log)
    for _ in range(ENVELOPES):
        kind, payload = _broken(chance.choice(real), chance)
        assert slack.envelope(kind, payload) is None
    assert "Traceback" not in bot.log[before:]
    for frame in FRAMES:
        slack.frame(frame)
    assert _kept(bot) == kept
    assert slack.connected == 1
    _answers(slack)


def test_a_command_may_speak_of_a_payload(web: WebBot) -> None:
    ann = web.slack.user("ann")
    room = web.slack.channel("payloads", ann)
    web.slack.command(ann, room, "RAG or fine-tuning for our JSON payload=5 & more?")
    web.slack.wait_for(lambda: web.slack.ephemerals(room, ann), ANSWERING)


def test_slack_may_look_at_the_certificate(web: WebBot) -> None:
    looked = web.slack.raw("token=a&ssl_check=1", FORM, signature="none").wait()
    assert (looked.status, looked.body) == (200, b"")
    assert web.slack.url_verification().wait().json == {"challenge": "a-challenge"}


@pytest.mark.parametrize("signature", ["v0=\u00e9", "none", "v1=00", "v0=" + "0" * 64])
def test_a_wrong_signature_is_refused(web: WebBot, signature: str) -> None:
    assert web.slack.raw("{}", signature=signature).wait().status == 401


def _real_payloads(slack: Slack) -> list[Delivery]:
    """One delivery of each kind, from people who do everything once; the bot answers them, as it should."""
    ann, before = slack.user("ann"), len(slack.deliveries)
    room = slack.channel("talk", ann)
    asked = slack.mention(room, ann, QUESTION)
    answer = slack.wait_for(lambda: [said for said in slack.answers(asked) if said.blocks], ANSWERING)[0]
    direct = slack.dm(ann, QUESTION)
    slack.wait_for(lambda: slack.said(direct.channel), ANSWERING)
    slack.edit(asked, "What are the pros of RAG?")
    slack.settle(ANSWERING)
    slack.delete(direct)
    slack.open_home(ann, "home")
    well(slack.command(ann, room, "help"))
    well(slack.shortcut("ask", ann, asked))
    press(slack, answer, "Check it step by step", ann)
    slack.settle(ANSWERING)
    kinds = {_type(delivery.kind, delivery.payload): delivery for delivery in slack.deliveries[before:]}
    assert kinds.keys() >= NEEDED.keys() - {"view_submission"}
    return [delivery for kind, delivery in kinds.items() if kind in NEEDED]


def _type(kind: str, payload: dict[str, Any]) -> str:
    event = payload.get("event") or {}
    return kind if kind == COMMAND else str(event.get("subtype") or event.get("type") or payload.get("type"))


def _broken(real: Delivery, chance: random.Random) -> tuple[str, dict[str, Any]]:
    """The payload as if it were new, with a needed part gone or of another sort."""
    payload = copy.deepcopy(real.payload)
    for name in {"event_id", "trigger_id"} & payload.keys():
        payload[name] = f"Ev{chance.randrange(10**9)}"
    *way, last = chance.choice(NEEDED[_type(real.kind, payload)]).split(".")
    place: Any = payload
    for name in way:
        place = place[int(name) if name.isdigit() else name]
    value = chance.choice(IN_FORMS if real.kind == COMMAND else VALUES)
    if isinstance(place, list):
        place[int(last)] = None if value is GONE else value
    elif value is GONE:
        del place[last]
    else:
        place[last] = value
    return real.kind, payload


def _encoded(kind: str, payload: dict[str, Any]) -> tuple[bytes, str]:
    if kind == EVENT:
        return json.dumps(payload).encode(), JSON
    return urlencode(payload if kind == COMMAND else {"payload": json.dumps(payload)}).encode(), FORM


async def _send(web: WebBot, requests: list[tuple[bytes, str]]) -> list[int]:
    """Send signed bodies with their content types; return their statuses."""
    signing, url = Signing(web.slack.app.signing_secret), f"{web.url}/slack/events"
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=16)) as session:

        async def send(body: bytes, media: str) -> int:
            async with session.post(url, data=body, headers={"Content-Type": media, **signing.headers(body)}) as answer:
                return answer.status

        return await asyncio.gather(*(send(*request) for request in requests))


def _kept(bot: Running) -> dict[str, int]:
    """How many rows the bot holds, once it has nothing left to do."""
    end = time.monotonic() + ANSWERING
    while bot.rows(UNFINISHED) != [(0,)]:
        assert time.monotonic() < end
        time.sleep(0.02)
    return {table: bot.rows(f"SELECT count(*) FROM {table}")[0][0] for table in TABLES}


def _answers(slack: Slack) -> None:
    ben = slack.user("ben")
    asked = slack.mention(slack.channel("afterwards", ben), ben, QUESTION)
    assert slack.wait_for(lambda: slack.answers(asked), ANSWERING)
