"""The bot in a process of its own that writes down when a message passes which stage, and what that took.

    python -m tools.benchmarks.traced FILE WORDS

It runs `python -m bot WORDS`. Each line of FILE is a stage that ended: its name, the moment by the clock that all
processes share, and how many statements, transactions, commits and hops between threads there were until then.
"""

import asyncio
import functools
import importlib
import json
import runpy
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

STAGES = (  # module, class and method after which a stage ends; `>` before which
    ("bot.chat.dispatch", "Dispatcher", ">said", "heard"),
    ("bot.store.inbox", "Inbox", "accept", "accepted"),
    ("bot.store.inbox", "Inbox", "question", "read"),
    ("bot.advising.consultant", "Consultant", "respond", "answered"),
    ("bot.chat.responder", "ConsultantResponder", "answer", "rendered"),
    ("bot.store.inbox", "Inbox", "answered", "kept"),
    ("bot.slack.adapter", "SlackAdapter", "send", "confirmed"),
    ("bot.discord.adapter", "DiscordAdapter", "send", "confirmed"),
    ("bot.store.inbox", "Inbox", "delivered", "done"),
    ("bot.chat.presses", "PressHandler", ">press", "heard"),
    ("bot.chat.presses", "PressHandler", "press", "pressed"),
    ("bot.slack.interactions", "Stage", "show", "shown"),
    ("bot.discord.interactions", "Stage", "show_response", "shown"),
)


class Trace:
    """What was counted since the start, written down at the end of each stage."""

    def __init__(self, file: Path) -> None:
        self._lines = file.open("w", buffering=1)
        self._counted = Counter[str]()

    def count(self, name: str) -> None:
        self._counted[name] += 1

    def mark(self, stage: str) -> None:
        print(json.dumps({"stage": stage, "at": time.monotonic(), "counted": self._counted}), file=self._lines)


def _watch_databases(trace: Trace) -> None:
    """Count in every database of the process."""

    @event.listens_for(Engine, "before_cursor_execute")
    def _statement(connection: object, cursor: object, statement: str, *_: object) -> None:
        trace.count("statements")

    @event.listens_for(Engine, "begin")
    def _begin(connection: object) -> None:
        trace.count("transactions")

    changed = set[int]()  # connections with something to commit

    @event.listens_for(Engine, "after_cursor_execute")
    def _changed(connection: Any, cursor: Any, statement: str, *_: object) -> None:
        if statement.lstrip()[:6].upper() in ("INSERT", "UPDATE", "DELETE"):
            changed.add(id(connection))

    @event.listens_for(Engine, "commit")
    def _commit(connection: object) -> None:
        if id(connection) in changed:
            changed.discard(id(connection))
            trace.count("commits")


def _watch_threads(trace: Trace) -> None:
    """Count what comes back from threads to the event loop."""
    come_back = asyncio.BaseEventLoop.call_soon_threadsafe

    def counted(loop: Any, callback: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        trace.count("hops")
        return come_back(loop, callback, *args, **kwargs)

    asyncio.BaseEventLoop.call_soon_threadsafe = counted  # type: ignore[assignment,method-assign]


def _watch_stages(trace: Trace, platform: str) -> None:
    for module, kind, method, stage in STAGES:
        if module.startswith(("bot.slack", "bot.discord")) and not module.startswith(f"bot.{platform}"):
            continue
        owner = getattr(importlib.import_module(module), kind)
        name = method.lstrip(">")
        setattr(owner, name, _watched(getattr(owner, name), trace, stage, is_before=method.startswith(">")))


def _watched(call: Callable[..., Any], trace: Trace, stage: str, *, is_before: bool) -> Callable[..., Any]:
    @functools.wraps(call)
    async def watched(*args: Any, **kwargs: Any) -> Any:
        if is_before:
            trace.mark(stage)
        result = await call(*args, **kwargs)
        if not is_before:
            trace.mark(stage)
        return result

    return watched


def main() -> None:
    file, *words = sys.argv[1:]
    trace = Trace(Path(file))
    _watch_databases(trace)
    _watch_threads(trace)
    _watch_stages(trace, words[0])
    sys.argv = ["rag-or-tune", *words]
    runpy.run_module("bot", run_name="__main__")


if __name__ == "__main__":
    main()
