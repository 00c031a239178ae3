"""`python -m tools.pictures FOLDER`, or `make pictures`: the README's three pictures, of what the bot really says."""

import argparse
import io
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from tests.conftest import ROOT
from tests.support.processes import environment
from tools.pictures import discord, slack

DATA = ROOT / ".pytest_cache" / "d" / "data"  # learned artifacts that the tests keep; learning takes minutes
WIDTH, SCALE = 720, 2  # of a page in CSS pixels, and their size in the picture
COLOURS = 96  # of a picture; letters stay smooth
HEIGHT = re.compile(r'data-height="(\d+)"')
MEASURING = "<script>document.body.dataset.height = Math.ceil(document.body.scrollHeight)</script>"
HEADLESS = ("--headless", "--no-sandbox", "--hide-scrollbars", "--disable-gpu")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.pictures", description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    DATA.mkdir(parents=True, exist_ok=True)
    subprocess.run([sys.executable, "-m", "bot", "index"], cwd=ROOT, env=environment(DATA), check=True)
    with tempfile.TemporaryDirectory() as name:
        for platform in ("slack", "discord"):
            (Path(name) / platform).mkdir()
        answer = slack.answer_page(DATA, Path(name) / "slack")
        question, chart = discord.interview(DATA, Path(name) / "discord")
        save(take(answer, "slack", Path(name)), folder / "slack-answer.png")
        save(take(question, "discord", Path(name)), folder / "discord-interview.png")
        save(chart, folder / "chart.png")


def take(body: str, platform: str, folder: Path) -> bytes:
    """Take a picture of a whole page with a headless Chromium (Debian: apt-get install chromium)."""
    style = (Path(__file__).parent / f"{platform}.css").read_text()
    source, file = folder / "page.html", folder / "page.png"
    source.write_text(
        f'<!doctype html><meta charset="utf-8"><style>{style}</style><body>{body}{MEASURING}</body>', "utf-8"
    )
    page = chromium(folder, f"--window-size={WIDTH},100", "--dump-dom", source.as_uri())
    [height] = HEIGHT.findall(page)
    size = (f"--window-size={WIDTH},{height}", f"--force-device-scale-factor={SCALE}")
    chromium(folder, *size, f"--screenshot={file}", source.as_uri())
    return file.read_bytes()


def chromium(folder: Path, *arguments: str) -> str:
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        sys.exit("Chromium is not installed (Debian: apt-get install chromium).")
    command = [browser, *HEADLESS, f"--user-data-dir={folder}/profile", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


def save(png: bytes, file: Path) -> None:
    """Save a picture with fewer colours, at a fraction of its size."""
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.open(io.BytesIO(png)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)
    print(f"{file} ({file.stat().st_size // 1000} kB)")


if __name__ == "__main__":
    main()
