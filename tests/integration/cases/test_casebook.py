"""What the reader of use cases learns: from small voices, kept on disk, stale, truncated, or too little."""

import shutil
from pathlib import Path

import pytest

from bot.cases.casebook import Casebook, load_framework, load_voices
from bot.cases.sayings import OUT_OF_SCOPE, UNSURE
from bot.deciding.framework import Approach
from bot.deciding.outlook import Outlook
from bot.errors import CorpusError
from bot.guidance.embedding import Embedder
from tools.evaluation.casereading import cases_by_voice

VOICE = """voice: {name}
said:
  citations:
    required: [{who} must see the page, "{who} want the source of each answer"]
    not_needed: [nobody wants references, no sources please]
    unsure: [we might need sources, perhaps with references]
  change_rate:
    often: [our prices change every day, "the list is new each morning"]
irrelevant: [we have nine vans, the office is green, "there are 40 of us"]
cases:
  rag:
    - "We sell fish. [change_rate.often: Prices change every day] and [citations.required: {who} must see the page]."
    - "Nine vans. [citations.required: {who} want the source], and the office is green."
  need-more-info:
    - "We are {who}, forty of us, and [citations.not_needed: nobody wants references]."
"""


@pytest.fixture
def small(corpus: Path, tmp_path: Path) -> Path:
    """The article and its framework, with two voices of a few wordings."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    for name in ("fine-tuning-vs-rag.md", "decision-framework.yaml"):
        shutil.copy(corpus / name, folder)
    for name, who in (("a", "auditors"), ("b", "customers")):
        (folder / f"decision-framework.{name}.said.yaml").write_text(VOICE.format(name=name, who=who))
    return folder


@pytest.fixture
def book(small: Path, tmp_path: Path, embedder: Embedder) -> Casebook:
    book = Casebook(small, tmp_path / "data", embedder)
    book.save(book.build())
    return book


def again(book: Casebook) -> Casebook:
    return Casebook(book.corpus, book.data, book.embedder)


def test_what_is_loaded_reads_like_what_was_built(book: Casebook) -> None:
    built, loaded = book.build(), again(book).load()
    assert loaded is not None
    text = "The list is new each morning, and our customers want the source of each answer."
    read = loaded.read(text, book.embedder.embed)
    assert {(fact.question, fact.option) for fact in read.facts} == {
        ("change_rate", "often"),
        ("citations", "required"),
    }
    assert all(text[fact.start : fact.end] == fact.words for fact in read.facts)
    again_read = built.read(text, book.embedder.embed)
    assert [f.words for f in again_read.facts] == [f.words for f in read.facts]


def test_nothing_is_read_from_nothing(book: Casebook) -> None:
    reader = again(book).load()
    assert reader is not None
    assert [read.facts for read in reader.read_all(["", "???", "is RAG cheaper?"], book.embedder.embed)] == [(), (), ()]


def test_a_changed_voice_makes_it_stale(book: Casebook) -> None:
    path = book.corpus / "decision-framework.a.said.yaml"
    path.write_text(path.read_text() + "\n")
    assert again(book).load() is None


@pytest.mark.parametrize("name", ["ranker.npz", "judge.npz"])
def test_a_truncated_file_is_not_trusted(book: Casebook, name: str) -> None:
    path = book.cache.folder / name
    path.write_bytes(path.read_bytes()[:-5])
    assert again(book).load() is None


def test_each_voice_is_held_out_in_turn_and_a_hedge_in_its_cases_is_no_fact(small: Path, embedder: Embedder) -> None:
    assert list(cases_by_voice(small, embedder)) == []
    hedged = VOICE.replace("Nine vans.", "Nine vans, and [citations.unsure: we might need sources].")
    (small / "decision-framework.c.said.yaml").write_text(hedged.format(name="c", who="pilots"))
    names = [read.name for read in cases_by_voice(small, embedder)]
    assert names == [*(f"this bot, {name} held out" for name in "abc"), "this bot, all voices held out"]


def test_one_voice_is_too_few(small: Path, tmp_path: Path, embedder: Embedder) -> None:
    (small / "decision-framework.b.said.yaml").unlink()
    with pytest.raises(CorpusError, match="two voices with cases are needed"):
        Casebook(small, tmp_path / "data", embedder).build()


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("    soon: [x]", r"line \d+: the framework has no 'change_rate.soon'"),
        ("  colour:\n    red: [x]", r"line \d+: the framework has no 'colour.red'"),
        ("nonsense: [x]", r"line \d+: unknown key 'nonsense'"),
        ("    - we sell [citations.required the page]", r"line \d+: a mark is written"),
        ("  maybe:\n    - we sell", r"line \d+: 'maybe' is no approach"),
        ('    - "[citations.always: the page]"', r"line \d+: the framework has no 'citations.always'"),
    ],
)
def test_a_broken_voice_is_named_with_its_line(
    small: Path, tmp_path: Path, embedder: Embedder, line: str, problem: str
) -> None:
    path = small / "decision-framework.a.said.yaml"
    text = path.read_text()
    if line.startswith(("    soon", "  colour")):
        text = text.replace("irrelevant:", f"{line}\nirrelevant:")
    else:
        text += f"{line}\n"
    path.write_text(text)
    with pytest.raises(CorpusError, match=rf"decision-framework\.a\.said\.yaml, {problem}"):
        Casebook(small, tmp_path / "data", embedder).build()


def test_the_shipped_cases_lead_where_their_voices_say(corpus: Path) -> None:
    framework = load_framework(corpus)
    outlook, wrong = Outlook(framework), []
    voices = [voice for voice in load_voices(corpus, framework) if voice.sayings]  # of posts more than one is right
    for case in (case for voice in voices for case in voice.cases):
        stated = [mark.states.split(".") for mark in case.marks]
        answers = {question: o for question, o in stated if question != OUT_OF_SCOPE and o != UNSURE}
        outside = any(question == OUT_OF_SCOPE for question, _ in stated)
        approach = Approach.NEED_MORE_INFO if outside else outlook.approach(answers)
        wrong += [case.text] * (approach is not case.approach)
    total = sum(len(voice.cases) for voice in voices)
    assert len(wrong) <= total * 0.02, wrong
