"""The workspaces that have installed the Slack app: slack_sdk's own tables, with the secrets in them encrypted."""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime

from slack_sdk.oauth.installation_store import Bot, Installation
from slack_sdk.oauth.installation_store.sqlalchemy import AsyncSQLAlchemyInstallationStore, SQLAlchemyInstallationStore
from slack_sdk.oauth.state_store.sqlalchemy import AsyncSQLAlchemyOAuthStateStore
from sqlalchemy import ColumnElement, MetaData, Table, and_, delete, select

from bot.store.database import Database
from bot.store.encryption import EncryptedText
from bot.store.retrying import persistently

log = logging.getLogger(__name__)

SECRETS = frozenset(("bot_token", "bot_refresh_token", "user_token", "user_refresh_token", "incoming_webhook_url"))
STATE_SECONDS = 600  # that a person has for Slack's page


class Installations(AsyncSQLAlchemyInstallationStore):
    """The installations of one Slack app with their tokens: the last one of each workspace, or organisation."""

    def __init__(self, database: Database, client_id: str) -> None:
        super().__init__(client_id, database.engine, logger=log)
        self._reader = database.reader

    @classmethod
    def build_bots_table(cls, metadata: MetaData, table_name: str) -> Table:
        return _encrypted(super().build_bots_table(metadata, table_name))

    @classmethod
    def build_installations_table(cls, metadata: MetaData, table_name: str) -> Table:
        return _encrypted(super().build_installations_table(metadata, table_name))

    async def async_save(self, installation: Installation) -> None:
        """Keep an installation, in place of the workspace's earlier ones."""
        await super().async_save(installation)
        installed_at = datetime.fromtimestamp(installation.installed_at, UTC)
        await self.remove(installation.enterprise_id, installation.team_id, installed_at)

    async def async_find_bot(
        self, *, enterprise_id: str | None, team_id: str | None, is_enterprise_install: bool | None = False
    ) -> Bot | None:
        """Return the installation of a workspace, or of the whole organisation."""
        which = self._which(self.bots, enterprise_id, None if is_enterprise_install else team_id)
        found = await persistently(self._bots, which)  # without a token Bolt would drop an event for good
        return found[0] if found else None

    async def all(self) -> Sequence[Bot]:
        """Return all installations."""
        return await self._bots(self.bots.c.client_id == self.client_id)

    async def remove(self, enterprise_id: str | None, team_id: str | None, before: datetime) -> None:
        """Delete what was installed before a moment in a workspace, or without one in the whole organisation."""
        moment = before.astimezone(UTC).replace(tzinfo=None)  # as slack_sdk keeps it
        async with self.engine.begin() as connection:
            for table in (self.bots, self.installations):
                which = self._which(table, enterprise_id, team_id)
                await connection.execute(delete(table).where(which, table.c.installed_at < moment))

    def _which(self, table: Table, enterprise_id: str | None, team_id: str | None) -> ColumnElement[bool]:
        """A workspace's rows; by its own id alone, for it may have joined its organisation after the installation."""
        own = table.c.client_id == self.client_id
        if team_id:
            return and_(own, table.c.team_id == team_id)
        return and_(own, table.c.team_id.is_(None), table.c.enterprise_id == enterprise_id)

    async def _bots(self, which: ColumnElement[bool]) -> Sequence[Bot]:
        query = select(self.bots).where(which).order_by(self.bots.c.installed_at.desc())
        async with self._reader.connect() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return [SQLAlchemyInstallationStore.build_bot_entity(row) for row in rows]


class States(AsyncSQLAlchemyOAuthStateStore):
    """The installations that are under way, each by the state that Slack hands back once."""

    def __init__(self, database: Database) -> None:
        super().__init__(STATE_SECONDS, database.engine, logger=log)

    async def async_consume(self, state: str) -> bool:
        """Return True if a state is ours and young enough, once among all processes."""
        states, moment = self.oauth_states, datetime.now(UTC).replace(tzinfo=None)
        ours = delete(states).where(states.c.state == state, states.c.expire_at > moment).returning(states.c.id)
        async with self.engine.begin() as connection:
            return (await connection.execute(ours)).first() is not None


def _encrypted(table: Table) -> Table:
    for column in table.columns:
        if column.name in SECRETS:
            column.type = EncryptedText()
    return table


TABLES = MetaData()
BOTS = Installations.build_bots_table(TABLES, Installations.default_bots_table_name)
INSTALLATIONS = Installations.build_installations_table(TABLES, Installations.default_installations_table_name)
STATES = States.build_oauth_states_table(TABLES, States.default_table_name)
