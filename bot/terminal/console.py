"""Output in a terminal: replies on standard output, progress on standard error, so that output can be piped."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from rich.console import Console, ConsoleOptions, RenderableType
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.segment import Segment
from rich.text import Text

from bot import texts
from bot.messages.formatting import remove_controls
from bot.messages.reply import Citation, Line, LineKind, Reply


class SafeConsole(Console):
    """A console that strips control characters from text: none moves the cursor, renames the window or turns text."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=remove_controls(segment.text))


console = SafeConsole(highlight=False)
err = Console(stderr=True)


@contextmanager
def progress_bar(description: str) -> Iterator[Callable[[int, int], None]]:
    """Yield a reporter of (done, total); the bar appears at its first report."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task(description, visible=False)
        yield lambda done, total: progress.update(task, completed=done, total=total, visible=True)


def show_sentence(name: str, /, **values: object) -> None:
    """Print a fixed sentence."""
    show_line(Line(texts.sentence(name, **values)))


def show_line(line: Line) -> None:
    """Print one line of a reply. What a user or a model wrote is never read as markup."""
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
    """Print a reply; without `lines`, which were streamed already, only the citations below them."""
    if lines:
        for line in reply.lines:
            show_line(line)
    if any((line.kind is LineKind.PLAIN and line.cites) or len(line.cites) > 1 for line in reply.lines):
        console.print()
        show_citations(reply.citations)


def show_citations(citations: tuple[Citation, ...], *, anchors: bool = False) -> None:
    """Print the cited sentences by number, with their `anchors` on request."""
    for number, citation in enumerate(citations, 1):
        text = Text(f"[{number}] ", style="cyan").append(f"“{citation.quote}”", style="default")
        text.append(f"  {citation.section}", style="dim")
        if anchors:
            text.append(f"\n    {citation.source}#{citation.anchor}", style="dim")
        console.print(Padding(text, (0, 0, 0, 2)))
