"""The handoff as platforms see it: what clicks, forms and words lead to, for users and for consultants."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from bot import texts
from bot.handoff.channel import DeskChannel, MembershipChecker, desk_channels
from bot.handoff.consultants import PRESSES, Consultants
from bot.handoff.relay import Relay
from bot.handoff.request import UserRequests
from bot.handoff.request_forms import CONSENTS
from bot.handoff.ticket import ImpossibleError
from bot.handoff.transitions import Actions, refusal
from bot.messages.card import Press
from bot.messages.person import Person
from bot.messages.response import Response
from bot.settings import Settings
from bot.store.records import LeadDetails
from bot.store.store import Store

USERS_PRESSES = frozenset(("note", "withdraw", "solved", "read"))


class Handoff:
    """The way to a person. Not open while nobody is there to be told: neither a channel nor a webhook."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        platforms: Mapping[str, MembershipChecker],
        wake: Callable[[], None],
        *,
        keeps: bool = False,
    ) -> None:
        """`platforms` by name; `wake` wakes the post office when a post was queued.

        With `keeps` it is open even so: requests are kept for the operator, who lists them.
        """
        self.channels = desk_channels(settings)
        has_webhook = settings.desk_webhook_url is not None
        actions = Actions(store.leads, self.channels, has_webhook=has_webhook)
        self.requests = UserRequests(store.leads, actions)
        self._desk = Consultants(store.leads, actions, self.channels, platforms)
        self.relay = Relay(store.leads, actions, self.requests, self._desk)
        self.is_told = bool(self.channels) or has_webhook
        self.is_open = self.is_told or keeps
        self.wake = wake

    def knows(self, press: Press) -> bool:
        """Return True for the handoff's buttons, except Get in touch, which comes with a case."""
        is_consent = press.name == "contact" and press.choice in CONSENTS
        return is_consent or press.name in PRESSES or press.name in USERS_PRESSES

    async def begin(self, person: Person, case: LeadDetails) -> Response:
        """Get in touch, with what may be passed on."""
        if not self.is_open:
            return Response(notice=texts.sentence("contact_later"))
        return await self.requests.begin(person, case)

    async def pressed(self, person: Person, press: Press) -> Response:
        """Handle the press of a button."""
        at = self._desk if press.name in PRESSES else self.requests
        return await self._response(at.pressed(person, press))

    async def sent(
        self, person: Person, press: Press | None, values: Mapping[str, str], keys: Sequence[str] = ()
    ) -> Response:
        """Handle a form that was sent; None is one that this version does not know.

        Under `keys` it is known if the platform tells of it again.
        """
        ways = {"contact": self.requests.sent, "reply": self._desk.replied}
        ways |= {"note": self.requests.added, "solved": self.requests.added}
        if press is None or press.name not in ways:
            return Response(notice=texts.sentence("button_gone"))
        return await self._response(ways[press.name](person, press, values, keys))

    async def _response(self, of: Awaitable[Response]) -> Response:
        try:
            return await of
        except ImpossibleError as error:
            return Response(notice=refusal(error, None))
        finally:
            self.wake()

    def channel_at(self, tenant: str, channel: object) -> DeskChannel | None:
        """The consultants' channel, if something happens there."""
        return next((desk for desk in self.channels if desk.is_at(tenant, channel)), None)
