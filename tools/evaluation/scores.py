"""The bot's own scores on a dataset, through the front door, as users meet it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.advising.consultant import Consultant
from bot.messages.reply import Reply, ReplyKind
from tools.evaluation.dataset import Conversation, Dataset, Question, Unanswerable, Vignette

WITHIN = 3


@dataclass
class Tally:
    """So many right out of so many, and the ids of the others."""

    right: int = 0
    total: int = 0
    missed: list[str] = field(default_factory=list)

    def count(self, name: str, *, right: bool) -> None:
        self.total += 1
        self.right += right
        if not right:
            self.missed.append(name)

    @property
    def share(self) -> float:
        return self.right / self.total if self.total else 0.0


@dataclass
class Scores:
    """`refusals` counts near-topic and off-topic questions; `unmoved` prompt injections; `follow_ups` later turns."""

    first: Tally = field(default_factory=Tally)
    within_three: Tally = field(default_factory=Tally)
    answered: Tally = field(default_factory=Tally)
    refusals: Tally = field(default_factory=Tally)
    unmoved: Tally = field(default_factory=Tally)
    small_talk: Tally = field(default_factory=Tally)
    follow_ups: Tally = field(default_factory=Tally)
    verbatim: Tally = field(default_factory=Tally)
    approaches: Tally = field(default_factory=Tally)
    precision: Tally = field(default_factory=Tally)
    recall: Tally = field(default_factory=Tally)
    own_words: Tally = field(default_factory=Tally)


async def score(consultant: Consultant, dataset: Dataset) -> Scores:
    """Asks everything once."""
    scores = Scores()
    sources = {a.source: {s.text for s in a.statements} for a in consultant.index.articles}
    for question in dataset.questions:
        reply = await _ask(consultant, question.question)
        _score_question(scores, question, reply)
        _check_quotes(scores, question.id, reply, sources)
    for row in dataset.unanswerable:
        _score_unanswerable(scores, row, await _ask(consultant, row.question))
    for conversation in dataset.conversations:
        await _score_conversation(scores, consultant, conversation)
    for vignette in dataset.vignettes:
        reply = await _ask(consultant, vignette.text)
        _score_vignette(scores, vignette, reply)
        _check_quotes(scores, vignette.id, reply, sources)
    return scores


async def _ask(consultant: Consultant, text: str, earlier: Sequence[str] = ()) -> Reply:
    return await consultant.respond(text, earlier)


def _score_question(scores: Scores, question: Question, reply: Reply) -> None:
    cited = [citation.section for citation in reply.citations]
    scores.answered.count(question.id, right=reply.kind in (ReplyKind.ANSWER, ReplyKind.ADVICE))
    scores.first.count(question.id, right=bool(set(cited[:1]) & set(question.sections)))
    scores.within_three.count(question.id, right=bool(set(cited[:WITHIN]) & set(question.sections)))


def _check_quotes(scores: Scores, name: str, reply: Reply, sources: dict[str, set[str]]) -> None:
    for citation in reply.citations:
        scores.verbatim.count(name, right=citation.quote in sources.get(citation.source, set()))


def _score_unanswerable(scores: Scores, row: Unanswerable, reply: Reply) -> None:
    abstained = reply.kind is ReplyKind.ABSTAIN and not reply.citations
    match row.kind:
        case "chitchat":
            scores.small_talk.count(row.id, right=reply.kind is ReplyKind.SMALL_TALK)
        case "prompt_injection":
            scores.unmoved.count(row.id, right=abstained)
        case _:
            scores.refusals.count(row.id, right=abstained)


def _score_vignette(scores: Scores, vignette: Vignette, reply: Reply) -> None:
    """`precision` counts the facts that were read, `recall` those that are stated."""
    found = reply.recommendation
    scores.approaches.count(vignette.id, right=found is not None and found.approach == vignette.expected)
    stated = {fact.criterion for fact in vignette.facts}
    read = {reason.criterion: reason.because for reason in found.reasons} if found else {}
    for criterion, because in read.items():
        scores.precision.count(f"{vignette.id} {criterion}", right=criterion in stated)
        scores.own_words.count(vignette.id, right=because in vignette.text)
    for criterion in stated:
        scores.recall.count(f"{vignette.id} {criterion}", right=criterion in read)


async def _score_conversation(scores: Scores, consultant: Consultant, conversation: Conversation) -> None:
    said = list[str]()
    for number, turn in enumerate(conversation.turns, 1):
        reply = await _ask(consultant, turn.user, said)
        if said:
            cited = [citation.section for citation in reply.citations]
            scores.follow_ups.count(f"{conversation.id}.{number}", right=bool(set(cited[:1]) & set(turn.sections)))
        said.append(turn.user)
