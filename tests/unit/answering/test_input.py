"""What people type: invisible characters, other scripts, nothing at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answering.input import MAX_INPUT_LENGTH, CleanText, clean, find_input_problem


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("  is\tRAG\n\ncheap? ", "is RAG cheap?"), ("R\u200bA\u200dG", "RAG"),
        ("\u202eis RAG cheap\u202c", "is RAG cheap"), ("\ufeffhello", "hello"), ("ＲＡＧ", "RAG"),
        ("a\x00b\x1b[31m", "a b [31m"), ("café", "café"),
    ],
)  # fmt: skip
def test_cleaning(typed: str, read: str) -> None:
    assert clean(typed) == read


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "empty"), (" \u200b\n", "empty"), ("?!…", "wordless"), ("🚀🚀 🤖", "wordless"),
        ("你好,请问我们应该用哪一个?", "wordless"), ("ما هو الأفضل لنا؟", "wordless"), ("что лучше?", "wordless"),
        ("12345", "wordless"), ("\ufffd\ufffdab\ufffd", "wordless"), ("a" * (MAX_INPUT_LENGTH + 1), "too_long"),
        ("x y " * 25_000, "too_long"), ("RAG?", None), ("hi 👋", None),
        ("RAG или fine-tuning for our support desk?", None), ("Était-ce cher?", None),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named(typed: str, reason: str | None) -> None:
    assert find_input_problem(clean(typed)) == reason


@given(st.text(max_size=300))
def test_cleaning_never_fails_and_is_stable(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert find_input_problem(once) in (None, "empty", "wordless", "too_long")


@given(st.text())
def test_what_was_cleaned_knows_what_was_typed(typed: str) -> None:
    cleaned = CleanText.of(typed)
    assert cleaned.text == cleaned.text.strip()
    assert "\n\n" not in cleaned.text
    for start, end in ((0, len(cleaned.text)), (len(cleaned.text) // 2, len(cleaned.text))):
        if start < end:
            assert cleaned.as_typed(start, end) in typed


def test_lines_stay_lines() -> None:
    cleaned = CleanText.of("We’re a bank…\r\n\r\n- docs  change\tweekly \u200b\n① cafe\u0301")
    assert cleaned.text == "We’re a bank...\n- docs change weekly\n1 café"
    where = cleaned.text.index("docs change")
    assert cleaned.as_typed(where, where + len("docs change weekly")) == "docs  change\tweekly"
    assert cleaned.as_typed(len(cleaned.text) - 4, len(cleaned.text)) == "cafe\u0301"
