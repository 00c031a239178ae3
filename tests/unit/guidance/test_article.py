"""The article is the user's text word for word, read into sections and statements."""

import re
from pathlib import Path

import pytest

from bot.errors import CorpusError
from bot.guidance.article import read_articles
from bot.guidance.techniques import Technique
from tests.conftest import ROOT

ORIGINAL = ROOT.parent / "shared" / "guidance-article.txt"

SECTIONS = [
    "Introduction", "Fine-Tuning Explained", "Fine-Tuning Explained > Strengths of Fine-Tuning",
    "Fine-Tuning Explained > Limitations", "RAG Explained", "RAG Explained > Strengths of RAG",
    "RAG Explained > Limitations", "Decision Framework > Choose Fine-Tuning when",
    "Decision Framework > Choose RAG when", "Hybrid Approaches", "Practical Considerations > Data Requirements",
    "Practical Considerations > Maintenance", "Practical Considerations > Cost", "Getting Started",
]  # fmt: skip


def words(text: str) -> list[str]:
    return [word for word in text.split() if not re.fullmatch(r"[#>*-]+", word)]


@pytest.mark.skipif(not ORIGINAL.is_file(), reason="the original article is not beside this checkout")
def test_the_markdown_holds_the_article_word_for_word(corpus: Path) -> None:
    original = ORIGINAL.read_text("utf-8").removeprefix("Appearance")
    assert words((corpus / "fine-tuning-vs-rag.md").read_text("utf-8")) == words(original)


def test_the_shipped_article_has_its_sections_and_statements(corpus: Path) -> None:
    (article,) = read_articles(corpus)
    assert list(dict.fromkeys(s.section for s in article.statements)) == SECTIONS
    assert len(article.statements) == 46
    assert len({s.anchor for s in article.statements}) == 46
    text = (corpus / article.source).read_text("utf-8")
    assert all(s.text in text for s in article.statements)


def test_a_statement_knows_which_approach_it_speaks_of(corpus: Path) -> None:
    of = {s.text: s.techniques for s in read_articles(corpus)[0].statements}
    assert of["Faster inference (no retrieval step)"] == {Technique.FINE_TUNING}
    assert of["It's faster to implement, easier to validate, and provides immediate value."] == {Technique.RAG}
    assert of["Balance costs and capabilities"] == frozenset()


def test_front_matter_markup_and_asides_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "other.md"
    path.write_text(
        "---\ntitle: Agents\nurl: https://example.com/agents\n---\n# Heading\n\nAgents **act**. They [plan](http://x).\n\n"
        "## When:\n\n1. You have `tools`\n\n   - nested\n\n> Buy now.\n\n```\ncode\n```\n"
    )
    (article,) = read_articles(tmp_path)
    found = [(s.section, s.text, s.listed) for s in article.statements]
    assert found == [
        ("Introduction", "Agents act.", False),
        ("Introduction", "They plan.", False),
        ("When", "You have tools", True),
        ("When", "nested", True),
    ]


def test_an_anchor_does_not_move_when_a_sentence_is_put_before_it(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("## S\n\nThe last one stays.\n")
    (before,) = read_articles(tmp_path)[0].statements
    path.write_text("# T\n\nNew first.\n\n## S\n\nA newcomer. The last one stays.\n")
    assert before.anchor in {s.anchor for s in read_articles(tmp_path)[0].statements}


def test_what_two_articles_say_alike_has_two_anchors(tmp_path: Path) -> None:
    for name in ("a.md", "b.md"):
        (tmp_path / name).write_text("## Cost\n\n- It depends.\n")
    anchors = [s.anchor for article in read_articles(tmp_path) for s in article.statements]
    assert anchors == ["cost.it-depends", "cost.it-depends-2"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "has no statement"),
        (b"# Only a title\n", "has no statement"),
        (b"\xff\xfe\x00broken", "cannot be read as UTF-8"),
    ],
)
def test_a_broken_article_is_named(tmp_path: Path, content: bytes, problem: str) -> None:
    (tmp_path / "broken.md").write_bytes(content)
    with pytest.raises(CorpusError, match=f"broken.md.*{problem}"):
        read_articles(tmp_path)


def test_a_corpus_without_an_article_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="holds no article"):
        read_articles(tmp_path)
