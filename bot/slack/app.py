"""Slack, wired: the app with its listeners, and the two ways in, Socket Mode and HTTP."""

from slack_bolt.async_app import AsyncApp
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import SettingsError
from bot.service import Service
from bot.settings import Settings
from bot.slack.listeners import listen
from bot.slack.surface import SlackSurface


def surface(settings: Settings) -> SlackSurface | None:
    """The surface of Slack when a bot's token is set; an entry point of `rag_or_tune.platforms`."""
    if settings.slack_bot_token is None:
        return None
    # It never repeats by itself: what may have been posted is looked for first, by the flow.
    client = AsyncWebClient(_token(settings), base_url=settings.slack_api_url, retry_handlers=[])

    async def client_of(tenant: str) -> AsyncWebClient:
        del tenant
        return client

    app_token = settings.slack_app_token.get_secret_value() if settings.slack_app_token else None
    return SlackSurface(client_of, _article(settings), app_token)


def make_app(settings: Settings, service: Service) -> AsyncApp:
    """Bolt's app; it acknowledges an event after its listener has stored it."""
    handlers = [
        AsyncRateLimitErrorRetryHandler(max_retry_count=2),
        AsyncConnectionErrorRetryHandler(),
        AsyncServerErrorRetryHandler(),
    ]
    client = AsyncWebClient(_token(settings), base_url=settings.slack_api_url, retry_handlers=handlers)
    secret = settings.slack_signing_secret.get_secret_value() if settings.slack_signing_secret else None
    app = AsyncApp(client=client, signing_secret=secret, process_before_response=True)
    listen(app, service, _article(settings))
    return app


def _article(settings: Settings) -> str | None:
    return str(settings.article_url) if settings.article_url else None


def _token(settings: Settings) -> str:
    if settings.slack_bot_token is None:
        raise SettingsError("SLACK_BOT_TOKEN: set it to the token of your Slack app that begins with xoxb-.")
    return settings.slack_bot_token.get_secret_value()
