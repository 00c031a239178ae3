"""The operator's commands on the database: `migrate`, `forget`, `resend`, `desk` and `export`."""

import sys
from collections.abc import Sequence

from bot.delivery.handover import migrate_handover
from bot.errors import BotError, InputError
from bot.handoff import export
from bot.handoff import request_cards as cards
from bot.handoff.disclosure import render_transcript
from bot.handoff.response_times import ResponseTimes
from bot.handoff.ticket import WAITING
from bot.settings import Settings
from bot.store.records import DeliveryState, Lead
from bot.store.store import Store, open_store, urls_of
from bot.terminal.console import console, show_line
from bot.terminal.dialogs import history_file
from bot.terminal.memory import this_user

TABLES = {"leads": export.FIELDS, "analytics": export.FIGURES}


async def migrate(settings: Settings) -> None:
    """Migrate the database to this version's schema."""
    async with open_store(settings, migrating=True):
        migrate_handover(urls_of(settings))
    console.print("The database is up to date.")


async def forget(settings: Settings, user: str) -> None:
    """Delete a person's data, and what they typed into the chat on this machine. Raises BotError if it cannot."""
    user = user.strip()
    if not user:
        raise InputError("Name the user by their id on the platform, for example U024BE7LH.")
    async with open_store(settings) as store:
        rows = await store.erasure.forget(user)
    if user == this_user():
        file = history_file(settings)
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            raise BotError(f"{file} cannot be deleted ({error.strerror}); delete it yourself.") from error
    console.print(f"Deleted {rows} rows; the user's id no longer appears anywhere.", markup=False)


async def resend(settings: Settings, turns: Sequence[int], *, everything: bool) -> None:
    """Retry failed turns; without `turns`, list them."""
    async with open_store(settings) as store:
        failed = await store.inbox.failures()
        unknown = set(turns) - {turn.id for turn in failed}
        if unknown:
            raise InputError(f"There is no failed turn {', '.join(map(str, sorted(unknown)))}; resend lists them.")
        retried = await store.inbox.resend([turn.id for turn in failed if everything or turn.id in turns])
    if turns or everything:
        console.print(f"{len(retried)} turn(s) will be sent by the running bot, or at its next start.")
        return
    for turn in failed:
        reference = f", reference {turn.reference}" if turn.reference else ""
        console.print(
            f"{turn.id}  {turn.tenant}  {turn.accepted_at:%Y-%m-%d %H:%M} UTC  {turn.error}{reference}", markup=False
        )
    if not failed:
        console.print("Nothing failed.")


async def list_requests(settings: Settings, *, everything: bool) -> None:
    """Print a line for each unfinished request, or for all."""
    async with open_store(settings) as store:
        leads = await store.leads.all(export.SENT if everything else sorted(WAITING))
        undelivered = {post.lead_id for post in await store.outbox.undelivered()}
        count = await store.leads.count()
    for lead in leads:
        since = f"{lead.opened_at:%Y-%m-%d %H:%M} UTC" if lead.opened_at else ""
        holder = lead.details.holder if lead.holder else "-"
        problem = "  undelivered" if lead.id in undelivered else ""
        line = f"{lead.reference}  {lead.state}  {holder}  {cards.urgency_of(lead)}  {since}  {lead.tenant}{problem}"
        console.print(line, markup=False, soft_wrap=True)
    console.print(f"{len(leads)} of {count} requests.")


async def show_request(settings: Settings, reference: str) -> None:
    """Print a request with its history."""
    async with open_store(settings) as store:
        lead = await _find(store, reference)
        events, posts = await store.leads.events(lead), await store.leads.posts(lead)
    promised = ResponseTimes.of(settings).by(lead.opened_at or lead.touched_at).strftime(cards.TIME_FORMAT)
    for line in cards.desk_card(lead, events, posts, promised).lines:
        show_line(line)
    console.print()
    for event in events:
        text = f": {event.text}" if event.text else ""
        when = f"{event.happened_at:%Y-%m-%d %H:%M} UTC"
        console.print(f"{when}  {event.kind}  {event.actor}{text}", markup=False, soft_wrap=True)
    for post in posts:
        if post.state != DeliveryState.SENT:
            console.print(
                f"post {post.id} ({post.notification.kind}) is {post.state}: {post.error or 'not tried'}", markup=False
            )
    if transcript := lead.details.transcript:
        console.print()
        text = render_transcript(transcript, lead.details.name or "")
        console.print(text, markup=False, soft_wrap=True)


async def resend_request(settings: Settings, reference: str) -> None:
    """Retry a request's undelivered posts."""
    async with open_store(settings) as store:
        count = await store.outbox.resend((await _find(store, reference)).id)
    console.print(f"{count} post(s) will be sent by the running bot, or at its next start.")


async def export_tables(settings: Settings, what: str, *, as_csv: bool) -> None:
    """Print requests, daily figures or both as JSON lines; one of them as CSV."""
    if what not in ("all", *TABLES) or (as_csv and what == "all"):
        raise InputError("Say what to export: leads or analytics; both at once are JSON lines only.")
    async with open_store(settings) as store:
        records = {"leads": await export.requests(store)} if what in ("all", "leads") else {}
        records |= {"analytics": await export.figures(store)} if what in ("all", "analytics") else {}
    kinds = {"leads": "lead", "analytics": "day"}
    for name, rows in records.items():
        sys.stdout.write(export.as_csv(TABLES[name], rows) if as_csv else export.json_lines(kinds[name], rows))


async def _find(store: Store, reference: str) -> Lead:
    lead = await store.leads.by_reference(reference.strip().upper())
    if lead is None:
        raise InputError(f"There is no request {reference}; `rag-or-tune desk list --all` lists them.")
    return lead
