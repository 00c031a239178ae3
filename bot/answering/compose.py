"""Compose a reply without a language model: the article's sentences under their sections, and fixed words."""

from collections.abc import Iterator
from itertools import groupby

from bot import texts
from bot.guidance.article import Statement
from bot.guidance.phrasings import Kind
from bot.guidance.search import SearchResult
from bot.messages.reply import CitationNumbers, Line, LineKind, Reply, ReplyKind

OPENINGS = {Kind.STATEMENT: "found", Kind.SECTION: "whole_list", Kind.COMPARISON: "compared"}


def compose(result: SearchResult) -> Reply:
    """The verbatim answer; for a question without an answer, the sentence that says why there is none."""
    if result.kind is Kind.SMALL_TALK:
        raise ValueError("small talk is answered with a fixed sentence, not composed")
    if not result.answered:
        return abstain(result)
    notes = CitationNumbers()
    lines = tuple(_verbatim(result, notes))
    return Reply(ReplyKind.ANSWER, lines, notes.citations)


def _verbatim(result: SearchResult, notes: CitationNumbers) -> Iterator[Line]:
    """The statements, word for word, each under its section's heading."""
    statements = [finding.statement for finding in result.findings]
    one_list = result.kind is Kind.SECTION and len({statement.section for statement in statements}) == 1
    opening = "found" if result.kind is Kind.SECTION and not one_list else OPENINGS[result.kind]
    yield Line(texts.sentence(opening, section=statements[0].section))
    for section, group in groupby(_by_section(statements), key=lambda statement: statement.section):
        if not one_list:
            yield Line(section, LineKind.HEADING)
        for statement in group:
            yield Line(statement.text, LineKind.ITEM, notes.cite([statement]))


def _by_section(statements: list[Statement]) -> list[Statement]:
    """Group statements by section, the sections in the order of their first statement."""
    order = list(dict.fromkeys(statement.section for statement in statements))
    return sorted(statements, key=lambda statement: order.index(statement.section))


def abstain(result: SearchResult) -> Reply:
    """Say that the guidance does not cover the question and, for a near-topic one, what it does say there."""
    lines = [Line(texts.sentence(result.kind.value))]
    for finding in result.findings:
        nearest = finding.statement
        lines.append(Line(texts.sentence("nearest", quote=nearest.text, section=nearest.section)))
    if result.kind is Kind.NEAR_TOPIC:
        lines.append(Line(texts.sentence("ask_a_person")))
    return Reply(ReplyKind.ABSTAIN, tuple(lines), reason=result.kind.value)
