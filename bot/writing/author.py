"""The author of written answers: a language model's sentences, of which only the supported ones are passed on."""

import logging
from collections.abc import AsyncIterator, Sequence

from bot import threads
from bot.guidance.article import Statement
from bot.writing.grounding import Grounding
from bot.writing.model import Sentence, Writer, WriterError

log = logging.getLogger(__name__)


class Author:
    """A writer and the grounding that its sentences must pass."""

    def __init__(self, writer: Writer, grounding: Grounding) -> None:
        self._writer, self._grounding = writer, grounding

    async def supported(
        self, question: str, earlier: Sequence[str], statements: Sequence[Statement]
    ) -> AsyncIterator[tuple[str, list[Statement]]]:
        """Each supported sentence with the statements that it cites, as soon as it is written; none when all fails."""
        said = " ".join([*earlier, question])
        try:
            async for sentence in self._writer.write(question, earlier, statements):
                if await self._passes(sentence, said):
                    yield sentence.text, [statement for statement in dict.fromkeys(sentence.cited) if statement]
        except WriterError as error:
            log.warning("the language model failed (%s)", error)

    async def _passes(self, sentence: Sentence, said: str) -> bool:
        fault = await threads.compute(lambda: self._grounding.fault(sentence.text, sentence.cited, said))
        if fault:
            log.info("a sentence was dropped: %s", fault)
        return fault is None
