"""The interview in a terminal: on a pipe, with arrow keys, interrupted, from a file of answers, for a team."""

import contextlib
import json
import sqlite3
from pathlib import Path

import pytest

from tests.support.processes import Screen, run

RAG = {"change_rate": "often", "citations": "required", "training_data": None}
FINE_TUNING = {"training_data": "thousands", "style_format": "essential", "citations": "not_needed"}


def test_the_questions_are_described(tmp_path: Path) -> None:
    described = json.loads(run(tmp_path, "interview", "--describe", "--json").stdout)
    assert 8 <= len(described["questions"]) <= 12
    for question in described["questions"]:
        assert set(question) == {"id", "text", "why", "options"}
        assert all(set(option) == {"id", "text"} for option in question["options"])
    shown = run(tmp_path, "interview", "--describe").stdout.decode()
    assert all(question["id"] in shown for question in described["questions"])


def test_answers_over_several_lines_are_one_object(tmp_path: Path) -> None:
    (tmp_path / "answers.json").write_text(json.dumps(RAG, indent=2))
    finished = run(tmp_path, "interview", "--answers", str(tmp_path / "answers.json"), "--json")
    assert finished.returncode == 0
    found = json.loads(finished.stdout)
    assert found["approach"] == "rag"
    assert {reason["because"] for reason in found["reasons"]} == {
        "Often, at least once a month",
        "Yes, each answer needs its source",
    }
    assert "training_data" in found["missing"]


def test_thousands_of_answers_in_one_process_and_bad_ones_named(tmp_path: Path) -> None:
    lines = [json.dumps(FINE_TUNING)] * 2000
    lines[7] = '{"change_rate": "never heard of it"}'
    lines[8] = '{"nonsense": "often"}'
    lines[9] = "[1, 2"
    lines[10] = "{}"
    lines[11] = "[" * 100_000
    typed = "\n".join(lines).encode() + b"\n\xff\xfe{"
    finished = run(tmp_path, "interview", "--answers", "-", typed=typed)
    found = [json.loads(line) for line in finished.stdout.splitlines()]
    assert finished.returncode == 1
    assert len(found) == 2001
    assert [row.get("approach") for row in found[6:11]] == ["fine-tuning", None, None, None, "need-more-info"]
    assert [row["line"] for row in found if "error" in row] == [8, 9, 10, 12, 2001]
    assert "there are often, sometimes, stable" in found[7]["error"]
    assert b"Traceback" not in finished.stderr


def test_a_team_talks_about_what_divides_it(tmp_path: Path) -> None:
    members = [{**FINE_TUNING, "change_rate": rate} for rate in ("often", "stable", "stable")]
    typed = "\n".join(map(json.dumps, members)).encode()
    shown = " ".join(run(tmp_path, "interview", "--answers", "-", "--team", typed=typed).stdout.decode().split())
    assert "Recommendation: fine-tuning" in shown
    assert "Talk about this first" in shown
    found = json.loads(run(tmp_path, "interview", "--answers", "-", "--team", "--json", typed=typed).stdout)
    assert found["talk_about"] == "change_rate"
    assert found["disputes"][0]["leads"] == {"often": "hybrid", "stable": "fine-tuning"}
    refused = run(tmp_path, "interview", "--answers", "-", "--team", typed=b'{"x": "y"}')
    assert refused.returncode == 1
    assert b"line 1: there is no question 'x'" in refused.stderr


def test_an_interview_on_a_pipe_is_kept_and_gone_on_with(tmp_path: Path) -> None:
    first = run(tmp_path, "interview", typed=b"w\nnonsense\n1\n").stdout.decode()
    assert "Question 1, at most 7 more" in first
    assert "documents to look things up in, and records that nobody checked" in " ".join(first.split())
    assert "Please type one of: 1, 2, 3, 4, 0, s, w, r, f, q." in " ".join(first.split())
    assert "Kept. Come back" in first
    page, picture = tmp_path / "summary.md", tmp_path / "summary.png"
    finished = run(
        tmp_path, "interview", "--json", "--markdown", str(page), "--chart", str(picture), typed=b"r\n7\n1\nf\nd\n"
    )
    shown = finished.stderr.decode()
    assert "Going on where you left" in shown
    assert "Chart: Fine-tuning. Weight of the reasons" in shown
    assert json.loads(finished.stdout)["approach"] == "fine-tuning"
    assert "## Recommendation: fine-tuning" in page.read_text("utf-8")
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert "Question 1" in run(tmp_path, "interview").stdout.decode()  # a finished one is not gone on with
    assert b"Going on" not in run(tmp_path, "interview", "--new").stdout


@pytest.mark.parametrize(
    "kept",
    [
        "{}",
        "[]",
        '{"version": "x"}',
        '{"version": 0, "screen": "question", "question": "gone", "answers": {"gone": "a"}}',
    ],
)
def test_what_was_kept_by_another_version_does_no_harm(tmp_path: Path, kept: str) -> None:
    run(tmp_path, "interview")
    with contextlib.closing(sqlite3.connect(tmp_path / "rag-or-tune.sqlite")) as database, database:
        database.execute("UPDATE interviews SET session = ?", (kept,))
    shown = run(tmp_path, "interview")
    assert "Question 1" in shown.stdout.decode()
    assert ("1 of your answers no longer fit" in shown.stdout.decode()) == ("gone" in kept)
    assert b"Traceback" not in shown.stderr


def test_what_cannot_be_done_is_said(tmp_path: Path) -> None:
    team = run(tmp_path, "interview", "--team")
    assert (team.returncode, b"--team needs --answers" in team.stderr) == (1, True)
    unwritten = run(tmp_path, "interview", "--markdown", "/nowhere/x.md", typed=b"f\nd\n")
    assert (unwritten.returncode, b"The summary cannot be written" in unwritten.stderr) == (1, True)


def test_arrow_keys_in_a_terminal(tmp_path: Path) -> None:
    screen = Screen(tmp_path, "interview")
    screen.wait_for(b"Stop for now")
    screen.type(b"\x1b[B\r", b"Question 2", b"Stop for now")  # down, enter: the second option
    screen.type(b"r\r", b"Cost: not answered", b"Stop for now")
    screen.type(b"q\r", b"Kept.")
    assert screen.ended() == 0
    assert b"Traceback" not in screen.shown
    with contextlib.closing(sqlite3.connect(tmp_path / "rag-or-tune.sqlite")) as database:
        (kept,) = database.execute("SELECT session FROM interviews").fetchone()
    assert json.loads(kept)["answers"] == {"training_data": "hundreds"}
