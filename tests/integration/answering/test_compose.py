"""Replies without a model: verbatim statements under their sections, fixed words around them."""

import pytest

from bot.answering.compose import compose
from bot.guidance.index import Index
from bot.guidance.phrasings import Kind
from bot.guidance.search import Finding, SearchResult
from bot.messages.reply import LineKind, ReplyKind


def reading(index: Index, kind: Kind, *texts: str) -> SearchResult:
    by_text = {s.text: s for s in index.statements.values()}
    return SearchResult(kind, 0.9, tuple(Finding(by_text[text], 0.5) for text in texts))


def test_statements_of_one_section_stand_together_in_the_order_of_relevance(index: Index) -> None:
    found = reading(
        index,
        Kind.STATEMENT,
        "You need citations and traceability",
        "Transparent—you see what information was used",
        "Your knowledge base changes frequently",
    )
    reply = compose(found)
    assert reply.kind is ReplyKind.ANSWER
    assert [(line.kind, line.text, line.cites) for line in reply.lines[1:]] == [
        (LineKind.HEADING, "Decision Framework > Choose RAG when", ()),
        (LineKind.ITEM, "You need citations and traceability", (1,)),
        (LineKind.ITEM, "Your knowledge base changes frequently", (2,)),
        (LineKind.HEADING, "RAG Explained > Strengths of RAG", ()),
        (LineKind.ITEM, "Transparent—you see what information was used", (3,)),
    ]
    assert [citation.quote for citation in reply.citations] == [line.text for line in reply.lines if line.cites]


def test_a_whole_list_names_its_section_once(index: Index) -> None:
    reply = compose(reading(index, Kind.SECTION, "Depends on retrieval quality", "Adds latency from search step"))
    assert reply.text == (
        "The guidance lists under “RAG Explained > Limitations”:\n"
        "- Depends on retrieval quality [1]\n- Adds latency from search step [2]"
    )


@pytest.mark.parametrize("kind", [Kind.NEAR_TOPIC, Kind.OFF_TOPIC, Kind.INJECTION])
def test_an_abstention_cites_nothing(index: Index, kind: Kind) -> None:
    reply = compose(reading(index, kind))
    assert reply.kind is ReplyKind.ABSTAIN
    assert reply.citations == ()
    assert len(reply.lines) == 1 + (kind is Kind.NEAR_TOPIC)  # which a person may know


def test_a_near_miss_says_what_the_article_does_say(index: Index) -> None:
    reply = compose(reading(index, Kind.NEAR_TOPIC, "Adds latency from search step"))
    assert "“Adds latency from search step” (RAG Explained > Limitations)" in reply.text
    assert reply.citations == ()
