"""The screens of an interview as cards: a question, the review, the summary."""

from collections import Counter
from dataclasses import replace
from functools import partial

from bot import texts
from bot.deciding.framework import Question
from bot.deciding.questionnaire import Screen, View
from bot.interviews.poll import UNKNOWN, Poll, vote_choice
from bot.messages.card import Button, Card, Menu, Picture, Press
from bot.messages.chart import describe_chart, draw_chart
from bot.messages.reply import Line, LineKind

MAX_IN_ROW = 5
LABELS = {
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


def render_card(poll: Poll) -> Card:
    """Render the present screen; a team's shows the votes to everybody."""
    view = poll.questionnaire.view(poll.session)
    if view.question and poll.row.is_team:
        return _team_question(poll, view, view.question)
    if view.question:
        return _question(poll, view, view.question)
    return _review(poll) if view.screen is Screen.REVIEW else _summary(poll)


def _question(poll: Poll, view: View, question: Question) -> Card:
    press = Press("answer", poll.row.id, poll.session.step)
    answers = [Button(o.text, press.choosing(o.id), is_chosen=o.id == view.chosen) for o in question.options.values()]
    answers.append(Button(texts.sentence("dont_know"), press.choosing(UNKNOWN)))
    moves = _buttons(poll, *_back(poll), "skip", "why", "review", "finish")
    return Card(_headline(poll, view, question), rows=(*_rows(answers), moves))


def _team_question(poll: Poll, view: View, question: Question) -> Card:
    tally = poll.tally(question.id)
    counts = Counter({option: len(voters) for option, voters in tally.votes.items()})
    counts[UNKNOWN] = len(tally.unknown)
    press = Press("answer", poll.row.id, poll.session.step)
    labels = {option.id: option.text for option in question.options.values()} | {UNKNOWN: texts.sentence("dont_know")}
    votes = [Button(text, press.choosing(vote_choice(question, o)), count=counts[o]) for o, text in labels.items()]
    leading = texts.sentence("team_front", option=labels[tally.majority]) if tally.majority else ""
    lines = (
        *_headline(poll, view, question),
        Line(texts.sentence("team_votes", count=counts.total())),
        Line(leading or texts.sentence("team_even")),
    )
    moves = _buttons(poll, *_back(poll), "next", "skip", "why", main="next"), _buttons(poll, "review", "finish")
    return Card(lines, rows=(*_rows(votes), *moves))


def _review(poll: Poll) -> Card:
    """Each question's label with its answer, then those without one, and a menu to edit one."""
    questions = poll.questionnaire.framework.questions.values()
    answers = {question.label: poll.describe_answer(question) for question in questions}
    lines = [Line(texts.sentence("team_review" if poll.row.is_team else "interview_review"), LineKind.HEADING)]
    lines += [Line(f"{label}: {answer}", LineKind.ITEM) for label, answer in answers.items() if answer]
    if unanswered := [label for label, answer in answers.items() if not answer]:
        lines.append(Line(texts.sentence("review_open", labels=", ".join(unanswered))))
    choices = tuple((question.id, question.label) for question in questions)
    menu = Menu(texts.sentence("edit_which"), Press("edit", poll.row.id, poll.session.step), choices)
    return Card(tuple(lines), rows=(_buttons(poll, "next", "finish", "restart"),), menu=menu)


def _summary(poll: Poll) -> Card:
    share = () if poll.row.is_team else ("share",)  # a team has seen it
    rows = _buttons(poll, "contact", *share, "copy", main="contact"), _buttons(poll, "review", "restart")
    framework, recommendation = poll.questionnaire.framework, poll.recommendation
    picture = Picture(
        partial(draw_chart, framework, recommendation, poll.answers), describe_chart(framework, recommendation)
    )
    return replace(Card.of(poll.summary, *rows), picture=picture)


def _headline(poll: Poll, view: View, question: Question) -> tuple[Line, ...]:
    """The progress, the question, and why it matters if that was asked."""
    progress = texts.sentence("progress", number=view.number, to_go=view.to_go)
    place = Line(texts.sentence("editing") if poll.session.editing else progress)
    lines = place, Line(question.text, LineKind.HEADING)
    return (*lines, Line(question.why)) if view.why else lines


def _back(poll: Poll) -> tuple[str, ...]:
    return ("back",) if poll.session.can_go_back else ()


def _buttons(poll: Poll, *names: str, main: str = "") -> tuple[Button, ...]:
    row, step = poll.row.id, poll.session.step
    return tuple(Button(texts.sentence(LABELS[name]), Press(name, row, step), name == main) for name in names)


def _rows(buttons: list[Button]) -> list[tuple[Button, ...]]:
    return [tuple(buttons[start : start + MAX_IN_ROW]) for start in range(0, len(buttons), MAX_IN_ROW)]
