"""Search and the evidence check: find what a text asks for and the statements that answer it, if any do."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.guidance.article import Statement
from bot.guidance.embedding import Vectors
from bot.guidance.index import Index
from bot.guidance.phrasings import ANSWERED_KINDS, UNANSWERED_KINDS, Kind, Label
from bot.guidance.techniques import Technique, techniques_in

ANSWER_THRESHOLD = 0.53  # share of the scores that must speak for an answer; README, "Figures", gives the trade-off
REST_WEIGHT = 0.6  # weight of a section's other scores beside its best one; by cross-validation over the voices
MAX_CITED = 3  # statements cited for one question
OTHER_SECTION_THRESHOLD = 0.05  # score of a further statement, of another section
SAME_SECTION_THRESHOLD = 0.25  # the same, of a section that is cited already
LIST_FACTOR = 1.3  # a whole list is shown if its score is this many times that of the best statement
SECOND_LIST_RATIO = 0.6  # a further list is shown, too, if its score is this share of the best list's
TWO_LISTS_RATIO = 0.7  # lists are shown in place of a comparison if theirs is this share of its score, or more
NEAR_MISS_THRESHOLD = 0.6  # score plus cosine from which a statement is shown though it does not answer
NEIGHBOUR_COUNT = 8
WEAK_COSINE, FULL_COSINE = 0.4, 0.8  # where a statement without phrasings starts to count, and where it counts fully


@dataclass(frozen=True)
class Finding:
    """A statement that speaks to the question; `score` is about the probability that it is the answer."""

    statement: Statement
    score: float


@dataclass(frozen=True)
class SearchResult:
    """The request that a text makes, and the statements that answer it.

    `findings` are best first: the answers or, for a near-topic question without an answer, the nearest statement, if
    any is near. `intent` is set for small talk. `evidence` is the share of the scores that speaks for an answer, `case`
    the share that says that a use case is told.
    """

    kind: Kind
    evidence: float
    findings: tuple[Finding, ...]
    intent: str = ""
    case: float = 0.0

    @property
    def answered(self) -> bool:
        return self.kind in ANSWERED_KINDS

    @property
    def lead(self) -> float:
        """The score of the best answer, 0 if there is none."""
        return self.findings[0].score if self.answered else 0.0


class Search:
    """Searches an index."""

    def __init__(self, index: Index) -> None:
        self.index = index

    def find(self, text: str, vector: Vectors) -> SearchResult:
        """Find what `text` asks for; `vector` is its embedding."""
        return self.find_all([text], vector[None])[0]

    def find_all(self, texts: Sequence[str], vectors: Vectors) -> list[SearchResult]:
        """Find what each text asks for; `vectors` has one row per text."""
        labels = self.index.ranker.labels
        rows = self.index.ranker.scores(texts, vectors).tolist()
        return [
            self._find(dict(zip(labels, row, strict=True)), vector) for row, vector in zip(rows, vectors, strict=True)
        ]

    def _find(self, scores: Mapping[Label, float], vector: Vectors) -> SearchResult:
        unphrased = self._unphrased(vector)
        counted = {
            anchor: min(1.0, max(0.0, (c - WEAK_COSINE) / (FULL_COSINE - WEAK_COSINE)))
            for anchor, c in unphrased.items()
        }
        result = self.interpret(scores, counted)
        if result.kind is not Kind.NEAR_TOPIC:
            return result
        return replace(result, findings=self._near(scores, self.index.phrased_cosines(vector) | unphrased))

    def _near(self, scores: Mapping[Label, float], cosines: Mapping[str, float]) -> tuple[Finding, ...]:
        """The statement nearest to a question that none answers, by score and cosine together, if it is near at all."""
        found = [
            Finding(self.index.statements[anchor], scores.get(Label(Kind.STATEMENT, anchor), 0.0) + cosine)
            for anchor, cosine in cosines.items()
        ]
        nearest = max(found, key=lambda finding: finding.score, default=None)
        return (nearest,) if nearest and nearest.score >= NEAR_MISS_THRESHOLD else ()

    def interpret(self, scores: Mapping[Label, float], unphrased: Mapping[str, float]) -> SearchResult:
        """Decide by the ranker's scores, and by the scores (by anchor) of statements that the ranker does not know."""
        totals = _totals(scores)
        positive = sum(max(total, 0.0) for total in totals.values())
        case = max(totals[Kind.CASE], 0.0) / positive if positive else 0.0
        return replace(self._interpret(scores, totals, unphrased), case=case)

    def _interpret(
        self, scores: Mapping[Label, float], totals: Mapping[Kind, float], unphrased: Mapping[str, float]
    ) -> SearchResult:
        answer = sum(totals[kind] for kind in ANSWERED_KINDS)
        no_answer = max(sum(totals[kind] for kind in UNANSWERED_KINDS), 0.0)
        talk = max(totals[Kind.SMALL_TALK], 0.0)
        ranked = answer / (answer + no_answer + talk) if answer > 0 else 0.0
        evidence = max(ranked, *unphrased.values(), 0.0)
        if talk > max(answer, no_answer, totals[Kind.CASE]):
            intents = {label.key: score for label, score in scores.items() if label.kind is Kind.SMALL_TALK}
            return SearchResult(Kind.SMALL_TALK, evidence, (), max(intents, key=lambda intent: intents[intent]))
        findings = self._findings(scores, unphrased)
        if evidence < ANSWER_THRESHOLD or not findings:
            return SearchResult(max(UNANSWERED_KINDS, key=lambda kind: totals[kind]), evidence, ())
        return self._whole_lists(scores, evidence, findings) or SearchResult(Kind.STATEMENT, evidence, _cited(findings))

    def _unphrased(self, vector: Vectors) -> dict[str, float]:
        """The cosines, by anchor, of the nearest statements that have no phrasings."""
        if not self.index.unphrased:
            return {}
        return {
            label.key: cosine
            for document, cosine in self.index.nearest(vector, NEIGHBOUR_COUNT)
            for label in document.labels
            if label.key in self.index.unphrased
        }

    def _findings(self, scores: Mapping[Label, float], unphrased: Mapping[str, float]) -> list[Finding]:
        """Every statement with a score, the best of the best section first, then by score."""
        by_anchor = {label.key: score for label, score in scores.items() if label.kind is Kind.STATEMENT}
        found = [Finding(self.index.statements[anchor], score) for anchor, score in {**by_anchor, **unphrased}.items()]
        by_section = defaultdict[str, list[float]](list)
        for finding in found:
            by_section[finding.statement.section].append(finding.score)
        for label, score in scores.items():
            if label.kind is Kind.SECTION:
                by_section[label.key].append(score)
        if not found:
            return []
        best = max(by_section, key=lambda section: max(by_section[section]) + REST_WEIGHT * sum(by_section[section]))
        found.sort(key=lambda finding: -finding.score)
        lead = next(finding for finding in found if finding.statement.section == best)
        return [lead, *(finding for finding in found if finding is not lead)]

    def _whole_lists(
        self, scores: Mapping[Label, float], evidence: float, findings: Sequence[Finding]
    ) -> SearchResult | None:
        """The result for a request for whole lists, or for both techniques side by side; else None."""
        wholes = {label: score for label, score in scores.items() if label.kind in (Kind.SECTION, Kind.COMPARISON)}
        best = max(wholes, key=lambda label: wholes[label], default=None)
        if best is None or wholes[best] < LIST_FACTOR * findings[0].score:
            return None
        statements = self.index.statements.values()
        lists = _lists(wholes, best)
        if lists:
            chosen: Iterable[Statement] = (s for s in statements if s.section in lists)
        else:
            chosen = (s for technique in Technique for s in statements if _explains(s, technique))
        kind = Kind.SECTION if lists else Kind.COMPARISON
        return SearchResult(kind, evidence, tuple(Finding(s, wholes[best]) for s in chosen))


def _lists(wholes: Mapping[Label, float], best: Label) -> set[str]:
    """The sections whose lists are requested: the best, and those nearly as good; none for a comparison.

    "Pros and cons of RAG" also looks like a comparison, but asks for two lists: together they score about as high.
    """
    lists = {label.key: score for label, score in wholes.items() if label.kind is Kind.SECTION}
    most = max(lists.values(), default=0.0)
    close = {section: score for section, score in lists.items() if score >= SECOND_LIST_RATIO * most}
    return set(close) if best.kind is Kind.SECTION or sum(close.values()) > TWO_LISTS_RATIO * wholes[best] else set()


def _totals(scores: Mapping[Label, float]) -> dict[Kind, float]:
    totals = dict.fromkeys(Kind, 0.0)
    for label, score in scores.items():
        totals[label.kind] += score
    return totals


def _cited(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The best statement and others worth citing, from at least two sections if there are two."""
    lead, *others = findings
    chosen, sections = [lead], {lead.statement.section}
    for finding in others:
        again = finding.statement.section in sections
        first_elsewhere = len(sections) == 1 and not again
        if len(chosen) == MAX_CITED - 1 and len(sections) == 1 and again:
            continue  # the last place is for another section
        if first_elsewhere or finding.score >= (SAME_SECTION_THRESHOLD if again else OTHER_SECTION_THRESHOLD):
            chosen.append(finding)
            sections.add(finding.statement.section)
        if len(chosen) == MAX_CITED:
            break
    return tuple(chosen)


def _explains(statement: Statement, technique: Technique) -> bool:
    """Return True for a statement in the chapter on this technique alone."""
    return techniques_in(statement.section.split(" > ")[0]) == {technique}
