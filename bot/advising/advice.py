"""Advice as a reply: the recommendation, reasons for and against it, what would change it, and the next steps."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from bot import texts
from bot.deciding.framework import Approach, Framework, Side
from bot.deciding.outlook import Answers
from bot.deciding.recommendation import (
    APPROACH_SIDES,
    MIN_LIKELY,
    MIN_SURE,
    AnswerChange,
    Doubt,
    Flip,
    Reason,
    Recommendation,
)
from bot.deciding.team import TeamResult
from bot.messages.reply import CitationNumbers, Line, LineKind, Reply, ReplyKind

MAX_FLIPS = 3
MAX_OPEN = 3


@dataclass(frozen=True)
class AdviceContext:
    """Additions to a recommendation: a team's result; `outside_words`, the user's own for what neither approach does;
    `contradictions`, by question the words of a text that differ from the answer chosen.
    """

    outside_words: str = ""
    contradictions: Mapping[str, str] = field(default_factory=dict)
    answers: Answers = field(default_factory=dict)
    team: TeamResult | None = None


def render_advice(framework: Framework, found: Recommendation, background: AdviceContext | None = None) -> Reply:
    """Render a recommendation, citing every sentence of the article that it used."""
    notes = CitationNumbers()
    lines = _AdviceRenderer(framework, found, background or AdviceContext(), notes).lines()
    return Reply(ReplyKind.ADVICE, tuple(lines), notes.citations, found)


class _AdviceRenderer:
    def __init__(
        self, framework: Framework, found: Recommendation, background: AdviceContext, notes: CitationNumbers
    ) -> None:
        self.framework, self.found, self.background, self.notes = framework, found, background, notes

    def lines(self) -> Iterator[Line]:
        yield from self._verdict()
        yield from self._speaking()
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
            yield Line(texts.sentence("outside", words=self.background.outside_words, what=what))
            return
        outcome = self.framework.conclusions[found.approach]
        says = outcome.though if outcome.though and self._both_needs() else outcome.says
        settled = found.approach is not Approach.NEED_MORE_INFO
        yield Line(f"{says} {describe_confidence(found.confidence, found.doubt)}" if settled else says)
        for name in found.obstacles:
            words = next(reason.because for reason in found.reasons if reason.question == name)
            yield Line(texts.sentence("obstacle", words=words))

    def _both_needs(self) -> bool:
        """Return True if some answer makes a need for fine-tuning by itself."""
        needs = [reason for reason in self.found.reasons if reason.question not in self.found.obstacles]
        groups = groupby(needs, key=lambda reason: (reason.question, reason.toward))
        weights = [
            sum(reason.weight for reason in group) for (_, toward), group in groups if toward is Side.FINE_TUNING
        ]
        return max(weights, default=0) >= self.framework.decisive

    def _speaking(self) -> Iterator[Line]:
        """Reasons for and against; where the recommendation is not one side or the other, by sides."""
        for_it, against = self.found.speaking(for_it=True), self.found.speaking(for_it=False)
        if len(APPROACH_SIDES[self.found.approach]) == 1:
            yield from self._reasons("speaks_for", for_it)
        else:
            for side in (Side.RAG, Side.FINE_TUNING):
                yield from self._reasons(f"speaks_{_key(side)}", [r for r in for_it if r.toward is side])
        yield from self._reasons("speaks_against", against)

    def _reasons(self, heading: str, reasons: Sequence[Reason]) -> Iterator[Line]:
        """Each answer in the team's words, with its first sentence of the article and the numbers of all of them."""
        if reasons:
            yield Line(texts.sentence(heading), LineKind.HEADING)
        for _, group in groupby(reasons, key=lambda reason: reason.question):
            together = list(group)
            words = texts.sentence("because", words=together[0].because, quote=together[0].statement.text)
            yield Line(words, LineKind.ITEM, self.notes.cite([reason.statement for reason in together]))

    def _set_aside(self) -> Iterator[Line]:
        if self.found.set_aside:
            said = (f"{self._label(reason.question)} (“{reason.because}”)" for reason in self.found.set_aside)
            words = ", ".join(dict.fromkeys(said))
            statements = [reason.statement for reason in self.found.set_aside]
            yield Line(texts.sentence("set_aside", words=words), cites=self.notes.cite(statements))

    def _contradictions(self) -> Iterator[Line]:
        for name, words in self.background.contradictions.items():
            chosen = self._option(name, self.background.answers[name])
            yield Line(texts.sentence("contradiction", words=words, label=self._label(name), chosen=chosen))

    def _team(self, team: TeamResult) -> Iterator[Line]:
        yield Line(texts.sentence("team", count=len(team.members)), LineKind.HEADING)
        for tally in team.tallies:
            if tally.votes:
                votes = ", ".join(f"“{self._option(tally.question, o)}” {len(v)}" for o, v in tally.votes.items())
                everyone = len(tally.votes) == 1 and tally.voters == len(team.members)
                name = "team_agreed" if everyone else "team_divided"
                counts = {"voters": tally.voters, "count": len(team.members)}
                yield Line(texts.sentence(name, label=self._label(tally.question), votes=votes, **counts))
        if team.to_talk_about:
            question = self.framework.questions[team.to_talk_about]
            leads = "; ".join(
                f"“{question.options[o].text}”: {_said('name', a)}" for o, a in team.disputes[0].leads.items()
            )
            yield Line(texts.sentence("team_talk", question=question.text, leads=leads))
        elif team.matters:
            labels = ", ".join(self._label(tally.question).lower() for tally in team.tallies if tally.disputed)
            yield Line(texts.sentence("team_together", labels=labels))
        elif any(tally.disputed for tally in team.tallies):
            yield Line(texts.sentence("team_no_matter"))

    def _flips(self) -> Iterator[Line]:
        """Other answers and where they lead, open questions first; changes that several share are named once."""
        if not (self.found.reasons or self.found.approach is not Approach.NEED_MORE_INFO):
            return
        flips = sorted(self.found.flips, key=self._given)[:MAX_FLIPS]
        if flips:
            yield Line(texts.sentence("would_change"), LineKind.HEADING)
        if flips and self._is_settled:
            yield Line(texts.sentence("settled_flips"))
        for approach in dict.fromkeys(flip.approach for flip in flips):
            together = [flip.changes for flip in flips if flip.approach is approach]
            common = [change for change in together[0] if all(change in changes for changes in together)]
            common = common if len(together) > 1 else []
            name = "flips_with" if common else "flips" if len(together) > 1 else "flip"
            yield Line(texts.sentence(name, turn=_said("turn", approach), common=self._changed(common)))
            for changes in together:
                yield Line(self._changed([change for change in changes if change not in common]), LineKind.ITEM)

    def _changed(self, changes: Sequence[AnswerChange]) -> str:
        """The answers that change an outcome, beside the team's present ones."""
        said = {reason.question: reason.because for reason in self.found.reasons}
        changed = list[str]()
        for change in changes:
            before = said.get(change.question) or (change.before and self._option(change.question, change.before))
            name, after = "changed" if before else "added", self._option(change.question, change.after)
            changed.append(texts.sentence(name, label=self._label(change.question), after=after, before=before))
        return f" {texts.sentence('and')} ".join(changed)

    @property
    def _is_settled(self) -> bool:
        """Return True if no open question can change the outcome."""
        return bool(self.found.missing) and not self.found.deciding

    def _given(self, flip: Flip) -> int:
        """Count the changes that replace an answer of the team's."""
        return sum(change.before is not None for change in flip.changes)

    def _open(self) -> Iterator[Line]:
        if self.found.outside or not self.found.missing:
            return
        if self._is_settled:
            if not self.found.flips:
                yield Line(texts.sentence("settled"))
            return
        first = self.framework.questions[self.found.deciding[0]]
        yield Line(texts.sentence("decides"), LineKind.HEADING)
        yield Line(texts.sentence("decides_question", question=first.text, why=first.why))
        rest = self.found.deciding[1 : MAX_OPEN + 1]
        if rest:
            labels = ", ".join(self._label(name).lower() for name in rest)
            yield Line(texts.sentence("also_open", labels=labels))

    def _steps(self) -> Iterator[Line]:
        yield Line(texts.sentence("next_steps"), LineKind.HEADING)
        for step in self.found.steps:
            yield Line(f"{step.text} {step.statement.text}", LineKind.ITEM, self.notes.cite([step.statement]))
        if self.found.approach is Approach.NEED_MORE_INFO:
            yield Line(texts.sentence("offer"))

    def _label(self, question: str) -> str:
        return self.framework.questions[question].label

    def _option(self, question: str, option: str | None) -> str:
        return self.framework.option(question, option).text if option else texts.sentence("dont_know")


def describe_confidence(confidence: float, doubt: Doubt | None = None) -> str:
    """The confidence of a recommendation in words, and the main reason for doubt."""
    level = "sure" if confidence >= MIN_SURE else "likely" if confidence >= MIN_LIKELY else "tentative"
    if level == "sure" or doubt is None:
        return texts.sentence(level)
    return texts.sentence(f"{level}_since", doubt=texts.sentence(f"doubt_{doubt}"))


def _said(what: str, value: Approach) -> str:
    return texts.sentence(f"{what}_{_key(value)}")


def _key(value: Approach | Side) -> str:
    return value.replace("-", "_")
