"""What there is to see in the loopback Slack now, and what was asked and told: all as copies."""

import copy

from tests.peers.loopback import Named, name_of
from tests.peers.slack.delivery import EVENT, Delivery
from tests.peers.slack.faults import Request
from tests.peers.slack.server import Server
from tests.peers.slack.state import File, Json, Message, View
from tests.peers.slack.workspace import Workspace


class Sight(Workspace):
    """What tests look at."""

    server: Server

    def messages(self, channel: Named) -> list[Message]:
        """The channel's messages as they stand now, replies too, in order."""
        return self.run(lambda: copy.deepcopy(list(self.world.channels[name_of(channel)].messages.values())))

    def said(self, channel: Named) -> list[Message]:
        """What the app said in the channel."""

        def act() -> list[Message]:
            kept = self.world.channels[name_of(channel)].messages.values()
            return copy.deepcopy([message for message in kept if message.bot_id])

        return self.run(act)

    def answers(self, message: Message) -> list[Message]:
        """What the app said in the thread of this message."""

        def act() -> list[Message]:
            thread = self.world.channels[message.channel].thread(message.root)
            return copy.deepcopy([reply for reply in thread if reply.bot_id and reply.ts != message.root])

        return self.run(act)

    def now(self, message: Message) -> Message | None:
        """This message as it stands now; None when it is gone."""

        def act() -> Message | None:
            channel = self.world.channels[message.channel]
            return copy.deepcopy((channel.ephemerals if message.ephemeral_to else channel.messages).get(message.ts))

        return self.run(act)

    def ephemerals(self, channel: Named, user: Named | None = None) -> list[Message]:
        """The messages that only this person (or anyone) sees in the channel."""

        def act() -> list[Message]:
            kept = self.world.channels[name_of(channel)].ephemerals.values()
            return copy.deepcopy([m for m in kept if user is None or m.ephemeral_to == name_of(user)])

        return self.run(act)

    @property
    def views(self) -> list[View]:
        """The modals on people's screens, the topmost last."""
        return self.run(lambda: copy.deepcopy([view for view in self.world.views.values() if view.open]))

    def view(self, user: Named | None = None) -> View | None:
        """The topmost modal on this person's screen, or on anyone's."""
        found = [view for view in self.views if user is None or view.user == name_of(user)]
        return found[-1] if found else None

    @property
    def homes(self) -> dict[str, View]:
        """The Home tabs by person."""
        return self.run(lambda: copy.deepcopy({user: view for (_, user), view in self.world.homes.items()}))

    @property
    def statuses(self) -> list[Json]:
        """Every status the app set, in order, "" where it cleared one."""
        return self.run(lambda: copy.deepcopy(self.world.statuses))

    @property
    def prompts(self) -> list[Json]:
        """Every set of suggested prompts, in order."""
        return self.run(lambda: copy.deepcopy(self.world.prompts))

    @property
    def files(self) -> list[File]:
        return self.run(lambda: copy.deepcopy(list(self.world.files.values())))

    @property
    def requests(self) -> list[Request]:
        """Every request of the app, in order."""
        return self.run(lambda: list(self.server.requests))

    def calls(self, method: str) -> list[Request]:
        """The requests of one method ("response_url" and "upload" count as such)."""
        return [request for request in self.requests if request.method == method]

    @property
    def complaints(self) -> list[Delivery]:
        """What Slack would have shown to people as the app's fault: acts it did not ack, or answered wrongly."""
        acts = [delivery for delivery in self.deliveries if delivery.done and delivery.kind != EVENT]
        return [delivery for delivery in acts if delivery.error or not delivery.acked]

    @property
    def deliveries(self) -> list[Delivery]:
        """Everything the app was told, in order."""
        return self.run(lambda: list(self.courier.carried))
