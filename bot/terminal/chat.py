"""`chat`: the bot in a terminal, or on a pipe."""

import contextlib
import logging
from logging.handlers import RotatingFileHandler

from pydantic import JsonValue
from sqlalchemy.exc import DBAPIError

from bot import texts
from bot.advising.bootstrap import make_consultant
from bot.advising.consultant import Consultant
from bot.chat.presses import PASSED_ON
from bot.deciding.interview import Questionnaire
from bot.handoff.case import case_of
from bot.interviews.poll import summarize
from bot.messages.reply import Line, Reply
from bot.messages.text import join_lines, shorten
from bot.observing.logs import LINE, log_to, report
from bot.settings import Settings
from bot.store.inbox import REMEMBERED
from bot.store.tables import Turn
from bot.terminal.contact import Contact
from bot.terminal.interview import converse
from bot.terminal.keyboard import typed_lines
from bot.terminal.memory import Memory, Talk, remembering
from bot.terminal.progress import bar, err
from bot.terminal.render import console, show_citations, show_line, show_reply

log = logging.getLogger(__name__)

QUOTED = 80  # characters of a question that is brought to mind


def chat(settings: Settings, *, new: bool = False) -> None:
    """Reads questions until /quit, Ctrl-C, Ctrl-D or the end of the pipe; goes on with the last conversation."""
    _log_to_file(settings)
    with bar("Indexing the guidance, once") as progress, err.status("Loading the models…"):
        consultant = make_consultant(settings, progress)
    with remembering(settings) as memory, contextlib.suppress(KeyboardInterrupt):
        show_line(Line(texts.sentence("chat_opening")))
        if not memory.lasts:
            show_line(Line(texts.sentence("chat_not_kept")))
        conversation = Conversation(consultant, memory, new=new)
        conversation.resume()
        _converse(conversation, Contact(memory, settings), settings)
    show_line(Line(texts.sentence("chat_goodbye")))


class Conversation:
    """What was asked and answered so far, also in the chats before this one."""

    def __init__(self, consultant: Consultant, memory: Memory, *, new: bool) -> None:
        self._consultant = consultant
        self._run = memory.runner.run
        self._talk = Talk(memory, new=new)
        self._earlier = self._talk.recent(REMEMBERED)
        self.last: Reply | None = None
        self._summary: Reply | None = None

    def resume(self) -> None:
        """Says where the conversation was left, and answers what was left unanswered."""
        if self._earlier:
            show_line(Line(texts.sentence("chat_resumed", question=_short(self._earlier[-1]))))
        for turn in self._talk.unanswered():
            show_line(Line(texts.sentence("chat_unanswered", question=_short(turn.text))))
            self._answer(turn)

    def say(self, text: str) -> None:
        """Answers `text` on the screen."""
        turn = self._talk.asked(text)
        if turn:
            self._answer(turn)

    def _answer(self, turn: Turn) -> None:
        """Shows the answer, sentence by sentence when a model writes, and keeps it."""
        shown = list[Line]()

        def show(line: Line) -> None:
            shown.append(line)
            show_line(line)

        try:
            self.last = self._run(self._consultant.respond(turn.text, self._earlier[-REMEMBERED:], show))
        except Exception:  # noqa: BLE001 it is logged, with its reference
            self._talk.failed(turn, self.apologise("a question failed"))
            return
        self._earlier.append(turn.text)
        show_reply(self.last, lines=not shown)
        if self.last.recommendation:
            self._summary = None  # it is about another case
            show_line(Line(texts.sentence("chat_check")))
        self._talk.answered(turn, self.last)

    def apologise(self, problem: str) -> str:
        """Says that something went wrong; returns the reference under which the log says what."""
        reference = report(log, problem)
        show_line(Line(texts.sentence("unforeseen", reference=reference)))
        return reference

    def interview(self) -> None:
        """Leads through the questions, beginning with what was said so far."""
        if self._consultant.adviser is None:
            show_line(Line(texts.sentence("no_framework")))
            return
        interview = Questionnaire(self._consultant.adviser.outlook)
        read = self._run(self._consultant.adviser.facts(self._earlier[-REMEMBERED:]))
        finished = converse(interview, interview.start(read))
        self._summary = summarize(interview, finished) if finished else self._summary

    def case(self) -> dict[str, JsonValue]:
        """What may be passed on to a consultant: what was said here, and what came of it."""
        adviser = self._consultant.adviser
        questions = adviser.framework.questions if adviser else {}
        labels = {name: question.label for name, question in questions.items()}
        return case_of(self._talk.answered_turns(PASSED_ON), self._summary, labels)


def _short(question: str) -> str:
    return shorten(join_lines(question), QUOTED)


def _converse(conversation: Conversation, contact: Contact, settings: Settings) -> None:
    """Reads and obeys; what came from a consultant meanwhile is shown before the next prompt."""
    contact.deliver()
    for text in typed_lines(settings):
        said = text.strip()
        if said == "/quit":
            return
        if said:
            try:
                _obey(said, conversation, contact)
            except DBAPIError:
                conversation.apologise("the database could not be used")
            console.print()
            contact.deliver()


def _obey(said: str, conversation: Conversation, contact: Contact) -> None:
    match said:
        case "/help":
            show_line(Line(texts.sentence("chat_help")))
        case "/sources" if conversation.last and conversation.last.citations:
            show_citations(conversation.last.citations, anchors=True)
        case "/sources":
            show_line(Line(texts.sentence("no_sources")))
        case "/interview":
            conversation.interview()
        case "/contact":
            contact.begin(conversation.case())
        case "/status":
            contact.status()
        case command if command.startswith("/"):
            show_line(Line(texts.sentence("unknown_command", command=command.split()[0])))
        case _:
            if not contact.note(said):
                conversation.say(said)


def _log_to_file(settings: Settings) -> None:
    """The screen belongs to the conversation; the log goes to a file beside the index, or nowhere."""
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        handler: logging.Handler = RotatingFileHandler(
            settings.data_dir / "chat.log", maxBytes=1_000_000, backupCount=1
        )
    except OSError:
        handler = logging.NullHandler()
    log_to(handler, logging.Formatter(f"%(asctime)s {LINE}"), settings)
