"""Addresses: rows of every version can be read, and are written under the names that they have always had."""

import pytest
from pydantic import JsonValue

from bot.store.address import NOWHERE, Address, Draft

ROWS: list[tuple[dict[str, JsonValue], Address, Draft]] = [
    ({}, NOWHERE, Draft()),
    ({"channel": "D1", "thread": None}, Address("D1"), Draft()),
    ({"channel": "C1", "private": True, "enterprise": "E1"}, Address("C1", None, "E1", is_private=True), Draft()),
    ({"channel": "C1", "thread": "1.0", "replaces": ["1.1", "1.2"]}, Address("C1", "1.0"), Draft(("1.1", "1.2"))),
    ({"channel": "C1", "thread": "1.0", "growing": True}, Address("C1", "1.0"), Draft(is_growing=True)),
    ({"channel": "1", "asked": "2", "plain": True}, Address("1", question="2", is_plain=True), Draft()),
    ({"direct": True, "asked_in": "3"}, Address(is_direct=True, fallback_channel="3"), Draft()),
    ({"channel": "1", "ping": True, "unheard of": [1]}, Address("1", has_mention=True), Draft()),
    ({"channel": "1", "only_there": True}, Address("1", is_desk=True), Draft()),
    (
        {"channel": "1", "command": True, "application": "4", "direct": False, "private": True},
        Address("1", application="4", is_private=True, is_command=True),
        Draft(),
    ),
]


@pytest.mark.parametrize(("row", "address", "draft"), ROWS)
def test_a_row_of_any_version_is_read_and_written_alike(
    row: dict[str, JsonValue], address: Address, draft: Draft
) -> None:
    assert (Address.from_json(row), Draft.from_json(row)) == (address, draft)
    written = address.to_json() | draft.to_json()
    assert written == {name: value for name, value in row.items() if value and name != "unheard of"}
