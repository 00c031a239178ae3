"""What the buttons do, the same on each platform: a press leads to a card, to a notice, or to both."""

from dataclasses import dataclass

from bot import prompts
from bot.adviser import Adviser
from bot.cards import ANSWER, Card, Press
from bot.delivery.flow import REMEMBERED
from bot.interviewing import PRESSES, Interviewer, Shown
from bot.replies import Line, Reply
from bot.store.inbox import Work
from bot.store.store import Store


@dataclass(frozen=True)
class Clicked:
    """`replaces`: the card stands in place of the one that was clicked on, else below; `is_public`: for all to see."""

    shown: Shown
    replaces: bool = True
    is_public: bool = False


class Clicks:
    """The rooms behind the buttons: interviews, feedback, sharing, and the way to a person."""

    def __init__(self, store: Store, adviser: Adviser | None) -> None:
        self._store = store
        self._adviser = adviser
        self._interviewer = Interviewer(store.interviews, adviser.outlook) if adviser else None

    async def press(self, tenant: str, place: str, user: str, press: Press | None) -> Clicked:
        """What a click leads to; None is a click on a button that this version does not know."""
        if press is None:
            return _notice("button_gone")
        match press.name:
            case "helpful":
                await self._store.feedback.give(tenant, press.subject, user, helpful=press.choice == "yes")
                return _notice("feedback_thanks" if press.choice == "yes" else "feedback_sorry")
            case "contact":
                return _notice("contact_later")
            case "check":
                if press.subject and not await self._store.inbox.is_new(tenant, [f"check:{press.subject}:{user}"]):
                    return _notice("interview_there")
                return Clicked(Shown(await self.interview(tenant, place, user, press.subject)), replaces=False)
            case "resume" if self._interviewer:
                card = await self._interviewer.resume(tenant, user, press.subject)
                return Clicked(Shown(card), replaces=False) if card else _notice("interview_gone")
            case "forget":
                await self._store.erasure.forget(user)
                return _notice("forgotten")
            case "share":
                return await self._shared(tenant, user, press)
            case "copy":
                return await self._markdown(tenant, user, press.subject)
        if press.name not in PRESSES:  # else a turn's id would be taken for an interview's
            return Clicked(Shown(None))
        if self._interviewer is None:
            return _notice("no_framework")
        return Clicked(await self._interviewer.press(tenant, user, press))

    async def interview(self, tenant: str, place: str, user: str, turn: int = 0) -> Card:
        """A new interview; it begins with what the user said in a turn and before it."""
        if self._interviewer is None or self._adviser is None:
            return Card((Line(prompts.sentence("no_framework")),))
        said = await self._said(tenant, user, turn)
        return await self._interviewer.start(tenant, place, user, await self._adviser.facts(said))

    async def interviews(self, tenant: str, user: str) -> list[tuple[int, str]]:
        """A person's interviews, the last touched first: their ids, and where each is."""
        return await self._interviewer.of(tenant, user) if self._interviewer else []

    async def _said(self, tenant: str, user: str, turn: int) -> list[str]:
        question = await self._store.inbox.question(Work(tenant, turn), self._store.database.clock(), REMEMBERED)
        if question is None or question.turn.user != user:
            return []
        return [*question.earlier, question.turn.text]

    async def _shared(self, tenant: str, user: str, press: Press) -> Clicked:
        """What only the one who presses has seen, for everybody there: an answer, or the summary of an interview."""
        reply = None
        if press.choice == ANSWER:
            turn = await self._store.inbox.turn(Work(tenant, press.subject))
            reply = Reply.of(turn.reply) if turn and turn.user == user and turn.reply else None
        elif self._interviewer:
            reply = await self._interviewer.summary(tenant, user, press.subject)
        if reply is None:
            return _notice("share_gone")
        return Clicked(Shown(Card.of(reply)), replaces=False, is_public=True)

    async def _markdown(self, tenant: str, user: str, interview: int) -> Clicked:
        reply = await self._interviewer.summary(tenant, user, interview) if self._interviewer else None
        if reply is None:
            return _notice("interview_gone")
        return Clicked(Shown(None, reply.markdown), replaces=False)


def _notice(sentence: str) -> Clicked:
    return Clicked(Shown(None, prompts.sentence(sentence)))
