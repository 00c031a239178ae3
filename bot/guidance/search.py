"""Search and the evidence check: what does a text ask for, which statements answer it, or does none?"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.guidance.approaches import Approach, approaches_in
from bot.guidance.article import Statement
from bot.guidance.embedding import Vectors
from bot.guidance.index import Index
from bot.guidance.phrasings import ANSWERED, UNANSWERED, Kind, Label

EVIDENCE = 0.57  # share of the scores that must speak for an answer; see README, "Figures", for what it costs
MOST = 3  # statements cited for one question
WORTH_CITING, WORTH_CITING_TOO = 0.05, 0.25  # score of a further statement: of another section, of one cited already
WHOLE = 1.3  # a whole list is shown when its score is so many times that of the best single statement
NEIGHBOURS = 8
RELATED, SAME = 0.45, 0.75  # cosines at which a statement without phrasings starts to count, and counts fully


@dataclass(frozen=True)
class Finding:
    """A statement that speaks to the question; `score` is about the probability that it is the answer."""

    statement: Statement
    score: float


@dataclass(frozen=True)
class Reading:
    """What a text asks for.

    `findings` are best first: what answers it, or, when its kind is one that the guidance does not answer, what comes
    nearest. `intent` is the kind of small talk. `evidence` is the share of the scores that speaks for an answer.
    """

    kind: Kind
    evidence: float
    findings: tuple[Finding, ...]
    intent: str = ""

    @property
    def answered(self) -> bool:
        return self.kind in ANSWERED


class Search:
    """Reads texts against an index."""

    def __init__(self, index: Index) -> None:
        self.index = index

    def read(self, text: str, vector: Vectors) -> Reading:
        """What `text` asks for; `vector` is its embedding."""
        scores = self.index.ranker.scores([text], vector[None])[0]
        return self.interpret(
            dict(zip(self.index.ranker.labels, scores.tolist(), strict=True)), self._unphrased(vector)
        )

    def interpret(self, scores: Mapping[Label, float], unphrased: Mapping[str, float]) -> Reading:
        """Decides from the scores of the ranker, and those by anchor of statements that the ranker does not know."""
        totals = _totals(scores)
        answer = max(sum(totals[kind] for kind in ANSWERED), *unphrased.values(), 1e-6)
        no_answer = sum(totals[kind] for kind in UNANSWERED)
        talk = totals[Kind.SMALL_TALK]
        evidence = answer / (answer + max(no_answer, 0.0) + max(talk, 0.0))
        findings = self._findings(scores, unphrased)
        if talk >= max(answer, no_answer):
            intents = {label.key: score for label, score in scores.items() if label.kind is Kind.SMALL_TALK}
            return Reading(Kind.SMALL_TALK, evidence, (), max(intents, key=lambda intent: intents[intent]))
        if evidence < EVIDENCE:
            return Reading(max(UNANSWERED, key=lambda kind: totals[kind]), evidence, tuple(findings[:1]))
        return self._whole(scores, evidence, findings) or Reading(Kind.STATEMENT, evidence, _cited(findings))

    def _unphrased(self, vector: Vectors) -> dict[str, float]:
        if len(self.index.phrased) == len(self.index.articles):
            return {}
        return {
            label.key: min(1.0, max(0.0, (cosine - RELATED) / (SAME - RELATED)))
            for document, cosine in self.index.nearest(vector, NEIGHBOURS)
            for label in document.labels
            if label.kind is Kind.STATEMENT and self.index.statements[label.key].source not in self.index.phrased
        }

    def _findings(self, scores: Mapping[Label, float], unphrased: Mapping[str, float]) -> list[Finding]:
        """Every statement, the best of the best section first, then by score."""
        by_section = defaultdict[str, float](float)
        found = list[Finding]()
        for label, score in scores.items():
            if label.kind is Kind.STATEMENT:
                statement = self.index.statements[label.key]
                found.append(Finding(statement, unphrased.get(label.key, score)))
                by_section[statement.section] += found[-1].score
            elif label.kind is Kind.SECTION:
                by_section[label.key] += score
        best = max(by_section, key=lambda section: by_section[section])
        found.sort(key=lambda finding: -finding.score)
        lead = next(finding for finding in found if finding.statement.section == best)
        return [lead, *(finding for finding in found if finding is not lead)]

    def _whole(self, scores: Mapping[Label, float], evidence: float, findings: Sequence[Finding]) -> Reading | None:
        """The reading of a question for a whole list, or for both approaches side by side; else None."""
        wholes = {label: score for label, score in scores.items() if label.kind in (Kind.SECTION, Kind.COMPARISON)}
        best = max(wholes, key=lambda label: wholes[label], default=None)
        if best is None or wholes[best] < WHOLE * findings[0].score:
            return None
        statements = self.index.statements.values()
        if best.kind is Kind.SECTION:
            chosen: Iterable[Statement] = (s for s in statements if s.section == best.key)
        else:
            chosen = (s for approach in Approach for s in statements if _explains(s, approach))
        return Reading(best.kind, evidence, tuple(Finding(s, wholes[best]) for s in chosen))


def _totals(scores: Mapping[Label, float]) -> dict[Kind, float]:
    totals = dict.fromkeys(Kind, 0.0)
    for label, score in scores.items():
        totals[label.kind] += score
    return totals


def _cited(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The best statement and those beside it that are worth citing, from two sections at least, if there are two."""
    lead, *others = findings
    chosen, sections = [lead], {lead.statement.section}
    for finding in others:
        again = finding.statement.section in sections
        first_elsewhere = len(sections) == 1 and not again
        if len(chosen) == MOST - 1 and len(sections) == 1 and again:
            continue  # the last place is kept for another section
        if first_elsewhere or finding.score >= (WORTH_CITING_TOO if again else WORTH_CITING):
            chosen.append(finding)
            sections.add(finding.statement.section)
        if len(chosen) == MOST:
            break
    return tuple(chosen)


def _explains(statement: Statement, approach: Approach) -> bool:
    """Whether a statement stands in the chapter that is about this approach alone."""
    return approaches_in(statement.section.split(" > ")[0]) == {approach}
