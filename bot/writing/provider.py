"""A language model of any LangChain provider: made from its name, metered. Imports LangChain, which takes long."""

from langchain.chat_models import init_chat_model
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, LLMResult

from bot.errors import SettingsError, install_hint
from bot.observing import metrics

PROVIDER_EXTRAS = {  # our extras, which also name providers, and LangChain's names of the providers
    "openai": "openai",
    "anthropic": "anthropic",
    "google": "google_genai",
    "mistral": "mistralai",
    "ollama": "ollama",
}


class Meter(BaseCallbackHandler):
    """Counts the model's calls, and the tokens of those whose provider reports them."""

    run_inline = True

    def on_llm_end(self, response: LLMResult, **_: object) -> None:
        """Count a call that was answered."""
        metrics.model_calls.labels("answered").inc()
        for generations in response.generations:
            for generation in generations:
                if isinstance(generation, ChatGeneration) and isinstance(generation.message, AIMessage):
                    usage = generation.message.usage_metadata
                    metrics.model_tokens.labels("input").inc(usage["input_tokens"] if usage else 0)
                    metrics.model_tokens.labels("output").inc(usage["output_tokens"] if usage else 0)

    def on_llm_error(self, error: BaseException, **_: object) -> None:
        """Count a call that failed or was cancelled."""
        del error
        metrics.model_calls.labels("failed").inc()


def make_model(name: str, timeout: float) -> BaseChatModel:
    """The model `provider:model`. Raises SettingsError if it is unknown or its package is not installed."""
    provider, _, model = name.partition(":")
    extra = next((extra for extra, its in PROVIDER_EXTRAS.items() if provider in (extra, its)), None)
    called = PROVIDER_EXTRAS[extra] if extra else provider
    try:
        return init_chat_model(
            model, model_provider=called, timeout=timeout, max_retries=1, temperature=0, callbacks=[Meter()]
        )
    except (ImportError, AttributeError) as error:  # LangChain raises the second for a missing Ollama
        raise SettingsError(
            f"LLM_MODEL: the package for {provider!r} is not installed; {install_hint(extra) if extra else error}"
        ) from error
    except Exception as error:
        raise SettingsError(
            f"LLM_MODEL: {name!r} cannot be set up ({type(error).__name__}); check the provider's name and its API "
            "key, or unset LLM_MODEL to do without a model."
        ) from error
