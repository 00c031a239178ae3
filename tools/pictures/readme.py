"""`python -m tools.pictures.readme docs`, or `make pictures`: the README's pictures, of what the bot really says."""

import base64
import io
import re
import tempfile
from contextlib import closing
from pathlib import Path

from PIL import Image

from tools.pictures import discord, slack
from tools.pictures.album import Scenes, learned, style, wanted
from tools.pictures.chromium import picture

COLOURS = 96  # of a picture; its letters stay smooth
DRAWN = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=]+)")


def main() -> None:
    """Takes all three."""
    folder, data = wanted("readme", __doc__), learned()
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        answer = _pages(slack.scenes(data, _folder(place, "slack")), "answer")["answer"]
        shown = _pages(discord.scenes(data, _folder(place, "discord")), "summary", "question")
        _keep(_taken(answer, "slack", place), folder / "slack-answer.png")
        _keep(_taken(shown["question"], "discord", place), folder / "discord-interview.png")
        [chart] = DRAWN.findall(shown["summary"])
        _keep(base64.b64decode(chart), folder / "chart.png")


def _folder(place: Path, name: str) -> Path:
    (place / name).mkdir()
    return place / name


def _pages(scenes: Scenes, *wanted: str) -> dict[str, str]:
    """The pages of some scenes; it is not played on after the last of them."""
    pages = dict[str, str]()
    with closing(scenes):  # type: ignore[type-var] # it is a generator
        for name, page in scenes:
            pages[name] = page
            if pages.keys() >= {*wanted}:
                break
    return pages


def _taken(page: str, platform: str, place: Path) -> bytes:
    file = place / "taken.png"
    picture(page, style(platform), file)
    return file.read_bytes()


def _keep(png: bytes, file: Path) -> None:
    """Writes a picture with fewer colours, which makes it a fraction as large."""
    few = Image.open(io.BytesIO(png)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(file, optimize=True)
    print(f"{file} ({file.stat().st_size // 1000} kB)")


if __name__ == "__main__":
    main()
