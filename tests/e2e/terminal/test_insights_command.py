"""`rag-or-tune insights` as its operator runs it."""

import stat
from pathlib import Path

import pytest

from bot.settings import Settings
from bot.store.store import Store
from tests.conftest import KEY
from tests.support.insights.pages import Page
from tests.support.processes import run
from tests.support.rooms import everything


@pytest.fixture
async def given(seeded: Store, settings: Settings) -> dict[str, str]:
    """The environment in which the seeded database is the bot's."""
    assert settings.database_url
    return {"DATABASE_URL": settings.database_url.get_secret_value(), "SECRET_KEYS": KEY}


async def test_it_writes_a_page_and_markdown_and_leaves_the_database_alone(
    seeded: Store, given: dict[str, str], tmp_path: Path
) -> None:
    before = await everything(seeded.database)
    html, text = tmp_path / "report.html", tmp_path / "report.md"
    done = run(tmp_path, "insights", "--html", str(html), "--markdown", str(text), **given)
    assert (done.returncode, done.stdout) == (0, b""), done.stderr
    assert Page(html.read_text()).problems == []
    assert "Monthly price of a vector database?" in html.read_text()
    assert "What to write next" in text.read_text()
    assert {stat.S_IMODE(file.stat().st_mode) for file in (html, text)} == {0o600}
    assert await everything(seeded.database) == before


async def test_markdown_is_printed_and_texts_can_be_left_out(given: dict[str, str], tmp_path: Path) -> None:
    printed = run(tmp_path, "insights", **given).stdout.decode()
    assert printed.startswith("# RAG or fine-tuning: what teams ask\n")
    assert "vector database?" in printed
    quiet = run(tmp_path, "insights", "--no-texts", "--markdown", "-", **given).stdout.decode()
    assert "14 messages from 6 people" in quiet
    assert "vector database?" not in quiet


def test_nothing_and_mistakes_are_sentences(tmp_path: Path) -> None:
    missing = run(tmp_path, "insights")
    assert (missing.returncode, b"There is no database yet" in missing.stderr) == (1, True)
    run(tmp_path, "migrate")
    assert b"Nothing was asked in this time." in run(tmp_path, "insights", "--days", "7").stdout
    nowhere = run(tmp_path, "insights", "--html", str(tmp_path / "no" / "report.html"))
    assert (nowhere.returncode, b"cannot be written (No such file or directory)" in nowhere.stderr) == (1, True)
    assert run(tmp_path, "insights", "--days", "0").returncode == 2
    assert b"Traceback" not in missing.stderr + nowhere.stderr
