"""`worker`: a process that answers and delivers what others accepted, over one Postgres; as many as are needed."""

from bot.errors import SettingsError
from bot.platforms import surfaces
from bot.service import serving, stopping
from bot.settings import Settings


async def work(settings: Settings) -> None:
    """Works until SIGTERM or SIGINT, then lets what is going on come to its end."""
    platforms = surfaces(settings)
    if not platforms:
        raise SettingsError("No platform is set up, so there is nothing to answer. For a chat here: rag-or-tune chat.")
    stopped = stopping()
    async with serving(settings, platforms):
        await stopped.wait()
