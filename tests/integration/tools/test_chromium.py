"""A real browser takes the pictures."""

from pathlib import Path

import pytest

from tools.pictures.chromium import WIDTH, binary, picture


@pytest.mark.skipif(binary() is None, reason="Chromium is not installed (Debian: apt-get install chromium)")
def test_a_picture_is_as_high_as_its_page(tmp_path: Path) -> None:
    picture('<div style="height: 300px"></div>', "body { margin: 0 }", tmp_path / "page.png")
    png = (tmp_path / "page.png").read_bytes()
    assert (int.from_bytes(png[16:20]), int.from_bytes(png[20:24])) == (2 * WIDTH, 2 * 300)
