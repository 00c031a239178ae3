"""Text as Discord's Markdown, in which what people and models wrote is only ever text."""

import re
from collections.abc import Iterator, Sequence

from bot.discord.limits import URL
from bot.messages.formatting import join_lines, split
from bot.messages.reply import Citation, Line, LineKind

DISCORD_MARKUP = re.compile(
    r"[\\*_~`|<\[\]]"  # emphasis, code, spoilers, mentions, emoji, links
    r"|:(?=//)|(?i:(?<=discord)|(?<=discordapp))\.(?=\w)"  # addresses, invitations
)
AT_START = re.compile(r"((?:^|\r)[^\S\r\n]*)([-+#>]|\d+(?=[.)](?:\s|\Z)))", re.MULTILINE)  # lists, headings, quotations
EVERYBODY = re.compile(r"@(?=everyone|here)")
FENCE = "```"
FENCES = re.compile(r"`{3,}")


def escape(text: str) -> str:
    """Text that Discord shows as it is: no markup, no link, no mention."""
    return EVERYBODY.sub("@\u200b", AT_START.sub(_broken, DISCORD_MARKUP.sub(r"\\\g<0>", text)))


def _broken(start: re.Match[str]) -> str:
    """The start of a line that would be a list, a heading or a quotation."""
    space, mark = start.groups()
    return f"{space}{mark}\\" if mark.isdigit() else f"{space}\\{mark}"


def render_line(line: Line, *, is_first: bool = True) -> str:
    """A line as Markdown."""
    marks = "".join(f" \\[{number}\\]" for number in line.cites)
    text = escape(line.text)
    match line.kind:
        case LineKind.HEADING:
            return f"### {_in_one(text)}{marks}" if is_first else f"\n**{_in_one(text)}**{marks}"
        case LineKind.ITEM:
            return f"- {_in_one(text)}{marks}"
        case LineKind.CODE:
            return f"{FENCE}\n{_unfenced(line.text)}\n{FENCE}{marks}"
        case LineKind.PLAIN:
            return f"{text}{marks}"


def split_line(line: Line, most: int) -> Iterator[Line]:
    """The line in as many lines as it takes for each to be no longer than that when it is rendered."""
    if len(render_line(line, is_first=False)) <= most:
        yield line
        return
    around = len(render_line(Line("", line.kind, line.cites), is_first=False))
    room = (most - around) // 3  # at worst three characters stand for one
    yield from line.split(room)


def render_notes(citations: Sequence[Citation], article_url: str | None, most: int) -> Iterator[str]:
    """The citations as Markdown, each with its section and its sentence."""
    for number, citation in enumerate(citations, 1):
        said, source = f"[{number}] “{citation.quote}”", _source(citation, article_url, most)
        note = f"{escape(said)} {source}"
        if len(note) <= most:
            yield note
        else:
            yield from (escape(text) for text in split(said, most // 3))
            yield source


def _source(citation: Citation, article_url: str | None, most: int) -> str:
    section = escape(_in_one(citation.section))
    if article_url is None:
        return f"*{section}*"
    url = citation.link(article_url).replace("(", "%28").replace(")", "%29")
    link = f"[{section}]({url})"
    return link if len(url) <= URL and len(link) <= most else f"[{section}]({article_url})"


def _unfenced(text: str) -> str:
    """Code without anything that would end it."""
    return FENCES.sub(lambda found: "\u200b".join(found[0]), text)


def _in_one(text: str) -> str:
    """Without line breaks, after which what is set for a line would end."""
    return join_lines(text) or "…"
