"""What people type: invisible characters, other scripts, nothing at all."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import texts
from bot.answering.input import MAX_INPUT_LENGTH, CleanText, clean, find_input_problem
from bot.answering.language import SPOKEN, detect_language

PROBLEMS = {"empty", "wordless", "too_long", "english_only"}
MARKED = re.compile(r"[<>&|*_`~#:]|https?:|www[.]")


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
        ("你好,请问我们应该用哪一个?", "english_only_zh"), ("ما هو الأفضل لنا؟", "english_only_ar"),
        ("τι είναι;", "wordless"),        ("12345", "wordless"), ("\ufffd\ufffdab\ufffd", "wordless"),
        ("a" * (MAX_INPUT_LENGTH + 1), "too_long"),
        ("x y " * 25_000, "too_long"), ("RAG?", None), ("hi 👋", None),
        ("RAG или fine-tuning for our support desk?", None),
        ("Était-ce trop cher?", "english_only_fr"), ("Café, résumé?", None),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named(typed: str, reason: str | None) -> None:
    assert find_input_problem(clean(typed)) == reason


@given(st.text(max_size=300))
def test_cleaning_never_fails_and_is_stable(text: str) -> None:
    once = clean(text)
    assert clean(once) == once or MARKED.search(once)
    assert (find_input_problem(once) or "empty").removesuffix(f"_{detect_language(once)}") in PROBLEMS


@given(st.text())
def test_what_was_cleaned_knows_what_was_typed(typed: str) -> None:
    cleaned = CleanText.of(typed)
    assert cleaned.text == cleaned.text.strip()
    assert "\n\n" not in cleaned.text
    assert len(cleaned.typed) == len(cleaned.text)
    rest = iter(typed)
    words = cleaned.as_typed(0, len(cleaned.text)).split()
    assert all(character in rest for character in "".join(words)) or MARKED.search(typed)


def test_lines_stay_lines() -> None:
    cleaned = CleanText.of("We’re a bank…\r\n\r\n- docs  change\tweekly \u200b\n① cafe\u0301")
    assert cleaned.text == "We're a bank...\n- docs change weekly\n1 café"
    assert cleaned.as_typed(0, 15) == "We’re a bank…"
    where = cleaned.text.index("docs change")
    assert cleaned.as_typed(where, where + len("docs change weekly")) == "docs change weekly"
    assert cleaned.as_typed(len(cleaned.text) - 4, len(cleaned.text)) == "cafe\u0301"


@pytest.mark.parametrize(
    ("typed", "own", "quoted"),
    [
        ("> 50,000 examples\nThat is theirs. We have 50", "That is theirs. We have 50", "50,000 examples"),
        ("&gt; theirs\nours", "ours", "theirs"), ("ours\n>>> theirs\nand theirs", "ours", "theirs\nand theirs"),
        ("> nothing but this", "nothing but this", ""), (">>> nothing\nelse", "nothing\nelse", ""),
        ("latency > 2 s, 3 < 4", "latency > 2 s, 3 < 4", ""),
    ],
)  # fmt: skip
def test_quotations_are_context(typed: str, own: str, quoted: str) -> None:
    cleaned = CleanText.of(typed)
    assert (cleaned.text, cleaned.quoted) == (own, quoted)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("~5,000 examples~ 50 examples", "50 examples"), ("~~5,000~~ 50 examples", "50 examples"),
        ("~50 docs and ~60 pages", "~50 docs and ~60 pages"),
        ("since <t:1700000000:R> <@&987654321098765432> wants it", "since wants it"),
        ("<@U024BE7LH> <!subteam^S0615G0KT> <!here> <#C024BE91L> ok", "ok"), ("ask <@U024BE7LH|ann>", "ask ann"),
        ("in <#C1|general>", "in general"), ("<a:party:1234> ok :wave: <:x:99>", "ok"), ("at 10:30:45", "at 10:30:45"),
        ("a ||secret|| and **bold** and *it* and __u__ and _i_", "a secret and bold and it and u and i"),
        ("snake_case_name, 2*3*4", "snake_case_name, 2*3*4"), ("`code` and ``more``", "code and more"),
        ("see <https://a.example/1|the page>, https://b.example/22000?x", "see the page,"),
        ("```\ndocs: weekly\n```\nRAG?", "docs: weekly\nRAG?"), ("```yaml\ndocs: weekly\n```", "docs: weekly"),
        ("| what | how |\n|---|:-:|\n| docs | weekly |", "what: how\ndocs: weekly"),
        ("a | b | c", "a | b | c"), ("| a | b | c |", "a: b, c"), ("# Title\ntext", "Title\ntext"),
        ("docs &amp; &lt;tickets&gt;", "docs & <tickets>"),
    ],
)  # fmt: skip
def test_markup_is_undone(typed: str, read: str) -> None:
    assert CleanText.of(typed).text == read


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Unsere Dokumente ändern sich wöchentlich, brauchen wir RAG?", "de"), ("was ist RAG", "de"),
        ("Bonjour, nos documents changent chaque semaine", "fr"), ("qual é melhor para nós?", "pt"),
        ("¿Necesitamos RAG o ajuste fino para nuestro equipo?", "es"), ("что лучше для нас?", "ru"),
        ("हमें क्या चुनना चाहिए?", "hi"), ("どちらが良いですか", "ja"), ("dokumen kami berubah setiap minggu", "id"),
        ("docs change weekly, auditors want sources", None), ("RAG or fine-tuning?", None), ("llama 3 lora peft", None),
        ("ok thx", None), ("Was ist los, we have 200 tickets and the docs change", None),
    ],
)  # fmt: skip
def test_other_languages_are_told_so_in_their_own(text: str, language: str | None) -> None:
    assert detect_language(text) == language


def test_each_language_has_its_sentence() -> None:
    assert all("RAG or fine-tuning?" in texts.sentence(f"english_only_{language}") for language in SPOKEN)
