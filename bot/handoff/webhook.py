"""A webhook for a CRM: each thing that happens to a request, signed, until it is taken.

The body is JSON; `X-Signature-256` is `sha256=` and the HMAC of the body, as GitHub's webhooks have it. `id` is the
same each time that an event is sent again.
"""

import hashlib
import hmac
import json

import aiohttp
from pydantic import JsonValue

from bot.delivery.ports import BusyError, Platform
from bot.settings import Settings
from bot.store.leads import Leads
from bot.store.post import PostKind
from bot.store.records import Delivery, Lead

WEBHOOK_TIMEOUT = 20  # seconds


class Webhook:
    """The address as a platform of the post office's."""

    def __init__(self, url: str, secret: str) -> None:
        self._url = url
        self._secret = secret.encode()

    async def send(self, delivery: Delivery) -> str:
        """Post one event. Raises ConnectionError unless it is taken."""
        body = json.dumps({**delivery.content.to_json(), "id": delivery.marker}).encode()
        signature = hmac.new(self._secret, body, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "X-Signature-256": f"sha256={signature}"}
        timeout = aiohttp.ClientTimeout(total=WEBHOOK_TIMEOUT)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(self._url, data=body, headers=headers, allow_redirects=False) as answer,
        ):
            if answer.status == 429:
                raise BusyError(float(answer.headers.get("Retry-After", 1)))
            if not 200 <= answer.status < 300:
                raise ConnectionError(f"the webhook answered {answer.status}")
        return delivery.marker

    async def find(self, delivery: Delivery) -> str | None:
        """It cannot be asked; the receiver knows by the id what it has."""
        del delivery
        return None


def webhooks(settings: Settings) -> dict[str, Platform]:
    """The webhook that the settings name, as a platform."""
    url, secret = settings.desk_webhook_url, settings.desk_webhook_secret
    return {PostKind.WEBHOOK: Webhook(str(url), secret.get_secret_value())} if url and secret else {}


async def event_payload(leads: Leads, lead: Lead, event: int) -> dict[str, JsonValue]:
    """Return what a CRM receives of an event: the request as it is now, and what happened."""
    happened = await leads.event(lead.tenant, event)
    return {
        "event": happened.kind if happened else "",
        "at": happened.happened_at.isoformat() if happened else "",
        "actor": happened.actor if happened else "",
        "text": happened.text if happened else "",
        "lead": as_json(lead),
    }


def as_json(lead: Lead) -> dict[str, JsonValue]:
    """A request for other programs: what the user agreed to pass on, and how far it is."""
    return {
        "reference": lead.reference,
        "tenant": lead.tenant,
        "user": lead.user,
        "state": str(lead.state),
        "opened_at": lead.opened_at.isoformat() if lead.opened_at else None,
        "touched_at": lead.touched_at.isoformat(),
        **lead.details.to_json(),
        "holder": lead.holder,
        "holder_name": lead.details.holder if lead.holder else None,
    }
