"""Advice as a reply: what is recommended and why, what speaks against it, what would change it, what to do next."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from bot import prompts
from bot.deciding.framework import Approach, Framework, Side
from bot.deciding.outlook import Answers
from bot.deciding.recommendation import LIKELY, SURE, Flip, Reason, Recommendation
from bot.deciding.team import TeamResult
from bot.replies import Line, LineKind, Notes, Reply, ReplyKind

MOST_FLIPS = 3
MOST_OPEN = 3


@dataclass(frozen=True)
class Background:
    """What is told along with a recommendation: `outside_words`, the user's own for what neither approach does;
    `contradictions`, by question what was written (words) where something else was chosen; a team's result."""

    outside_words: str = ""
    contradictions: Mapping[str, str] = field(default_factory=dict)
    answers: Answers = field(default_factory=dict)
    team: TeamResult | None = None


def advise(framework: Framework, found: Recommendation, background: Background | None = None) -> Reply:
    """The reply that gives a recommendation and cites every sentence of the article that it used."""
    notes = Notes()
    lines = _Composer(framework, found, background or Background(), notes).lines()
    return Reply(ReplyKind.ADVICE, tuple(lines), notes.citations, found)


class _Composer:
    def __init__(self, framework: Framework, found: Recommendation, background: Background, notes: Notes) -> None:
        self.framework, self.found, self.background, self.notes = framework, found, background, notes

    def lines(self) -> Iterator[Line]:
        yield from self._verdict()
        yield from self._reasons("speaks_for", self.found.speaking(for_it=True))
        yield from self._reasons("speaks_against", self.found.speaking(for_it=False))
        yield from self._set_aside()
        yield from self._contradictions()
        if self.background.team:
            yield from self._team(self.background.team)
        yield from self._flips()
        yield from self._open()
        yield from self._steps()

    def _verdict(self) -> Iterator[Line]:
        found = self.found
        yield Line(_said("verdict", found.approach), LineKind.HEADING)
        if found.outside:
            what = self.framework.outside[found.outside]
            yield Line(prompts.sentence("outside", words=self.background.outside_words, what=what))
            return
        outcome = self.framework.outcomes[found.approach]
        says = outcome.though if outcome.though and self._both_needs() else outcome.says
        settled = found.approach is not Approach.NEED_MORE_INFO
        yield Line(f"{says} {prompts.sentence(_confidence(found.confidence))}" if settled else says)
        for name in found.obstacles:
            words = next(reason.because for reason in found.reasons if reason.question == name)
            yield Line(prompts.sentence("obstacle", words=words))

    def _both_needs(self) -> bool:
        """Whether some answer makes a need for fine-tuning by itself."""
        groups = groupby(self.found.reasons, key=lambda reason: (reason.question, reason.toward))
        weights = [
            sum(reason.weight for reason in group) for (_, toward), group in groups if toward is Side.FINE_TUNING
        ]
        return max(weights, default=0) >= self.framework.decisive

    def _reasons(self, heading: str, reasons: Sequence[Reason]) -> Iterator[Line]:
        """Each answer in the team's words, its first sentence of the article, and the numbers of them all."""
        if reasons:
            open_outcome = self.found.approach is Approach.NEED_MORE_INFO
            yield Line(prompts.sentence("speaks_open" if open_outcome else heading), LineKind.HEADING)
        for _, group in groupby(reasons, key=lambda reason: reason.question):
            together = list(group)
            first = together[0]
            yield Line(prompts.sentence("because", words=first.because, side=_said("side", first.toward)))
            yield Line(first.statement.text, LineKind.QUOTE, self.notes.cite([r.statement for r in together]))

    def _set_aside(self) -> Iterator[Line]:
        if self.found.set_aside:
            said = (f"{self._label(reason.question)} (“{reason.because}”)" for reason in self.found.set_aside)
            words = ", ".join(dict.fromkeys(said))
            statements = [reason.statement for reason in self.found.set_aside]
            yield Line(prompts.sentence("set_aside", words=words), cites=self.notes.cite(statements))

    def _contradictions(self) -> Iterator[Line]:
        for name, words in self.background.contradictions.items():
            chosen = self._option(name, self.background.answers[name])
            yield Line(prompts.sentence("contradiction", words=words, label=self._label(name), chosen=chosen))

    def _team(self, team: TeamResult) -> Iterator[Line]:
        yield Line(prompts.sentence("team", count=len(team.members)), LineKind.HEADING)
        for tally in team.tallies:
            if tally.votes:
                votes = ", ".join(f"“{self._option(tally.question, o)}” {len(v)}" for o, v in tally.votes.items())
                everyone = len(tally.votes) == 1 and tally.voters == len(team.members)
                name = "team_agreed" if everyone else "team_divided"
                counts = {"voters": tally.voters, "count": len(team.members)}
                yield Line(prompts.sentence(name, label=self._label(tally.question), votes=votes, **counts))
        if team.to_talk_about:
            question = self.framework.questions[team.to_talk_about]
            leads = "; ".join(
                f"“{question.options[o].text}”: {_said('name', a)}" for o, a in team.disputes[0].leads.items()
            )
            yield Line(prompts.sentence("team_talk", question=question.text, leads=leads))
        elif team.matters:
            labels = ", ".join(self._label(tally.question).lower() for tally in team.tallies if tally.disputed)
            yield Line(prompts.sentence("team_together", labels=labels))
        elif any(tally.disputed for tally in team.tallies):
            yield Line(prompts.sentence("team_no_matter"))

    def _flips(self) -> Iterator[Line]:
        flips = sorted(self.found.flips, key=self._given)[:MOST_FLIPS]
        if flips and (self.found.reasons or self.found.approach is not Approach.NEED_MORE_INFO):
            yield Line(prompts.sentence("would_change"), LineKind.HEADING)
            for flip in flips:
                changes = f" {prompts.sentence('and')} ".join(
                    f"{self._label(c.question)}: “{self._option(c.question, c.after)}”" for c in flip.changes
                )
                yield Line(prompts.sentence("flip", changes=changes, approach=_said("name", flip.approach)))

    def _given(self, flip: Flip) -> int:
        """How many of the changes take back what the team said; what is still open comes first."""
        return sum(change.before is not None for change in flip.changes)

    def _open(self) -> Iterator[Line]:
        if self.found.outside or not self.found.missing:
            return
        if not self.found.deciding:
            yield Line(prompts.sentence("settled"))
            return
        first = self.framework.questions[self.found.deciding[0]]
        yield Line(prompts.sentence("decides"), LineKind.HEADING)
        yield Line(prompts.sentence("decides_question", question=first.text, why=first.why))
        rest = self.found.deciding[1 : MOST_OPEN + 1]
        if rest:
            labels = ", ".join(self._label(name).lower() for name in rest)
            yield Line(prompts.sentence("also_open", labels=labels))

    def _steps(self) -> Iterator[Line]:
        yield Line(prompts.sentence("next_steps"), LineKind.HEADING)
        for step in self.found.steps:
            yield Line(step.text)
            yield Line(step.statement.text, LineKind.QUOTE, self.notes.cite([step.statement]))
        if self.found.approach is Approach.NEED_MORE_INFO:
            yield Line(prompts.sentence("offer"))

    def _label(self, question: str) -> str:
        return self.framework.questions[question].label

    def _option(self, question: str, option: str | None) -> str:
        return self.framework.option(question, option).text if option else prompts.sentence("dont_know")


def _confidence(confidence: float) -> str:
    return "sure" if confidence >= SURE else "likely" if confidence >= LIKELY else "tentative"


def _said(what: str, value: Approach | Side) -> str:
    return prompts.sentence(f"{what}_{value.replace('-', '_')}")
