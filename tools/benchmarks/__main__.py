"""`make bench`: our figures beside a baseline in the same run, as ratios; this is no test and asserts nothing."""

import argparse
from dataclasses import replace
from pathlib import Path

from tools.benchmarks import (
    crashes,
    deciding,
    delivery,
    discord,
    growth,
    load,
    path,
    quality,
    scaling,
    slack,
    soak,
    speed,
    starting,
    tiny_model,
)
from tools.benchmarks.length import FULL, SHORT
from tools.benchmarks.report import Part, record, show

PARTS = {
    "quality": Part("Answers", quality.figures),
    "speed": Part("Speed", speed.figures),
    "deciding": Part("Deciding", deciding.figures),
    "start": Part("Cold start", starting.figures, varies=True),
    "path": Part("The path of a message", path.figures, varies=True),
    "slack": Part("Slack", slack.figures),
    "discord": Part("Discord", discord.figures),
    "load": Part("Sustained load", load.figures, varies=True),
    "delivery": Part("The durable flow", delivery.figures, varies=True),
    "crashes": Part("Killed at random moments", crashes.figures, varies=True),
    "scaling": Part("Scale-out", scaling.figures, varies=True),
    "growth": Part("Growth of the index", growth.figures, varies=True),
    "soak": Part("Soak", soak.figures, varies=True),
    "model": Part("SmolLM2-135M as the language model, over the whole evaluation set", tiny_model.figures),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=PARTS, metavar="PART", help=f"some parts only: {', '.join(PARTS)}")
    parser.add_argument("--short", action="store_true", help="minutes in place of three hours, to try things out")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the tables between the marks in this file")
    parser.add_argument("--soak-minutes", type=float, metavar="N", help="end the soak after so long; a short run")
    wanted = parser.parse_args()
    length = SHORT if wanted.short else FULL
    if wanted.soak_minutes:
        length = replace(length, name="short", longest=60 * wanted.soak_minutes)
    for name in wanted.only or PARTS:
        part = PARTS[name]
        figures = part.figures(length)
        show(part.titled(length), figures)
        if wanted.write and figures:
            record(wanted.write, [*PARTS.values()], part, length, figures)


if __name__ == "__main__":
    main()
