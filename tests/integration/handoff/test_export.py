"""Figures and requests for other programs."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.handoff.export import FIELDS, FORMULA, as_csv, figures
from bot.messages.formatting import remove_controls
from bot.store.inbox import Answer
from bot.store.store import Store
from tests.support.rooms import ONE, TWO, done, said


async def test_figures_count_what_was_answered_and_what_users_thought_of_it(store: Store) -> None:
    kinds = ("answer", "answer", "advice", "abstain")
    for number, kind in enumerate(kinds):
        message = said("a secret", f"e{number}", place=f"p{number}")
        turn = await done(store, message, Answer([], {"kind": kind, "text": "a secret"}))
        await store.feedback.give(ONE, turn.id, "U1", helpful=number > 0)
    await done(store, said("a secret", "e9", tenant=TWO), Answer([]), "answering failed")
    one, two = await figures(store)
    assert [one[name] for name in ("tenant", "questions", "answer", "advice", "abstain", "failed")] == [
        ONE,
        4,
        2,
        1,
        1,
        0,
    ]
    assert (one["helpful"], one["unhelpful"]) == (3, 1)
    assert [two[name] for name in ("tenant", "questions", "failed")] == [TWO, 1, 1]
    assert "secret" not in str((one, two))


@given(some.text())
def test_no_cell_of_a_table_is_computed_and_none_breaks_it(text: str) -> None:
    [row] = csv.DictReader(io.StringIO(as_csv(FIELDS, [{"need": text, "email": None}]), newline=""))
    assert not row["need"].startswith(FORMULA)
    assert row["need"].removeprefix("'") == remove_controls(text).removeprefix("'")
    assert row["email"] == ""


@pytest.mark.parametrize("lines", [["a"], ["a", "b"]])
def test_lists_are_lines_of_a_cell(lines: list[str]) -> None:
    [row] = csv.DictReader(io.StringIO(as_csv(FIELDS, [{"summary": lines}])))
    assert row["summary"] == "\n".join(lines)
