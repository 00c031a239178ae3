"""Composes a reply without a language model: the article's own sentences under their sections, and fixed words."""

from collections.abc import Iterator
from itertools import groupby

from bot import texts
from bot.guidance.article import Statement
from bot.guidance.phrasings import Kind
from bot.guidance.search import SearchResult
from bot.messages.reply import Line, LineKind, Notes, Reply, ReplyKind

OPENINGS = {Kind.STATEMENT: "found", Kind.SECTION: "whole_list", Kind.COMPARISON: "compared"}


def compose(reading: SearchResult) -> Reply:
    """The verbatim answer to an answered reading; for any other, the sentence that says why there is none."""
    if reading.kind is Kind.SMALL_TALK:
        raise ValueError("small talk is answered with a fixed sentence, not composed")
    if not reading.answered:
        return abstain(reading)
    notes = Notes()
    lines = tuple(_verbatim(reading, notes))
    return Reply(ReplyKind.ANSWER, lines, notes.citations)


def _verbatim(reading: SearchResult, notes: Notes) -> Iterator[Line]:
    """The statements that were found, word for word, each section's under its heading."""
    statements = [finding.statement for finding in reading.findings]
    one_list = reading.kind is Kind.SECTION and len({statement.section for statement in statements}) == 1
    opening = "found" if reading.kind is Kind.SECTION and not one_list else OPENINGS[reading.kind]
    yield Line(texts.sentence(opening, section=statements[0].section))
    for section, group in groupby(_by_section(statements), key=lambda statement: statement.section):
        if not one_list:
            yield Line(section, LineKind.HEADING)
        for statement in group:
            yield Line(statement.text, LineKind.ITEM, notes.cite([statement]))


def _by_section(statements: list[Statement]) -> list[Statement]:
    """Statements of one section side by side, the sections in the order of their first statement."""
    order = list(dict.fromkeys(statement.section for statement in statements))
    return sorted(statements, key=lambda statement: order.index(statement.section))


def abstain(reading: SearchResult) -> Reply:
    """That the guidance does not cover it and, for a question near to it, what it does say there."""
    lines = [Line(texts.sentence(reading.kind.value))]
    for finding in reading.findings:
        nearest = finding.statement
        lines.append(Line(texts.sentence("nearest", quote=nearest.text, section=nearest.section)))
    if reading.kind is Kind.NEAR_TOPIC:
        lines.append(Line(texts.sentence("ask_a_person")))
    return Reply(ReplyKind.ABSTAIN, tuple(lines), reason=reading.kind.value)
