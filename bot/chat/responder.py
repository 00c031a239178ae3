"""Answers turns: asks the consultant, and renders the reply for the turn's platform."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot import texts
from bot.advising.consultant import Consultant
from bot.chat.adapter import Adapter
from bot.delivery.ports import platform_of
from bot.messages.reply import Line, Reply, ReplyKind
from bot.store.address import Draft
from bot.store.inbox import Answer, Inbox
from bot.store.post import Content
from bot.store.records import Turn
from bot.store.retrying import persistently


class ConsultantResponder:
    """The consultant behind the flow's interface."""

    def __init__(self, consultant: Consultant, adapters: Mapping[str, Adapter], inbox: Inbox) -> None:
        self._consultant = consultant
        self._adapters = adapters
        self._inbox = inbox

    async def answer(self, turn: Turn, earlier: Sequence[str]) -> Answer:
        draft = turn.draft

        async def keep(now: Draft) -> None:
            nonlocal draft
            draft = now
            await persistently(self._inbox.keep_draft, turn, draft)

        async with self._adapter(turn).progress(turn, keep) as show:
            reply = await self._consultant.respond(turn.text, earlier, show)
        return Answer(self._shown(replace(turn, draft=draft), reply), reply.to_stored())

    def too_many(self, turn: Turn) -> Answer:
        return self._said(turn, texts.sentence("too_many"))

    def apology(self, turn: Turn, reference: str) -> Answer:
        return self._said(turn, texts.sentence("unforeseen", reference=reference))

    def _said(self, turn: Turn, sentence: str) -> Answer:
        return Answer(self._shown(turn, Reply(ReplyKind.ABSTAIN, (Line(sentence),))))

    def _shown(self, turn: Turn, reply: Reply) -> Sequence[Content]:
        return self._adapter(turn).render(reply, turn)

    def _adapter(self, turn: Turn) -> Adapter:
        return self._adapters[platform_of(turn.tenant)]
