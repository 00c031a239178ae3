"""A store with something of everything, of which every figure is known."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bot import texts
from bot.deciding.outlook import Outlook
from bot.deciding.questionnaire import Choose, Move, Questionnaire, Session, Skip
from bot.interviews.poll import SESSION
from bot.store.database import Database, DatabaseUrls
from bot.store.inbox import Answer
from bot.store.insights import MessageRecord
from bot.store.leads import Change
from bot.store.records import LeadDetails, LeadState
from bot.store.store import Store
from tests.conftest import KEY
from tests.support.rooms import ONE, TWO, Clock, done, said

COST, DATA = "Practical Considerations > Cost", "Practical Considerations > Data Requirements"
DEAR, MANY = "Initial RAG setup may be cheaper.", "Fine-tuning typically needs thousands of examples."
USER = "U024BE7LH"
NOW = datetime(2026, 6, 3, 12, tzinfo=UTC)
UNANSWERED = (  # two groups and one that stands alone, with who asks
    ("How much does a vector database cost per month?", "U1"),
    ("what does a vector database cost a month", "U2"),
    ("Monthly price of a vector database?", USER),
    ("which learning rate should we use for LoRA", "U4"),
    ("what learning rate is best for LoRA?", "U4"),
    ("who invented RAG?", "U1"),
)


NOTHING = MessageRecord(
    at=NOW, platform="test", home=0, asker=0, is_waiting=False, kind=None, text=None, citations=(),
    approach=None, criteria=(), helpful=0, unhelpful=0,
)  # fmt: skip


def store_at(database_url: str, folder: Path) -> Store:
    """A store whose clock is set by hand."""
    return Store(Database(DatabaseUrls.of(database_url, folder), [KEY], Clock()))


class Seeded:
    """Puts things into a store whose clock can be set."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store, self.clock = store, clock
        self._asked = 0

    async def asked(
        self, text: str, reply: dict | None, *, tenant: str = ONE, user: str = "U1", helpful: str = ""
    ) -> None:
        """One message with its reply; `helpful` is a + or a - for each opinion on it."""
        self._asked += 1
        message = said(text, f"e{self._asked}", place=f"p{self._asked}", tenant=tenant, user=user)
        turn = await done(self.store, message, Answer([], reply), None if reply else "answering failed")
        for number, opinion in enumerate(helpful):
            await self.store.feedback.give(tenant, turn.id, f"R{number}", helpful=opinion == "+")

    async def interview(self, session: Session) -> None:
        await self.store.interviews.start(ONE, "here", USER, SESSION.dump_python(session, mode="json"))

    async def lead(self, urgency: str, *happened: tuple[str, LeadState, float]) -> None:
        """A request to which these things happened, each so many minutes after the one before."""
        row = await self.store.leads.open(
            ONE, USER, LeadDetails.model_validate({"urgency": urgency, "name": "Maya"}), state=LeadState.DRAFT
        )
        for kind, state, minutes in happened:
            self.clock.advance(minutes=minutes)
            row = await self.store.leads.apply(row, Change(kind, "Cem", state))


def a_message(**what: object) -> MessageRecord:
    """A message of which nothing else is known."""
    return replace(NOTHING, **what)


def answer(*cited: tuple[str, str], kind: str = "answer") -> dict:
    citations = [{"section": s, "quote": q, "source": "a.md", "anchor": "a"} for s, q in cited]
    return {"kind": kind, "text": "a reply", "citations": citations, "recommendation": None}


def advice(approach: str, *criteria: str) -> dict:
    reasons = [{"criterion": criterion, "because": "our own words"} for criterion in criteria]
    return answer((COST, DEAR), kind="advice") | {"recommendation": {"approach": approach, "reasons": reasons}}


def abstained(sentence: str = "near_topic") -> dict:
    return answer(kind="abstain") | {"text": texts.sentence(sentence), "reason": sentence}


def led(outlook: Outlook, *answers: str | None, finish: bool = False) -> Session:
    """An interview in which these options were chosen; None skips a question."""
    machine = Questionnaire(outlook)
    session = machine.start()
    for option in answers:
        event = Skip(session.question) if option is None else Choose(session.question, option)
        session = machine.step(session, event)
    return machine.step(session, Move.FINISH) if finish else session


async def fill(store: Store, outlook: Outlook) -> None:
    """Everything of which the tests know the figures; it ends at noon on 3 June 2026."""
    clock = store.database.clock
    assert isinstance(clock, Clock)
    seeded = Seeded(store, clock)
    await seeded.asked("a", answer((COST, DEAR), (DATA, MANY)), helpful="++-")
    await seeded.asked("b", answer((COST, DEAR)), user="U2", helpful="--")
    clock.time = NOW
    await seeded.asked("we change daily", advice("rag", "knowledge_changes_often", "needs_citations"), tenant=TWO)
    await seeded.asked("we have docs", advice("rag", "knowledge_changes_often"), user="U3")
    await seeded.asked("hello", answer(kind="small_talk"), user="U3")
    await seeded.asked("who won the cup?", abstained("off_topic"), user="U3")
    await seeded.asked("это не по-английски", abstained("wordless"), user="U3")
    await seeded.asked("broken", None, user="U3")
    for text, user in UNANSWERED:
        await seeded.asked(text, abstained(), user=user)
    clock.time = datetime(2026, 6, 2, 11, tzinfo=UTC)
    first = next(iter(outlook.framework.questions[led(outlook).question].options))
    for session in (led(outlook), led(outlook, first), led(outlook, first, None), led(outlook, finish=True)):
        await seeded.interview(session)
    clock.time = datetime(2026, 6, 3, 11, tzinfo=UTC)
    await seeded.interview(led(outlook))
    await seeded.lead("now", ("requested", LeadState.OPEN, 1))
    taken = ("requested", LeadState.OPEN, 1), ("claimed", LeadState.CLAIMED, 10)
    await seeded.lead("week", *taken)
    clock.time = datetime(2026, 6, 3, 9, tzinfo=UTC)
    await seeded.lead("later", *taken, ("resolved", LeadState.RESOLVED, 20))
    await seeded.lead("later")  # a form that was never sent
    clock.time = NOW
