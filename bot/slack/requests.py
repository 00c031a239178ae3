"""Slack's requests over HTTP: signed by Slack and well-formed, or nobody looks at them."""

import asyncio
from collections.abc import Mapping

from slack_bolt.adapter.starlette.async_handler import to_starlette_response
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_sdk.signature import SignatureVerifier
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from bot.observing import metrics
from bot.slack.wellformed import read

LARGEST = 1_000_000  # bytes; Slack's are far smaller
DROPPED = 4_000_000  # bytes that are read and dropped, so that whoever still sends them hears the refusal
PATIENCE = 10.0  # seconds for a whole body; Slack itself gives up after three
CERTIFICATE = "ssl_check=1"  # Slack looks at our certificate, and signs nothing


class Requests:
    """The endpoint for events, commands and interactions; https://docs.slack.dev/authentication/verifying-requests-from-slack."""

    def __init__(self, app: AsyncApp, signing_secret: str) -> None:
        self._app = app
        self._verifier = SignatureVerifier(signing_secret)

    async def handle(self, request: Request) -> Response:
        """Has Bolt deal with it, or refuses it."""
        try:
            body = (await _body(request)).decode()
        except (TimeoutError, ClientDisconnect):
            return _refused("too slow", 408)
        except OverflowError:
            return _refused("too large", 413)
        except UnicodeDecodeError:
            return PlainTextResponse("not a request of Slack's", 400)
        if CERTIFICATE in body.split("&"):
            return PlainTextResponse("")
        if not self._is_signed(body, request.headers):
            metrics.refused.inc()
            return PlainTextResponse("not signed by Slack", 401)
        payload = read(body, request.headers.get("content-type", ""))
        if payload is None:
            return PlainTextResponse("not a request of Slack's", 400)
        # As from a socket: the signature is verified, and Bolt reads no form with the word `payload` in its text.
        asked = AsyncBoltRequest(body=payload, headers={**request.headers}, mode="socket_mode")
        return to_starlette_response(await self._app.async_dispatch(asked))

    def _is_signed(self, body: str, headers: Mapping[str, str]) -> bool:
        try:
            return self._verifier.is_valid_request(body, headers)
        except (TypeError, ValueError):  # the signature is not ASCII, the time is no number
            return False


async def _body(request: Request) -> bytes:
    """The body. Raises OverflowError and TimeoutError; what the headers say of its length is not relied on."""
    if int(request.headers.get("content-length", 0)) > DROPPED:
        raise OverflowError
    read, length = bytearray(), 0
    async with asyncio.timeout(PATIENCE):
        async for part in request.stream():
            length += len(part)
            if length > DROPPED:
                raise OverflowError
            read += part if length <= LARGEST else b""
    if length > LARGEST:
        raise OverflowError
    return bytes(read)


def _refused(reason: str, status: int) -> Response:
    """The end of a connection over which there may be more to come."""
    return PlainTextResponse(reason, status, {"Connection": "close"})
