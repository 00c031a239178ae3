"""Learning, in a process of its own: no other one is busy or deaf meanwhile, and its memory is free again afterwards.

`Learning` starts `python -m bot.advising.learning REQUEST`. That prints JSON lines: `[done, total]` again and again, at
last what it learned, or the problem. It ends when its standard input does, so that nobody who is killed leaves it.
"""

import errno
import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Lock, Thread
from typing import Any

from filelock import FileLock
from threadpoolctl import threadpool_limits

from bot.cases.casebook import Casebook, has_framework
from bot.errors import BotError
from bot.guidance.embedding import Embedder
from bot.guidance.index import IndexFolder
from bot.guidance.model_cache import ModelCache
from bot.guidance.vector_store import Progress, VectorStore, ignore_progress

STOPPING_TIME = 1.0  # seconds that the process has to end before it is killed
CODE = Path(__file__).parents[2]  # where a process finds this package
# Texts that are embedded in the time in which each is trained.
WORK: dict[type, int] = {IndexFolder: 1_500, Casebook: 3_000}


@dataclass(frozen=True)
class LearningRequest:
    """What to learn from, and the folder to keep it in; `spare` is another one, if that cannot be written."""

    corpus: str
    data: str
    prebuilt: str | None
    model: str
    model_sha256: str | None
    spare: str | None


@dataclass(frozen=True)
class Learned:
    """The texts learned from; `problem` says why they could not be kept in DATA_DIR, if so."""

    phrasings: int
    examples: int
    problem: str = ""


class Learning:
    """The process that learns. `stop` may be called from another thread, also before `run`."""

    def __init__(self, request: LearningRequest) -> None:
        self._request = request
        self._process: subprocess.Popen[str] | None = None
        self._is_stopped = False
        self._lock = Lock()

    def run(self, progress: Progress = ignore_progress) -> Learned | None:
        """Learn, and return what was learned; None if it was stopped.

        Raises BotError for a broken corpus or model, and OSError if nothing can be written.
        """
        progress(0, 1)
        with self._lock:
            if self._is_stopped:
                return None
            self._process = process = _start(self._request)
        try:
            last = _follow(process, progress)
        finally:
            _end(process)
            for pipe in (process.stdin, process.stdout):
                if pipe:
                    pipe.close()
        return None if self._is_stopped else _interpret(last, process.returncode)

    def stop(self) -> None:
        """End the process, by force if it does not end within a second."""
        with self._lock:
            self._is_stopped = True
        if self._process:
            _end(self._process)


def _start(request: LearningRequest) -> "subprocess.Popen[str]":
    python_path = os.pathsep.join(filter(None, (str(CODE), os.environ.get("PYTHONPATH"))))
    return subprocess.Popen(  # noqa: S603  our own module
        [sys.executable, "-P", "-m", "bot.advising.learning", json.dumps(asdict(request))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": python_path},
    )


def _end(process: "subprocess.Popen[str]") -> None:
    process.terminate()
    try:
        process.wait(STOPPING_TIME)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _follow(process: "subprocess.Popen[str]", progress: Progress) -> Mapping[str, Any]:
    """Report the progress until the end, and return the last message."""
    last: Mapping[str, Any] = {}
    for line in process.stdout or ():
        message = json.loads(line)
        if isinstance(message, list):
            progress(*message)
        else:
            last = message
    process.wait()
    return last


def _interpret(message: Mapping[str, Any], code: int) -> Learned:
    match message:
        case {"learned": learned}:
            return Learned(**learned)
        case {"problem": problem, "errno": int(number)}:
            raise OSError(number, problem)
        case {"problem": problem}:
            raise BotError(problem)
    raise BotError(f"Learning from the corpus ended with status {code}; is there enough memory (900 MB)?")


def learn(request: LearningRequest, progress: Progress = ignore_progress) -> Learned:
    """Learn what is not current. Raises BotError, and OSError if nothing can be written."""
    corpus, data = Path(request.corpus), Path(request.data)
    cache = ModelCache(data, Path(request.prebuilt) if request.prebuilt else None)
    embedder = Embedder(Path(request.model), request.model_sha256, cache)
    kinds: list[type[IndexFolder | Casebook]] = [IndexFolder, *([Casebook] if has_framework(corpus) else [])]
    with _locked(data):
        stale = [kind for kind in kinds if not kind(corpus, data, embedder).is_current()]
        texts = [kind(corpus, data, embedder).texts() for kind in kinds]
        store, left = VectorStore(data, embedder), sum(WORK[kind] for kind in stale)
        total = left + store.prepare([text for own in texts for text in own], lambda n, new: progress(n, new + left))
        problem = ""
        for kind in stale:
            progress(total - left, total)
            try:
                kind(corpus, data, embedder).learn(store)
            except OSError as error:
                if request.spare is None:
                    raise
                kind(corpus, Path(request.spare), embedder).learn(store)
                problem = error.strerror or str(error)
            left -= WORK[kind]
        progress(total, total)
    return Learned(len(texts[0]), len(texts[-1]) if len(texts) > 1 else 0, problem)


@contextmanager
def _locked(data: Path) -> Iterator[None]:
    """Hold the lock under which one process at a time learns, if it can be written."""
    lock = FileLock(data / "learning.lock")
    with suppress(OSError):
        data.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def main(request: str) -> None:
    """Learn, and print what `Learning` reads."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of the whole terminal; the parent decides what ends
    Thread(target=_end_with_parent, daemon=True).start()
    logging.basicConfig(level=logging.ERROR)
    threadpool_limits(1)  # in each of the threads that embed and train
    message: dict[str, object]
    try:
        message = {"learned": asdict(learn(LearningRequest(**json.loads(request)), lambda *work: _print(work)))}
    except BotError as error:
        message = {"problem": str(error)}
    except OSError as error:
        message = {"problem": error.strerror or str(error), "errno": error.errno or errno.EIO}
    _print(message)


def _print(message: object) -> None:
    print(json.dumps(message), flush=True)  # noqa: T201  read by the process that started this one


def _end_with_parent() -> None:
    os.read(sys.stdin.fileno(), 1)
    os._exit(1)


if __name__ == "__main__":
    main(*sys.argv[1:])
