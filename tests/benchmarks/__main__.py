"""`make bench`: our figures beside a baseline in the same run, as ratios; this is no test and asserts nothing."""

import argparse

from rich.console import Console
from rich.table import Table

from tests.benchmarks import deciding, delivery, discord, scaling, slack, speed, tiny_model
from tests.benchmarks.figures import Figure


def show(title: str, figures: list[Figure]) -> None:
    table = Table("measure", "ours", "baseline", "ours / baseline", "aim", title=title, title_justify="left")
    for figure in figures:
        table.add_row(*figure.cells())
    Console().print(table)


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "--only",
        choices=("speed", "deciding", "delivery", "slack", "discord", "scaling", "model"),
        help="one part only",
    )
    only = parser.parse_args().only
    if only in (None, "speed"):
        show("Speed", speed.figures())
    if only in (None, "deciding"):
        show("Deciding", deciding.figures())
    if only in (None, "delivery"):
        show("The durable flow", delivery.figures())
    if only in (None, "slack"):
        show("Slack", slack.figures())
    if only in (None, "discord"):
        show("Discord", discord.figures())
    if only in (None, "scaling"):
        show("Scale-out", scaling.figures())
    if only in (None, "model"):
        show("SmolLM2-135M as the language model, over the whole evaluation set", tiny_model.figures())


main()
