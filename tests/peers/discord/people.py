"""What people do in Discord, told to the app as Discord tells it. Nothing here waits for the app."""

import asyncio
import copy
import time
from typing import Any

from tests.peers.discord import acting, events, payloads
from tests.peers.discord.gateway import Gateway
from tests.peers.discord.interaction import COMMAND, COMPONENT, MODAL_SUBMIT, Interaction, Modal
from tests.peers.discord.mentions import pinged
from tests.peers.discord.messages import REPLY, remove, unarchive
from tests.peers.discord.places import Places
from tests.peers.discord.rendering import message_json, user_json
from tests.peers.discord.state import Channel, File, Json, Message, User
from tests.peers.loopback import Named, name_of

MESSAGE_MENU = 3


class People(Places):
    """The acts of people."""

    gateway: Gateway

    def say(
        self,
        channel: Named,
        user: Named,
        text: str,
        *,
        reply_to: Message | None = None,
        ping: bool = True,
        files: dict[str, bytes] | None = None,
        **more: Any,
    ) -> Message:
        """Says something; a reply notifies its author unless `ping` is off.

        `more` overrides fields of the message, such as `kind` for a system message, `webhook_id`.
        """
        return self.run(lambda: self._say(channel, user, text, reply_to, ping=ping, files=files, more=more))

    def mention(
        self, channel: Named, user: Named, text: str, *, reply_to: Message | None = None, **more: Any
    ) -> Message:
        """Says something to the bot, which may read it therefore."""
        words = text if self.world.bot.mention in text else f"{self.world.bot.mention} {text}"
        return self.say(channel, user, words, reply_to=reply_to, **more)

    def dm(self, user: Named, text: str, *, reply_to: Message | None = None, **more: Any) -> Message:
        """Writes to the bot directly."""
        return self.say(self.direct(user), user, text, reply_to=reply_to, **more)

    def _say(
        self,
        channel: Named,
        user: Named,
        text: str,
        reply_to: Message | None,
        *,
        ping: bool,
        files: dict[str, bytes] | None,
        more: Json,
    ) -> Message:
        place = self.world.channels[name_of(channel)]
        message = Message(self.world.id(), place.id, place.guild_id, name_of(user), text)
        if reply_to is not None:
            message.kind = REPLY
            message.reference = {"type": 0, "channel_id": place.id, "message_id": reply_to.id}
            message.reference |= {"guild_id": place.guild_id} if place.guild_id else {}
        replied = reply_to.author_id if reply_to is not None and ping else None
        message.pinged = message.mention_ids = pinged(text, None, replied)
        message.files = [File(self.world.id(), name, content) for name, content in (files or {}).items()]
        for name, value in more.items():
            assert hasattr(message, name), f"a message has no {name}"
            setattr(message, name, value)
        assert not place.locked, "nobody writes in a locked thread"
        unarchive(self.world, place)
        self.world.add(message)
        events.said(self.world, message)
        return copy.deepcopy(message)

    def edit(self, message: Message, text: str) -> Message:
        """Edits what was said."""

        def act() -> Message:
            now = self._present(message)
            now.keep()
            now.content, now.edited_at = text, time.time()
            now.mention_ids = pinged(text, None, None)
            events.edited(self.world, now)
            return copy.deepcopy(now)

        return self.run(act)

    def delete(self, message: Message) -> None:
        """Deletes a message."""
        self.run(lambda: remove(self.world, self._present(message)))

    def purge(self, *messages: Message) -> None:
        """Deletes messages of one channel at once, as moderators do."""

        def act() -> None:
            place = self.world.channels[messages[0].channel_id]
            for message in messages:
                del place.messages[message.id]
            events.purged(self.world, place, [message.id for message in messages])

        self.run(act)

    def unfurl(self, message: Message, url: str = "https://example.org/") -> Message:
        """Lets Discord add the preview of a link, which the app is told as a change without an edit."""

        def act() -> Message:
            now = self._present(message)
            now.embeds.append({"type": "article", "url": url, "title": "Example"})
            events.edited(self.world, now)
            return copy.deepcopy(now)

        return self.run(act)

    def command(self, where: Named, user: Named, name: str, *more: str | Json) -> Interaction:
        """Invokes a slash command: names of subcommands, then its options. `where` is a channel or one's own DM.

        Fails when the app has not registered it for there, or when Discord's client would not send it.
        """

        def act() -> Interaction:
            channel, person = self._where(where, user)
            known = self._registered(1, name, channel, person)
            path = tuple(each for each in more if isinstance(each, str))
            values = next((each for each in more if isinstance(each, dict)), {})
            data: Json = {"id": known["id"], "name": name, "type": 1, "options": acting.options(known, path, values)}
            return self._interact(COMMAND, channel, person, data)

        return self.run(act)

    def menu(self, message: Message, user: Named, name: str) -> Interaction:
        """Chooses a command in the menu of a message."""

        def act() -> Interaction:
            now = self._present(message)
            channel, person = self.world.channels[now.channel_id], self.world.users[name_of(user)]
            known = self._registered(MESSAGE_MENU, name, channel, person)
            data: Json = {"id": known["id"], "name": name, "type": MESSAGE_MENU, "target_id": now.id}
            data["resolved"] = {"messages": {now.id: message_json(self.world, now)}}
            return self._interact(COMMAND, channel, person, data)

        return self.run(act)

    def click(self, message: Message, which: str, user: Named) -> Interaction:
        """Press a button, named by its custom_id or label, of the message as it stands now."""

        def act() -> Interaction:
            now, person = self._shown(message, user)
            part = acting.button(now, which)
            data = {"component_type": part["type"], "custom_id": part["custom_id"], "id": part.get("id", 0)}
            return self._interact(COMPONENT, self.world.channels[now.channel_id], person, data, now)

        return self.run(act)

    def choose(self, message: Message, which: str, value: str | list[str], user: Named) -> Interaction:
        """Chooses in a select, named by its custom_id or placeholder; options by value or label."""

        def act() -> Interaction:
            now, person = self._shown(message, user)
            part, values = acting.choice(now, which, value)
            data: Json = {"component_type": part["type"], "custom_id": part["custom_id"], "values": values}
            data["id"] = part.get("id", 0)
            if part["type"] == 5:
                data["resolved"] = {"users": {each: user_json(self.world.users[each]) for each in values}}
            return self._interact(COMPONENT, self.world.channels[now.channel_id], person, data, now)

        return self.run(act)

    def submit(self, modal: Modal, user: Named | None = None, values: Json | None = None) -> Interaction:
        """Fills in a form, by custom_id or label, and submits it; fails when Discord's client would not let one."""

        def act() -> Interaction:
            assert modal.open, "the form was submitted already"
            person = self.world.users[name_of(user or modal.user_id)]
            assert person.id == modal.user_id, "the form is on another screen"
            data = {"custom_id": modal.custom_id, "components": acting.filled(modal, values or {})}
            told = self._interact(MODAL_SUBMIT, self.world.channels[modal.channel_id], person, data, modal.source)
            modal.open = False
            return told

        return self.run(act)

    def _interact(
        self, kind: int, channel: Channel, user: User, data: Json, source: Message | None = None
    ) -> Interaction:
        told = payloads.interaction(self.world, kind, channel, user, data, source)
        self.world.publish("INTERACTION_CREATE", channel.guild_id, lambda _session: told.payload)
        asyncio.get_running_loop().call_later(self.world.ack_seconds, _give_up, told)
        return told

    def _registered(self, kind: int, name: str, channel: Channel, user: User) -> Json:
        found = next((each for each in self.world.commands if (each["type"], each["name"]) == (kind, name)), None)
        assert found, f"no command {name!r} is registered; there are: {[each['name'] for each in self.world.commands]}"
        where = payloads.context(self.world, channel)
        contexts = found["contexts"] if found["contexts"] is not None else [0, 1]
        assert where in contexts, f"{name!r} is not offered in context {where}"
        by = payloads.owners(self.world, channel, user)
        offered = any(str(each) in by for each in found["integration_types"])
        assert offered, f"{name!r} is not offered to those who installed the app like this"
        return found

    def _where(self, where: Named, user: Named) -> tuple[Channel, User]:
        person = self.world.users[name_of(user)]
        channel = self.world.channels.get(name_of(where))
        return channel or self.world.direct(name_of(where), self.world.bot.id), person

    def _present(self, message: Message) -> Message:
        now = self.world.find(message)
        assert now, "the message was deleted"
        return now

    def _shown(self, message: Message, user: Named) -> tuple[Message, User]:
        now = self._present(message)
        assert now.ephemeral_to in (None, name_of(user)), "somebody else sees this message"
        return now, self.world.users[name_of(user)]


def _give_up(told: Interaction) -> None:
    """The person reads that the application did not respond."""
    if not told.acked:
        told.failed = True
        told.finish()
