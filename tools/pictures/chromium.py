"""Pages as pictures, by a headless Chromium (Debian: apt-get install chromium)."""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

WIDTH = 720  # of the page, in CSS pixels
SCALE = 2
HEIGHT = re.compile(r'data-height="(\d+)"')
MEASURING = "<script>document.body.dataset.height = Math.ceil(document.body.scrollHeight)</script>"


def binary() -> str | None:
    """The browser, if there is one."""
    return shutil.which("chromium") or shutil.which("google-chrome")


def picture(body: str, style: str, file: Path) -> None:
    """Takes a picture of a whole page."""
    page = f'<!doctype html><meta charset="utf-8"><style>{style}</style><body>{body}{MEASURING}</body>'
    with tempfile.TemporaryDirectory() as name:
        source = Path(name) / "page.html"
        source.write_text(page)
        dumped = _run(name, f"--window-size={WIDTH},100", "--dump-dom", source.as_uri())
        found = HEIGHT.search(dumped)
        assert found, dumped
        size = f"--window-size={WIDTH},{found[1]}"
        _run(name, size, f"--force-device-scale-factor={SCALE}", f"--screenshot={file}", source.as_uri())


def _run(folder: str, *arguments: str) -> str:
    browser = binary()
    assert browser, "Chromium is not installed (Debian: apt-get install chromium)"
    fixed = ["--headless", "--no-sandbox", "--hide-scrollbars", "--disable-gpu", f"--user-data-dir={folder}/profile"]
    done = subprocess.run([browser, *fixed, *arguments], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout
