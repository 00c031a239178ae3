"""How fast deciding is: a step of the interview, a thousand recommendations, reading a use case, the chart."""

import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from bot.cases.casebook import Casebook, load_framework, load_training_voices
from bot.cases.learning import texts_to_embed
from bot.deciding.outlook import Outlook
from bot.deciding.questionnaire import Choose, Questionnaire, Screen, Session
from bot.deciding.recommendation import recommend
from bot.messages.chart import draw_chart
from tests.conftest import ROOT
from tools.benchmarks.figures import Figure, interleaved
from tools.benchmarks.length import Length
from tools.benchmarks.timing import packaged_embedder

CASE = (
    "Support team of a bank, 30 agents. We have 12,000 answers that quality control approved, and each reply has to "
    "sound like our house. Fees change every week, and auditors want to see the page behind a figure. Someone might "
    "want it in Polish one day."
)
STEPS = 200

Result = TypeVar("Result")


def figures(_length: Length) -> list[Figure]:
    """Every measurement of this module, in turn."""
    framework = load_framework(ROOT / "corpus")
    embedder = packaged_embedder()
    encode = embedder.embed
    with tempfile.TemporaryDirectory() as name:
        book = Casebook(ROOT / "corpus", Path(name), embedder)
        learning, reader = _timed(book.build)
        texts = [f"{line} ({n})" for line in CASE.split(". ") for n in range(4)]
        reading, one = interleaved(12, lambda: reader.read(CASE, embedder.embed), lambda: encode(texts))
        embedding, _ = _timed(lambda: encode(texts_to_embed(load_training_voices(ROOT / "corpus", framework))))
    cold, _ = _timed(lambda: Outlook(framework).most_to_go({}))
    outlook = Outlook(framework)
    walk, _ = _timed(lambda: _walk(Questionnaire(outlook)))
    randomly = random.Random(7)
    profiles = [
        {q.id: randomly.choice([None, *q.options]) for q in framework.questions.values() if randomly.random() < 0.6}
        for _ in range(1000)
    ]
    thousand, recommendations = _timed(lambda: [recommend(outlook, answers) for answers in profiles])
    draw_chart(framework, recommendations[0], profiles[0])
    drawing, _ = _timed(lambda: draw_chart(framework, recommendations[0], profiles[0]))
    return [
        Figure("a step of the interview, with its view", walk / STEPS * 1000, "ms", 1.0, "one millisecond", "≤ 1"),
        Figure("the first step of a process, counts empty", cold * 1000, "ms", 1.0, "one millisecond", "–"),
        Figure("a thousand recommendations", thousand, "s", 1.0, "one second", "≤ 1"),
        Figure("reading a use case of 50 words", reading * 1000, "ms", one * 1000, "encoding 16 clauses", "–"),
        Figure("learning to read", learning, "s", embedding, "encoding its texts", "–"),
        Figure("drawing the chart", drawing * 1000, "ms", one * 1000, "encoding 16 clauses", "–"),
    ]


def _timed(work: Callable[[], Result]) -> tuple[float, Result]:
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def _walk(interview: Questionnaire) -> None:
    session: Session = interview.start()
    for number in range(STEPS):
        view = interview.view(session)
        if view.screen is Screen.SUMMARY or view.question is None:
            session = interview.start()
        else:
            options = [None, *view.question.options]
            session = interview.step(session, Choose(view.question.id, options[number % len(options)]))
