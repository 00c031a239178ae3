"""A CRM is told, signed, until it takes it."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web
from pydantic import HttpUrl, SecretStr

from bot.handoff.webhook import webhooks
from bot.settings import Settings
from tests.support.town import Town, a_town, ann, cem


@dataclass
class Crm:
    """What it was told, and the answers that it still gives before it says yes."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    told: list[dict[str, object]] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        signed = hmac.new(b"secret", body, hashlib.sha256).hexdigest()
        assert hmac.compare_digest(request.headers["X-Signature-256"], f"sha256={signed}")
        self.told.append(json.loads(body))
        status = self.answers.pop(0) if self.answers else 204
        return web.Response(status=status, headers={"Location": "/elsewhere"} if status == 302 else None)

    async def take_elsewhere(self, request: web.Request) -> web.Response:
        self.elsewhere.append(await request.text())
        return web.Response(status=204)


@pytest.fixture
async def crm() -> AsyncIterator[Crm]:
    crm, app = Crm(), web.Application()
    app.router.add_post("/leads", crm.take)
    app.router.add_route("*", "/elsewhere", crm.take_elsewhere)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    crm.url = f"http://127.0.0.1:{runner.addresses[0][1]}/leads"
    yield crm
    await runner.cleanup()


@pytest.fixture
async def town(crm: Crm, sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Town]:
    settings = Settings(
        consultant_slack_channel="C1", desk_webhook_url=HttpUrl(crm.url), desk_webhook_secret=SecretStr("secret")
    )
    async with a_town(sqlite_template, tmp_path, settings) as town:
        town.places |= webhooks(settings)
        yield town


async def test_everything_that_happens_is_told_signed_and_in_order(crm: Crm, town: Town) -> None:
    lead = await town.request(ann(), consent="nothing")
    await town.press(cem(), "claim", lead)
    await town.reply(cem(), lead, "Hello")
    await town.work()
    assert [told["event"] for told in crm.told] == ["requested", "claimed", "replied"]
    assert crm.told[-1]["text"] == "Hello"
    assert crm.told[0]["lead"]["reference"] == lead.reference
    assert crm.told[0]["lead"]["need"] == "Help us"
    assert "hush" not in str(crm.told)


async def test_it_is_told_again_under_the_same_id_until_it_is_taken(crm: Crm, town: Town) -> None:
    crm.answers = [500, 429, 302]
    await town.request(ann())
    for _ in range(5):
        await town.work(rounds=2)
        town.clock.advance(minutes=10)
    assert len(crm.told) == 4
    assert len({told["id"] for told in crm.told}) == 1


async def test_a_redirect_is_not_followed(crm: Crm, town: Town) -> None:
    crm.answers = [302]
    await town.request(ann())
    await town.work(rounds=2)
    assert (len(crm.told), crm.elsewhere) == (1, [])
    town.clock.advance(minutes=10)
    await town.work(rounds=2)
    assert (len(crm.told), crm.elsewhere) == (2, [])
