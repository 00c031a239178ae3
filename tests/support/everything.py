"""The real bot with everything in one process, or in several, on a loopback Slack and a loopback Discord."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.peers.discord import App, Discord, discord_server
from tests.peers.loopback import free_port
from tests.peers.slack import Slack, slack_server
from tests.support.discord import bots as discord_bots
from tests.support.forking import Forked
from tests.support.running import STARTING, Running, status
from tests.support.slack import bots as slack_bots


@dataclass
class Everything(Running):
    """`python -m bot serve`."""

    slack: Slack
    discord: Discord
    data_dir: Path
    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    process: Forked | None = field(default=None, init=False)
    url: str = field(default="", init=False)

    def start(self, *words: str) -> None:
        """Starts `serve`, or what `words` say, and waits until it is connected, or has ended."""
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.run(*words or ("serve",), PORT=str(port))
        self.slack.wait_for(lambda: self.is_ready or not self.is_running, STARTING, "the bot to be ready")

    @property
    def is_ready(self) -> bool:
        return status(f"{self.url}/readyz") == 200

    def ended(self, seconds: float = STARTING) -> tuple[int, str]:
        """The code with which it ends by itself, and the last that it said."""
        assert self.process
        code = self.process.wait(seconds)
        self.process = None
        return code, self.log.rstrip().rpartition("\n")[2]

    @property
    def in_slack(self) -> slack_bots.Bot:
        """What tests of Slack know to do."""
        return slack_bots.Bot(self.slack, self.data_dir, self.folder)

    @property
    def in_discord(self) -> discord_bots.Bot:
        """What tests of Discord know to do."""
        return discord_bots.Bot(self.discord, self.data_dir, self.folder)


def of_slack(slack: Slack, *, sockets: bool) -> dict[str, str]:
    """The settings of Slack, over Socket Mode or over HTTP."""
    app = slack.app
    way = {"SLACK_APP_TOKEN": app.app_token} if sockets else {"SLACK_SIGNING_SECRET": app.signing_secret}
    return {"SLACK_BOT_TOKEN": slack.token(), "SLACK_API_URL": slack.api_url, **way}


def of_discord(discord: Discord) -> dict[str, str]:
    """The settings of Discord."""
    return {"DISCORD_TOKEN": discord.token, "DISCORD_API_URL": discord.api_url}


@contextmanager
def everything(
    data_dir: Path, folder: Path, *, sockets: bool = True, discord_app: App | None = None
) -> Iterator[Everything]:
    """A bot that is set up on both platforms, and not started."""
    with slack_server() as slack, discord_server(app=discord_app) as discord:
        settings = of_slack(slack, sockets=sockets) | of_discord(discord)
        bot = Everything(slack, discord, data_dir, folder, settings)
        try:
            yield bot
        finally:
            bot.kill()
