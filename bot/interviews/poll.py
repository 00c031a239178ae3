"""A team's interview as it stands: where it is, what each member has voted, and the card that shows both."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from bot import texts
from bot.advising.advice import AdviceContext, render_advice
from bot.deciding.framework import Question
from bot.deciding.interview import Choose, InterviewEvent, Questionnaire, Screen, Session, View
from bot.deciding.outlook import Answers
from bot.deciding.team import TeamResult, VoteCount, count_votes, decide_together
from bot.interviews.screens import UNKNOWN, afterwards, button, can_go_back, headline, in_rows, review, with_picture
from bot.messages.card import Button, Card, Press
from bot.messages.reply import Line, Reply

MAIN = ("next", "contact")


@dataclass(frozen=True)
class Poll:
    """A team's interview, kept as the row `row`. `session` knows the questions that are behind it, and `ballots` what
    each member answers; so what the team has answered is counted, not kept, and follows who is forgotten.
    """

    row: int
    interview: Questionnaire = field(repr=False, compare=False)
    session: Session
    ballots: Mapping[str, Answers]

    @classmethod
    def of(cls, row: int, interview: Questionnaire, session: Session, ballots: Mapping[str, Answers]) -> "Poll":
        """The poll under the framework as it is now: votes that no longer fit do not count."""
        questions = interview.framework.questions
        fitting = {
            member: {q: o for q, o in answers.items() if q in questions and (o is None or o in questions[q].options)}
            for member, answers in ballots.items()
        }
        answers = {name: count_votes(name, fitting).majority for name in session.answers}
        return cls(row, interview, replace(session, answers=answers), fitting)

    @property
    def question(self) -> Question | None:
        """The question on the screen, which can be voted on."""
        return self.interview.view(self.session).question

    @property
    def step_on(self) -> InterviewEvent:
        """The event that leaves the question on the screen with the answer that most have voted for."""
        return Choose(self.session.question, self.tally(self.session.question).majority)

    @cached_property
    def result(self) -> TeamResult:
        """What the votes lead to; those on a skipped question do not count."""
        skipped = self.session.skipped
        counted = {
            member: {question: option for question, option in answers.items() if question not in skipped}
            for member, answers in self.ballots.items()
        }
        return decide_together(self.interview.outlook, counted)

    @property
    def summary(self) -> Reply:
        """What the team is recommended, what divides it, and what to talk about first."""
        return render_advice(self.interview.framework, self.result.recommendation, AdviceContext(team=self.result))

    def tally(self, question: str) -> VoteCount:
        """How the team answers a question."""
        return count_votes(question, self.ballots)

    def voted(self, choice: str) -> tuple[str, str | None] | None:
        """The question and the option that a button stands for; None when it is not on the screen."""
        if question := self.question:
            for option in (*question.options, UNKNOWN):
                if choice == _choice(question, option):
                    return question.id, None if option == UNKNOWN else option
        return None

    def card(self) -> Card:
        """What everybody sees."""
        view, framework = self.interview.view(self.session), self.interview.framework
        if view.question:
            return self._question(view, view.question)
        if view.screen is Screen.REVIEW:
            answers = {question.label: self._answer_of(question) for question in framework.questions.values()}
            return review(self.row, self.session, framework, texts.sentence("team_review"), answers)
        card = Card.of(self.summary, self._moves("contact", "copy"), afterwards(self.row, self.session))
        majority = {tally.question: tally.majority for tally in self.result.tallies}
        return with_picture(card, framework, self.result.recommendation, majority)

    def _question(self, view: View, question: Question) -> Card:
        tally = self.tally(question.id)
        counts = Counter({option: len(voters) for option, voters in tally.votes.items()})
        counts[UNKNOWN] = len(tally.unknown)
        vote = Press("answer", self.row, self.session.step)
        labels = {option.id: option.text for option in question.options.values()}
        labels[UNKNOWN] = texts.sentence("dont_know")
        votes = [Button(text, vote.choosing(_choice(question, o)), count=counts[o]) for o, text in labels.items()]
        front = texts.sentence("team_front", option=labels[tally.majority]) if tally.majority else ""
        lines = (
            *headline(self.session, view, question),
            Line(texts.sentence("team_votes", count=counts.total())),
            Line(front or texts.sentence("team_even")),
        )
        back = ("back",) if can_go_back(self.session) else ()
        moves = self._moves(*back, "next", "skip", "why"), self._moves("review", "finish")
        return Card(lines, rows=(*in_rows(votes), *moves))

    def _moves(self, *names: str) -> tuple[Button, ...]:
        return tuple(button(name, self.row, self.session, is_main=name in MAIN) for name in names)

    def _answer_of(self, question: Question) -> str | None:
        """What the review says of a question; None when nobody has voted on it."""
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


def _choice(question: Question, option: str) -> str:
    return f"{question.id}.{option}"
