"""The state of an interview: where it stands, what was answered, and what that leads to."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from pydantic import TypeAdapter, ValidationError

from bot import texts
from bot.advising.advice import AdviceContext, render_advice
from bot.deciding.framework import Question
from bot.deciding.outlook import Answers
from bot.deciding.questionnaire import Choose, Edit, InterviewEvent, Move, Questionnaire, Screen, Session, Skip
from bot.deciding.recommendation import Recommendation
from bot.deciding.team import TeamResult, VoteCount, count_votes, decide_together
from bot.messages.card import Press
from bot.messages.reply import Reply
from bot.store.records import Interview

SESSION = TypeAdapter(Session)
UNKNOWN = "-"  # the choice of the button "I don't know"
MOVES = {
    "back": Move.BACK,
    "why": Move.WHY,
    "review": Move.REVIEW,
    "next": Move.FORWARD,
    "finish": Move.FINISH,
    "restart": Move.RESTART,
}
INTERVIEW_PRESSES = frozenset((*MOVES, "answer", "skip", "edit"))  # the names of presses on a card of an interview


@dataclass(frozen=True)
class Poll:
    """An interview as it stands. That of one person is a poll with a single voter, who leads.

    `session` knows which questions were shown. One person's answers are in it; a team's are counted from `ballots`
    instead, so that nobody's vote counts after they are forgotten.
    """

    row: Interview = field(compare=False)
    questionnaire: Questionnaire = field(compare=False)
    session: Session
    ballots: Mapping[str, Answers]

    @classmethod
    def of(cls, row: Interview, questionnaire: Questionnaire, ballots: Mapping[str, Answers]) -> "Poll | None":
        """Return the poll under the present framework, where only votes for its options count.

        None if this version cannot read it.
        """
        try:
            session, _ = questionnaire.resume(SESSION.validate_python(row.session))
        except ValidationError:
            return None
        options = {name: {None, *question.options} for name, question in questionnaire.framework.questions.items()}
        valid = {
            member: {name: option for name, option in answers.items() if option in options.get(name, ())}
            for member, answers in ballots.items()
        }
        if row.is_team:
            session = replace(session, answers={name: count_votes(name, valid).majority for name in session.answers})
        return cls(row, questionnaire, session, valid)

    @cached_property
    def result(self) -> TeamResult:
        """The result of a team's votes, without those on skipped questions."""
        skipped = self.session.skipped
        counted = {
            member: {question: option for question, option in answers.items() if question not in skipped}
            for member, answers in self.ballots.items()
        }
        return decide_together(self.questionnaire.outlook, counted)

    @property
    def recommendation(self) -> Recommendation:
        is_team, questionnaire = self.row.is_team, self.questionnaire
        return self.result.recommendation if is_team else questionnaire.recommendation(self.session)

    @property
    def answers(self) -> Answers:
        """The answers that the recommendation stands on."""
        if self.row.is_team:
            return {tally.question: tally.majority for tally in self.result.tallies}
        return self.session.known

    @property
    def summary(self) -> Reply:
        """The advice; for a team, with what divides it and what to talk about first."""
        if self.row.is_team:
            return render_advice(self.questionnaire.framework, self.recommendation, AdviceContext(team=self.result))
        return summarize(self.questionnaire, self.session)

    @property
    def standing(self) -> str:
        """The recommendation once the interview is at its summary, before that the number of its answers."""
        session = self.session
        if session.screen is Screen.SUMMARY:
            text = self.summary.lines[0].text
        else:
            to_go = self.questionnaire.outlook.most_to_go({**session.known, **dict.fromkeys(session.skipped)})
            text = texts.sentence("interview_open", answered=len(session.known), to_go=to_go)
        return texts.sentence("team_standing", text=text) if self.row.is_team else text

    def tally(self, question: str) -> VoteCount:
        """Return how a team votes on a question."""
        return count_votes(question, self.ballots)

    def find_vote(self, choice: str) -> tuple[str, str | None] | None:
        """Return the question and the option of a team's button; None if it is not on the screen."""
        if question := self.questionnaire.view(self.session).question:
            for option in (*question.options, UNKNOWN):
                if choice == vote_choice(question, option):
                    return question.id, None if option == UNKNOWN else option
        return None

    def find_event(self, press: Press) -> InterviewEvent | None:
        """Return the event that a press stands for, if any; a team's "next" answers with the majority."""
        question = self.session.question
        match press.name:
            case "answer":
                return Choose(question, None if press.choice == UNKNOWN else press.choice)
            case "skip":
                return Skip(question)
            case "edit":
                return Edit(press.choice)
            case "next" if self.row.is_team and self.session.screen is Screen.QUESTION:
                return Choose(question, self.tally(question).majority)
        return MOVES.get(press.name)

    def describe_answer(self, question: Question) -> str | None:
        """Return the review's text on a question; None if nobody has answered it."""
        if not self.row.is_team:
            return describe_answer(question, self.session)
        tally = self.tally(question.id)
        if question.id in self.session.skipped:
            return texts.sentence("skipped")
        if not tally.voters:
            return texts.sentence("dont_know") if tally.unknown else None
        count = tally.voters + len(tally.unknown)
        if tally.majority is None:
            return texts.sentence("team_split", count=count)
        text, votes = question.options[tally.majority].text, len(tally.votes[tally.majority])
        return texts.sentence("team_answer", text=text, votes=votes, count=count)


def vote_choice(question: Question, option: str) -> str:
    """Return the choice on a team's button: it names the question, since a vote from any card of it counts."""
    return f"{question.id}.{option}"


def summarize(questionnaire: Questionnaire, session: Session) -> Reply:
    """Return the advice on one person's answers."""
    mentioned = {name: session.read[name].words for name in session.contradictions}
    context = AdviceContext(contradictions=mentioned, answers=session.known)
    return render_advice(questionnaire.framework, questionnaire.recommendation(session), context)


def describe_answer(question: Question, session: Session) -> str | None:
    """Return the review's text on one person's answer; None if there is none."""
    if question.id in session.known:
        option = session.known[question.id]
        text = question.options[option].text if option else texts.sentence("dont_know")
        if question.id in session.read and question.id not in session.answers:
            return texts.sentence("read_in", text=text, words=session.read[question.id].words)
        return text
    return texts.sentence("skipped") if question.id in session.skipped else None
