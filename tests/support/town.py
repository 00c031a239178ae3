"""Two platforms, consultants, and a post office for each; with a clock that is set by hand."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pydantic import JsonValue

from bot.delivery.ports import RefusedError
from bot.delivery.posting import PostOffice
from bot.handoff.channel import desk_channels
from bot.handoff.clerk import HandoffClerk
from bot.handoff.handoff import Handoff
from bot.handoff.response_times import ResponseTimes
from bot.messages.card import Card, Press
from bot.messages.form import Form
from bot.messages.person import Person
from bot.settings import Settings
from bot.store.address import Address
from bot.store.database import Database, DatabaseUrls
from bot.store.records import Delivery, Exchange, Lead, LeadDetails
from bot.store.store import Store
from tests.conftest import KEY
from tests.support.rooms import Clock

MONDAY = datetime(2026, 11, 23, 10, tzinfo=UTC)
FILLED = {"name": "Ann", "need": "Help us", "urgency": "week", "consent": "summary", "email": ""}
CASE = LeadDetails(summary=("Recommendation: RAG",), transcript=(Exchange(said="hush", replied="well"),))
SLACK, DISCORD = "slack:T1", "discord:7"


@dataclass
class Sent:
    """A post as a platform has it."""

    tenant: str
    channel: object
    thread: object
    text: str
    marker: str
    payload: Mapping[str, JsonValue]


class Place:
    """A platform; it raises what is in `trouble` before it takes a post."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.sent = list[Sent]()
        self.members = {"cem", "dora"}
        self.trouble: Exception | None = None
        self.refused = ""  # what no payload may have

    def post(self, card: Card) -> Mapping[str, JsonValue]:
        return {"text": card.text, "buttons": [button.text for row in card.rows for button in row]}

    async def is_member(self, tenant: str, channel: str, user: str) -> bool:
        if self.trouble:
            raise self.trouble
        return user in self.members

    async def send(self, delivery: Delivery) -> str:
        if self.trouble:
            raise self.trouble
        address, payload = delivery.address, delivery.content.to_json()
        if self.refused in payload:
            raise RefusedError("not here")
        text = str(payload.get("text", ""))
        if ts := payload.get("replaces"):
            number = int(str(ts).rpartition("/")[2])
            self.sent[number].text, self.sent[number].payload = text, payload
            return str(ts)
        self.sent.append(Sent(delivery.tenant, address.channel, address.thread, text, delivery.marker, payload))
        return f"{self.name}/{len(self.sent) - 1}"

    async def find(self, delivery: Delivery) -> str | None:
        if self.trouble:
            raise self.trouble
        known = [number for number, sent in enumerate(self.sent) if sent.marker == delivery.marker]
        return f"{self.name}/{known[0]}" if known else None


@dataclass
class Town:
    """The handoff of both platforms, each with a process of its own."""

    store: Store
    clock: Clock
    settings: Settings
    places: dict[str, Place] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("slack", "discord"):
            self.places.setdefault(name, Place(name))
        self.handoff = Handoff(self.store, self.settings, self.places, lambda: None)

    def office(self, *names: str, process: str = "") -> PostOffice:
        """The post office of a process that takes care of these platforms."""
        mine = {name: self.places[name] for name in names}
        return PostOffice(self.store, mine, self.clerk(*names), process or "-".join(names))

    def clerk(self, *names: str) -> HandoffClerk:
        """The clerk of such a process."""
        surfaces = {name: place for name in names if isinstance(place := self.places[name], Place)}
        return HandoffClerk(self.store, surfaces, desk_channels(self.settings), ResponseTimes.of(self.settings))

    async def work(self, *names: str, rounds: int = 12) -> None:
        """Lets the processes send what is due."""
        offices = [self.office(name) for name in names or self.places]
        for _ in range(rounds):
            for office in offices:
                await office.round()
                await office.stop(10)

    async def request(self, person: Person, **values: str) -> Lead:
        """A request that was sent."""
        form = (await self.handoff.begin(person, CASE)).form
        assert isinstance(form, Form)
        await self.handoff.sent(person, form.press, FILLED | values)
        lead = await self.store.leads.own(person.tenant, form.press.subject)
        assert lead
        return lead

    async def now(self, lead: Lead) -> Lead:
        found = await self.store.leads.own(lead.tenant, lead.id)
        assert found
        return found

    async def press(self, person: Person, name: str, lead: Lead) -> str:
        return (await self.handoff.pressed(person, Press(name, lead.id))).notice

    async def reply(self, person: Person, lead: Lead, text: str) -> str:
        outcome = await self.handoff.sent(person, Press("reply", lead.id), {"text": text})
        return outcome.notice or outcome.errors.get("text", "")


@asynccontextmanager
async def a_town(template: Path, folder: Path, settings: Settings) -> AsyncIterator[Town]:
    """A town on a new SQLite database, on a Monday morning."""
    file = folder / "town.sqlite"
    file.write_bytes(template.read_bytes())  # noqa: ASYNC240 before the test
    clock = Clock(MONDAY)
    store = Store(Database(DatabaseUrls.of(f"sqlite:///{file}", folder), [KEY], clock))
    yield Town(store, clock, settings)
    await store.close()


def ann(tenant: str = DISCORD) -> Person:
    return Person(tenant, "ann", "Ann", Address("home", "t1"))


def cem(tenant: str = SLACK) -> Person:
    return Person(tenant, "cem", "Cem")


def dora(tenant: str = SLACK) -> Person:
    return Person(tenant, "dora", "Dora")
