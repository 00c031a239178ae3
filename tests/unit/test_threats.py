"""The threat model names tests, and they are there; none of its threats is without one."""

import ast
import re

from tests.conftest import ROOT

THREATS = ROOT / "docs" / "threats.md"
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
REMAINING = "## What remains"


def test_each_test_that_is_named_exists() -> None:
    found = NAMED.findall(THREATS.read_text())
    assert len(found) == THREATS.read_text().count("`tests/")
    assert [f"{path}::{name}" for path, name in found if name not in _tests(path)] == []


def test_no_threat_is_without_a_test() -> None:
    covered = THREATS.read_text().partition(REMAINING)[0]
    paragraphs = [text for text in covered.split("\n\n") if text.startswith("**")]
    assert len(paragraphs) > 12
    assert [text.splitlines()[0] for text in paragraphs if not NAMED.search(text)] == []


def _tests(path: str) -> set[str]:
    """The tests of a file; none where there is no such file."""
    file = ROOT / path
    body = ast.parse(file.read_text()).body if file.is_file() else []
    return {node.name for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
