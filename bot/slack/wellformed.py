"""Whether a request has the shape of Slack's, which Bolt takes for granted."""

from urllib.parse import parse_qs

from pydantic import BaseModel, JsonValue, ValidationError

Object = dict[str, JsonValue]


class _Event(BaseModel):
    """An event of the Events API, https://docs.slack.dev/apis/events-api."""

    type: str
    event: Object | None = None
    team_id: str | None = None
    event_id: str | None = None


class _Interaction(BaseModel):
    """A click, a shortcut, a submitted form, https://docs.slack.dev/reference/interaction-payloads."""

    type: str
    user: Object | None = None
    team: Object | None = None
    channel: Object | None = None
    container: Object | None = None
    message: Object | None = None
    view: Object | None = None
    actions: list[Object] | None = None


def is_well_formed(body: bytes, content_type: str) -> bool:
    """Whether Bolt can read it: an event as JSON, or a form with a command's fields or an interaction's `payload`."""
    try:
        if content_type.startswith("application/json"):
            _Event.model_validate_json(body)
        else:
            for payload in parse_qs(body.decode("utf-8")).get("payload", []):
                _Interaction.model_validate_json(payload)
    except (ValidationError, UnicodeDecodeError, ValueError):
        return False
    return True
