"""Counts the calls of the language model, and the tokens of those whose provider reports them."""

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, LLMResult

from bot.observing import metrics


class Meter(BaseCallbackHandler):
    """Listens to a model of LangChain's."""

    run_inline = True

    def on_llm_end(self, response: LLMResult, **_: object) -> None:
        """A call has ended well."""
        metrics.model_calls.labels("answered").inc()
        for generations in response.generations:
            for generation in generations:
                if isinstance(generation, ChatGeneration) and isinstance(generation.message, AIMessage):
                    usage = generation.message.usage_metadata
                    metrics.model_tokens.labels("input").inc(usage["input_tokens"] if usage else 0)
                    metrics.model_tokens.labels("output").inc(usage["output_tokens"] if usage else 0)

    def on_llm_error(self, error: BaseException, **_: object) -> None:
        """A call has failed, or was given up."""
        del error
        metrics.model_calls.labels("failed").inc()
