"""What the documents say of commands, settings, files and targets is so; their pictures are there and small."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.settings import Settings
from tests.conftest import ROOT
from tools.docs.generated import README, renewed

DOCUMENTS = [README, ROOT / "CONTRIBUTING.md", ROOT / "docs" / "threats.md"]
LARGEST = 150_000  # bytes of a picture, so that the README is there at once

LINK = re.compile(r"\]\(([^)]+)\)|(?:href|src)=\"([^\"]+)\"")
NAMED = re.compile(r"`((?:bot|tests|corpus|prompts|docs)/[\w./-]*)`")
TARGET = re.compile(r"`make (\w+)`|^\$ make (\w+)", re.MULTILINE)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)


def test_the_tables_of_commands_and_settings_are_as_the_code_has_them() -> None:
    text = README.read_text("utf-8")
    assert renewed(text) == text, "the README's tables are stale; write them again: make docs"


def test_the_example_of_an_environment_has_every_setting() -> None:
    text = (ROOT / ".env.example").read_text()
    ours = {name.upper() for name in Settings.model_fields} - {"SLACK_API_URL", "DISCORD_API_URL"}
    assert sorted(name for name in ours if not re.search(rf"^#{name}=", text, re.MULTILINE)) == []


@each_document
def test_each_link_leads_somewhere(document: Path) -> None:
    assert [link for link in _links(document) if not _is_there(document, link)] == []


@each_document
def test_each_file_that_is_named_is_there(document: Path) -> None:
    named = NAMED.findall(document.read_text("utf-8"))
    assert [name for name in named if not (ROOT / name).exists()] == []


@each_document
def test_each_target_of_make_is_there(document: Path) -> None:
    makefile = (ROOT / "Makefile").read_text()
    named = {name for found in TARGET.findall(document.read_text("utf-8")) for name in found if name}
    assert [name for name in sorted(named) if f"\n{name}:" not in makefile] == []


def test_each_part_of_the_bot_has_its_place_in_the_table_of_where_things_live() -> None:
    _, _, rest = (ROOT / "CONTRIBUTING.md").read_text("utf-8").partition("\n## Where everything lives\n")
    named = re.findall(r"`bot/(\w+)(?:\.py|/)`", rest.partition("\n## ")[0])
    parts = {path.name.removesuffix(".py") for path in (ROOT / "bot").iterdir() if not path.name.startswith("_")}
    assert sorted(named) == sorted(parts)


def test_the_pictures_are_small() -> None:
    pictures = [ROOT / link for link in _links(README) if link.endswith(".png")]
    assert len(set(pictures)) == 3
    assert [picture.name for picture in pictures if picture.stat().st_size > LARGEST] == []


def _links(document: Path) -> Iterator[str]:
    for marked, tagged in LINK.findall(document.read_text("utf-8")):
        yield marked or tagged


def _is_there(document: Path, link: str) -> bool:
    """Whether a link leads to a file, and to a heading in it; what is elsewhere is not looked at."""
    if link.startswith("https://"):
        return True
    name, _, anchor = link.partition("#")
    file = document.parent / name if name else document
    if not anchor:
        return file.exists()
    headings = HEADING.findall(file.read_text("utf-8"))
    return anchor in {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
