"""What people do in Slack, told to the app as Slack tells it. Nothing here waits for the app's ack."""

import copy
import html
import re
from typing import Any

from tests.peers.loopback import Named, name_of
from tests.peers.slack import acting, apps, events, payloads
from tests.peers.slack.chat import remove
from tests.peers.slack.delivery import COMMAND, EVENT, INTERACTION, Delivery
from tests.peers.slack.rendering import message_json, rich_text
from tests.peers.slack.state import Json, Message, View
from tests.peers.slack.workspace import Workspace

_TOKEN = re.compile(r"&lt;((?:[@#!][A-Za-z0-9_^|-]+)|(?:https?://[^\s&]+))&gt;")


def typed(text: str) -> str:
    """Words as Slack passes them on: `&`, `<` and `>` escaped, mentions and links left alive."""
    return _TOKEN.sub(r"<\1>", html.escape(text, quote=False))


class People(Workspace):
    """The acts of people."""

    def say(self, channel: Named, user: Named, text: str, thread: Message | str | None = None, **more: Any) -> Message:
        """Says something, in a thread if one is given; `more` overrides fields of the message (subtype, files)."""
        return self.run(lambda: self._say(channel, user, text, thread, more))

    def mention(
        self, channel: Named, user: Named, text: str, thread: Message | str | None = None, **more: Any
    ) -> Message:
        """Says something to the app: told to it twice, as `app_mention` and as a message, with the same ts."""

        def act() -> Message:
            bot = self.world.bot(self._user(user).team_id).id
            words = text if f"<@{bot}>" in text else f"<@{bot}> {text}"
            return self._say(channel, user, words, thread, more)

        return self.run(act)

    def dm(self, user: Named, text: str, thread: Message | str | None = None, **more: Any) -> Message:
        """Writes to the app directly."""
        return self.run(
            lambda: self._say(self.world.direct(self._user(user).team_id, name_of(user)), user, text, thread, more)
        )

    def edit(self, message: Message, text: str) -> Message:
        """Edits what was said."""

        def act() -> Message:
            now = self._present(message)
            previous = message_json(self.world, now)
            now.keep()
            now.text, now.blocks = typed(text), rich_text(text)
            now.edited = {"user": now.user, "ts": self.world.ts()}
            event = events.changed_event(self.world, now, previous)
            now.deliveries += self.publish(event, self.world.channels[now.channel].team_id)
            return copy.deepcopy(now)

        return self.run(act)

    def delete(self, message: Message) -> list[Delivery]:
        """Deletes a message."""
        return self.run(lambda: remove(self.world, self._present(message)))

    def command(self, user: Named, channel: Named, text: str, name: str = "/rag-or-tune") -> Delivery:
        """Types a slash command, which the channel's other members do not see."""

        def act() -> Delivery:
            place = self.world.channels[name_of(channel)]
            payload = payloads.command(self.world, place, self._user(user), name, text)
            return self.courier.send(Delivery(COMMAND, payload))

        return self.run(act)

    def click(
        self, shown: Message | View, which: acting.Which, user: Named | None = None, option: Any = None
    ) -> Delivery:
        """Press a button, or chooses `option` in a menu, radio buttons, checkboxes, feedback buttons or an input.

        The element is looked for in the copy of the message or view that is given: an old copy makes a stale click.
        """

        def act() -> Delivery:
            block, element = acting.find(shown, which)
            done = {"actions": [acting.action(block, element, option, self.world.ts())]}
            now = self._now(shown)
            if option is not None:
                acting.remember(now, block, element, option)
            person = self._user(user or _owner(now))
            if isinstance(now, View):
                body = payloads.interaction(self.world, "block_actions", person, now) | payloads.on_view(
                    self.world, now
                )
            else:
                body = payloads.interaction(self.world, "block_actions", person)
                body |= payloads.on_message(self.world, now, person)
            return self._interact(body | done, now)

        return self.run(act)

    def submit(self, view: View, values: Json | None = None, user: Named | None = None) -> Delivery:
        """Fills in a modal, by action_id or block_id, and submits it; fails when Slack's client would not let one."""

        def act() -> Delivery:
            now = self._view(view)
            assert now.open, f"the view {now.callback_id!r} is not on the screen any more"
            acting.fill(now, values or {})
            wrong = acting.incomplete(now)
            assert not wrong, f"Slack would not let the person submit: {', '.join(wrong)}"
            body = payloads.interaction(self.world, "view_submission", self._user(user or now.user), now)
            return self._interact(body | payloads.on_view(self.world, now) | {"response_urls": []}, now)

        return self.run(act)

    def close(self, view: View) -> Delivery | None:
        """Closes a modal; the app is told only if the view asks for it."""

        def act() -> Delivery | None:
            now = self._view(view)
            now.open = False
            if not now.spec.get("notify_on_close"):
                return None
            body = payloads.interaction(self.world, "view_closed", self._user(now.user), now)
            return self._interact(body | payloads.on_view(self.world, now) | {"is_cleared": False}, now)

        return self.run(act)

    def shortcut(self, callback_id: str, user: Named, message: Message | None = None) -> Delivery:
        """Uses a shortcut, on a message if one is given."""

        def act() -> Delivery:
            person = self._user(user)
            if message is None:
                body = payloads.interaction(self.world, "shortcut", person)
                return self._interact(body | {"callback_id": callback_id, "action_ts": self.world.ts()}, None)
            now = self._present(message)
            return self._interact(payloads.message_action(self.world, callback_id, now, person), now)

        return self.run(act)

    def open_home(self, user: Named, tab: str = "home") -> list[Delivery]:
        """Opens the app: its "home" or its "messages"."""

        def act() -> list[Delivery]:
            person = self._user(user)
            return self.publish(events.home_event(self.world, person, tab), person.team_id)

        return self.run(act)

    def uninstall(self, team: Named | None = None) -> list[Delivery]:
        """Removes the app from a team: its tokens are void, and it is told so."""
        return self.run(lambda: apps.remove_app(self.world, self._team(team)))

    def event(self, event: Json, team: Named | None = None) -> Delivery:
        """Tells the app of any event, without asking whether it listens for it."""
        return self.run(lambda: self._tell(event, self._team(team)))

    def publish(self, event: Json, team_id: str) -> list[Delivery]:
        """Tells the app of an event if it is installed, subscribed, allowed and there. On the loop only."""
        install = self.world.installed(team_id)
        wanted = events.subscription(self.world, event)
        if install is None or wanted not in self.world.app.events:
            return []
        scope = events.SCOPE_OF.get(wanted)
        channel = self.world.channels.get(event.get("channel", ""))
        if (scope and scope not in install.scopes) or (channel and install.bot.id not in channel.members):
            return []
        return [self._tell(event, team_id)]

    def _tell(self, event: Json, team_id: str) -> Delivery:
        payload = payloads.event_callback(self.world, copy.deepcopy(event), team_id)
        return self.courier.send(Delivery(EVENT, payload))

    def _interact(self, payload: Json, subject: Any) -> Delivery:
        return self.courier.send(Delivery(INTERACTION, copy.deepcopy(payload), subject=subject))

    def _say(self, channel: Named, user: Named, text: str, thread: Message | str | None, more: Json) -> Message:
        place, person = self.world.channels[name_of(channel)], self._user(user)
        if person.id not in place.members:
            assert place.kind == "channel", f"{person.name} is not in {place.name}"
            place.members.append(person.id)
        root = thread.root if isinstance(thread, Message) else thread
        words = typed(text)
        message = Message(place.id, self.world.ts(), person.id, words, rich_text(text), thread_ts=root)
        for name, value in more.items():
            setattr(message, name, value)
        self.world.add(message)
        if f"<@{self.world.bot(place.team_id).id}>" in words and not place.direct:
            message.deliveries += self.publish(events.mention_event(self.world, message), place.team_id)
        message.deliveries += self.publish(events.message_event(self.world, message), place.team_id)
        return copy.deepcopy(message)

    def _present(self, message: Message) -> Message:
        channel = self.world.channels[message.channel]
        return (channel.ephemerals if message.ephemeral_to else channel.messages).get(message.ts, message)

    def _view(self, view: View) -> View:
        return self.world.views.get(view.id) or self.world.homes[view.team_id, view.user]

    def _now(self, shown: Message | View) -> Message | View:
        return self._view(shown) if isinstance(shown, View) else self._present(shown)


def _owner(shown: Message | View) -> str:
    if isinstance(shown, View):
        return shown.user
    assert shown.ephemeral_to, "say who clicks"
    return shown.ephemeral_to
