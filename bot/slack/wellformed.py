"""Whether what comes from Slack has the shape that Bolt and the listeners take for granted.

What Slack always sends of a kind must be there, what it names everywhere must be of its type; all else may be as it is,
for Slack adds to its payloads. What is refused here, nobody looks at.
"""

import json
import logging
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

from pydantic import BaseModel, ValidationError

from bot.slack.payloads import ENVELOPES, EVENTS, INTERACTIONS, Command, Event, Interaction

log = logging.getLogger(__name__)

EVENT, COMMAND, INTERACTION = "events_api", "slash_commands", "interactive"  # as the envelopes of Socket Mode have it


def read(body: str, content_type: str) -> dict[str, Any] | None:
    """The payload of a request over HTTP, None where it is malformed: an event as JSON, or a form with a command's
    fields or with an interaction as `payload`."""
    try:
        match content_type.partition(";")[0].strip().lower():
            case "application/json":
                kind, payload = EVENT, json.loads(body)
            case "application/x-www-form-urlencoded":
                pairs = parse_qsl(body, strict_parsing=True, keep_blank_values=True, errors="strict")
                form = dict(pairs)
                kind, payload = (INTERACTION, json.loads(form["payload"])) if "payload" in form else (COMMAND, form)
            case _:
                log.warning("a malformed request of Slack's: its content type is neither JSON nor a form")
                return None
    except (ValueError, RecursionError) as error:
        log.warning("a malformed request of Slack's: its body cannot be read (%s)", type(error).__name__)
        return None
    return payload if is_well_formed(kind, payload) else None


def is_well_formed(kind: str, payload: object) -> bool:
    """Whether a payload is as Slack's of its kind are. What is wrong with it is logged, without what it says."""
    try:
        for model, part in _parts(kind, payload):
            model.model_validate(part)
    except ValidationError as error:
        problems = (f"{'.'.join(map(str, p['loc']))}: {p['msg']}" for p in error.errors(include_input=False)[:3])
        log.warning("a malformed payload of Slack's (%s): %s", kind, "; ".join(problems))
        return False
    return True


def _parts(kind: str, payload: object) -> Iterator[tuple[type[BaseModel], object]]:
    """What is to be looked at, and as what: the payload, then the event in it."""
    if kind == COMMAND:
        yield Command, payload
    elif kind == INTERACTION:
        yield INTERACTIONS.get(_type(payload), Interaction), payload
    else:
        yield ENVELOPES.get(_type(payload), Event), payload
        if isinstance(payload, dict) and "event" in payload:
            yield EVENTS.get(_type(payload["event"]), Event), payload["event"]


def _type(payload: object) -> str:
    return str(payload.get("type")) if isinstance(payload, dict) else ""
