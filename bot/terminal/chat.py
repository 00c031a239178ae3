"""`chat`: the bot in a terminal, or on a pipe."""

import asyncio
import contextlib
import logging
import sys
import uuid
from collections.abc import Iterator
from logging.handlers import RotatingFileHandler
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.history import FileHistory, History, InMemoryHistory

from bot import prompts
from bot.bootstrap import make_consultant
from bot.consultant import Consultant
from bot.deciding.interview import Interview
from bot.replies import Line, Reply
from bot.settings import Settings
from bot.terminal.interview import converse
from bot.terminal.progress import bar, err
from bot.terminal.render import console, show_citations, show_line, show_reply

log = logging.getLogger(__name__)

REMEMBERED = 6  # earlier questions that a follow-up may refer to


def chat(settings: Settings) -> None:
    """Reads questions until /quit, Ctrl-C, Ctrl-D or the end of the pipe."""
    _log_to_file(settings)
    with bar("Indexing the guidance, once") as progress, err.status("Loading the models…"):
        consultant = make_consultant(settings, progress)
    show_line(Line(prompts.sentence("chat_opening")))
    with asyncio.Runner() as runner, contextlib.suppress(KeyboardInterrupt):
        _converse(Conversation(consultant, runner), settings)
    show_line(Line(prompts.sentence("chat_goodbye")))


class Conversation:
    """What was asked and answered so far."""

    def __init__(self, consultant: Consultant, runner: asyncio.Runner) -> None:
        self._consultant = consultant
        self._runner = runner
        self._earlier: list[str] = []
        self.last: Reply | None = None

    def say(self, text: str) -> None:
        """Answers `text` on the screen, sentence by sentence when a model writes; never ends in a traceback."""
        shown = list[Line]()

        def show(line: Line) -> None:
            shown.append(line)
            show_line(line)

        try:
            self.last = self._runner.run(self._consultant.respond(text, self._earlier[-REMEMBERED:], show))
        except Exception:
            reference = uuid.uuid4().hex[:8]
            log.exception("a question failed, reference %s", reference)
            show_line(Line(prompts.sentence("unforeseen", reference=reference)))
            return
        self._earlier.append(text)
        show_reply(self.last, lines=not shown)
        if self.last.recommendation:
            show_line(Line(prompts.sentence("chat_check")))

    def interview(self) -> None:
        """Leads through the questions, beginning with what was said so far."""
        if self._consultant.adviser is None:
            show_line(Line(prompts.sentence("no_framework")))
            return
        interview = Interview(self._consultant.adviser.outlook)
        read = self._runner.run(self._consultant.adviser.facts(self._earlier[-REMEMBERED:]))
        converse(interview, interview.start(read))


def _converse(conversation: Conversation, settings: Settings) -> None:
    for text in _typed(settings):
        match text.strip():
            case "/quit":
                return
            case "/help":
                show_line(Line(prompts.sentence("chat_help")))
            case "/sources" if conversation.last and conversation.last.citations:
                show_citations(conversation.last.citations, anchors=True)
            case "/interview":
                conversation.interview()
            case "/sources":
                show_line(Line(prompts.sentence("no_sources")))
            case command if command.startswith("/"):
                show_line(Line(prompts.sentence("unknown_command", command=command.split()[0])))
            case "":
                continue
            case question:
                conversation.say(question)
        console.print()


def _typed(settings: Settings) -> Iterator[str]:
    """What the person types, line by line; what comes through a pipe is repeated, so that the output can be read."""
    if not sys.stdin.isatty():
        for raw in sys.stdin.buffer:
            line = raw.decode("utf-8", "replace").rstrip("\n")
            console.print(f"> {line}", markup=False)
            yield line
        return
    session = PromptSession[str](history=_history(settings.data_dir / "chat-history"))
    while True:
        try:
            yield session.prompt("> ")
        except EOFError:
            return


def _history(path: Path) -> History:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
    except OSError:
        return InMemoryHistory()
    return FileHistory(str(path))


def _log_to_file(settings: Settings) -> None:
    """The screen belongs to the conversation; the log goes to a file beside the index, or nowhere."""
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        handler: logging.Handler = RotatingFileHandler(
            settings.data_dir / "chat.log", maxBytes=1_000_000, backupCount=1
        )
    except OSError:
        handler = logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=settings.log_level, handlers=[handler])
