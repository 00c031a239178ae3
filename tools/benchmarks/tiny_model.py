"""The honest test of grounding: a model too weak to answer well writes; what is shown of it is printed to be read."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence

from bot.advising.bootstrap import make_consultant
from bot.advising.consultant import Consultant
from bot.guidance.article import Statement
from bot.messages.reply import LineKind, Reply
from bot.settings import load_settings
from bot.writing.model import LanguageModelError
from bot.writing.writer import Sentence, Writer
from tests.conftest import ROOT
from tests.peers.smollm import smollm_server
from tools.benchmarks.figures import Figure
from tools.benchmarks.length import Length
from tools.evaluation.dataset import Dataset

SECONDS = 10.0


class Counting(Writer):
    """A writer that counts what it passes on."""

    written = failed = 0

    async def write(
        self, question: str, earlier: Sequence[str], statements: Sequence[Statement]
    ) -> AsyncIterator[Sentence]:
        try:
            async for sentence in super().write(question, earlier, statements):
                self.written += 1
                yield sentence
        except LanguageModelError:
            self.failed += 1
            raise


def figures(_length: Length) -> list[Figure]:
    """Asks the whole set once; prints every sentence of the model's that was shown, with what it cites."""
    dataset = Dataset.read(ROOT.parent / "shared" / "eval")
    texts = [*(row.question for row in dataset.questions), *(row.question for row in dataset.unanswerable)]
    with smollm_server(threads=2) as address:
        os.environ.update(OPENAI_API_BASE=address, OPENAI_API_KEY="none")
        counting = Counting("openai:smollm2", SECONDS)
        plain = make_consultant(load_settings())
        consultant = Consultant(plain.index, counting)
        with asyncio.Runner() as runner:
            replies = [(text, runner.run(consultant.respond(text))) for text in texts]
    shown = sum(_print(text, reply) for text, reply in replies)
    return [
        Figure("questions asked", len(texts), ""),
        Figure("sentences that the model wrote", counting.written, ""),
        Figure("answers that it did not finish in time or in form", counting.failed, ""),
        Figure("sentences of its own that were shown (printed above, to be read)", shown, "", aim="none unsupported"),
    ]


def _print(question: str, reply: Reply) -> int:
    own = [line for line in reply.lines if line.kind is LineKind.PLAIN and line.cites]
    for line in own:
        quotes = "; ".join(reply.citations[number - 1].quote for number in line.cites)
        print(f"? {question}\n  = {line.text}\n  [{quotes}]")
    return len(own)
