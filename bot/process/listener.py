"""The listeners that the settings ask for. Each platform has its own, found by an entry point.

An entry point of the group `rag_or_tune.entrances` names a function from settings to listeners: to none where the
settings do not set that platform up. It raises SettingsError where they do so by halves.
"""

from collections.abc import Callable, Sequence

from bot.chat.plugins import plugins
from bot.chat.service import Listener
from bot.settings import Settings

Plugin = Callable[[Settings], Sequence[Listener]]


def entrances(settings: Settings) -> list[Listener]:
    """The listeners of all platforms that the settings set up."""
    made: dict[str, Plugin] = plugins("entrances")
    return [entrance for plugin in made.values() for entrance in plugin(settings)]
