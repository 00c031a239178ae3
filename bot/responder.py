"""What answers the turns of the flow: the consultant, shown as the turn's platform shows things."""

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from bot import prompts
from bot.consultant import Consultant
from bot.delivery.platform import platform_of
from bot.platforms import Surface
from bot.replies import Line, Reply, ReplyKind
from bot.store.inbox import Answer
from bot.store.tables import Turn


class ConsultantResponder:
    """The consultant behind the flow's interface."""

    def __init__(self, consultant: Consultant, surfaces: Mapping[str, Surface]) -> None:
        self._consultant = consultant
        self._surfaces = surfaces

    async def answer(self, turn: Turn, earlier: Sequence[str]) -> Answer:
        reply = await self._consultant.respond(turn.text, earlier)
        return Answer(self._shown(turn, reply), reply.to_dict())

    def too_many(self, turn: Turn) -> Answer:
        return self._said(turn, prompts.sentence("too_many"))

    def apology(self, turn: Turn, reference: str) -> Answer:
        return self._said(turn, prompts.sentence("unforeseen", reference=reference))

    def _said(self, turn: Turn, sentence: str) -> Answer:
        return Answer(self._shown(turn, Reply(ReplyKind.ABSTAIN, (Line(sentence),))))

    def _shown(self, turn: Turn, reply: Reply) -> Sequence[Mapping[str, JsonValue]]:
        return self._surfaces[platform_of(turn.tenant)].render(reply, turn)
