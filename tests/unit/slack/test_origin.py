"""Whose a payload is, as Bolt reads it: of a workspace, of one in an organisation, of the organisation itself."""

from typing import Any

import pytest
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.request.async_internals import build_async_context

from bot.slack.parsing import Origin, parse_origin
from bot.store.address import NOWHERE, Address

ONE = {"enterprise_id": None, "team_id": "T1", "is_enterprise_install": False}
IN_ORGANISATION = {"enterprise_id": "E1", "team_id": "T1", "is_enterprise_install": False}
WHOLE = {"enterprise_id": "E1", "team_id": None, "is_enterprise_install": True}
USER = {"id": "U1", "team_id": "T1"}


def event(authorization: dict[str, Any] | None, **envelope: Any) -> dict[str, Any]:
    known = {"type": "event_callback", "team_id": "T1", "event": {"type": "message", "user": "U1"}}
    return known | envelope | {"authorizations": [authorization] if authorization else []}


@pytest.mark.parametrize(
    ("body", "whose"),
    [
        (event(ONE), Origin("T1", None)),
        (event(IN_ORGANISATION, enterprise_id="E1"), Origin("T1", None)),
        (event(WHOLE, enterprise_id="E1"), Origin("T1", "E1")),
        (event(WHOLE, team_id=None, enterprise_id="E1"), Origin(None, "E1")),
        (event(ONE, team_id="T9", is_ext_shared_channel=True), Origin("T1", None)),
        (event(None), Origin("T1", None)),
        (event(None, team_id=None, enterprise_id="E1"), Origin(None, "E1")),
        ({"team_id": "T1", "user_id": "U1", "is_enterprise_install": "false"}, Origin("T1", None)),
        (
            {"team_id": "T1", "enterprise_id": "E1", "user_id": "U1", "is_enterprise_install": "true"},
            Origin("T1", "E1"),
        ),
        ({"team": {"id": "T1"}, "user": USER, "enterprise": None, "is_enterprise_install": False}, Origin("T1", None)),
        ({"team": {"id": "T1"}, "user": USER, "enterprise": {"id": "E1", "name": "E"}}, Origin("T1", None)),
        ({"team": None, "user": USER, "enterprise": {"id": "E1"}, "is_enterprise_install": True}, Origin("T1", "E1")),
        (
            {"team": None, "user": {"id": "U1"}, "enterprise": {"id": "E1"}, "is_enterprise_install": True},
            Origin(None, "E1"),
        ),
    ],
    ids=str,
)
def test_whose_it_is(body: dict[str, Any], whose: Origin) -> None:
    assert parse_origin(body, build_async_context(AsyncBoltContext(), body)) == whose


def test_the_tenant_is_the_workspace_where_there_is_one() -> None:
    assert [Origin("T1", None).tenant, Origin("T1", "E1").tenant, Origin(None, "E1").tenant] == [
        "slack:T1",
        "slack:T1",
        "slack:E1",
    ]
    assert [Origin("T1", None).address, Origin("T1", "E1").address] == [NOWHERE, Address(enterprise="E1")]
