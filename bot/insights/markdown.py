"""The report as Markdown: what users wrote is text in it."""

from collections.abc import Iterator

from bot.insights.blocks import Block, Chapter, Chart, Group, Groups, Report, Table, Text
from bot.messages.reply import escaped, without_controls

RULES = ("-", "+", "=")


def markdown(report: Report) -> str:
    """The whole report; charts are tables."""
    lines = [f"# {_said(report.title)}", "", _said(report.subtitle), ""]
    lines += [f"- **{_said(tile.figure)}** {_said(tile.label)} {_said(tile.said)}" for tile in report.tiles]
    for chapter in report.chapters:
        lines += ["", *_chapter(chapter)]
    lines += ["", "---", "", *(f"- {_said(note)}" for note in report.notes)]
    return "\n".join(lines) + "\n"


def _chapter(chapter: Chapter) -> Iterator[str]:
    yield f"## {_said(chapter.title)}"
    for block in chapter.blocks:
        yield ""
        yield from _block(block)


def _block(block: Block) -> Iterator[str]:
    match block:
        case Text(text):
            yield _said(text)
        case Table():
            yield from _table(block)
        case Chart(title=title, table=table):
            yield f"**{_said(title)}**"
            yield ""
            yield from _table(table)
        case Groups(groups):
            for number, group in enumerate(groups, 1):
                yield from _group(number, group)


def _table(table: Table) -> Iterator[str]:
    header, *rows = (f"| {' | '.join(map(_said, row))} |" for row in (table.header, *table.rows))
    yield header
    yield f"|{' --- |' * len(table.header)}"
    yield from rows


def _said(text: str) -> str:
    """Text on one line that Markdown shows as it is, also where a line of dashes or the like would mean something."""
    said = escaped(without_controls(" ".join(text.split())))
    return f"\\{said}" if said.startswith(RULES) else said


def _group(number: int, group: Group) -> Iterator[str]:
    questions = [said for question in group.questions if (said := _said(question))]
    first = f"**{questions[0]}** " if questions else ""
    yield f"{number}. {first}{_said(group.said)}"
    yield from (f"   - {question}" for question in questions[1:])
