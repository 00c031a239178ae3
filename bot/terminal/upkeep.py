"""The operator's commands on the store: `migrate`, `forget`, `resend`."""

from collections.abc import Sequence
from pathlib import Path

from bot.delivery.engine import migrate_engine
from bot.errors import BotError, InputError
from bot.settings import Settings
from bot.store.opening import opened, where_of
from bot.terminal.keyboard import history_of
from bot.terminal.memory import this_user
from bot.terminal.render import console


async def migrate(settings: Settings) -> None:
    """Brings the database up to date."""
    async with opened(settings, migrating=True):
        migrate_engine(where_of(settings))
    console.print("The database is up to date.")


async def forget(settings: Settings, user: str) -> None:
    """Deletes a person's data; what they typed into the chat on this machine, too. Raises BotError if it cannot be."""
    user = user.strip()
    if not user:
        raise InputError("Name the user by their id on the platform, for example U024BE7LH.")
    async with opened(settings) as store:
        rows = await store.erasure.forget(user)
    if user == this_user():
        _delete(history_of(settings))
    console.print(f"Deleted {rows} row(s) of that user; their id stands nowhere any more.", markup=False)


def _delete(file: Path) -> None:
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        raise BotError(f"{file} cannot be deleted ({error.strerror}); delete it yourself.") from error


async def resend(settings: Settings, turns: Sequence[int], *, everything: bool) -> None:
    """Takes up what failed; without `turns` it only lists that."""
    async with opened(settings) as store:
        failed = await store.inbox.failures()
        wanted = [turn.id for turn in failed if everything or turn.id in turns]
        unknown = set(turns) - {turn.id for turn in failed}
        if unknown:
            raise InputError(f"There is no failed turn {', '.join(map(str, sorted(unknown)))}; resend lists them.")
        again = await store.inbox.resend(wanted)
    if turns or everything:
        console.print(f"{len(again)} turn(s) will be sent by the bot that runs, or by the next that starts.")
        return
    for turn in failed:
        reference = f", reference {turn.reference}" if turn.reference else ""
        console.print(
            f"{turn.id}  {turn.tenant}  {turn.accepted_at:%Y-%m-%d %H:%M} UTC  {turn.error}{reference}", markup=False
        )
    if not failed:
        console.print("Nothing failed.")
