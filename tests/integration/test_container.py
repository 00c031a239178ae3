"""The Containerfile, as far as it can be looked at without an engine: what it builds from, and as whom it runs."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from tests.conftest import ROOT
from tests.peers.loopback import free_port

PINNED = re.compile(r"^docker\.io/library/python:(\d+\.\d+\.\d+)-slim-\w+@sha256:[0-9a-f]{64}$")

Instruction = tuple[str, str]


def stages() -> list[list[Instruction]]:
    """The instructions of each stage, each on one line."""
    text = (ROOT / "Containerfile").read_text()
    lines = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)).splitlines()
    instructions = [(name, rest) for name, _, rest in (line.partition(" ") for line in lines) if name]
    starts = [number for number, (name, _) in enumerate(instructions) if name == "FROM"]
    assert starts[0] == 0
    ends = [*starts[1:], len(instructions)]
    return [instructions[start:end] for start, end in zip(starts, ends, strict=True)]


def of(stage: list[Instruction], name: str) -> list[str]:
    return [rest for instruction, rest in stage if instruction == name]


def test_each_base_is_pinned_and_the_same() -> None:
    froms = [of(stage, "FROM")[0].split() for stage in stages()]
    (base,) = {words[0] for words in froms} - {words[-1] for words in froms if "AS" in words}
    pinned = PINNED.match(base)
    assert pinned
    assert pinned[1].startswith("3.11.")


def test_it_runs_as_somebody_who_may_do_little() -> None:
    *_, last = stages()
    (user,) = of(last, "USER")
    assert int(user) > 0
    assert f"useradd --uid {user} " in of(last, "RUN")[0]
    made = [name for name, _ in last]
    assert made.index("USER") > max(n for n, name in enumerate(made) if name in ("RUN", "COPY"))


def test_only_what_is_needed_gets_in() -> None:
    first, slim, last = stages()
    copied = [word for rest in of(first, "COPY") + of(slim, "COPY") for word in shlex.split(rest)[:-1]]
    needed = {
        "LICENSE",
        "README.md",
        "bot",
        "constraints.txt",
        "corpus",
        "learning.txt",
        "prompts",
        "pyproject.toml",
        "requirements.lock",
    }
    assert set(copied) == needed
    assert all((ROOT / name).exists() for name in copied)
    assert of(last, "COPY") == ["--from=slim /opt/bot /opt/bot", "--from=slim /opt/prebuilt /opt/prebuilt"]
    ignored = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    assert ignored[0] == "*"
    assert {line.removeprefix("!") for line in ignored if line.startswith("!")} == needed
    assert not any(of(stage, "ADD") for stage in stages())


def test_no_secret_is_built_in() -> None:
    said = (ROOT / "Containerfile").read_text()
    assert not re.search(r"(TOKEN|SECRET|_KEYS?|PASSWORD)\b", said)


def test_it_starts_a_command_that_there_is() -> None:
    *_, last = stages()
    words = json.loads(of(last, "ENTRYPOINT")[0]) + json.loads(of(last, "CMD")[0])
    assert words[0] == "rag-or-tune"
    run = [sys.executable, "-m", "bot", *words[1:], "--help"]
    assert subprocess.run(run, cwd=ROOT, capture_output=True, check=False).returncode == 0


@pytest.fixture
def answering() -> Iterator[HTTPServer]:
    """A server that answers `/healthz` with its `status`, and nothing else."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(self.server.status if self.path == "/healthz" else 404)  # type: ignore[attr-defined]
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("status", "is_well"), [(200, True), (503, False), (None, False)])
def test_the_health_check_asks_whether_the_process_lives(
    answering: HTTPServer, status: int | None, *, is_well: bool
) -> None:
    *_, last = stages()
    options, _, command = of(last, "HEALTHCHECK")[0].partition("CMD ")
    assert "--start-period=" in options
    answering.status = status  # type: ignore[attr-defined]
    port = answering.server_port if status else free_port()
    python, *words = json.loads(command)
    assert python == "python"
    run = [sys.executable, *words]
    done = subprocess.run(run, env={**os.environ, "PORT": str(port)}, capture_output=True, check=False)
    assert (done.returncode == 0) is is_well
