"""Who works where: the teams, people and channels of the loopback Slack, and how its world is reached."""

from tests.peers.loopback import Loopback, Named, name_of
from tests.peers.slack.delivery import Courier, Delivery
from tests.peers.slack.state import Channel, Team, User, World


class Workspace(Loopback):
    """Teams, people and channels. They are named by their objects or their ids."""

    world: World
    courier: Courier

    def team(self, name: str, *, enterprise_id: str | None = None, install: bool = True) -> Team:
        """Another workspace, with the app installed unless told otherwise."""

        def act() -> Team:
            team = Team(self.world.id("T"), name, name.lower().replace(" ", "-"), enterprise_id)
            self.world.teams[team.id] = team
            self.world.install(team).revoked = not install
            return team

        return self.run(act)

    def user(self, name: str, team: Named | None = None) -> User:
        """A new person."""

        def act() -> User:
            user = User(self.world.id("U"), self._team(team), name)
            self.world.users[user.id] = user
            return user

        return self.run(act)

    def channel(
        self, name: str, *members: Named, private: bool = False, bot: bool = True, team: Named | None = None
    ) -> Channel:
        """A new channel with these members, and with the app's bot unless told otherwise."""

        def act() -> Channel:
            home = self.world.users[name_of(members[0])].team_id if members else self._team(team)
            kind = "group" if private else "channel"
            channel = Channel(self.world.id("C"), home, name, kind, [name_of(member) for member in members])
            channel.members += [self.world.bot(home).id] if bot else []
            self.world.channels[channel.id] = channel
            return channel

        return self.run(act)

    def direct(self, user: Named) -> Channel:
        """The DM of a person with the app."""
        return self.run(lambda: self.world.direct(self._user(user).team_id, name_of(user)))

    def join(self, channel: Named, user: Named) -> list[Delivery]:
        """Adds a person, or the bot, to a channel."""

        def act() -> list[Delivery]:
            joined = self.world.channels[name_of(channel)]
            joined.members += [name_of(user)] if name_of(user) not in joined.members else []
            event = {"type": "member_joined_channel", "user": name_of(user), "channel": joined.id}
            return self.world.publish(event | {"event_ts": self.world.ts()}, joined.team_id)

        return self.run(act)

    def leave(self, channel: Named, user: Named) -> None:
        """Removes a person, or the bot, from a channel."""
        self.run(lambda: self.world.channels[name_of(channel)].members.remove(name_of(user)))

    def archive(self, channel: Named) -> None:
        self.run(lambda: setattr(self.world.channels[name_of(channel)], "archived", True))

    def _team(self, team: Named | None) -> str:
        return name_of(team) if team else next(iter(self.world.teams))

    def _user(self, user: Named) -> User:
        return self.world.users[name_of(user)]
