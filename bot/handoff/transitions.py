"""Transitions of a request: the ticket's next state, its event and notifications, stored in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot import texts
from bot.handoff.channel import DeskChannel, in_order
from bot.handoff.request_cards import pieces
from bot.handoff.ticket import Act, ImpossibleError, Ticket, after
from bot.store.interviews import StaleError
from bot.store.leads import Change, Leads
from bot.store.post import Notification, PostKind
from bot.store.records import Lead, LeadDetails

DESK = "desk"  # the lane of what stands in the consultants' channel in its order
TOLD_TO_DESK = frozenset((Act.NOTE, Act.EDIT, Act.DELETE, Act.WITHDRAW, Act.SOLVED, Act.UNSOLVED))
TOLD_TO_USER = frozenset((Act.REQUEST, Act.REPLY, Act.RESOLVE))


@dataclass(frozen=True)
class Action:
    """An action on a request, with its text and metadata; the fields of `details` replace those of the request."""

    act: Act
    actor: str
    text: str = ""
    name: str | None = None
    keys: Sequence[str] = ()
    details: LeadDetails = LeadDetails()  # noqa: RUF009 it is frozen


class Actions:
    """Does what the ticket allows; of several at once each sees what the others did."""

    def __init__(self, leads: Leads, channels: tuple[DeskChannel, ...], *, has_webhook: bool = False) -> None:
        self._leads = leads
        self._channels = channels
        self._has_webhook = has_webhook

    async def do(self, lead: Lead, doing: Action) -> Lead:
        """The request afterwards. Raises ImpossibleError when it cannot be done any more, KnownError when it was."""
        while True:
            ticket = after(Ticket(lead.state, lead.holder), doing.act, doing.actor)
            details = lead.details.with_fields(doing.details)
            change = Change(
                doing.act,
                doing.actor,
                ticket.state,
                ticket.holder,
                doing.text,
                doing.name,
                doing.keys,
                details,
                self._posts(lead, doing, details),
                is_counted=doing.act is Act.REQUEST,
            )
            try:
                return await self._leads.apply(lead, change)
            except StaleError:
                found = await self._leads.own(lead.tenant, lead.id)
                if found is None:
                    raise ImpossibleError("lead_gone") from None
                lead = found

    def _posts(self, lead: Lead, doing: Action, details: LeadDetails) -> list[Notification]:
        posts = list(self._for_desk(lead, doing, details))
        if doing.act in TOLD_TO_USER:
            count = len(pieces(doing.text)) if doing.act is Act.REPLY else 1
            posts += [Notification(PostKind.USER, lane(lead.id, PostKind.USER), piece=piece) for piece in range(count)]
        if self._has_webhook:
            posts.append(Notification(PostKind.WEBHOOK, lane(lead.id, PostKind.WEBHOOK), PostKind.WEBHOOK))
        return posts

    def _for_desk(self, lead: Lead, doing: Action, details: LeadDetails) -> list[Notification]:
        """The card first, the conversation under it, and what the user says after that; the card is kept up to date."""
        if not self._channels:
            return []
        desk, platform = lane(lead.id, DESK), in_order(self._channels, lead.tenant)[0].platform
        if doing.act is Act.REQUEST:
            return announcement(desk, platform, details)
        told = len(pieces(doing.text)) if doing.act in TOLD_TO_DESK else 0
        threads = [Notification(PostKind.THREAD, desk, platform, piece=piece) for piece in range(told)]
        return [*threads, Notification(PostKind.UPDATE, lane(lead.id, PostKind.UPDATE), platform)]


def announcement(desk: str, platform: str, details: LeadDetails) -> list[Notification]:
    """Tell the consultants of a request: by its card, and the conversation under it if it may be passed on."""
    kinds = (PostKind.CARD, PostKind.FILE) if details.transcript else (PostKind.CARD,)
    return [Notification(kind, desk, platform) for kind in kinds]


def lane(lead: int, whose: str) -> str:
    """Return the name of a lane of a request."""
    return f"lead/{lead}/{whose}"


def impossible(lead: Lead, act: Act, actor: str) -> str:
    """Return the reason why an act is not possible now, empty if it is; asked before somebody writes a reply."""
    try:
        after(Ticket(lead.state, lead.holder), act, actor)
    except ImpossibleError as error:
        return refusal(error, lead)
    return ""


def refusal(error: ImpossibleError, lead: Lead | None) -> str:
    """Return the sentence for an action that is not possible."""
    return texts.sentence(error.sentence, holder=(lead and lead.details.holder) or "")
