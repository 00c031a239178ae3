"""The interview on a platform: one card that changes in place, the same on each; its state is a row of the store.

A click carries the interview, the step and the choice. One that is not the card's present step changes nothing: a
double click is passed over, an older card shows where the interview is now, a foreign one is refused.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from bot import prompts
from bot.advice import Background, advise
from bot.cards import Button, Card, Menu, Picture, Press
from bot.deciding.chart import alt_text, chart
from bot.deciding.framework import Framework, Question
from bot.deciding.interview import Answer, Edit, Event, Interview, Move, Read, Screen, Session, Skip, View
from bot.deciding.outlook import Outlook
from bot.replies import Line, LineKind, Reply
from bot.store import tables
from bot.store.interviews import Interviews, StaleError

SESSION = TypeAdapter(Session)
UNKNOWN = "-"  # the choice that says "I don't know"
MOVES = {"back": Move.BACK, "why": Move.WHY, "review": Move.REVIEW, "next": Move.FORWARD, "finish": Move.FINISH}
MOVES["restart"] = Move.RESTART
PRESSES = frozenset((*MOVES, "answer", "skip", "edit"))  # the names of what a card of an interview is asked for


@dataclass(frozen=True)
class Shown:
    """What a click leads to: the card as it is now, with a `notice` for the one who clicked; or only a notice."""

    card: Card | None
    notice: str = ""


class Interviewer:
    """Leads people through the framework's questions by clicks."""

    def __init__(self, interviews: Interviews, outlook: Outlook) -> None:
        self._interviews = interviews
        self._interview = Interview(outlook)
        self._framework = outlook.framework

    async def start(self, tenant: str, place: str, user: str, read: Mapping[str, Read]) -> Card:
        """A new interview; it begins with what was read in what the user said."""
        session = self._interview.start(read)
        row = await self._interviews.start(tenant, place, user, SESSION.dump_python(session, mode="json"))
        return self._card(row, session)

    async def of(self, tenant: str, user: str) -> list[tuple[int, str]]:
        """A person's interviews, the last touched first: their ids, and where each is."""
        rows = await self._interviews.of(tenant, user)
        return [(row.id, self._standing(session)) for row in rows if (session := self._session(row))]

    async def resume(self, tenant: str, user: str, interview: int) -> Card | None:
        """The card of a person's interview as it is now."""
        row = await self._interviews.find(tenant, interview)
        session = self._session(row) if row and row.user == user else None
        return self._card(row, session) if row and session else None

    async def press(self, tenant: str, user: str, press: Press) -> Shown:
        """What a click leads to."""
        row = await self._interviews.find(tenant, press.subject)
        session = self._session(row) if row else None
        if row is None or session is None:
            return Shown(None, prompts.sentence("interview_gone"))
        if row.user != user:
            return Shown(None, prompts.sentence("interview_foreign"))
        if press.step != session.step:
            is_double = press.step == session.step - 1
            return Shown(self._card(row, session), "" if is_double else prompts.sentence("interview_stale"))
        return await self._stepped(row, session, press)

    async def summary(self, tenant: str, user: str, interview: int) -> Reply | None:
        """The summary of a user's interview as it is now, for sharing."""
        row = await self._interviews.find(tenant, interview)
        session = self._session(row) if row and row.user == user else None
        return summary(self._interview, session) if session else None

    async def _stepped(self, row: tables.Interview, session: Session, press: Press) -> Shown:
        try:
            event = _event(session, press)
            after = self._interview.step(session, event) if event else session
        except KeyError:  # the framework has changed since the card was posted
            return Shown(self._card(row, session), prompts.sentence("interview_stale"))
        if after is session:
            return Shown(self._card(row, session))
        try:
            row = await self._interviews.save(row, SESSION.dump_python(after, mode="json"))
        except StaleError:  # another click was faster; this one was on the same card, so it counts as double
            return Shown(None)
        return Shown(self._card(row, after))

    def _session(self, row: tables.Interview) -> Session | None:
        """The session of a row under the framework as it is now, if this version can read it."""
        try:
            return self._interview.resume(SESSION.validate_python(row.session))[0]
        except ValidationError:
            return None

    def _card(self, row: tables.Interview, session: Session) -> Card:
        view = self._interview.view(session)
        if view.question:
            return _question_card(row.id, session, view, view.question)
        if view.screen is Screen.REVIEW:
            return _review_card(row.id, session, self._framework)
        return self._summary_card(row.id, session)

    def _standing(self, session: Session) -> str:
        if session.screen is Screen.SUMMARY:
            return summary(self._interview, session).lines[0].text
        return prompts.sentence("interview_open", answered=len(session.known), count=len(self._framework.questions))

    def _summary_card(self, interview: int, session: Session) -> Card:
        reply, found = summary(self._interview, session), self._interview.recommendation(session)
        card = Card.of(
            reply,
            (
                _button("contact", "do_contact", interview, session, is_main=True),
                _button("share", "do_share", interview, session),
                _button("copy", "do_copy", interview, session),
            ),
            (
                _button("review", "do_review", interview, session),
                _button("restart", "do_restart", interview, session),
            ),
        )
        picture = Picture(chart(self._framework, found, session.known), alt_text(self._framework, found))
        return Card(card.lines, card.citations, card.rows, picture=picture)


def _event(session: Session, press: Press) -> Event | None:
    match press.name:
        case "answer":
            return Answer(session.question, None if press.choice == UNKNOWN else press.choice)
        case "skip":
            return Skip(session.question)
        case "edit":
            return Edit(press.choice)
    return MOVES.get(press.name)


def _button(name: str, sentence: str, interview: int, session: Session, *, is_main: bool = False) -> Button:
    return Button(prompts.sentence(sentence), Press(name, interview, session.step), is_main)


def _question_card(interview: int, session: Session, view: View, question: Question) -> Card:
    progress = prompts.sentence("progress", number=view.number, to_go=view.to_go)
    lines = [Line(prompts.sentence("editing") if session.editing else progress), Line(question.text, LineKind.HEADING)]
    if view.why:
        lines.append(Line(question.why))
    answer = Press("answer", interview, session.step)
    answers = [Button(o.text, answer.choosing(o.id), is_chosen=o.id == view.chosen) for o in question.options.values()]
    answers.append(Button(prompts.sentence("dont_know"), answer.choosing(UNKNOWN)))
    names = [("skip", "do_skip"), ("why", "do_why"), ("review", "do_review"), ("finish", "do_finish")]
    if session.asked or session.editing or session.read:
        names.insert(0, ("back", "do_back"))
    moves = tuple(_button(name, sentence, interview, session) for name, sentence in names)
    return Card(tuple(lines), rows=(*_rows(answers), moves))


def _review_card(interview: int, session: Session, framework: Framework) -> Card:
    lines = [Line(prompts.sentence("interview_review"), LineKind.HEADING)]
    lines += [Line(f"{q.label}: {answer_of(q, session)}", LineKind.QUOTE) for q in framework.questions.values()]
    choices = tuple((question.id, question.label) for question in framework.questions.values())
    menu = Menu(prompts.sentence("edit_which"), Press("edit", interview, session.step), choices)
    names = (("next", "do_forward"), ("finish", "do_finish"), ("restart", "do_restart"))
    return Card(tuple(lines), rows=(tuple(_button(name, said, interview, session) for name, said in names),), menu=menu)


def _rows(buttons: list[Button]) -> Iterator[tuple[Button, ...]]:
    for start in range(0, len(buttons), 5):
        yield tuple(buttons[start : start + 5])


def summary(interview: Interview, session: Session) -> Reply:
    """What a session comes to."""
    written = {name: session.read[name].words for name in session.contradictions}
    background = Background(contradictions=written, answers=session.known)
    return advise(interview.framework, interview.recommendation(session), background)


def answer_of(question: Question, session: Session) -> str:
    """What the review says of a question."""
    if question.id in session.known:
        option = session.known[question.id]
        text = question.options[option].text if option else prompts.sentence("dont_know")
        if question.id in session.read and question.id not in session.answers:
            return prompts.sentence("read_in", text=text, words=session.read[question.id].words)
        return text
    return prompts.sentence("skipped" if question.id in session.skipped else "not_answered")
