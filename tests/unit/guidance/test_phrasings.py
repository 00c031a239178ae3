"""Phrasings: every broken line is named, and the shipped ones are varied and their own."""

from collections import Counter
from pathlib import Path

import pytest

from bot.errors import CorpusError
from bot.guidance.article import read_articles
from bot.guidance.phrasings import MIN_WORDINGS, SMALL_TALK_INTENTS, Kind, Label, read_phrasings
from tests.conftest import ROOT
from tools.evaluation.dataset import Dataset

EVALUATION = ROOT.parent / "shared" / "eval"
ARTICLE = "# T\n\n## Tea\n\n- Warms you\n- Costs little\n"


def written(folder: Path, body: str) -> Path:
    (folder / "tea.md").write_text(ARTICLE)
    (folder / "tea.one.phrasings.yaml").write_text(f"article: tea.md\nvoice: one\n{body}")
    return folder


def read(folder: Path, body: str) -> tuple[object, ...]:
    written(folder, body)
    return read_phrasings(folder, read_articles(folder))


def many(start: str) -> str:
    return "".join(f"      - {start} {n}\n" for n in range(MIN_WORDINGS))


def test_every_statement_has_enough_phrasings_in_several_voices(corpus: Path) -> None:
    articles = read_articles(corpus)
    phrasings = read_phrasings(corpus, articles)
    count = Counter(label.key for p in phrasings for label in p.labels if label.kind is Kind.STATEMENT)
    assert min(count[s.anchor] for s in articles[0].statements) >= 100
    assert len({p.voice for p in phrasings}) >= 6
    labels = {label for p in phrasings for label in p.labels}
    assert {label.kind for label in labels} == set(Kind) - {Kind.CASE}  # of which posts tell
    assert {label.key for label in labels if label.kind is Kind.SMALL_TALK} == set(SMALL_TALK_INTENTS)


@pytest.mark.skipif(not EVALUATION.is_dir(), reason="the evaluation set is not beside this checkout")
def test_no_phrasing_copies_the_evaluation_set(corpus: Path) -> None:
    phrasings = read_phrasings(corpus, read_articles(corpus))
    assert Dataset.read(EVALUATION).copied(p.text for p in phrasings) == []


def test_a_wording_under_two_statements_asks_for_both(tmp_path: Path) -> None:
    body = (
        f"asked:\n  Tea:\n    Warms you:\n{many('warm')}      - both\n    Costs little:\n{many('cheap')}      - both\n"
    )
    phrasings = read(tmp_path, body)
    both = [p.labels for p in phrasings if p.text == "both"]
    assert both == [(Label(Kind.STATEMENT, "tea.warms-you"), Label(Kind.STATEMENT, "tea.costs-little"))]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("asked:\n  Coffee:\n    Warms you: [a]\n", "line 4: the article has no section 'Coffee'"),
        ("asked:\n  Tea:\n    Warms me: [a]\n", "line 5: the section 'Tea' has no statement 'Warms me'"),
        ("asked:\n  Tea:\n    Warms you: [a, {b: c}]\n", "line 5: a wording must be a line of text"),
        ("unanswered:\n  nonsense: [a]\n", "line 4: unknown kind 'nonsense'"),
        ("compared: [a]\nanswers:\n  - a\n", "line 4: unknown key 'answers'; use voice, article, asked"),
        ("small_talk:\n  weather: [rainy]\n", "line 4: unknown small talk 'weather'; use greeting"),
        ("asked: [\n", "is not YAML"),
        ("asked:\n  Tea:\n    Warms you: [a, b]\n", f"2 wordings for 'Warms you' .*at least {MIN_WORDINGS}"),
    ],
)
def test_a_broken_phrasings_file_is_named_with_its_line(tmp_path: Path, body: str, problem: str) -> None:
    with pytest.raises(CorpusError, match=problem):
        read(tmp_path, body)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is empty"),
        (b"voice: a\n", "line 1: 'article' is missing here"),
        (b"voice: a\narticle: other.md\n", "line 2: speaks of the article 'other.md'"),
        (b"\xff", "cannot be read as UTF-8"),
    ],
)
def test_a_phrasings_file_must_say_whose_it_is(tmp_path: Path, content: bytes, problem: str) -> None:
    (tmp_path / "tea.md").write_text(ARTICLE)
    (tmp_path / "x.phrasings.yaml").write_bytes(content)
    with pytest.raises(CorpusError, match=problem):
        read_phrasings(tmp_path, read_articles(tmp_path))
