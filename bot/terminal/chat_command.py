"""`chat`: the bot in a terminal, or on a pipe."""

import contextlib
import logging
import secrets
from logging.handlers import RotatingFileHandler

from sqlalchemy.exc import DBAPIError

from bot.advising.consultant import Consultant
from bot.chat.presses import MAX_SHARED_TURNS
from bot.deciding.questionnaire import Questionnaire
from bot.handoff.disclosure import collect_disclosure
from bot.interviews.poll import summarize
from bot.messages.formatting import join_lines, shorten
from bot.messages.reply import Line, Reply
from bot.observing.logs import LINE, log_to, report
from bot.settings import Settings
from bot.store.inbox import MAX_EARLIER, Answer
from bot.store.records import LeadDetails, Turn
from bot.terminal.ask import load_consultant
from bot.terminal.console import console, show_citations, show_line, show_reply, show_sentence
from bot.terminal.contact import Contact
from bot.terminal.dialogs import read_lines
from bot.terminal.interview_command import converse
from bot.terminal.memory import TENANT, Memory, StoredQuestions, open_memory, this_user

log = logging.getLogger(__name__)

QUOTE_LENGTH = 80  # characters of an earlier question
FAILED = "answering failed"


def chat(settings: Settings, *, new: bool = False) -> None:
    """Answer questions until /quit, Ctrl-C, Ctrl-D or the end of the pipe, in the last conversation or a `new` one."""
    _log_to_file(settings)
    consultant = load_consultant(settings)
    with open_memory(settings) as memory, contextlib.suppress(KeyboardInterrupt):
        show_sentence("chat_opening")
        if not memory.is_permanent:
            show_sentence("chat_not_kept")
        conversation = Chat(consultant, memory, new=new)
        conversation.resume()
        _run(conversation, Contact(memory, settings, conversation.questions, consultant.adviser), settings)
    show_sentence("chat_goodbye")


class Chat:
    """A conversation, which may have begun in an earlier chat."""

    def __init__(self, consultant: Consultant, memory: Memory, *, new: bool) -> None:
        self._consultant = consultant
        self._run = memory.runner.run
        self._inbox, self._conversations = memory.store.inbox, memory.store.conversations
        self.questions = StoredQuestions(memory.store)
        last = None if new else self._run(self._conversations.last_place(TENANT, this_user()))
        self.place = last or f"terminal-{secrets.token_hex(8)}"
        self._questions = self._run(self._conversations.recent(TENANT, self.place, MAX_EARLIER))
        self.last_reply: Reply | None = None
        self._summary: Reply | None = None

    def resume(self) -> None:
        """Quote the last question, and answer what an interruption left unanswered."""
        if self._questions:
            show_sentence("chat_resumed", question=_quote(self._questions[-1]))
        for turn in self._run(self._conversations.unanswered(TENANT, self.place)):
            show_sentence("chat_unanswered", question=_quote(turn.text))
            self._answer(turn)

    def answer_last(self) -> None:
        """Show the answer to the question that was stored last."""
        work = self.questions.last
        turn = self._run(self._inbox.turn(work)) if work else None
        if turn:
            self._answer(turn)

    def _answer(self, turn: Turn) -> None:
        """Show the answer, sentence by sentence when a model writes, and store it."""
        streamed = list[Line]()

        def stream(line: Line) -> None:
            streamed.append(line)
            show_line(line)

        try:
            reply = self._run(self._consultant.respond(turn.text, self._questions[-MAX_EARLIER:], stream))
        except Exception:  # noqa: BLE001 it is logged, with its reference
            reference = apologise("a question failed")
            self._run(self._inbox.answered(turn, Answer(()), FAILED, reference))
            self._run(self._inbox.finish(turn, FAILED))
            return
        self.last_reply = reply
        self._questions.append(turn.text)
        show_reply(reply, lines=not streamed)
        if reply.recommendation:
            self._summary = None  # it is about another case
            show_sentence("chat_check")
        self._run(self._inbox.answered(turn, Answer((), reply.to_stored())))
        self._run(self._inbox.finish(turn))

    def interview(self) -> None:
        """Run an interview that starts from what the conversation says."""
        if self._consultant.adviser is None:
            show_sentence("no_framework")
            return
        interview = Questionnaire(self._consultant.adviser.outlook)
        read = self._run(self._consultant.adviser.facts(self._questions[-MAX_EARLIER:]))
        finished = converse(interview, interview.start(read))
        self._summary = summarize(interview, finished) if finished else self._summary

    def case(self) -> LeadDetails:
        """Return what may be passed on to a consultant: the conversation, and its summary."""
        adviser = self._consultant.adviser
        questions = adviser.framework.questions if adviser else {}
        labels = {name: question.label for name, question in questions.items()}
        turns = self._run(self._conversations.said(TENANT, this_user(), MAX_SHARED_TURNS, None, self.place))
        return collect_disclosure(turns, self._summary, labels)


def apologise(problem: str) -> str:
    """Say that something went wrong, and return the reference under which the log has it."""
    reference = report(log, problem)
    show_sentence("unforeseen", reference=reference)
    return reference


def _quote(question: str) -> str:
    return shorten(join_lines(question), QUOTE_LENGTH)


def _run(conversation: Chat, contact: Contact, settings: Settings) -> None:
    """Handle line after line; what came from a consultant meanwhile is shown before the next prompt."""
    contact.deliver()
    for line in read_lines(settings):
        text = line.strip()
        if text.lower() == "/quit":
            return
        if text:
            try:
                _handle(text, conversation, contact)
            except DBAPIError:
                apologise("the database could not be used")
            console.print()
            contact.deliver()


def _handle(text: str, conversation: Chat, contact: Contact) -> None:
    reply = conversation.last_reply
    match text.lower():
        case "/help":
            show_sentence("chat_help")
        case "/sources" if reply and reply.citations:
            show_citations(reply.citations, anchors=True)
        case "/sources":
            show_sentence("no_sources")
        case "/interview":
            conversation.interview()
        case "/contact":
            contact.begin(conversation.case())
        case "/status":
            contact.status()
        case command if command.startswith("/"):
            show_sentence("unknown_command", command=text.split()[0])
        case _:
            if not contact.say(text, conversation.place):
                conversation.answer_last()


def _log_to_file(settings: Settings) -> None:
    """Log to a file beside the index, or nowhere: the screen belongs to the conversation."""
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        handler: logging.Handler = RotatingFileHandler(
            settings.data_dir / "chat.log", maxBytes=1_000_000, backupCount=1
        )
    except OSError:
        handler = logging.NullHandler()
    log_to(handler, logging.Formatter(f"%(asctime)s {LINE}"), settings)
