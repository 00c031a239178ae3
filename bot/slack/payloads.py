"""What Slack's payloads have for certain, as models: what is named here must be there, and be of its type."""

from typing import Annotated, Self

from pydantic import BaseModel, Field, JsonValue, StringConstraints, model_validator

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


class Event(_Anything):
    """An event; https://docs.slack.dev/reference/events names those of each type."""

    type: Id
    subtype: Id | None = None
    ts: Stamp | None = None


class _Words(Event):
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


class _Visit(Event):
    """Somebody opened the app."""

    user: Id
    channel: Id
    tab: Id | None = None


class _Revocation(Event):
    tokens: dict[str, list[Id] | None]


class _Withdrawal(Event):
    team_ids: list[Id]


EVENTS: dict[str, type[Event]] = {
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


class Command(_Anything):
    """A slash command, https://docs.slack.dev/interactivity/implementing-slash-commands#app_command_handling."""

    command: Annotated[str, StringConstraints(pattern=r"^/\S{1,255}$")]
    text: str = ""
    team_id: Id
    channel_id: Id
    user_id: Id
    trigger_id: Id
    response_url: Url


class Interaction(_Anything):
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


class _Click(Interaction):
    actions: Annotated[list[_Action], Field(min_length=1)]
    container: _Container
    trigger_id: Id
    message: _Said | None = None
    state: _State | None = None


class _OnMessage(Interaction):
    callback_id: Name
    trigger_id: Id
    channel: _Named
    message: _Said
    response_url: Url


class _Shortcut(Interaction):
    callback_id: Name
    trigger_id: Id


class _Form(Interaction):
    view: _View


class _Suggestion(Interaction):
    action_id: Name
    block_id: Name
    value: str


INTERACTIONS: dict[str, type[Interaction]] = {
    "block_actions": _Click,
    "message_action": _OnMessage,
    "shortcut": _Shortcut,
    "view_submission": _Form,
    "view_closed": _Form,
    "block_suggestion": _Suggestion,
}
ENVELOPES: dict[str, type[BaseModel]] = {"event_callback": _Callback, "url_verification": _Verification}
