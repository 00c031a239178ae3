"""Takes all the pictures of a platform."""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.conftest import ROOT
from tests.support.processes import environment
from tools.pictures.chromium import picture

DATA = ROOT / ".pytest_cache" / "d" / "data"  # what is learned, which the tests keep; to learn it takes minutes
HERE = Path(__file__).parent

Scenes = Iterator[tuple[str, str]]  # each picture's name and page


def take(platform: str, about: str | None, scenes: Callable[[Path, Path], Scenes]) -> None:
    """Takes the pictures of scenes, which are played with what is learned and an empty folder."""
    folder, data = wanted(platform, about), learned()
    with tempfile.TemporaryDirectory() as name:
        for what, body in scenes(data, Path(name)):
            file = folder / f"{what}.png"
            picture(body, style(platform), file.absolute())
            print(file)


def wanted(what: str, about: str | None) -> Path:
    """The folder for the pictures that the command line names."""
    parser = argparse.ArgumentParser(prog=f"python -m tools.pictures.{what}", description=about)
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def learned() -> Path:
    """The data directory with all that is learned from the corpus."""
    DATA.mkdir(parents=True, exist_ok=True)
    subprocess.run([sys.executable, "-m", "bot", "index"], cwd=ROOT, env=environment(DATA), check=True)
    return DATA


def style(platform: str) -> str:
    """How a platform sets its pages."""
    return (HERE / f"{platform}.css").read_text()
