"""A scripted OpenAI-compatible server on loopback: what a model says, when, or how it fails, is the test's choice."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LONGEST = 60.0  # seconds for which it is held


@dataclass
class Script:
    """What the server does with each request: `status` other than 200 fails, `delay` seconds pass before each piece.

    Words that it is `held_before` are not said until it may `go_on`.
    """

    pieces: list[str] = field(default_factory=list)
    status: int = 200
    delay: float = 0.0
    held_before: str = ""
    go_on: threading.Event = field(default_factory=threading.Event)
    requests: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""

    def say(self, *sentences: tuple[str, list[int]]) -> None:
        """Answers with these sentences, cut into small pieces as a real model streams them."""
        text = json.dumps({"sentences": [{"text": t, "statements": n} for t, n in sentences]})
        self.pieces = [text[start : start + 7] for start in range(0, len(text), 7)]

    def give(self, answer: object) -> None:
        """Answers with this, as JSON in one piece."""
        self.pieces = [json.dumps(answer)]

    def number_of(self, statement: str) -> int:
        """The number under which a statement was given to the model the last time."""
        lines = (line for request in reversed(self.requests) for line in _prompt(request).splitlines())
        return next(int(line.strip().split(".")[0]) for line in lines if line.endswith(f"] {statement}"))


def _prompt(request: dict[str, Any]) -> str:
    return str(request["messages"][0]["content"])


@contextmanager
def openai_server() -> Iterator[Script]:
    """Runs the server on a free port of loopback until the block ends."""
    script = Script()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            script.requests.append(json.loads(self.rfile.read(length)))
            self.send_response(script.status)
            self.send_header("Content-Type", "text/event-stream" if script.status == 200 else "application/json")
            self.end_headers()
            if script.status != 200:
                self.wfile.write(json.dumps({"error": {"message": "scripted", "type": "scripted"}}).encode())
                return
            try:
                held_at, said = "".join(script.pieces).find(script.held_before or "\0"), 0
                for piece in script.pieces:
                    time.sleep(script.delay)
                    said += len(piece)
                    if said > held_at >= 0:
                        script.go_on.wait(LONGEST)
                    self._send(_chunk({"role": "assistant", "content": piece}, None))
                self._send(_chunk({}, "stop"))
                self.wfile.write(b"data: [DONE]\n\n")
            except OSError:
                pass  # the bot hung up: that is its right

        def _send(self, chunk: dict[str, Any]) -> None:
            self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
            self.wfile.flush()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    script.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _chunk(delta: dict[str, str], finish: str | None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "scripted", "choices": [choice]}
