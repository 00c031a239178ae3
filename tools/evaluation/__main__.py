"""`python -m tools.evaluation DIR`, or `rag-or-tune evaluate DIR`: score the bot on a set of questions."""

from pathlib import Path
from typing import Annotated

import typer

from bot.observing.logs import log_to_stderr
from bot.settings import load_settings
from tools.evaluation.report import evaluate

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def score(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="A folder with questions.jsonl, unanswerable.jsonl, …")
    ],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as one JSON object.")] = False,
    cross_validate: Annotated[
        bool, typer.Option("--cross-validate", help="Also hold phrasings out by voice and by statement (minutes).")
    ] = False,
    write: Annotated[
        Path | None,
        typer.Option("--write", metavar="FILE", help="Put the figures between the marks in this Markdown file."),
    ] = None,
) -> None:
    """Score the bot on a set of questions, beside simple baselines."""
    settings = load_settings()
    log_to_stderr(settings)
    evaluate(settings, directory, as_json=as_json, cross_validate=cross_validate, write=write)


if __name__ == "__main__":
    app()
