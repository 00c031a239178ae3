"""Files that people edit: keys are known, needed and unique, values are what they say; an error names its line."""

from pathlib import Path

import pytest

from bot.errors import CorpusError
from bot.guidance.nodes import Nodes


def read(folder: Path, text: str) -> Nodes:
    (folder / "file.yaml").write_text(text)
    return Nodes(folder / "file.yaml")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: 1\na: 2", "line 2: 'a' stands here a second time"),
        ("a: 1\nb: 2", "line 2: unknown key 'b'; use a, c"),
        ("c: 1", "line 1: 'a' is missing"),
        ("- a", "line 1: expected `name:`"),
    ],
)
def test_keys_are_known_needed_and_unique(tmp_path: Path, text: str, problem: str) -> None:
    nodes = read(tmp_path, text)
    with pytest.raises(CorpusError, match=problem):
        nodes.parts(nodes.root, ("a",), ("c",))


def test_values_are_what_they_say(tmp_path: Path) -> None:
    nodes = read(tmp_path, "text: ' one '\nnumber: 12\nlist: [x, y]\nless: -1\nempty:\n")
    parts = nodes.parts(nodes.root, ("text", "number", "list", "less", "empty"))
    assert (nodes.text(parts["text"], ""), nodes.number(parts["number"], "")) == ("one", 12)
    assert [*nodes.texts(parts["list"])] == ["x", "y"]
    for problem, get in {
        "line 3: it must be a line of text": lambda: nodes.text(parts["list"], "it"),
        "line 5: it must be a line of text": lambda: nodes.text(parts["empty"], "it"),
        "line 4: it must be a whole number from 0, but is '-1'": lambda: nodes.number(parts["less"], "it"),
        "line 1: expected a list": lambda: [*nodes.texts(parts["text"])],
    }.items():
        with pytest.raises(CorpusError, match=problem):
            get()
