"""Replies in a terminal: headings, the article's sentences as quotations, citations as small numbers."""

from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.padding import Padding
from rich.segment import Segment
from rich.text import Text

from bot.messages.reply import Citation, Line, LineKind, Reply
from bot.messages.text import remove_controls


class SafeConsole(Console):
    """A console on which text is only text: nothing in it moves the cursor, renames the window or turns it round."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=remove_controls(segment.text))


console = SafeConsole(highlight=False)


def show_line(line: Line) -> None:
    """Prints one line of a reply. What a user or a model wrote is text here, never markup."""
    text = Text(line.text)
    for number in line.cites:
        text.append(f" [{number}]", style="cyan")
    match line.kind:
        case LineKind.HEADING:
            text.stylize("bold")
            console.print(Padding(text, (1, 0, 0, 2)))
        case LineKind.ITEM:
            console.print(Padding(Text("• ", style="cyan").append_text(text), (0, 0, 0, 4)))
        case LineKind.PLAIN | LineKind.CODE:
            console.print(Padding(text, (0, 0, 0, 2)))


def show_reply(reply: Reply, *, lines: bool = True) -> None:
    """Prints a reply; without `lines`, when they were shown while they came, only what belongs under them."""
    if lines:
        for line in reply.lines:
            show_line(line)
    if any((line.kind is LineKind.PLAIN and line.cites) or len(line.cites) > 1 for line in reply.lines):
        console.print()
        show_citations(reply.citations)


def show_citations(citations: tuple[Citation, ...], *, anchors: bool = False) -> None:
    """Prints the sentences that a reply stands on, by number."""
    for number, citation in enumerate(citations, 1):
        text = Text(f"[{number}] ", style="cyan").append(f"“{citation.quote}”", style="default")
        text.append(f"  {citation.section}", style="dim")
        if anchors:
            text.append(f"\n    {citation.source}#{citation.anchor}", style="dim")
        console.print(Padding(text, (0, 0, 0, 2)))
