"""Takes all the pictures of a platform."""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.conftest import ROOT
from tests.pictures.chromium import picture
from tests.terminal.processes import environment

DATA = ROOT / ".pytest_cache" / "d" / "data"  # what is learned, which the tests keep; to learn it takes minutes
HERE = Path(__file__).parent

Scenes = Iterator[tuple[str, str]]  # each picture's name and page


def take(platform: str, about: str | None, scenes: Callable[[Path, Path], Scenes]) -> None:
    """Takes the pictures of scenes, which are played with what is learned and an empty folder."""
    parser = argparse.ArgumentParser(prog=f"python -m tests.pictures.{platform}", description=about)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    DATA.mkdir(parents=True, exist_ok=True)
    subprocess.run([sys.executable, "-m", "bot", "index"], cwd=ROOT, env=environment(DATA), check=True)
    style = (HERE / f"{platform}.css").read_text()
    with tempfile.TemporaryDirectory() as name:
        for what, body in scenes(DATA, Path(name)):
            file = folder / f"{what}.png"
            picture(body, style, file.absolute())
            print(file)
