"""The commands. Heavy imports are inside them, so that `--help` is quick."""

import asyncio
import gc
import json
import runpy
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.errors import BotError, InputError

if TYPE_CHECKING:
    from collections.abc import Collection

    from bot.settings import Settings

NEW_OBJECTS = 50_000  # between two collections of garbage; by default they take half a second of a start

app = typer.Typer(
    help="RAG or fine-tuning, for your case? Answers from one guidance article, each with the sentence it stands on.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run a command; errors meant for people are printed without a traceback."""
    gc.set_threshold(NEW_OBJECTS)
    try:
        app()
    except BotError as error:
        sys.stderr.write(f"rag-or-tune: {error}\n")
        sys.exit(1)


@app.command()
def chat(
    *,
    new: Annotated[bool, typer.Option("--new", help="Start a new conversation, not the last one.")] = False,
) -> None:
    """Talk with the bot in this terminal, or through a pipe. Needs no key, no server, no network."""
    from bot.settings import load_settings
    from bot.terminal.chat_command import chat as start

    start(load_settings(), new=new)


@app.command()
def ask(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="The question, in your own words.")] = "",
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as one JSON object.")] = False,
    stdin: Annotated[
        bool, typer.Option("--stdin", help='Read JSON lines {"id","question"[,"history"]}; print one JSON line each.')
    ] = False,
) -> None:
    """Ask one question, or many from standard input."""
    from bot.terminal.ask import answer_lines, answer_one

    settings = _settings()
    if stdin:
        answer_lines(settings, sys.stdin.buffer, sys.stdout)
    else:
        answer_one(settings, text, as_json=as_json)


@app.command()
def interview(
    *,
    describe: Annotated[bool, typer.Option("--describe", help="Only list the questions and their options.")] = False,
    answers: Annotated[
        typer.FileBinaryRead | None,
        typer.Option(
            metavar="FILE", help='A file of {"question": "option"}, one object or JSON lines; "-" is standard input.'
        ),
    ] = None,
    team: Annotated[
        bool, typer.Option("--team", help="Take the lines of --answers for the members of a team.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    new: Annotated[bool, typer.Option("--new", help="Start a new interview, not the open one.")] = False,
    markdown: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write the summary to this Markdown file.")
    ] = None,
    chart: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also draw the summary into this PNG file.")
    ] = None,
) -> None:
    """Decide step by step: a few questions, then a recommendation with its reasons."""
    from bot.terminal import interview_command as command

    settings = _settings()
    if describe:
        command.describe(settings, as_json=as_json)
    elif team and not answers:
        raise InputError("--team needs --answers FILE, with one line for each member.")
    elif answers and team:
        command.recommend_team(settings, answers, sys.stdout, as_json=as_json)
    elif answers:
        raise typer.Exit(0 if command.recommend_lines(settings, answers, sys.stdout) else 1)
    else:
        command.run_interview(settings, markdown, chart, new=new, as_json=as_json)


@app.command()
def index(
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Only say whether the index is current; exit 1 if not.")
    ] = False,
    tune: Annotated[
        bool, typer.Option("--tune", help="First tune the embedding model on the phrasings (minutes); kept if better.")
    ] = False,
    propose: Annotated[
        bool, typer.Option("--propose", help="Only have LLM_MODEL draft phrasings for review, where there are too few.")
    ] = False,
) -> None:
    """Build what changed in the corpus since the last build."""
    from bot.terminal import index_command as command

    settings = _settings()
    if propose:
        command.propose(settings)
        return
    if check:
        raise typer.Exit(0 if command.check(settings) else 1)
    if tune:
        command.tune(settings)
    command.build(settings)


@app.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
def evaluate(
    arguments: Annotated[list[str], typer.Argument(metavar="DIR", help="A folder with questions.jsonl and others.")],
) -> None:
    """Score the bot on a set of questions, beside simple baselines (--help says more; only in a checkout)."""
    sys.argv = ["rag-or-tune evaluate", *arguments]
    try:
        runpy.run_module("tools.evaluation", run_name="__main__")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "tools":
            raise
        raise BotError("Scoring is a tool of the repository, not of the package: run it from a checkout.") from error


@app.command()
def serve(
    *,
    only: Annotated[
        str | None,
        typer.Option(metavar="PARTS", help="Run only some of slack, discord, web, worker, like slack,worker."),
    ] = None,
) -> None:
    """Run all that is configured in one process: Slack by Socket Mode or HTTP, Discord, health and metrics on PORT."""
    from bot.process.platforms import parse_parts

    _run_parts(() if only is None else parse_parts(only))


slack = typer.Typer(
    help="Run the bot in Slack over Socket Mode, which needs no public address.",
    invoke_without_command=True,
)
app.add_typer(slack, name="slack")


@slack.command()
def manifest(
    *,
    url: Annotated[
        str | None, typer.Option(metavar="URL", help="The bot's public address: for several workspaces, over HTTP.")
    ] = None,
) -> None:
    """Print the manifest of the Slack app, to paste into Slack's page for new apps."""
    from bot.slack.manifest import manifest as made

    sys.stdout.write(json.dumps(made(url), indent=2) + "\n")


@slack.callback()
def run_slack(context: typer.Context) -> None:
    """Run the bot when there is no subcommand."""
    if not context.invoked_subcommand:
        _run_parts(["slack"])


discord = typer.Typer(help="Run the bot on Discord.", invoke_without_command=True)
app.add_typer(discord, name="discord")


@discord.command()
def invite() -> None:
    """Print the links that invite the bot to a server, and that add it to an account."""
    from bot.discord.app import invitations

    server, account = invitations(_settings())
    sys.stdout.write(f"For a server:  {server}\nFor yourself:  {account}\n")


@discord.callback()
def run_discord(context: typer.Context) -> None:
    """Run the bot when there is no subcommand."""
    if not context.invoked_subcommand:
        _run_parts(["discord"])


@app.command()
def web() -> None:
    """Run the bot in Slack over HTTP, on PORT."""
    _run_parts(["web"])


@app.command()
def worker() -> None:
    """Answer and deliver what other processes accept, over one Postgres."""
    _run_parts(["worker"])


@app.command()
def migrate() -> None:
    """Bring the database up to date (SQLite databases are also migrated at every start)."""
    from bot.terminal import maintenance

    asyncio.run(maintenance.migrate(_settings()))


@app.command()
def forget(user: Annotated[str, typer.Argument(metavar="USER", help="The person's id on the platform.")]) -> None:
    """Delete a person's questions, answers and requests, and their id everywhere else."""
    from bot.terminal import maintenance

    asyncio.run(maintenance.forget(_settings(), user))


@app.command()
def resend(
    turns: Annotated[list[int] | None, typer.Argument(metavar="TURN", help="The numbers of failed turns.")] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Retry all that failed.")] = False,
) -> None:
    """List questions that could not be answered or delivered, and retry them."""
    from bot.terminal import maintenance

    asyncio.run(maintenance.resend(_settings(), turns or [], everything=everything))


desk = typer.Typer(help="Requests for a human consultant, from the command line.", no_args_is_help=True)
app.add_typer(desk, name="desk")

REFERENCE = Annotated[str, typer.Argument(metavar="REFERENCE", help="The request's reference, eight letters.")]
AS_CSV = Annotated[bool, typer.Option("--csv", help="A table for spreadsheets instead of JSON lines.")]


@desk.command("list")
def desk_list(*, everything: Annotated[bool, typer.Option("--all", help="Also finished ones.")] = False) -> None:
    """List unfinished requests."""
    from bot.terminal import maintenance

    asyncio.run(maintenance.list_requests(_settings(), everything=everything))


@desk.command("show")
def desk_show(reference: REFERENCE) -> None:
    """Show a request with its history."""
    from bot.terminal import maintenance

    asyncio.run(maintenance.show_request(_settings(), reference))


@desk.command("resend")
def desk_resend(reference: REFERENCE) -> None:
    """Retry the undelivered posts of a request."""
    from bot.terminal import maintenance

    asyncio.run(maintenance.resend_request(_settings(), reference))


@desk.command("export")
def desk_export(*, as_csv: AS_CSV = False) -> None:
    """Print all requests as JSON lines, or as CSV."""
    export("leads", as_csv=as_csv)


@app.command()
def export(
    what: Annotated[str, typer.Argument(metavar="WHAT", help="leads, analytics, or all.")] = "all",
    *,
    as_csv: AS_CSV = False,
) -> None:
    """Print requests and daily figures as JSON lines, or one of them as CSV."""
    from bot.terminal import maintenance

    asyncio.run(maintenance.export_tables(_settings(), what, as_csv=as_csv))


@app.command()
def insights(
    *,
    days: Annotated[int | None, typer.Option(min=1, metavar="DAYS", help="Only the last so many days.")] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a page with charts to this file.")] = None,
    markdown: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help='Write Markdown to this file; "-", or no file at all, is standard output.'),
    ] = None,
    texts: Annotated[bool, typer.Option("--texts/--no-texts", help="Quote unanswered questions, or not.")] = True,
) -> None:
    """Report what teams ask, what the guidance lacks, what is recommended and who gets in touch."""
    from bot.insights.command import run

    run(_settings(), days, html, markdown, quotes=texts)


@app.command()
def doctor() -> None:
    """Check configuration, corpus, models and index, and say how to fix problems."""
    from bot.process.platforms import PLATFORMS
    from bot.terminal.doctor import doctor as run

    raise typer.Exit(0 if run(PLATFORMS) else 1)


def _run_parts(parts: "Collection[str]") -> None:
    """Run parts of the bot, or without any all that is set up, until the process is stopped."""
    from bot.process.run import run

    asyncio.run(run(_settings(), parts))


def _settings() -> "Settings":
    """Load the settings, and set up the log by them."""
    from bot.observing.logs import log_to_stderr
    from bot.settings import load_settings

    settings = load_settings()
    log_to_stderr(settings)
    return settings
