"""Whether what comes from Slack has the shape that Bolt and the listeners take for granted.

What Slack always sends of a kind must be there, what it names everywhere must be of its type; all else may be as it is,
for Slack adds to its payloads. What is refused here, nobody looks at.
"""

import json
import logging
from collections.abc import Iterator
from typing import Annotated, Any, Self
from urllib.parse import parse_qsl

from pydantic import BaseModel, Field, JsonValue, StringConstraints, ValidationError, model_validator

log = logging.getLogger(__name__)

EVENT, COMMAND, INTERACTION = "events_api", "slash_commands", "interactive"  # as the envelopes of Socket Mode have it

Object = dict[str, JsonValue]
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,255}$")]
Stamp = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,10}\.[0-9]{1,12}$")]  # seconds, until the year 2286
Name = Annotated[str, StringConstraints(min_length=1, max_length=255)]  # one that an app gave
Url = Annotated[str, StringConstraints(pattern=r"^https?://[!-~]{1,3000}$")]


class _Named(BaseModel):
    id: Id


class _User(_Named):
    team_id: Id | None = None


class _Authorization(BaseModel):
    team_id: Id | None = None
    enterprise_id: Id | None = None
    user_id: Id | None = None


class _Option(BaseModel):
    value: str


class _Entry(BaseModel):
    """What is chosen or typed in an element."""

    type: Id
    value: str | None = None
    selected_option: _Option | None = None
    selected_options: list[_Option] | None = None


class _Action(_Entry):
    action_id: Name
    block_id: Name | None = None


class _State(BaseModel):
    values: dict[str, dict[str, _Entry]]


class _View(BaseModel):
    id: Id
    type: Id
    team_id: Id | None = None
    app_installed_team_id: Id | None = None
    callback_id: str | None = None
    private_metadata: str | None = None
    hash: str | None = None
    state: _State | None = None


class _Said(BaseModel):
    """A message inside of something else."""

    ts: Stamp
    user: Id | None = None
    bot_id: Id | None = None
    text: str | None = None
    subtype: Id | None = None
    thread_ts: Stamp | None = None


class _Container(BaseModel):
    """Where a click was made, https://docs.slack.dev/reference/interaction-payloads/block_actions-payload."""

    type: Id
    channel_id: Id | None = None
    message_ts: Stamp | None = None
    thread_ts: Stamp | None = None
    view_id: Id | None = None
    is_ephemeral: bool | None = None


class _Anything(BaseModel):
    """What Bolt looks for in every payload, and again in its event, to learn whose it is."""

    team: Id | _Named | None = None
    team_id: Id | None = None
    enterprise: Id | _Named | None = None
    enterprise_id: Id | None = None
    user: Id | _User | None = None
    user_id: Id | None = None
    channel: Id | _Named | None = None
    channel_id: Id | None = None
    thread_ts: Stamp | None = None
    authorizations: list[_Authorization] | None = None
    is_enterprise_install: bool | None = None
    view: _View | None = None
    item: Object | None = None
    assistant_thread: Object | None = None
    function_data: Object | None = None
    function_execution_id: Id | None = None
    bot_access_token: str | None = None
    response_url: Url | None = None
    response_urls: list[Object] | None = None


class _Event(_Anything):
    """An event; https://docs.slack.dev/reference/events names those of each type."""

    type: Id
    subtype: Id | None = None
    ts: Stamp | None = None


class _Words(_Event):
    channel: Id
    user: Id | None = None
    ts: Stamp
    text: str | None = None
    bot_id: Id | None = None
    channel_type: Id | None = None
    deleted_ts: Stamp | None = None
    message: _Said | None = None
    previous_message: _Said | None = None

    @model_validator(mode="after")
    def _says_which(self) -> Self:
        is_incomplete = self.subtype == "message_changed" and not self.message
        if is_incomplete or (self.subtype == "message_deleted" and not self.deleted_ts):
            raise ValueError("it does not say which message")
        return self


class _Visit(_Event):
    """Somebody opened the app."""

    user: Id
    channel: Id
    tab: Id | None = None


class _Revocation(_Event):
    tokens: dict[str, list[Id] | None]


class _Withdrawal(_Event):
    team_ids: list[Id]


EVENTS: dict[str, type[_Event]] = {
    "app_mention": _Words,
    "message": _Words,
    "app_home_opened": _Visit,
    "team_access_revoked": _Withdrawal,
    "tokens_revoked": _Revocation,
}


class _Callback(_Anything):
    """An event in its envelope, https://docs.slack.dev/apis/events-api#callback-field."""

    event_id: Id
    event: Object

    @model_validator(mode="after")
    def _is_of_a_team(self) -> Self:
        if not (self.team_id or self.enterprise_id):
            raise ValueError("it does not say whose it is")
        return self


class _Verification(BaseModel):
    challenge: Name


class _Command(_Anything):
    """A slash command, https://docs.slack.dev/interactivity/implementing-slash-commands#app_command_handling."""

    command: Annotated[str, StringConstraints(pattern=r"^/\S{1,255}$")]
    text: str = ""
    team_id: Id
    channel_id: Id
    user_id: Id
    trigger_id: Id
    response_url: Url


class _Interaction(_Anything):
    """What all of them have, https://docs.slack.dev/reference/interaction-payloads."""

    type: Id
    team: _Named | None = None
    user: _User
    channel: _Named | None = None
    container: _Container | None = None

    @model_validator(mode="after")
    def _is_of_a_team(self) -> Self:
        if not (self.team or self.user.team_id or self.enterprise):
            raise ValueError("it does not say whose it is")
        return self


class _Click(_Interaction):
    actions: Annotated[list[_Action], Field(min_length=1)]
    container: _Container
    trigger_id: Id
    message: _Said | None = None
    state: _State | None = None


class _OnMessage(_Interaction):
    callback_id: Name
    trigger_id: Id
    channel: _Named
    message: _Said
    response_url: Url


class _Shortcut(_Interaction):
    callback_id: Name
    trigger_id: Id


class _Form(_Interaction):
    view: _View


class _Suggestion(_Interaction):
    action_id: Name
    block_id: Name
    value: str


INTERACTIONS: dict[str, type[_Interaction]] = {
    "block_actions": _Click,
    "message_action": _OnMessage,
    "shortcut": _Shortcut,
    "view_submission": _Form,
    "view_closed": _Form,
    "block_suggestion": _Suggestion,
}
ENVELOPES: dict[str, type[BaseModel]] = {"event_callback": _Callback, "url_verification": _Verification}


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
        yield _Command, payload
    elif kind == INTERACTION:
        yield INTERACTIONS.get(_type(payload), _Interaction), payload
    else:
        yield ENVELOPES.get(_type(payload), _Event), payload
        if isinstance(payload, dict) and "event" in payload:
            yield EVENTS.get(_type(payload["event"]), _Event), payload["event"]


def _type(payload: object) -> str:
    return str(payload.get("type")) if isinstance(payload, dict) else ""
