"""A corpus that is indexed at once."""

from pathlib import Path

import pytest


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """An article of two sentences, without phrasings."""
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "tea.md").write_text("## Tea\n\nTea warms you on cold days. Green tea costs little.\n")
    return corpus
