"""How use cases are read: by a simple reader on the same set, and by ours in voices that it has not learned from."""

import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from bot.cases.casebook import load_framework, load_training_voices
from bot.cases.learning import learn, texts_to_embed, training_texts
from bot.cases.reading import CaseReader, Embed
from bot.cases.sayings import UNSURE
from bot.cases.spans import find_spans
from bot.deciding.framework import Framework
from bot.deciding.outlook import Outlook
from bot.guidance.embedding import Embedder, Vectors
from tools.evaluation.dataset import Vignette

ROUNDS = 40  # more change nothing in what it reads
SURE = 0.5  # probability from which the simple reader takes a clause for a fact


@dataclass(frozen=True)
class CasesRead:
    """Shares from 0 to 1: of use cases with the right approach; of the facts read, and of those stated, the right."""

    name: str
    approach: float
    precision: float
    recall: float


@dataclass
class _Count:
    right: int = 0
    cases: int = 0
    read: int = 0
    stated: int = 0
    both: int = 0

    def add(self, read: set[str], stated: set[str], *, right: bool) -> None:
        self.right += right
        self.cases += 1
        self.read += len(read)
        self.stated += len(stated)
        self.both += len(read & stated)

    def shares(self, name: str) -> CasesRead:
        return CasesRead(
            name, self.right / max(self.cases, 1), self.both / max(self.read, 1), self.both / max(self.stated, 1)
        )


def simple_reader(corpus: Path, reader: CaseReader, embed: Embed, vignettes: Sequence[Vignette]) -> CasesRead:
    """A logistic regression over embeddings of the texts that `reader` knows, on sentences, with the same framework."""
    framework = reader.framework
    examples = training_texts(load_training_voices(corpus, framework))
    model = LogisticRegression(C=10, max_iter=ROUNDS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(embed([*examples]), [states[0] for states in examples.values()])
    outlook, count = Outlook(framework), _Count()
    for vignette in vignettes:
        sentences = [vignette.text[s.start : s.end] for s in find_spans(vignette.text) if s.whole]
        sure = model.predict_proba(embed(sentences))
        answers = dict(_facts(framework, (model.classes_[row.argmax()] for row in sure if row.max() >= SURE)))
        count.add(
            {framework.option(q, o).criterion for q, o in answers.items()},
            {fact.criterion for fact in vignette.facts},
            right=outlook.approach(answers) == vignette.expected,
        )
    return count.shares("logistic regression over sentences")


def cases_by_voice(corpus: Path, embedder: Embedder) -> Iterator[CasesRead]:
    """Each voice with cases held out in turn, then all of them together; nothing when there are fewer than three."""
    framework, embed = load_framework(corpus), _remembering(embedder)
    voices, together = load_training_voices(corpus, framework), _Count()
    outlook = Outlook(framework)
    with_cases = [voice for voice in voices if voice.cases]
    if len(with_cases) < 3:  # the two others are what the reader learns from
        return
    embed(texts_to_embed(voices))  # all at once is faster
    for held in with_cases:
        reader = learn(framework, [voice for voice in voices if voice is not held], embed)
        count = _Count()
        for case, read in zip(held.cases, reader.read_all([c.text for c in held.cases], embed), strict=True):
            answers = {fact.question: fact.option for fact in read.facts}
            approach = "need-more-info" if read.outside else outlook.approach(answers)
            said = _facts(framework, (mark.states for mark in case.marks))
            for total in (count, together):
                total.add(
                    {framework.option(q, o).criterion for q, o in answers.items()},
                    {framework.option(q, o).criterion for q, o in said},
                    right=approach == case.approach,
                )
        yield count.shares(f"this bot, {held.name} held out")
    yield together.shares("this bot, all voices held out")


def _facts(framework: Framework, states: Iterable[str]) -> list[tuple[str, str]]:
    """Those of what is stated that answer a question: its id and the option's."""
    parts = (state.partition(".") for state in states)
    return [(question, option) for question, _, option in parts if question in framework.questions and option != UNSURE]


def _remembering(embedder: Embedder) -> Embed:
    known = dict[str, Vectors]()

    def embed(texts: Sequence[str]) -> Vectors:
        new = sorted({text for text in texts if text not in known}, key=len)
        if new:
            known.update(zip(new, list(embedder.embed(new)), strict=True))
        return np.stack([known[text] for text in texts])

    return embed
