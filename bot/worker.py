"""`worker`: a process that answers and delivers what others accepted, over one Postgres; as many as are needed."""

from bot.errors import SettingsError
from bot.platforms import Surface, surfaces
from bot.service import serving, stopping
from bot.settings import Settings
from bot.store.store import Store


async def work(settings: Settings) -> None:
    """Works until SIGTERM or SIGINT, then lets what is going on come to its end."""
    stopped = stopping()
    async with serving(settings, _platforms):
        await stopped.wait()


def _platforms(settings: Settings, store: Store) -> dict[str, Surface]:
    platforms = surfaces(settings, store)
    if not platforms:
        raise SettingsError("No platform is set up, so there is nothing to answer. For a chat here: rag-or-tune chat.")
    return platforms
