"""Whose token is used: the one bot's in its one workspace, or that of each workspace's installation."""

from typing import Protocol

from aiohttp import ClientError, ClientSession, ClientTimeout
from slack_sdk.errors import SlackApiError
from slack_sdk.oauth.installation_store import Bot
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.delivery.ports import RefusedError
from bot.errors import BotError
from bot.slack.api_errors import code_of
from bot.slack.names import INSTALL, SCOPES
from bot.store.installations import Installations

TIMEOUT = 30  # seconds for one call, as slack_sdk has it
SLACK_UNREACHABLE = "Slack cannot be reached; check the network and SLACK_API_URL"


class Workspaces(Protocol):
    """The workspaces in which the app is."""

    async def client(self, tenant: str, enterprise: str | None) -> AsyncWebClient:
        """Return the client of a workspace. Raises RefusedError where the app is not installed.

        `enterprise` is set where it is installed in the whole organisation.
        """

    async def check(self) -> str:
        """Asks Slack whether it knows the tokens, and which scopes they have. Raises BotError, saying what to do."""

    async def close(self) -> None:
        """Close the connections."""


class Connections:
    """Connections to Slack's API, which stay open from one call to the next."""

    def __init__(self, api_url: str) -> None:
        self._api_url = api_url
        self._session: ClientSession | None = None

    def client(self, token: str) -> AsyncWebClient:
        """Return the client of a token. It never repeats by itself: the flow first looks for what may be posted."""
        if self._session is None:  # made here, for it belongs to the running event loop
            self._session = ClientSession(timeout=ClientTimeout(total=TIMEOUT))
        return AsyncWebClient(token, base_url=self._api_url, session=self._session, retry_handlers=[])

    async def close(self) -> None:
        """Close them."""
        if self._session:
            await self._session.close()


class OneWorkspace:
    """One workspace, whose token is set; `app_token` is that of Socket Mode and is only checked here."""

    def __init__(self, token: str, api_url: str, app_token: str | None) -> None:
        self._token = token
        self._connections = Connections(api_url)
        self._app_token = app_token
        self._client: AsyncWebClient | None = None

    async def client(self, tenant: str, enterprise: str | None) -> AsyncWebClient:
        del tenant, enterprise
        self._client = self._client or self._connections.client(self._token)
        return self._client

    async def close(self) -> None:
        await self._connections.close()

    async def check(self) -> str:
        client = self._connections.client(self._token)
        try:
            known = await client.auth_test()
            if self._app_token:
                await client.apps_connections_open(app_token=self._app_token)
        except SlackApiError as error:
            raise BotError(
                f"Slack refuses a token ({code_of(error)}); copy SLACK_BOT_TOKEN and SLACK_APP_TOKEN again"
            ) from error
        except (ClientError, OSError) as error:
            raise BotError(SLACK_UNREACHABLE) from error
        missing = _missing(known)
        if missing:
            raise BotError(f"the scopes {missing} are missing; paste the manifest again and reinstall the app")
        return f"{known['user']} in {known['team']}"


class InstalledWorkspaces:
    """The workspaces that have installed the app by OAuth."""

    def __init__(self, installations: Installations, api_url: str) -> None:
        self._installations = installations
        self._connections = Connections(api_url)

    async def close(self) -> None:
        await self._connections.close()

    async def client(self, tenant: str, enterprise: str | None) -> AsyncWebClient:
        bot = await self._installations.async_find_bot(
            enterprise_id=enterprise,
            team_id=tenant.partition(":")[2],
            is_enterprise_install=bool(enterprise),
        )
        if bot is None:
            raise RefusedError(f"the app is no longer installed in {tenant}; reinstall it there, then resend")
        if not bot.bot_token:
            raise RefusedError(f"the token of {tenant} cannot be read with SECRET_KEYS; reinstall the app there")
        return self._connections.client(bot.bot_token)

    async def check(self) -> str:
        bots = await self._installations.all()
        if not bots:
            raise BotError(f"no workspace has installed the app yet; open {INSTALL} at the address of rag-or-tune web")
        problems = [(bot, await self._problem(bot)) for bot in bots]
        if any(problem for _, problem in problems):
            told = "; ".join(f"{_name(bot)}: {problem}" for bot, problem in problems if problem)
            raise BotError(f"{told}. To install again, open {INSTALL} at the address of rag-or-tune web")
        return f"{len(bots)} workspace(s): {', '.join(map(_name, bots))}"

    async def _problem(self, bot: Bot) -> str | None:
        if not bot.bot_token:
            return "its token cannot be read with SECRET_KEYS; put the key back or install again"
        try:
            known = await self._connections.client(bot.bot_token).auth_test()
        except SlackApiError as error:
            return f"Slack refuses its token ({code_of(error)}); install again"
        except (ClientError, OSError) as error:
            raise BotError(SLACK_UNREACHABLE) from error
        missing = _missing(known)
        return f"the scopes {missing} are missing; install again" if missing else None


def _missing(known: AsyncSlackResponse) -> str:
    granted = {scope.strip() for scope in known.headers.get("x-oauth-scopes", "").split(",")}
    return ", ".join(scope for scope in SCOPES if scope not in granted)


def _name(bot: Bot) -> str:
    return bot.team_name or bot.enterprise_name or bot.team_id or str(bot.enterprise_id)
