"""The report as Markdown: what users wrote is text in it."""

from collections.abc import Iterator

from bot.insights.blocks import Block, Chapter, Chart, Group, Groups, Report, Table, Text
from bot.replies import escaped


def markdown(report: Report) -> str:
    """The whole report; charts are tables."""
    lines = [f"# {escaped(report.title)}", "", escaped(report.subtitle), ""]
    lines += [f"- **{escaped(tile.figure)}** {escaped(tile.label)} {escaped(tile.said)}" for tile in report.tiles]
    for chapter in report.chapters:
        lines += ["", *_chapter(chapter)]
    lines += ["", "---", "", *(f"- {escaped(note)}" for note in report.notes)]
    return "\n".join(lines) + "\n"


def _chapter(chapter: Chapter) -> Iterator[str]:
    yield f"## {escaped(chapter.title)}"
    for block in chapter.blocks:
        yield ""
        yield from _block(block)


def _block(block: Block) -> Iterator[str]:
    match block:
        case Text(text):
            yield escaped(text)
        case Table():
            yield from _table(block)
        case Chart(title=title, table=table):
            yield f"**{escaped(title)}**"
            yield ""
            yield from _table(table)
        case Groups(groups):
            for number, group in enumerate(groups, 1):
                yield from _group(number, group)


def _table(table: Table) -> Iterator[str]:
    for row in (table.header, ("---",) * len(table.header), *table.rows):
        yield f"| {' | '.join(map(_cell, row))} |"


def _cell(text: str) -> str:
    return text if text == "---" else escaped(" ".join(text.split()))


def _group(number: int, group: Group) -> Iterator[str]:
    questions = [escaped(question) for question in group.questions if question]
    first = f"**{questions[0]}** " if questions else ""
    yield f"{number}. {first}{escaped(group.said)}"
    yield from (f"   - {question}" for question in questions[1:])
