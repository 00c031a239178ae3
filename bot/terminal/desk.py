"""The operator's commands on requests: `desk list`, `show`, `resend`, `export`; and `export`."""

import sys

from bot.errors import InputError
from bot.handoff import cards, export
from bot.handoff.case import transcript_text
from bot.handoff.rules import Rules
from bot.handoff.ticket import WAITING
from bot.settings import Settings
from bot.store.opening import opened
from bot.store.store import Store
from bot.store.tables import DeliveryState, Lead
from bot.terminal.render import console, show_line

TABLES = {"leads": export.FIELDS, "analytics": export.FIGURES}


async def show_list(settings: Settings, *, everything: bool) -> None:
    """Prints a line for each request that is not finished, or for all."""
    async with opened(settings) as store:
        leads = await store.leads.all(export.SENT if everything else sorted(WAITING))
        lost = {post.lead_id for post in await store.outbox.undelivered()}
        count = await store.leads.count()
    for lead in leads:
        since = f"{lead.opened_at:%Y-%m-%d %H:%M} UTC" if lead.opened_at else ""
        holder = cards.detail(lead, "holder") if lead.holder else "-"
        problem = "  undelivered" if lead.id in lost else ""
        line = f"{lead.reference}  {lead.state}  {holder}  {cards.urgency_of(lead)}  {since}  {lead.tenant}{problem}"
        console.print(line, markup=False, soft_wrap=True)
    console.print(f"{len(leads)} request(s) shown; there ever were {count}.")


async def show_one(settings: Settings, reference: str) -> None:
    """Prints a request, with what happened to it."""
    async with opened(settings) as store:
        lead = await _found(store, reference)
        events, posts = await store.leads.events(lead), await store.leads.posts(lead)
    promised = Rules.of(settings).by(lead.opened_at or lead.touched_at).strftime(cards.MOMENT)
    for line in cards.desk_card(lead, events, posts, promised).lines:
        show_line(line)
    console.print()
    for event in events:
        said = f": {event.text}" if event.text else ""
        when = f"{event.happened_at:%Y-%m-%d %H:%M} UTC"
        console.print(f"{when}  {event.kind}  {event.actor}{said}", markup=False, soft_wrap=True)
    for post in posts:
        if post.state != DeliveryState.SENT:
            console.print(f"post {post.id} ({post.kind}) is {post.state}: {post.error or 'not tried'}", markup=False)
    if transcript := lead.details.get("transcript"):
        console.print()
        told = transcript_text(transcript, cards.detail(lead, "name"))  # type: ignore[arg-type] # as it is kept
        console.print(told, markup=False, soft_wrap=True)


async def resend(settings: Settings, reference: str) -> None:
    """Sends again what could not be delivered of a request."""
    async with opened(settings) as store:
        count = await store.outbox.resend((await _found(store, reference)).id)
    console.print(f"{count} post(s) will be sent by the bot that runs, or by the next that starts.")


async def write(settings: Settings, what: str, *, as_csv: bool) -> None:
    """Prints requests or figures, or both, as JSON lines; one of them as a table."""
    if what not in ("all", *TABLES) or (as_csv and what == "all"):
        raise InputError("Say what to export: leads or analytics; both at once are JSON lines only.")
    async with opened(settings) as store:
        records = {"leads": await export.requests(store)} if what in ("all", "leads") else {}
        records |= {"analytics": await export.figures(store)} if what in ("all", "analytics") else {}
    kinds = {"leads": "lead", "analytics": "day"}
    for name, rows in records.items():
        sys.stdout.write(export.as_csv(TABLES[name], rows) if as_csv else export.json_lines(kinds[name], rows))


async def _found(store: Store, reference: str) -> Lead:
    lead = await store.leads.by_reference(reference.strip().upper())
    if lead is None:
        raise InputError(f"There is no request {reference}; `rag-or-tune desk list --all` lists them.")
    return lead
