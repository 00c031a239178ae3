"""The store: one database, and a room for each thing that is kept in it."""

from bot.store.conversations import Conversations
from bot.store.database import Database
from bot.store.erasure import Erasure
from bot.store.feedback import Feedbacks
from bot.store.inbox import Inbox
from bot.store.insights import Insights
from bot.store.interviews import Interviews
from bot.store.leads import Leads
from bot.store.outbox import Outbox


class Store:
    """Everything that outlives a process."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.inbox = Inbox(database)
        self.outbox = Outbox(database)
        self.conversations = Conversations(database)
        self.interviews = Interviews(database)
        self.leads = Leads(database)
        self.feedback = Feedbacks(database)
        self.erasure = Erasure(database)
        self.insights = Insights(database)

    async def close(self) -> None:
        """Closes the connections."""
        await self.database.close()
