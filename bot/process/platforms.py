"""The platforms, by name. Each is imported only where it is used: a process that serves one does not load the other."""

from collections.abc import Callable, Collection

from bot.chat.adapter import Adapter
from bot.chat.listener import Listener, PlatformFactory
from bot.errors import InputError, SettingsError
from bot.settings import Settings
from bot.store.store import Store


def _slack() -> PlatformFactory:
    from bot.slack import app, transports

    return PlatformFactory(app.make_adapter, transports.make_listeners)


def _discord() -> PlatformFactory:
    from bot.discord import app, gateway

    return PlatformFactory(app.make_adapter, gateway.make_listeners)


PLATFORMS: dict[str, Callable[[], PlatformFactory]] = {"slack": _slack, "discord": _discord}
VARIABLES = {  # of which a platform that is set up has some
    "slack": ("slack_bot_token", "slack_client_id", "slack_app_token", "slack_signing_secret"),
    "discord": ("discord_token",),
}
WORKER = "worker"
PARTS = {"slack": "slack", "discord": "discord", "web": "slack"}  # parts of `serve` that listen, and their platforms

NOT_SET_UP = (
    "No platform is set up, so there is nothing to answer. For Slack set SLACK_BOT_TOKEN and SLACK_APP_TOKEN, for "
    "Discord DISCORD_TOKEN; the README's steps say how. For a chat here: rag-or-tune chat."
)


def parse_parts(text: str) -> frozenset[str]:
    """Return the parts in a list like `slack,worker`. Raises InputError, naming those that exist."""
    parts = frozenset(filter(None, map(str.strip, text.lower().split(","))))
    if not parts or not parts <= {*PARTS, WORKER}:
        unknown = ", ".join(sorted(parts - {*PARTS, WORKER})) or "nothing"
        raise InputError(f"--only: {unknown} cannot be served; name some of {', '.join((*PARTS, WORKER))}.")
    return parts


def make_listeners(settings: Settings, parts: Collection[str]) -> list[Listener]:
    """Return the listeners of the parts; without parts, of every platform that is set up."""
    wanted = {PARTS[part] for part in parts if part != WORKER} if parts else _with_variables(settings)
    return [
        each for name, load in PLATFORMS.items() if name in wanted for each in load().make_listeners(settings, parts)
    ]


def make_adapters(settings: Settings, store: Store, parts: Collection[str]) -> dict[str, Adapter]:
    """Return the adapters of the parts by platform; a worker has those of all that are set up. Raises SettingsError."""
    wanted = {PARTS[part] for part in parts} if parts and WORKER not in parts else _with_variables(settings)
    made = {name: load().make_adapter(settings, store) for name, load in PLATFORMS.items() if name in wanted}
    adapters = {name: adapter for name, adapter in made.items() if adapter}
    if not adapters:
        raise SettingsError(NOT_SET_UP)
    return adapters


def _with_variables(settings: Settings) -> set[str]:
    return {name for name, variables in VARIABLES.items() if any(getattr(settings, each) for each in variables)}
