"""Tokens are counted as the provider reports them, where it does."""

from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, LLMResult

from bot.writing.metering import Meter
from tests.support.counting import Counted


def test_tokens_are_counted_by_direction_where_they_are_reported() -> None:
    read, written = (Counted("model_tokens_total", direction=direction) for direction in ("input", "output"))
    calls = Counted("model_calls_total", result="answered")
    usage = {"input_tokens": 200, "output_tokens": 30, "total_tokens": 230}
    for message in (AIMessage("a", usage_metadata=usage), AIMessage("b")):
        Meter().on_llm_end(LLMResult(generations=[[ChatGeneration(message=message)]]))
    assert (calls.more, read.more, written.more) == (2, 200, 30)
