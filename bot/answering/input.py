"""Clean what a person typed: undo markup, drop what is no word of theirs, and reject text that cannot be read."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bot.answering.language import detect_language

MAX_INPUT_LENGTH = 4000  # characters; a use case with all its detail fits, a pasted log does not
MAX_TYPED = 5 * MAX_INPUT_LENGTH  # characters that are looked at, markup included
MIN_LATIN_SHARE = 0.5  # of the letters, at least
MIN_LATIN_LETTERS = 2
LINE_ENDS = ("\n", "\r", "\u2028", "\u2029", "\x0b", "\x0c")
PLAIN = str.maketrans("‘’ʼ′“”„‟«»", '\'\'\'\'""""""')  # typographic quotation marks, and what phones type for them
CLUSTER = re.compile(r".[\u0300-\u036f\ufe00-\ufe0f]*", re.DOTALL)  # a character and the marks that belong to it

ENTITY = re.compile(r"&(?P<name>gt|lt|amp|quot|#39);")
ENTITIES = {"gt": ">", "lt": "<", "amp": "&", "quot": '"', "#39": "'"}
QUOTATION = re.compile(r"^[ ]?>>> ?(?P<rest>(?s:.*))|^[ ]?>(?!>>)[> ]*(?P<line>.*)(?:\n|$)", re.MULTILINE)
# What a platform or a person puts around or between words: `keep` are the words, if there are any.
MARKUP = tuple(
    re.compile(pattern, re.MULTILINE)
    for pattern in (
        r"^ ?```[\w+-]*$\n?|```",  # the fences of code
        r"<(?:[@#!](?=[^>\s])|https?:|mailto:)[^|>\n]{0,3000}\|@?(?P<keep>[^>\n]{0,300})>",  # one with its label
        r"\[(?P<keep>[^\]\n]{1,300})\]\(<?(?:https?:|mailto:)[^)\s]{0,3000}\)",  # Markdown's links
        r"<(?:@[!&]?|#)\w+>|<!\w+(?:\^\w+)*>|</[^:>]+:\d+>|<id:\w+>",  # ids of people, roles, channels, commands
        r"<t:-?\d+(?::\w)?>|<a?:\w+:\d+>",  # moments and emoji of Discord
        r"<?\b(?:https?://|www\.)[^\s>|]+>?|<?mailto:[^\s>]+>?",
        r"(?<![\w:]):(?=[\w+-]*[a-z])[a-z0-9_+-]{2,}:(?![\w:])",  # :emoji_code:
        r"~~(?=\S)[^\n]*?(?<=\S)~~|(?<![\w~])~(?=[^\s~])[^~\n]*(?<=[^\s~])~(?![\w~])",  # struck through
        r"\|\|(?=\S)(?P<keep>[^|\n]+?)(?<=\S)\|\|(?=\s|$|[.,;:!?])",  # a spoiler
        r"(?<![\w*])(?P<mark>\*{1,3})(?=[^\s*])(?P<keep>[^*\n]+?)(?<=[^\s*])(?P=mark)(?![\w*])",
        r"(?<![\w_])(?P<mark>_{1,3})(?=[^\s_])(?P<keep>[^\n]+?)(?<=[^\s_])(?P=mark)(?![\w_])",
        r"(?P<mark>`{1,2})(?P<keep>[^`\n]+)(?P=mark)",
        r"^ ?#{1,6} (?=\S)",  # a heading
        r"^ ?\|?(?: ?:?-+:? ?\|)+ ?(?::?-+:?)?[ |]*$\n?",  # the rule below a table's head
    )
)
ROW = re.compile(r"^ ?\| ?(?P<cells>[^\n]*?\|[^\n]*?) ?\|? ?$", re.MULTILINE)
CELL_END = re.compile(r" ?\| ?")


def clean(text: str) -> str:
    """Return the person's own words on one line."""
    return re.sub(r"\s+", " ", CleanText.of(text).text).strip()


@dataclass(frozen=True)
class CleanText:
    """A person's own words, line by line, and the typed form of each character.

    Markup is undone; ids, links, emoji codes and struck words are dropped. What they quote of others is `quoted`, and
    read as theirs only where they say nothing else.
    """

    text: str
    typed: tuple[str, ...]
    quoted: str = ""

    @classmethod
    def of(cls, typed: str) -> "CleanText":
        """Clean `typed`."""
        read = _Characters.of(typed[:MAX_TYPED]).replace(ENTITY, lambda found: ENTITIES[found["name"]])
        own = read.keep(QUOTATION, ())
        quoted = read.only(QUOTATION, ("rest", "line"))
        for pattern in MARKUP:
            own, quoted = own.keep(pattern, ("keep",)), quoted.keep(pattern, ("keep",))
        own, quoted = own.rows().lines(), quoted.rows().lines()
        said = own if own.text else quoted
        return cls(said.text, tuple(said.typed), quoted.text if own.text else "")

    def as_typed(self, start: int, end: int) -> str:
        """Return the words as they were typed, but for white space, that characters `start` to `end` came from."""
        return "".join(self.typed[start:end])


@dataclass(frozen=True)
class _Characters:
    """A text and the typed form of each of its characters; of several that came from one, the first has it."""

    text: str
    typed: Sequence[str]

    @classmethod
    def of(cls, typed: str) -> "_Characters":
        shown = [(raw, _show(raw)) for raw in (cluster[0] for cluster in CLUSTER.finditer(typed))]
        origins = [raw if place == 0 else "" for raw, seen in shown for place in range(len(seen))]
        return cls("".join(seen for _, seen in shown), origins)

    def replace(self, pattern: re.Pattern[str], by: Callable[[re.Match[str]], str]) -> "_Characters":
        """Replace each match by one character."""
        text, typed, position = "", list[str](), 0
        for found in pattern.finditer(self.text):
            text += self.text[position : found.start()] + by(found)
            typed += [*self.typed[position : found.start()], by(found)]
            position = found.end()
        return _Characters(text + self.text[position:], [*typed, *self.typed[position:]])

    def keep(self, pattern: re.Pattern[str], groups: Sequence[str]) -> "_Characters":
        """Keep of each match only these groups."""
        known = [group for group in groups if group in pattern.groupindex]
        pieces, position = list[tuple[int, int]](), 0
        for found in pattern.finditer(self.text):
            pieces.append((position, found.start()))
            pieces += [found.span(group) for group in known if found[group] is not None]
            position = found.end()
        return self._join([*pieces, (position, len(self.text))]) if position else self

    def only(self, pattern: re.Pattern[str], groups: Sequence[str]) -> "_Characters":
        """Keep only these groups of the matches, a line each."""
        found = [match.span(group) for match in pattern.finditer(self.text) for group in groups if match[group]]
        joined = [self._join([span]) for span in found]
        return _Characters("\n".join(part.text for part in joined), [c for p in joined for c in (*p.typed, "\n")][:-1])

    def rows(self) -> "_Characters":
        """Turn the cells of tables into words: the first names the others."""
        text, typed, position = "", list[str](), 0
        for row in ROW.finditer(self.text):
            cuts = [row.start("cells"), *self._cell_edges(row), row.end("cells")]
            text += self.text[position : row.start()]
            typed += self.typed[position : row.start()]
            for number, (start, end) in enumerate(zip(cuts[::2], cuts[1::2], strict=True)):
                between = ("", ": ")[number] if number < 2 else ", "
                text += between + self.text[start:end]
                typed += [*between, *self.typed[start:end]]
            position = row.end()
        return _Characters(text + self.text[position:], [*typed, *self.typed[position:]]) if position else self

    def lines(self) -> "_Characters":
        """Fold white space, drop empty lines and what was left of lines that held nothing but markup."""
        characters, typed = list[str](), list[str]()
        for character, raw in zip(self.text, self.typed, strict=True):
            if not character.isspace():
                characters.append(character)
                typed.append(raw)
            elif characters and characters[-1].isspace():
                characters[-1] = typed[-1] = "\n" if "\n" in (character, characters[-1]) else " "
            elif characters:
                characters.append("\n" if character == "\n" else " ")
                typed.append(characters[-1])
        length = len("".join(characters).rstrip())
        return _Characters("".join(characters[:length]), typed[:length])

    def _cell_edges(self, row: re.Match[str]) -> Iterator[int]:
        for end in CELL_END.finditer(self.text, row.start("cells"), row.end("cells")):
            yield from end.span()

    def _join(self, pieces: Sequence[tuple[int, int]]) -> "_Characters":
        text = "".join(self.text[start:end] for start, end in pieces)
        return _Characters(text, [raw for start, end in pieces for raw in self.typed[start:end]])


def _show(raw: str) -> str:
    """Return what a character stands for: nothing if it is invisible, a line end or a space if it is white."""
    if raw in LINE_ENDS:
        return "\n"
    seen = "".join(map(_visible, unicodedata.normalize("NFKC", raw.translate(PLAIN))))
    return "".join(" " if character.isspace() else character for character in seen)


def _visible(character: str) -> str:
    match unicodedata.category(character):
        case "Cc":
            return " "
        case "Cf" | "Cs" | "Co" | "Cn":
            return ""
        case _:
            return character


def find_input_problem(text: str) -> str | None:
    """The name of the fixed sentence that says why a cleaned text cannot be read; None if it can."""
    if not text:
        return "empty"
    if len(text) > MAX_INPUT_LENGTH:
        return "too_long"
    if language := detect_language(text):
        return f"english_only_{language}"
    letters = [c for c in text if c.isalpha()]
    latin = sum(unicodedata.name(c, "").startswith("LATIN") for c in letters)
    garbage = text.count("\ufffd") > len(text) / 10
    if latin < MIN_LATIN_LETTERS or latin < MIN_LATIN_SHARE * len(letters) or garbage:
        return "wordless"
    return None
