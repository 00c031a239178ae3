"""Posts: marks are read, every broken line is named, and the shipped ones are enough, of many sources, and our own."""

import csv
import json
from collections import Counter
from pathlib import Path

import pytest

from bot.errors import CorpusError
from bot.guidance.article import read_articles
from bot.guidance.phrasings import Kind
from bot.guidance.posts import MarkedWords, Post, read_posts
from tests.conftest import ROOT

SHARED = ROOT.parent / "shared"
ARTICLE = "# T\n\n## Tea\n\n- Warms you\n- Costs little\n"


def read(folder: Path, posts: str) -> tuple[Post, ...]:
    (folder / "tea.md").write_text(ARTICLE)
    (folder / "a.posts.yaml").write_text(f"voice: a\narticle: tea.md\nposts:\n{posts}")
    return read_posts(folder, read_articles(folder))


def test_marks_become_places(tmp_path: Path) -> None:
    [post] = read(
        tmp_path, '- {id: p1, text: "{which: tea? [data.none: no pot]} [rate.often: daily]", approach: [rag]}\n'
    )
    assert post.text == "tea? no pot daily"
    assert post.facts == (MarkedWords(5, 11, "data.none"), MarkedWords(12, 17, "rate.often"))
    assert post.acts == (MarkedWords(0, 11, "which"),)
    assert post.approach == ("rag",)


def test_a_conversation_knows_what_was_said_before(tmp_path: Path) -> None:
    turns = "[{text: tea?, answers: {T > Tea: [Costs little]}}, {text: and hot?, refuse: near_topic}]"
    first, second = read(tmp_path, f"- {{id: p1, turns: {turns}}}\n".replace("T > Tea", "Tea"))
    assert (first.id, first.before, len(first.answers)) == ("p1.1", (), 1)
    assert (second.before, second.refuse) == (("tea?",), Kind.NEAR_TOPIC)


@pytest.mark.parametrize(
    ("post", "problem"),
    [
        ("- {id: p1}", "'text' or 'turns' is missing"), ("- {text: a}", "'id' is missing"),
        ('- {id: p1, text: "{sings: a}"}', "is no act"),
        ('- {id: p1, text: "{asks: {which: a}}"}', "inside of another"),
        ('- {id: p1, text: "[a.b: c"}', "does not end"), ('- {id: p1, text: "a ] b"}', "a stray ']'"),
        ("- {id: p1, text: a, answers: {Tea: [Is blue]}}", "no statement 'Is blue'"),
        ("- {id: p1, text: a, refuse: statement}", "unknown kind 'statement'"), ("- p1", "expected"),
    ],
)  # fmt: skip
def test_what_is_broken_is_named_with_its_line(tmp_path: Path, post: str, problem: str) -> None:
    with pytest.raises(CorpusError, match=r"a\.posts\.yaml, line 4: ") as raised:
        read(tmp_path, f"{post}\n")
    assert problem in str(raised.value)


def test_the_shipped_posts_are_many_and_of_many_sources(corpus: Path) -> None:
    posts = read_posts(corpus, read_articles(corpus))
    single = [post for post in posts if "." not in post.id]
    kinds = Counter("case" if p.approach else "question" if p.answers else "refused" for p in single)
    assert kinds["case"] >= 400
    assert min(kinds["question"], kinds["refused"]) >= 600
    with (corpus / "posts.sources.csv").open() as file:
        sources = {row["post"]: row["source"] for row in csv.DictReader(file)}
    assert sources.keys() == {post.id.partition(".")[0] for post in posts}
    voices = {(sources[post.id.partition(".")[0]].lower(), post.voice) for post in posts}
    assert len(voices) >= 400
    assert max(Counter(source for source, _ in voices).values()) == 1  # what is held out by voice is held out by source


@pytest.mark.parametrize("folder", ["real", "eval"])
def test_no_post_is_one_that_the_bot_is_measured_on(corpus: Path, folder: str) -> None:
    measured = set[str]()
    for path in (SHARED / folder).glob("*.jsonl"):
        for line in path.read_text().splitlines():
            row = json.loads(line)
            said = [turn.get("user", "") for turn in row.get("turns", [])]
            measured |= {str(row.get(key, "")).lower() for key in ("text", "question")} | {s.lower() for s in said}
    runs = {run for text in measured for run in _runs(text)}
    posts = read_posts(corpus, read_articles(corpus))
    assert not [post.id for post in posts if _runs(post.text.lower()) & runs]


def _runs(text: str) -> set[tuple[str, ...]]:
    """All runs of eight words."""
    words = text.split()
    return {tuple(words[start : start + 8]) for start in range(len(words) - 7)}
