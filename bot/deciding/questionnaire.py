"""The interview: a pure function from a session and an event to the next session, and from a session to its view.

The next question is the one that can still change the outcome most; when none can, the summary comes. Nothing is lost
on the way: going back or editing one answer leaves the others as they are.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from bot.deciding.framework import Framework, Question
from bot.deciding.outlook import Outlook
from bot.deciding.recommendation import Recommendation, recommend


class Screen(StrEnum):
    """The kinds of screen of an interview."""

    QUESTION = "question"
    REVIEW = "review"
    SUMMARY = "summary"


@dataclass(frozen=True)
class Choose:
    """Choose an option of the question on the screen; None is "don't know"."""

    question: str
    option: str | None


@dataclass(frozen=True)
class Skip:
    """Leave the question on the screen open."""

    question: str


@dataclass(frozen=True)
class Edit:
    """Go to one question; after its answer the review comes back."""

    question: str


class Move(StrEnum):
    """The events that need no question. FORWARD leaves the review for the next question, FINISH any screen."""

    BACK = "back"
    WHY = "why"
    REVIEW = "review"
    FORWARD = "forward"
    FINISH = "finish"
    RESTART = "restart"


InterviewEvent = Choose | Skip | Edit | Move


@dataclass(frozen=True)
class Mention:
    """The option of a question that a text mentions, in the words of the text."""

    option: str
    words: str


@dataclass(frozen=True)
class Session:
    """The state of one interview, as it is stored. `version` is the framework's; `step` rises with every valid event.

    `answers` holds the options chosen (None for "don't know"), `read` those that a text mentions: they count as answers
    until one is chosen. `asked` are the questions shown before the one on the screen, `later` those after it that
    "back" left. `left` is the question that a review, an edit or the summary covers; "back" returns to it.
    """

    version: int
    screen: Screen = Screen.QUESTION
    question: str = ""
    answers: Mapping[str, str | None] = field(default_factory=dict)
    read: Mapping[str, Mention] = field(default_factory=dict)
    skipped: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    left: str = ""
    editing: bool = False
    why: bool = False
    step: int = 0

    @property
    def known(self) -> dict[str, str | None]:
        """Every answer, chosen or read in a text; a chosen one takes precedence."""
        return {**{name: read.option for name, read in self.read.items()}, **self.answers}

    @property
    def can_go_back(self) -> bool:
        """Return True if something was shown before the present screen."""
        return bool(self.asked or self.editing or self.read)

    @property
    def contradictions(self) -> tuple[str, ...]:
        """The questions where another option was chosen than the one that the text mentions."""
        return tuple(name for name, read in self.read.items() if self.answers.get(name) not in (None, read.option))


@dataclass(frozen=True)
class View:
    """The contents of a screen. `number` counts the questions shown; after this one, at most `to_go` more will come.

    `chosen` is the present answer to the question on the screen, `why` whether to say why it matters.
    """

    screen: Screen
    question: Question | None = None
    number: int = 0
    to_go: int = 0
    chosen: str | None = None
    why: bool = False


class Questionnaire:
    """The interview over one framework, as a state machine: sessions are its states."""

    def __init__(self, outlook: Outlook) -> None:
        self.outlook = outlook
        self.framework: Framework = outlook.framework

    def start(self, read: Mapping[str, Mention] | None = None) -> Session:
        """Return a new session; options read in a text are reviewed first, to be confirmed or corrected."""
        session = Session(self.framework.version, read=dict(read or {}))
        return replace(session, screen=Screen.REVIEW) if read else self._next(session)

    def resume(self, session: Session) -> tuple[Session, tuple[str, ...]]:
        """Return the session under the present framework, and the questions whose answers are no longer valid."""

        def is_valid(name: str, option: str | None) -> bool:
            question = self.framework.questions.get(name)
            return question is not None and (option is None or option in question.options)

        dropped = tuple(name for name, option in session.known.items() if not is_valid(name, option))
        questions = self.framework.questions
        lost = bool(dropped) or (session.screen is Screen.QUESTION and session.question not in questions)
        session = _cover(session, session.screen) if lost else session
        kept = replace(
            session,
            version=self.framework.version,
            answers={name: option for name, option in session.answers.items() if is_valid(name, option)},
            read={
                n: mention for n, mention in session.read.items() if is_valid(n, mention.option) and n not in dropped
            },
            skipped=tuple(name for name in session.skipped if name in questions),
            asked=tuple(name for name in session.asked if name in questions and name not in dropped),
            later=tuple(name for name in session.later if name in questions and name not in dropped),
            left=session.left if session.left in questions else "",
        )
        return self._next(kept) if lost else kept, dropped

    def step(self, session: Session, event: InterviewEvent) -> Session:
        """Return the session after an event; the same session if the event is not possible on its screen.

        Raises KeyError for an unknown question or option.
        """
        if not isinstance(event, Move):
            self.framework.questions[event.question]
        changed = self._apply(session, event)
        return changed if changed is session else replace(changed, step=session.step + 1)

    def view(self, session: Session) -> View:
        """Return the contents of the session's screen."""
        if session.screen is Screen.QUESTION:
            return View(
                Screen.QUESTION,
                self.framework.questions[session.question],
                number=len(session.asked) + 1,
                to_go=self._max_to_go(session),
                chosen=session.known.get(session.question),
                why=session.why,
            )
        return View(session.screen)

    def recommendation(self, session: Session) -> Recommendation:
        """Return the recommendation on the answers so far."""
        words = {name: read.words for name, read in session.read.items() if session.known[name] == read.option}
        return recommend(self.outlook, session.known, words)

    def _apply(self, session: Session, event: InterviewEvent) -> Session:
        match event:
            case Choose(question, option):
                return self._choose(session, question, option)
            case Skip(question):
                if session.screen is not Screen.QUESTION or question != session.question:
                    return session
                skipped = (*(name for name in session.skipped if name != question), question)
                answers = {name: chosen for name, chosen in session.answers.items() if name != question}
                read = {name: found for name, found in session.read.items() if name != question}
                return self._leave(replace(session, skipped=skipped, answers=answers, read=read))
            case Edit(question):
                return replace(_cover(session, Screen.QUESTION, editing=True), question=question)
            case Move():
                return self._move(session, event)

    def _choose(self, session: Session, question: str, option: str | None) -> Session:
        if option is not None:
            self.framework.option(question, option)
        if session.screen is not Screen.QUESTION or question != session.question:
            return session
        answers = {**session.answers, question: option}
        skipped = tuple(name for name in session.skipped if name != question)
        return self._leave(replace(session, answers=answers, skipped=skipped))

    def _move(self, session: Session, move: Move) -> Session:
        match move:
            case Move.BACK:
                return self._back(session)
            case Move.WHY if session.screen is Screen.QUESTION:
                return replace(session, why=not session.why)
            case Move.REVIEW if session.screen is not Screen.REVIEW:
                return _cover(session, Screen.REVIEW)
            case Move.FORWARD if session.screen is Screen.REVIEW:
                return self._next(session)
            case Move.FINISH if session.screen is not Screen.SUMMARY:
                return _cover(session, Screen.SUMMARY)
            case Move.RESTART:
                return self._next(Session(self.framework.version, step=session.step))
            case _:
                return session

    def _leave(self, session: Session) -> Session:
        """Leave the question on the screen, which was answered or skipped."""
        if session.editing:
            return replace(session, screen=Screen.REVIEW, editing=False, why=False)
        return self._next(replace(session, asked=(*session.asked, session.question)))

    def _next(self, session: Session) -> Session:
        closed = {**session.known, **dict.fromkeys(session.skipped)}
        shown = (name for name in (session.left, *session.later) if name in closed)
        session = replace(session, asked=(*session.asked, *shown), later=(), why=False)
        deciding = self.outlook.deciding(closed)
        if not deciding:
            left = "" if session.left in closed else session.left
            return replace(session, screen=Screen.SUMMARY, question="", left=left)
        return replace(session, screen=Screen.QUESTION, question=deciding[0], left="", editing=False)

    def _back(self, session: Session) -> Session:
        if session.editing:
            return replace(session, screen=Screen.REVIEW, editing=False, why=False)
        if session.left:
            return replace(session, screen=Screen.QUESTION, question=session.left, left="")
        shown = session.screen is Screen.QUESTION and session.question in {*session.known, *session.skipped}
        later = (session.question, *session.later) if shown else session.later
        if session.asked:
            *asked, last = session.asked
            return replace(session, screen=Screen.QUESTION, question=last, asked=tuple(asked), later=later, why=False)
        if session.read and session.screen is not Screen.REVIEW:
            return replace(session, screen=Screen.REVIEW, later=later, why=False)
        return session

    def _max_to_go(self, session: Session) -> int:
        """Return the most questions that can come after the one on the screen, over all answers to it."""
        others = {**session.known, **dict.fromkeys(session.skipped)}
        options = (None, *self.framework.questions[session.question].options)
        return max(self.outlook.most_to_go({**others, session.question: option}) for option in options)


def _cover(session: Session, screen: Screen, *, editing: bool = False) -> Session:
    """Show another screen, and keep the question that it covers in `left`."""
    is_question = session.screen is Screen.QUESTION and not session.editing
    left = session.question if is_question else session.left
    return replace(session, screen=screen, left=left, editing=editing, why=False)
