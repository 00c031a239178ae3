"""Requests for other programs and for spreadsheets; and figures on what the bot did, without what anyone said."""

import csv
import io
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from pydantic import JsonValue

from bot.handoff.webhook import as_json
from bot.messages.formatting import remove_controls
from bot.store.records import LeadState
from bot.store.store import Store

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would compute
FIELDS = ("reference", "tenant", "user", "name", "email", "urgency", "need", "summary", "state", "holder", "opened_at")
FIGURES = ("tenant", "day", "questions", "answer", "advice", "abstain", "small_talk", "failed", "helpful", "unhelpful")
SENT = [state for state in LeadState if state is not LeadState.DRAFT]

Record = Mapping[str, JsonValue]


async def requests(store: Store) -> list[Record]:
    """Every request, with what its user agreed to pass on and with what happened to it."""
    records = list[Record]()
    for lead in await store.leads.all(SENT):
        events: list[JsonValue] = [
            {"kind": event.kind, "actor": event.actor, "text": event.text, "at": event.happened_at.isoformat()}
            for event in await store.leads.events(lead)
        ]
        records.append({**as_json(lead), "events": events})
    return records


async def figures(store: Store) -> list[Record]:
    """Questions a day and workspace or guild, how they were answered, and what users thought of it."""
    counted = defaultdict[tuple[str, str], Counter[str]](Counter)
    for tenant, moment, kind in await store.conversations.kinds():
        counted[tenant, moment.date().isoformat()].update(("questions", kind))
    for tenant, moment, helpful in await store.feedback.all():
        counted[tenant, moment.date().isoformat()].update(("helpful" if helpful else "unhelpful",))
    return [_figures(tenant, day, counts) for (tenant, day), counts in sorted(counted.items())]


def json_lines(kind: str, records: Iterable[Record]) -> str:
    """One object a line, each of that type."""
    return "".join(json.dumps({"type": kind, **record}) + "\n" for record in records)


def as_csv(columns: Sequence[str], records: Iterable[Record]) -> str:
    """A table for spreadsheets, which compute nothing that a user wrote."""
    file = io.StringIO()
    rows = csv.writer(file)
    rows.writerow(columns)
    rows.writerows([_cell(record.get(column)) for column in columns] for record in records)
    return file.getvalue()


def _figures(tenant: str, day: str, counts: Counter[str]) -> Record:
    return {"tenant": tenant, "day": day, **{name: counts[name] for name in FIGURES[2:]}}


def _cell(value: JsonValue) -> str:
    parts = value if isinstance(value, list) else [] if value is None else [value]
    said = remove_controls("\n".join(map(str, parts)))
    return f"'{said}" if said.startswith(FORMULA) else said
