"""The commands as a user runs them: real processes, real pipes, a real terminal."""

import json
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE

import pytest

from tests.conftest import ROOT
from tests.support.forking import Forked
from tests.support.processes import PROMPT, SECONDS, Screen, environment, run, run_anew

pytestmark = pytest.mark.takes_long


def test_help_loads_nothing_heavy() -> None:
    code = "import sys, bot.cli; print([m for m in ('torch', 'langchain', 'sklearn', 'faiss') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, cwd=ROOT, check=True).stdout == b"[]\n"
    shown = run_anew(Path("/nowhere"), "--help")
    assert all(command in shown.stdout.decode() for command in ("chat", "ask", "interview", "index", "doctor"))


def test_one_question_as_text_and_as_json(data_dir: Path) -> None:
    shown = run_anew(data_dir, "ask", "what are the drawbacks of RAG?")
    assert shown.returncode == 0
    assert "Depends on retrieval quality [1]" in shown.stdout.decode()
    answer = json.loads(run(data_dir, "ask", "what are the drawbacks of RAG?", "--json").stdout)
    assert list(answer) == ["id", "question", "kind", "text", "citations", "recommendation", "latency_ms"]
    assert answer["kind"] == "answer"
    assert answer["recommendation"] is None
    assert answer["citations"][0] == {
        "section": "RAG Explained > Limitations",
        "quote": "Depends on retrieval quality",
        "source": "fine-tuning-vs-rag.md",
        "anchor": "rag-explained-limitations.depends-on-retrieval-quality",
    }


def test_json_lines_are_answered_in_order_and_bad_ones_do_not_stop_them(data_dir: Path) -> None:
    lines = [
        b'{"id": "a", "question": "and the other one?", "history": ["what are the cons of tuning?"]}',
        b"{broken",
        b'{"id": 3}',
        b'{"id": 4, "question": 5}',
        b"",
        b"[1, 2]",
        b'{"id": 7, "question": "\xff\xfe"}',
        b'{"id": 8, "question": ""}',
        b'{"id": 9, "question": "' + b"x" * 100_000 + b'"}',
        b"\x00\x01\x02" * 400_000,
        '{"id": 11, "question": "هل نستخدم هذا؟ 🚀"}'.encode(),
        b'{"id": 12, "question": "which is faster?", "history": [{"role": "user", "content": "hi"},'
        b' {"role": "assistant", "content": "Hello!"}, {"user": "we have no data"}]}',
        b'{"id": 13, "question": "which is faster?", "history": "no list"}',
        b'{"question": "thanks!"}',
        b'{"id": 15, "question": "we have 200 tickets, docs change weekly, auditors want sources"}',
        b"[" * 5_000,
    ]
    finished = run(data_dir, "ask", "--stdin", typed=b"\n".join(lines))
    assert finished.returncode == 0
    answers = [json.loads(line) for line in finished.stdout.splitlines()]
    found = [(a.get("id"), a.get("line") if "error" in a else a["kind"]) for a in answers]
    assert found == [
        ("a", "answer"),
        (None, 2),
        (3, 3),
        (4, 4),
        (None, 6),
        (None, 7),
        (8, "abstain"),
        (9, "abstain"),
        (None, 10),
        (11, "abstain"),
        (12, "answer"),
        (13, 13),
        (None, "small_talk"),
        (15, "advice"),
        (None, 16),
    ]
    assert answers[-2]["recommendation"]["approach"] == "rag"
    assert answers[0]["citations"][0]["section"] == "RAG Explained > Limitations"
    assert b"Traceback" not in finished.stdout + finished.stderr


def test_each_line_is_answered_before_the_next_is_typed(data_dir: Path) -> None:
    process = Forked("bot", ["ask", "--stdin"], environment(data_dir), stdin=PIPE, stdout=PIPE)
    assert process.stdin and process.stdout
    for number in range(3):
        process.stdin.write(json.dumps({"id": number, "question": "which is cheaper?"}).encode() + b"\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["id"] == number
    process.stdin.close()
    assert process.wait(SECONDS) == 0
    process.close()


def test_a_chat_on_a_pipe(data_dir: Path, tmp_path: Path) -> None:
    typed = ["/sources", "/nonsense", "what are the cons of tuning?", "and the other one?", "/sources", "[bold]?!"]
    typed += ["docs change weekly and auditors want sources", "/Interview", "f", "d", "/HELP", "/Quit", "unread"]
    database = f"sqlite:///{tmp_path}/chat.sqlite"
    finished = run(data_dir, "chat", typed="\n".join(typed).encode(), DATABASE_URL=database)
    shown = finished.stdout.decode()
    assert "The last reply cites nothing" in shown
    assert "There is no command /nonsense" in shown
    assert "Risk of catastrophic forgetting" in shown
    assert "Adds latency from search step" in shown
    assert "fine-tuning-vs-rag.md#rag-explained-limitations.adds-latency-from-search-step" in shown
    assert "[bold]?!" in shown
    assert "(read in “auditors want sources”)" in shown
    assert shown.count("Recommendation: RAG") == 2
    assert shown.rstrip().endswith("Goodbye.")
    assert "unread" not in shown
    assert shown.rindex("/help this text") > shown.rindex("d Done")  # what comes after the interview is read, too


@pytest.mark.parametrize("key", [b"\x03", b"\x04"], ids=["Ctrl-C", "Ctrl-D"])
def test_a_chat_in_a_terminal_is_left_cleanly(data_dir: Path, tmp_path: Path, key: bytes) -> None:
    database = f"sqlite:///{tmp_path}/chat.sqlite"
    screen = Screen(data_dir, "chat", is_anew=key == b"\x03", DATABASE_URL=database)
    screen.wait_for(PROMPT)
    screen.type(b"which one is cheaper to begin with?\r", b"[1]", PROMPT)
    screen.type(key, b"Goodbye.")
    assert screen.ended() == 0
    assert b"Initial RAG setup may be cheaper" in screen.shown
    assert b"Traceback" not in screen.shown
    assert "which one is cheaper" in (data_dir / "chat-history").read_text()


def test_index_says_whether_it_is_current(data_dir: Path, tmp_path: Path) -> None:
    assert run(data_dir, "index", "--check").returncode == 0
    assert b"nothing to do" in run(data_dir, "index").stdout
    stale = run(tmp_path, "index", "--check")
    assert stale.returncode == 1
    assert b"run `rag-or-tune index`" in stale.stdout


def test_a_corpus_of_ones_own_without_phrasings(tiny: Path, tmp_path: Path) -> None:
    finished = run(tmp_path / "data", "ask", "does green tea cost little?", "--json", CORPUS_DIR=str(tiny))
    assert json.loads(finished.stdout)["citations"][0]["quote"] == "Green tea costs little."


def test_a_data_directory_that_cannot_be_written(tiny: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.write_text("not a folder")
    finished = run(data, "ask", "does green tea cost little?", CORPUS_DIR=str(tiny))
    assert finished.returncode == 0
    assert b"Green tea costs little." in finished.stdout
    assert b"cannot be kept in DATA_DIR" in finished.stderr
    refused = run(data, "index", CORPUS_DIR=str(tiny))
    assert refused.returncode == 1
    assert b"cannot be written to DATA_DIR" in refused.stderr
    assert b"Traceback" not in finished.stderr + refused.stderr


def test_where_nothing_can_be_written_at_all_it_says_so(tiny: Path, tmp_path: Path) -> None:
    finished = run(tmp_path / "data", "ask", "does green tea cost little?", limit=1000, CORPUS_DIR=str(tiny))
    assert finished.returncode == 1
    assert b"neither into DATA_DIR nor" in finished.stderr
    assert b"Traceback" not in finished.stderr


@pytest.mark.parametrize(
    ("variables", "problem"),
    [
        ({"LOG_LEVEL": "loud"}, b"LOG_LEVEL"),
        ({"CORPUS_DIR": "/nowhere"}, b"CORPUS_DIR"),
        ({"LLM_MODEL": "nobody:model"}, b"LLM_MODEL"),
        ({"LLM_MODEL": "anthropic:claude"}, b"'.[anthropic]'"),
        ({"EMBEDDING_MODEL": "/tmp"}, b"EMBEDDING_MODEL"),
    ],
)
def test_a_wrong_setting_stops_the_start_with_a_sentence(
    data_dir: Path, variables: dict[str, str], problem: bytes
) -> None:
    finished = run(data_dir, "ask", "which is cheaper?", **variables)
    assert finished.returncode == 1
    assert problem in finished.stderr
    assert b"Traceback" not in finished.stderr


def test_a_broken_corpus_stops_the_start_with_file_and_line(tiny: Path, tmp_path: Path) -> None:
    (tiny / "a.phrasings.yaml").write_text("article: tea.md\nvoice: a\nasked:\n  Coffee:\n    x: [y]\n")
    finished = run(tmp_path / "data", "ask", "x", CORPUS_DIR=str(tiny))
    assert finished.returncode == 1
    assert b"a.phrasings.yaml, line 4: the article has no section 'Coffee'" in finished.stderr


def test_doctor_says_what_is_well_and_how_to_fix_the_rest(data_dir: Path, tmp_path: Path) -> None:
    well = run(data_dir, "doctor")
    assert well.returncode == 0
    assert well.stdout.decode().count("ok ") >= 6
    ill = run(tmp_path, "doctor", LLM_MODEL="openai:x", OPENAI_API_KEY="k", OPENAI_API_BASE="http://127.0.0.1:9/v1")
    shown = " ".join(ill.stdout.decode().split())
    assert ill.returncode == 1
    assert "index: missing or out of date" in shown
    assert "language model: LLM_MODEL does not answer" in shown
    assert run(data_dir, "doctor", LOG_LEVEL="loud").returncode == 1
