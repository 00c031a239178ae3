"""Slack, wired: its adapter, and Bolt's app with its listeners."""

import logging

from slack_bolt.async_app import AsyncApp
from slack_bolt.logger import get_bolt_logger
from slack_bolt.logger.messages import warning_client_prioritized_and_token_skipped
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient

from bot import texts
from bot.chat.listener import Service
from bot.errors import SettingsError
from bot.handoff.channel import desk_channel
from bot.settings import Settings
from bot.slack.adapter import SlackAdapter
from bot.slack.bolt import App
from bot.slack.listeners import listen
from bot.slack.oauth import listen_to_removal, make_oauth_app
from bot.slack.workspaces import InstalledWorkspaces, OneWorkspace, Workspaces
from bot.store.installations import Installations, States
from bot.store.store import Store


def is_set_up(settings: Settings) -> bool:
    """True if there is a token for one workspace, or an app that several can install."""
    return bool(settings.slack_bot_token or settings.slack_client_id)


def make_adapter(settings: Settings, store: Store) -> SlackAdapter | None:
    """Return the adapter for Slack, or None when it is not set up."""
    if not is_set_up(settings):
        return None
    return SlackAdapter(_workspaces(settings, store), _article(settings), desk_channel(settings, "slack"))


def make_app(settings: Settings, service: Service) -> App:
    """Bolt's app; it acknowledges an event after its listener has stored it."""
    store, client = service.flow.store, make_client(settings)
    if installations := _installations(settings, store):
        app = make_oauth_app(settings, client, installations, States(store.database))
    else:
        secret = settings.slack_signing_secret.get_secret_value() if settings.slack_signing_secret else None
        get_bolt_logger(AsyncApp).addFilter(_is_news)
        app = App(
            client=client,
            signing_secret=secret,
            process_before_response=True,
            user_facing_authorize_error_message=texts.sentence("slack_not_there"),
        )
    listen(app, service.dispatcher, _article(settings))
    listen_to_removal(app, installations)
    return app


def make_client(settings: Settings) -> AsyncWebClient:
    """Calls Slack: for the one workspace whose token is set, or for those that name theirs in each call."""
    handlers = [
        AsyncRateLimitErrorRetryHandler(max_retry_count=2),
        AsyncConnectionErrorRetryHandler(),
        AsyncServerErrorRetryHandler(),
    ]
    token = None if settings.slack_client_id else _token(settings)
    return AsyncWebClient(token, base_url=settings.slack_api_url, retry_handlers=handlers)


def _is_news(record: logging.LogRecord) -> bool:
    """False for Bolt's warning that it takes our client in place of SLACK_BOT_TOKEN, as it should."""
    return record.msg != warning_client_prioritized_and_token_skipped()


def _workspaces(settings: Settings, store: Store) -> Workspaces:
    if installations := _installations(settings, store):
        return InstalledWorkspaces(installations, settings.slack_api_url)
    app_token = settings.slack_app_token.get_secret_value() if settings.slack_app_token else None
    return OneWorkspace(_token(settings), settings.slack_api_url, app_token)


def _installations(settings: Settings, store: Store) -> Installations | None:
    """The tokens of several workspaces; None for one workspace."""
    return Installations(store.database, settings.slack_client_id) if settings.slack_client_id else None


def _article(settings: Settings) -> str | None:
    return str(settings.article_url) if settings.article_url else None


def _token(settings: Settings) -> str:
    if settings.slack_bot_token is None:
        raise SettingsError("SLACK_BOT_TOKEN: set it to the token of your Slack app that begins with xoxb-.")
    return settings.slack_bot_token.get_secret_value()
