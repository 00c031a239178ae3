"""Slack's requests over HTTP: what Slack did not sign, or nobody can read, goes no further."""

import asyncio
import json
import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from slack_bolt.adapter.starlette.async_handler import to_starlette_response
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_sdk.signature import SignatureVerifier
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from bot.observing import metrics
from bot.slack.parsing import MalformedError, parsing

log = logging.getLogger(__name__)

MAX_BODY = 1_000_000  # bytes; Slack's are far smaller
MAX_DISCARDED = 4_000_000  # bytes that are read and dropped, so that a client that still sends them sees the refusal
BODY_TIMEOUT = 10.0  # seconds for a whole body; Slack itself gives up after three
CERTIFICATE_CHECK = "ssl_check=1"  # Slack looks at our certificate, and signs nothing


class Requests:
    """The endpoint for events, commands and interactions; https://docs.slack.dev/authentication/verifying-requests-from-slack."""

    def __init__(self, app: AsyncApp, signing_secret: str) -> None:
        self._app = app
        self._verifier = SignatureVerifier(signing_secret)

    async def handle(self, request: Request) -> Response:
        """Have Bolt handle a request, or refuse it with a 4xx."""
        try:
            body = (await _read_body(request)).decode()
        except (TimeoutError, ClientDisconnect):
            return _refuse("too slow", 408)
        except OverflowError:
            return _refuse("too large", 413)
        except UnicodeDecodeError:
            return PlainTextResponse("not a request of Slack's", 400)
        if CERTIFICATE_CHECK in body.split("&"):
            return PlainTextResponse("")
        if not self._is_signed(body, request.headers):
            metrics.refused.inc()
            return PlainTextResponse("not signed by Slack", 401)
        try:
            payload = _parse_body(body, request.headers.get("content-type", ""))
            with parsing():  # as from a socket: the signature is verified, and Bolt would read a form by its own rules
                asked = AsyncBoltRequest(body=payload, headers={**request.headers}, mode="socket_mode")
            return to_starlette_response(await self._app.async_dispatch(asked))
        except MalformedError as error:
            log.warning("a malformed request from Slack was refused: %s", error)
            return PlainTextResponse("not a request of Slack's", 400)

    def _is_signed(self, body: str, headers: Mapping[str, str]) -> bool:
        try:
            return self._verifier.is_valid_request(body, headers)
        except (TypeError, ValueError):  # the signature is not ASCII, the time is no number
            return False


def _parse_body(body: str, content_type: str) -> Any:  # noqa: ANN401 JSON, an object unless it is malformed
    """The payload: an event as JSON, or a form with a command's fields or with an interaction as `payload`."""
    try:
        match content_type.partition(";")[0].strip().lower():
            case "application/json":
                return json.loads(body)
            case "application/x-www-form-urlencoded":
                form = dict(parse_qsl(body, strict_parsing=True, keep_blank_values=True, errors="strict"))
                return json.loads(form["payload"]) if "payload" in form else form
    except (ValueError, RecursionError) as error:
        raise MalformedError(type(error).__name__) from error
    raise MalformedError("neither JSON nor a form")


async def _read_body(request: Request) -> bytes:
    """The body. Raises OverflowError and TimeoutError, whatever the headers say of its length."""
    if int(request.headers.get("content-length", 0)) > MAX_DISCARDED:
        raise OverflowError
    read, length = bytearray(), 0
    async with asyncio.timeout(BODY_TIMEOUT):
        async for part in request.stream():
            length += len(part)
            if length > MAX_DISCARDED:
                raise OverflowError
            read += part if length <= MAX_BODY else b""
    if length > MAX_BODY:
        raise OverflowError
    return bytes(read)


def _refuse(reason: str, status: int) -> Response:
    """The end of a connection over which there may be more to come."""
    return PlainTextResponse(reason, status, {"Connection": "close"})
