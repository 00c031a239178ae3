"""The screens of an interview as cards: a question, the review, the summary; and what a team's cards share."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from bot import texts
from bot.advising.advice import AdviceContext, render_advice
from bot.deciding.framework import Framework, Question
from bot.deciding.interview import Questionnaire, Screen, Session, View
from bot.deciding.outlook import Answers
from bot.deciding.recommendation import Recommendation
from bot.messages.card import Button, Card, Menu, Picture, Press
from bot.messages.chart import alt_text, chart
from bot.messages.reply import Line, LineKind, Reply

UNKNOWN = "-"  # the choice that says "I don't know"
FULL_ROW = 5
SAID = {
    "back": "do_back",
    "next": "do_forward",
    "skip": "do_skip",
    "why": "do_why",
    "review": "do_review",
    "finish": "do_finish",
    "restart": "do_restart",
    "contact": "do_contact",
    "share": "do_share",
    "copy": "do_copy",
}  # by the names of presses, the sentences on their buttons


def screen(row: int, interview: Questionnaire, session: Session) -> Card:
    """The card of one person's interview, which is kept as that row."""
    view = interview.view(session)
    if view.question:
        return _question(row, session, view, view.question)
    if view.screen is Screen.REVIEW:
        answers = {q.label: answer_of(q, session) for q in interview.framework.questions.values()}
        return review(row, session, interview.framework, texts.sentence("interview_review"), answers)
    card = Card.of(
        summary(interview, session),
        (
            button("contact", row, session, is_main=True),
            button("share", row, session),
            button("copy", row, session),
        ),
        afterwards(row, session),
    )
    return with_picture(card, interview.framework, interview.recommendation(session), session.known)


def headline(session: Session, view: View, question: Question) -> tuple[Line, ...]:
    """How far it is, the question, and why it matters if that was asked."""
    progress = texts.sentence("progress", number=view.number, to_go=view.to_go)
    lines = Line(texts.sentence("editing") if session.editing else progress), Line(question.text, LineKind.HEADING)
    return (*lines, Line(question.why)) if view.why else lines


def review(row: int, session: Session, framework: Framework, title: str, answers: Mapping[str, str | None]) -> Card:
    """Each question's label with its answer, then those without one, and a menu to edit one."""
    lines = [Line(title, LineKind.HEADING)]
    lines += [Line(f"{label}: {answer}", LineKind.ITEM) for label, answer in answers.items() if answer]
    if unanswered := [label for label, answer in answers.items() if not answer]:
        lines.append(Line(texts.sentence("review_open", labels=", ".join(unanswered))))
    choices = tuple((question.id, question.label) for question in framework.questions.values())
    menu = Menu(texts.sentence("edit_which"), Press("edit", row, session.step), choices)
    moves = tuple(button(name, row, session) for name in ("next", "finish", "restart"))
    return Card(tuple(lines), rows=(moves,), menu=menu)


def afterwards(row: int, session: Session) -> tuple[Button, ...]:
    """What can be done from a summary to change it."""
    return button("review", row, session), button("restart", row, session)


def with_picture(card: Card, framework: Framework, found: Recommendation, answers: Answers) -> Card:
    """The card with the chart of its recommendation, which is drawn when it is shown."""
    picture = Picture(partial(chart, framework, found, answers), alt_text(framework, found))
    return Card(card.lines, card.citations, card.rows, picture=picture)


def button(name: str, row: int, session: Session, *, is_main: bool = False) -> Button:
    """A button of the interview's present step."""
    return Button(texts.sentence(SAID[name]), Press(name, row, session.step), is_main)


def in_rows(buttons: Sequence[Button]) -> Iterator[tuple[Button, ...]]:
    """The buttons, as many in a row as fit."""
    for start in range(0, len(buttons), FULL_ROW):
        yield tuple(buttons[start : start + FULL_ROW])


def can_go_back(session: Session) -> bool:
    """Whether something was shown before the question on the screen."""
    return bool(session.asked or session.editing or session.read)


def summary(interview: Questionnaire, session: Session) -> Reply:
    """What a session comes to."""
    written = {name: session.read[name].words for name in session.contradictions}
    background = AdviceContext(contradictions=written, answers=session.known)
    return render_advice(interview.framework, interview.recommendation(session), background)


def answer_of(question: Question, session: Session) -> str | None:
    """What the review says of a question; None when it is not answered."""
    if question.id in session.known:
        option = session.known[question.id]
        text = question.options[option].text if option else texts.sentence("dont_know")
        if question.id in session.read and question.id not in session.answers:
            return texts.sentence("read_in", text=text, words=session.read[question.id].words)
        return text
    return texts.sentence("skipped") if question.id in session.skipped else None


def _question(row: int, session: Session, view: View, question: Question) -> Card:
    answer = Press("answer", row, session.step)
    answers = [Button(o.text, answer.choosing(o.id), is_chosen=o.id == view.chosen) for o in question.options.values()]
    answers.append(Button(texts.sentence("dont_know"), answer.choosing(UNKNOWN)))
    back = ("back",) if can_go_back(session) else ()
    moves = tuple(button(name, row, session) for name in (*back, "skip", "why", "review", "finish"))
    return Card(headline(session, view, question), rows=(*in_rows(answers), moves))
