"""`worker`: a process that answers and delivers what others accepted, over one Postgres; as many as are needed."""

import asyncio
import signal

from bot.bootstrap import make_consultant
from bot.delivery.process import taking_part
from bot.delivery.quota import Quota
from bot.errors import SettingsError
from bot.platforms import surfaces
from bot.responder import ConsultantResponder
from bot.settings import Settings
from bot.store.opening import opened


async def work(settings: Settings) -> None:
    """Works until SIGTERM or SIGINT, then lets what is going on come to its end."""
    platforms = surfaces(settings)
    if not platforms:
        raise SettingsError("No platform is set up, so there is nothing to answer. For a chat here: rag-or-tune chat.")
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with opened(settings) as store:
        responder = ConsultantResponder(await asyncio.to_thread(make_consultant, settings), platforms)
        quota = Quota(settings.questions_per_user, settings.questions_per_tenant)
        async with taking_part(store, platforms, responder, quota, retention_days=settings.retention_days):
            await stopped.wait()
