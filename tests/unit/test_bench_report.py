"""The report of `make bench` in a Markdown file: what is measured again is replaced, what is not stays."""

from pathlib import Path

from tools.benchmarks.figures import Figure
from tools.benchmarks.length import FULL, SHORT
from tools.benchmarks.report import BEGIN, END, Part, record

SPEED, LOAD = Part("Speed, of all", lambda _: []), Part("Load", lambda _: [], varies=True)
PARTS = (SPEED, LOAD)
ROW = Figure("a warm answer", 12.345, "ms", 10, "one embedding", "≤ 1.5")


def test_tables_keep_their_order_and_say_when_they_are_short(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\n{END}\nafter\n")
    record(page, PARTS, LOAD, SHORT, [Figure("lost", 0, "", aim="0")])
    record(page, PARTS, SPEED, SHORT, [ROW])
    shown = page.read_text()
    assert shown.startswith(f"before\n{BEGIN}\n**Speed, of all**\n")
    assert shown.endswith(f"**Load, short**\n\n{_head()}\n| lost | 0 |  |  | 0 |\n{END}\nafter\n")
    assert "| a warm answer | 12.35 ms | 10 ms (one embedding) | 1.23 | ≤ 1.5 |" in shown


def test_a_part_that_is_measured_again_takes_the_place_of_its_last_table(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"{BEGIN}\n{END}\n")
    for length in (SHORT, FULL):
        record(page, PARTS, SPEED, length, [ROW])
        record(page, PARTS, LOAD, length, [Figure(f"asked in {length.name}", 1_234, "")])
    shown = page.read_text()
    assert shown.count("**Speed, of all**") == 1
    assert "short" not in shown
    assert "**Load, full**" in shown
    assert "| asked in full | 1,234 |  |  |  |" in shown


def _head() -> str:
    return "| measure | ours | baseline | ours / baseline | aim |\n| --- | --- | --- | --- | --- |"
