"""`index --propose`: wordings drafted by a model, which nothing learns from until a person has read them."""

from pathlib import Path
from subprocess import CompletedProcess

import pytest
import yaml

from bot.guidance.article import read_articles
from bot.guidance.phrasings import MIN_WORDINGS, WHOLE_LIST, read_phrasings
from tests.peers.openai import Script, openai_server
from tests.support.processes import run

WARM, GREEN = "Tea warms you on cold days.", "Green tea costs little."
MANY = [f"how is it number {number}?" for number in range(MIN_WORDINGS)]


@pytest.fixture
def listing(tiny: Path) -> Path:
    """The article of tea, with a list."""
    with (tiny / "tea.md").open("a") as article:
        article.write("\n## Kinds\n\n- Green tea is mild\n- Black tea is strong\n- White tea is rare\n")
    return tiny


def propose(corpus: Path, script: Script) -> CompletedProcess[bytes]:
    model = {"LLM_MODEL": "openai:scripted", "OPENAI_API_KEY": "key", "OPENAI_API_BASE": script.url}
    return run(corpus.parent / "data", "index", "--propose", CORPUS_DIR=str(corpus), **model)


def prompts(script: Script) -> list[str]:
    """What the model was asked to work on, each time."""
    return [request["messages"][1]["content"] for request in script.requests]


def test_what_is_drafted_is_used_when_a_person_has_renamed_it(listing: Path) -> None:
    with openai_server() as script:
        script.give({"wordings": [*MANY, MANY[0].upper(), " ", WARM, "word " * 100, 7]})
        done = propose(listing, script)
        assert any("<section>\nTea\n</section>" in prompt for prompt in prompts(script))
    assert done.returncode == 0, done.stderr
    assert b"tea.proposed.yaml: 125 wordings to review." in done.stdout
    draft = listing / "tea.proposed.yaml"
    asked = yaml.safe_load(draft.read_text())["asked"]
    assert [*asked] == ["Tea", "Kinds"]
    assert [*asked["Tea"]] == [WARM, GREEN]
    assert next(iter(asked["Kinds"])) == WHOLE_LIST
    assert asked["Tea"][WARM] == MANY
    assert draft.read_text().startswith("# Drafted by openai:scripted, and not reviewed yet.")
    articles = read_articles(listing)
    assert read_phrasings(listing, articles) == ()
    draft.rename(listing / "tea.drafted.phrasings.yaml")
    assert {phrasing.text for phrasing in read_phrasings(listing, articles)} == {*MANY, WARM}


def test_only_what_is_missing_is_asked_for_until_there_is_enough(tiny: Path) -> None:
    there = {"article": "tea.md", "voice": "ours", "asked": {"Tea": {WARM: MANY, GREEN: ["is the green one dear?"]}}}
    (tiny / "ours.phrasings.yaml").write_text(yaml.safe_dump(there))
    with openai_server() as script:
        script.give({"wordings": ["Is the green one dear", "what does it cost?"]})
        assert propose(tiny, script).returncode == 0
        asked = prompts(script)
    assert len(asked) == 3
    assert all(GREEN in prompt and WARM not in prompt for prompt in asked)
    assert "<known>\nis the green one dear?\n</known>" in asked[0]
    assert "what does it cost?" in asked[1]
    assert yaml.safe_load((tiny / "tea.proposed.yaml").read_text())["asked"] == {"Tea": {GREEN: ["what does it cost?"]}}


def test_what_was_read_before_is_not_replaced_and_every_article_gets_its_draft(listing: Path) -> None:
    (listing / "water.md").write_text("## Water\n\nWater is free of charge.\n")
    there = {"article": "tea.md", "voice": "drafted", "asked": {"Tea": {WARM: MANY}}}
    (listing / "tea.drafted.phrasings.yaml").write_text(yaml.safe_dump(there))
    with openai_server() as script:
        script.give({"wordings": MANY})
        assert propose(listing, script).returncode == 0
    assert "# tea.drafted-2.phrasings.yaml; until then" in (listing / "tea.proposed.yaml").read_text()
    assert yaml.safe_load((listing / "tea.proposed.yaml").read_text())["voice"] == "drafted-2"
    assert "# water.drafted.phrasings.yaml; until then" in (listing / "water.proposed.yaml").read_text()


def test_a_draft_that_waits_to_be_read_is_not_written_over(tiny: Path) -> None:
    (tiny / "tea.proposed.yaml").write_text("mine")
    with openai_server() as script:
        done = propose(tiny, script)
        assert script.requests == []
    assert b"tea.proposed.yaml exists already: review it and rename it" in done.stdout
    assert (tiny / "tea.proposed.yaml").read_text() == "mine"


def test_a_model_that_fails_is_told_and_writes_nothing(tiny: Path) -> None:
    with openai_server() as script:
        script.status = 400
        done = propose(tiny, script)
    assert done.returncode == 1
    assert b"LLM_MODEL does not answer (" in done.stderr
    assert b"Traceback" not in done.stderr
    assert not (tiny / "tea.proposed.yaml").exists()


def test_without_a_model_it_says_what_is_missing_and_where_there_is_enough_nothing_is_drafted(
    tiny: Path, data_dir: Path
) -> None:
    without = run(tiny.parent / "data", "index", "--propose", CORPUS_DIR=str(tiny))
    assert (without.returncode, b"set LLM_MODEL" in without.stderr) == (1, True)
    model = {"LLM_MODEL": "openai:scripted", "OPENAI_API_KEY": "key", "OPENAI_API_BASE": "http://127.0.0.1:9/v1"}
    enough = run(data_dir, "index", "--propose", **model)
    assert enough.returncode == 0, enough.stderr
    assert b"Every statement has 20 wordings or more" in enough.stdout
