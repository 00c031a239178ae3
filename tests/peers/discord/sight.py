"""What there is to see in the loopback Discord now, and what was asked: messages as copies."""

import copy
import re

from tests.peers.discord.faults import Request
from tests.peers.discord.interaction import Interaction
from tests.peers.discord.places import Places
from tests.peers.discord.server import Server
from tests.peers.discord.state import Channel, Json, Message
from tests.peers.loopback import Named, name_of


class Sight(Places):
    """What tests look at."""

    server: Server

    def messages(self, where: Named) -> list[Message]:
        """The messages of a channel, thread or person's DM as they stand now, in order, without ephemeral ones."""
        return self.run(lambda: copy.deepcopy(list(self._place(where).messages.values())))

    def said(self, where: Named) -> list[Message]:
        """What the bot said in a channel, a thread or a person's DM; not what is still loading."""
        own = self.world.bot.id
        return [message for message in self.messages(where) if message.author_id == own and not message.loading]

    def answers(self, message: Message) -> list[Message]:
        """What the bot said after a message: in its channel (unless in reply to another) or in its thread."""

        def act() -> list[Message]:
            places = [self.world.channels[message.channel_id]]
            places += [each for each in [self.world.channels.get(message.id)] if each]
            found = [each for place in places for each in place.messages.values() if self._answers(each, message)]
            return copy.deepcopy(found)

        return self.run(act)

    def _answers(self, said: Message, asked: Message) -> bool:
        later = int(said.id) > int(asked.id) and said.author_id == self.world.bot.id and not said.loading
        return later and (said.reference or {}).get("message_id", asked.id) == asked.id

    def now(self, message: Message) -> Message | None:
        """This message as it stands now; None when it is gone."""
        return self.run(lambda: copy.deepcopy(self.world.find(message)))

    def ephemerals(self, user: Named) -> list[Message]:
        """The messages that only this person sees, anywhere."""

        def act() -> list[Message]:
            kept = [each for place in self.world.channels.values() for each in place.ephemerals.values()]
            mine = [each for each in kept if each.ephemeral_to == name_of(user) and not each.loading]
            return copy.deepcopy(sorted(mine, key=lambda each: int(each.id)))

        return self.run(act)

    @property
    def commands(self) -> list[Json]:
        """The global commands as they are registered now."""
        return self.run(lambda: copy.deepcopy(self.world.commands))

    @property
    def syncs(self) -> list[list[Json]]:
        """Every registration of commands that was taken."""
        return self.run(lambda: copy.deepcopy(self.world.syncs))

    @property
    def interactions(self) -> list[Interaction]:
        """Every interaction, in order."""
        return self.run(lambda: list(self.world.interactions.values()))

    @property
    def complaints(self) -> list[Interaction]:
        """What people saw fail: the application did not respond."""
        return [each for each in self.interactions if each.failed]

    @property
    def pinged(self) -> list[str]:
        """Everyone whom a message of the bot notified."""

        def act() -> list[str]:
            kept = [m for c in self.world.channels.values() for m in (*c.messages.values(), *c.ephemerals.values())]
            return [who for message in kept if message.author_id == self.world.bot.id for who in message.pinged]

        return self.run(act)

    @property
    def requests(self) -> list[Request]:
        """Every request of the app, in order."""
        return self.run(lambda: list(self.server.requests))

    def calls(self, route: str) -> list[Request]:
        """The requests of a route, such as "POST /channels/{}/messages"; * stands for anything."""
        pattern = re.compile(re.escape(route).replace(r"\*", ".*"))
        return [request for request in self.requests if pattern.fullmatch(request.route)]

    def _place(self, where: Named) -> Channel:
        return self.world.channels.get(name_of(where)) or self.world.direct(name_of(where), self.world.bot.id)
