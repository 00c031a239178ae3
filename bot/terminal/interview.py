"""`interview`: the guided questions in a terminal, kept from one day to the next."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from bot import texts
from bot.cases.casebook import load_framework
from bot.deciding.framework import Framework, Question
from bot.deciding.interview import Choose, Edit, InterviewEvent, Move, Questionnaire, Screen, Session, Skip, View
from bot.deciding.outlook import Outlook
from bot.errors import BotError
from bot.interviews.poll import describe_answer, summarize
from bot.messages.chart import alt_text, chart
from bot.messages.reply import Line, LineKind
from bot.settings import Settings
from bot.terminal.memory import KeptInterview, remembering
from bot.terminal.menu import Entry, choose
from bot.terminal.render import console, show_line, show_reply


class Leave(Enum):
    """The ways out of the interview."""

    KEEP = "keep"
    DONE = "done"


Chosen = InterviewEvent | Leave


@dataclass(frozen=True)
class Wanted:
    """Where the summary is to be written besides the screen."""

    markdown: Path | None = None
    chart: Path | None = None


def describe(settings: Settings, *, as_json: bool) -> None:
    """Prints the questions and their options."""
    framework = load_framework(settings.corpus_dir)
    if as_json:
        console.file.write(json.dumps(_described(framework), ensure_ascii=False, indent=1) + "\n")
        return
    for question in framework.questions.values():
        show_line(Line(f"{question.text} ({question.id})", LineKind.HEADING))
        show_line(Line(question.why))
        for option in question.options.values():
            show_line(Line(f"{option.text} ({option.id})", LineKind.ITEM))


def run(settings: Settings, wanted: Wanted, *, new: bool, as_json: bool) -> None:
    """Leads through the questions; what was answered is kept until the summary is left."""
    if as_json:
        console.stderr = True  # the conversation leaves standard output to the object
    interview = Questionnaire(Outlook(load_framework(settings.corpus_dir)))
    with remembering(settings) as memory:
        kept = KeptInterview(memory)
        session = kept.read()
        session = interview.start() if new or session is None else _resumed(interview, session)
        finished = converse(interview, session, kept)
    if finished:
        _hand_out(interview, finished, wanted, as_json=as_json)


def _resumed(interview: Questionnaire, session: Session) -> Session:
    resumed, dropped = interview.resume(session)
    show_line(Line(texts.sentence("interview_resumed")))
    if dropped:
        show_line(Line(texts.sentence("interview_dropped", count=len(dropped))))
    return resumed


def converse(interview: Questionnaire, session: Session, kept: KeptInterview | None = None) -> Session | None:
    """Shows card after card until the summary is left; the session then, or None when the person left before."""
    while True:
        if kept and (elsewhere := kept.write(session)) is not session:
            show_line(Line(texts.sentence("interview_elsewhere")))
            session, _ = interview.resume(elsewhere)
        view = interview.view(session)
        if view.screen is Screen.SUMMARY:
            show_reply(summarize(interview, session))
        elif view.screen is Screen.REVIEW:
            show_line(Line(texts.sentence("interview_review"), LineKind.HEADING))
        event = choose(*_menu(interview.framework, session, view))
        if event is None or event is Leave.KEEP:
            show_line(Line(texts.sentence("interview_kept" if kept else "interview_left")))
            return None
        if event is Leave.DONE:
            if kept:
                kept.remove()
            return session
        session = interview.step(session, event)


def _menu(framework: Framework, session: Session, view: View) -> tuple[str, list[Entry[Chosen]], list[Entry[Chosen]]]:
    """The title of a card, its entries, and the actions below them."""
    if view.question:
        question = view.question
        return _title(question, session, view), _options(question, view), _question_actions(session, question)
    keep = Entry[Chosen]("q", texts.sentence("do_stop"), Leave.KEEP)
    restart = Entry[Chosen]("n", texts.sentence("do_restart"), Move.RESTART)
    if view.screen is Screen.REVIEW:
        forward = Entry[Chosen]("g", texts.sentence("do_forward"), Move.FORWARD)
        finish = Entry[Chosen]("f", texts.sentence("do_finish"), Move.FINISH)
        return texts.sentence("edit_which"), list(_rows(framework, session)), [forward, finish, restart, keep]
    review = Entry[Chosen]("r", texts.sentence("do_review"), Move.REVIEW)
    done = Entry[Chosen]("d", texts.sentence("do_done"), Leave.DONE)
    return texts.sentence("what_now"), [], [done, review, restart, keep]


def _title(question: Question, session: Session, view: View) -> str:
    step = texts.sentence("progress", number=view.number, to_go=view.to_go)
    place = texts.sentence("editing") if session.editing else step
    return "\n".join(["", place, question.text, *([question.why] if view.why else [])])


def _options(question: Question, view: View) -> list[Entry[Chosen]]:
    """The options by number, the present answer marked, and "don't know"."""
    entries = [
        Entry[Chosen](str(n), f"{o.text} ✓" if o.id == view.chosen else o.text, Choose(question.id, o.id))
        for n, o in enumerate(question.options.values(), 1)
    ]
    return [*entries, Entry[Chosen]("0", texts.sentence("dont_know"), Choose(question.id, None))]


def _question_actions(session: Session, question: Question) -> list[Entry[Chosen]]:
    actions: list[tuple[str, str, Chosen]] = [("s", "do_skip", Skip(question.id)), ("w", "do_why", Move.WHY)]
    if session.can_go_back:
        actions.append(("b", "do_back", Move.BACK))
    actions += [("r", "do_review", Move.REVIEW), ("f", "do_finish", Move.FINISH), ("q", "do_stop", Leave.KEEP)]
    return [Entry[Chosen](key, texts.sentence(name), value) for key, name, value in actions]


def _rows(framework: Framework, session: Session) -> Iterator[Entry[Chosen]]:
    """The review: each question with its answer, to be edited by its number."""
    for number, question in enumerate(framework.questions.values(), 1):
        answer = describe_answer(question, session) or texts.sentence("not_answered")
        yield Entry[Chosen](str(number), f"{question.label}: {answer}", Edit(question.id))


def _hand_out(interview: Questionnaire, session: Session, wanted: Wanted, *, as_json: bool) -> None:
    found = interview.recommendation(session)
    try:
        if wanted.markdown:
            wanted.markdown.write_text(summarize(interview, session).markdown, "utf-8")
        if wanted.chart:
            wanted.chart.write_bytes(chart(interview.framework, found, session.known))
    except OSError as error:
        raise BotError(
            f"The summary cannot be written ({error.strerror}); name a file in a folder that can."
        ) from error
    if wanted.chart:
        show_line(Line(alt_text(interview.framework, found)))
    if as_json:
        sys.stdout.write(json.dumps(found.to_dict(), ensure_ascii=False) + "\n")


def _described(framework: Framework) -> dict[str, object]:
    questions = [
        {
            "id": question.id,
            "text": question.text,
            "why": question.why,
            "options": [{"id": option.id, "text": option.text} for option in question.options.values()],
        }
        for question in framework.questions.values()
    ]
    return {"version": framework.version, "questions": questions}
