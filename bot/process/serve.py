"""Processes for every platform that is set up: `serve` listens and answers, `worker` answers what others accepted."""

from bot.chat.adapter import Surface, surfaces
from bot.errors import SettingsError
from bot.process.listener import entrances
from bot.process.run import Part
from bot.settings import Settings
from bot.store.store import Store

NOTHING = (
    "No platform is set up, so there is nothing to answer. For Slack set SLACK_BOT_TOKEN and SLACK_APP_TOKEN, for "
    "Discord DISCORD_TOKEN; the README's steps say how. For a chat here: rag-or-tune chat."
)


def _platforms(settings: Settings, store: Store) -> dict[str, Surface]:
    platforms = surfaces(settings, store)
    if not platforms:
        raise SettingsError(NOTHING)
    return platforms


SERVE = Part(_platforms, entrances, is_public=True)
WORKER = Part(_platforms, lambda _: (), is_worker=True)
