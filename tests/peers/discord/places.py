"""Who meets where: the people, guilds, channels and threads of the loopback Discord, and what the bot may do there."""

from tests.peers.discord import events
from tests.peers.discord.permissions import EVERYONE, bits
from tests.peers.discord.state import PRIVATE_THREAD, PUBLIC_THREAD, TEXT, Channel, Guild, Message, Role, User, World
from tests.peers.loopback import Loopback, Named, name_of


class Places(Loopback):
    """People, guilds and channels. They are named by their objects or their ids."""

    world: World

    def user(self, name: str, **about: bool) -> User:
        """A new person (or `is_bot`); `installed` the app for themselves, `closed` their DMs.

        People may be met in DMs without a guild, for short tests; a `stranger` may not.
        """

        def act() -> User:
            user = User(self.world.id(), name, **about)
            self.world.users[user.id] = user
            return user

        return self.run(act)

    def guild(self, name: str, *members: Named, bot: bool = True) -> Guild:
        """A new guild of these people, the first of them its owner, with the bot unless told otherwise."""

        def act() -> Guild:
            people = [name_of(member) for member in members]
            guild = Guild(self.world.id(), name, people[0] if people else "0")
            guild.roles[guild.id] = Role(guild.id, "@everyone", EVERYONE)
            guild.members = {person: [] for person in people + [self.world.bot.id] * bot}
            self.world.guilds[guild.id] = guild
            events.joined(self.world, guild)
            return guild

        return self.run(act)

    def join(self, guild: Named, who: Named | None = None) -> None:
        """Adds a person to a guild, or the bot when nobody is named."""

        def act() -> None:
            place = self.world.guilds[name_of(guild)]
            place.members[name_of(who or self.world.bot)] = []
            if who is None:
                events.joined(self.world, place)

        self.run(act)

    def channel(self, guild: Named, name: str) -> Channel:
        """A new text channel."""

        def act() -> Channel:
            channel = Channel(self.world.id(), TEXT, name, name_of(guild))
            self.world.channels[channel.id] = channel
            events.changed(self.world, channel, "CHANNEL_CREATE")
            return channel

        return self.run(act)

    def thread(
        self,
        channel: Channel,
        name: str = "thread",
        *,
        message: Message | None = None,
        owner: Named | None = None,
        private: bool = False,
    ) -> Channel:
        """A new thread, under a message if one is given."""

        def act() -> Channel:
            kind = PRIVATE_THREAD if private else PUBLIC_THREAD
            opener = name_of(owner) if owner else self.world.guilds[channel.guild_id or ""].owner_id
            made = Channel(message.id if message else self.world.id(), kind, name, channel.guild_id, channel.id, opener)
            self.world.channels[made.id] = made
            events.changed(self.world, made, "THREAD_CREATE")
            return made

        return self.run(act)

    def direct(self, user: Named) -> Channel:
        """The DM of a person with the bot."""
        return self.run(lambda: self.world.direct(name_of(user), self.world.bot.id))

    def private(self, *people: Named) -> Channel:
        """The DM of people among themselves."""
        return self.run(lambda: self.world.direct(*map(name_of, people)))

    def archive(self, thread: Named, *, locked: bool = False) -> None:
        """Archives a thread; only a locked one stays so when somebody writes."""
        self._thread(thread, archived=True, locked=locked)

    def _thread(self, thread: Named, *, archived: bool, locked: bool) -> None:
        def act() -> None:
            place = self.world.channels[name_of(thread)]
            place.archived, place.locked = archived, locked
            events.changed(self.world, place, "THREAD_UPDATE")

        self.run(act)

    def remove_channel(self, channel: Named) -> None:
        """Deletes a channel or thread with all that is in it."""

        def act() -> None:
            gone = self.world.channels[name_of(channel)]
            events.changed(self.world, gone, "THREAD_DELETE" if gone.thread else "CHANNEL_DELETE")
            del self.world.channels[gone.id]

        self.run(act)

    def deny(self, channel: Named, *names: str, who: Named | None = None) -> None:
        """Takes permissions away in a channel (or a thread's parent), by name; from the bot when nobody is named."""
        self._overwrite(channel, who, bits(*names), 0)

    def allow(self, channel: Named, *names: str, who: Named | None = None) -> None:
        """Gives permissions to whom they were denied; without a name, lets it be as in other channels."""
        self._overwrite(channel, who, 0, bits(*names))

    def keep_private(self, channel: Channel, *people: Named) -> None:
        """Lets only these people, and the bot, see a channel."""

        def act() -> None:
            channel.denied[channel.guild_id or ""] = bits("VIEW_CHANNEL")
            for one in (*people, self.world.bot):
                channel.allowed[name_of(one)] = bits("VIEW_CHANNEL")
            events.changed(self.world, channel, "CHANNEL_UPDATE")

        self.run(act)

    def _overwrite(self, channel: Named, who: Named | None, denied: int, allowed: int) -> None:
        def act() -> None:
            place = self.world.channels[name_of(channel)]
            place = self.world.channels[place.parent_id or ""] if place.thread else place
            target = name_of(who or self.world.bot)
            if not denied | allowed:
                place.denied.pop(target, None)
            else:
                place.denied[target] = place.denied.get(target, 0) & ~allowed | denied
                place.allowed[target] = place.allowed.get(target, 0) & ~denied | allowed
            events.changed(self.world, place, "CHANNEL_UPDATE")

        self.run(act)

    def role(self, guild: Named, name: str, *members: Named, permissions: tuple[str, ...] = ()) -> Role:
        """A new role for these members, with permissions by name."""

        def act() -> Role:
            place = self.world.guilds[name_of(guild)]
            role = Role(self.world.id(), name, bits(*permissions))
            place.roles[role.id] = role
            for member in members:
                place.members[name_of(member)].append(role.id)
            return role

        return self.run(act)

    def close_dms(self, user: Named, *, closed: bool = True) -> None:
        """Lets a person take no DMs from now on."""
        self.run(lambda: setattr(self.world.users[name_of(user)], "closed", closed))
