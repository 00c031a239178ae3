"""`rag-or-tune insights` as its operator runs it."""

import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.deciding.outlook import Outlook
from bot.store.store import Store
from tests.conftest import KEY
from tests.support.insights.pages import Page
from tests.support.insights.seeding import fill, store_at
from tests.support.processes import run
from tests.support.rooms import everything


@pytest.fixture
async def seeded(database_url: str, tmp_path: Path, outlook: Outlook) -> AsyncIterator[Store]:
    store = store_at(database_url, tmp_path)
    await fill(store, outlook)
    yield store
    await store.close()


async def test_it_writes_a_page_and_markdown_and_leaves_the_database_alone(
    seeded: Store, database_url: str, tmp_path: Path
) -> None:
    before = await everything(seeded.database)
    html, text = tmp_path / "report.html", tmp_path / "report.md"
    variables = {"DATABASE_URL": database_url, "SECRET_KEYS": KEY}
    done = run(tmp_path, "insights", "--html", str(html), "--markdown", str(text), **variables)
    assert (done.returncode, done.stdout) == (0, b""), done.stderr
    assert Page(html.read_text()).problems == []
    assert "Monthly price of a vector database?" in html.read_text()
    assert "What to write next" in text.read_text()
    assert {stat.S_IMODE(file.stat().st_mode) for file in (html, text)} == {0o600}
    printed = run(tmp_path, "insights", "--no-texts", "--markdown", "-", **variables).stdout.decode()
    assert printed.startswith("# RAG or fine-tuning: what teams ask\n")
    assert "vector database?" not in printed
    assert await everything(seeded.database) == before


def test_nothing_and_mistakes_are_sentences(tmp_path: Path) -> None:
    missing = run(tmp_path, "insights")
    assert (missing.returncode, b"No database found" in missing.stderr) == (1, True)
    run(tmp_path, "migrate")
    assert b"Nothing was asked in this time." in run(tmp_path, "insights", "--days", "7").stdout
    nowhere = run(tmp_path, "insights", "--html", str(tmp_path / "no" / "report.html"))
    assert (nowhere.returncode, b"cannot be written (No such file or directory)" in nowhere.stderr) == (1, True)
    assert run(tmp_path, "insights", "--days", "0").returncode == 2
    assert b"Traceback" not in missing.stderr + nowhere.stderr
