"""Use cases at the front door: what is read, what is recommended, and what the reply says."""

import asyncio
import json
import re

import pytest

from bot.advising.adviser import Adviser
from bot.advising.consultant import Consultant
from bot.cases.reading import CaseReader, CaseReading, Fact
from bot.deciding.framework import Approach
from bot.guidance.index import Index
from bot.messages.reply import LineKind, Reply, ReplyKind
from bot.writing.fact_finder import FactFinder
from tests.peers.openai import Script

PATIENCE = 60.0  # seconds for the model; the first time it is asked, its client is still to be imported
BRAND, SOURCES, CHANGING = "style_format.essential", "citations.required", "change_rate.often"
TEAM_LEAD = "we have 200 tickets, docs change weekly, auditors want sources"


@pytest.fixture(scope="module")
def consultant(index: Index, cases: CaseReader) -> Consultant:
    return Consultant(index, cases=cases)


def said(consultant: Consultant, text: str, *earlier: str) -> Reply:
    return asyncio.run(consultant.respond(text, earlier))


def because(reply: Reply) -> dict[str, str]:
    assert reply.recommendation is not None
    return {reason.criterion: reason.because for reason in reply.recommendation.reasons}


def test_a_team_lead_reads_what_was_understood_in_their_own_words(consultant: Consultant) -> None:
    reply = said(consultant, TEAM_LEAD)
    assert reply.kind is ReplyKind.ADVICE
    assert because(reply) == {
        "knowledge_changes_often": "docs change weekly",
        "needs_citations": "auditors want sources",
        "limited_training_data": "we have 200 tickets",
    }
    reasons = [line for line in reply.lines if line.kind is LineKind.ITEM]
    assert [line.text for line in reasons[:3]] == [
        "“docs change weekly”: Your knowledge base changes frequently",
        "“auditors want sources”: You need citations and traceability",
        "“we have 200 tickets”: You have limited training data",
    ]
    assert "Recommendation: RAG" in reply.text
    assert "What would change it" in reply.text


@pytest.mark.parametrize(
    ("text", "approach"),
    [
        (
            "Greeting cards: every verse has to keep our sugary four-line form, editors approved 30,000 of them, and "
            "nothing about it ever changes.",
            Approach.FINE_TUNING,
        ),
        (
            "Letters must always sound like our founder and we kept 20,000 of hers, all checked. Rates change daily "
            "and customers insist on seeing the page a rate came from.",
            Approach.HYBRID,
        ),
        (
            "Letters must always sound like our founder, but there is not a single old letter to learn from. There is "
            "nothing to look up either.",
            Approach.NEED_MORE_INFO,
        ),
        ("We might need sources, or might not, no idea yet. Nobody has checked how often things change.", None),
    ],
)
def test_the_two_needs_and_the_gate_decide(consultant: Consultant, text: str, approach: Approach | None) -> None:
    found = said(consultant, text).recommendation
    assert found is not None
    assert found.approach is (approach or Approach.NEED_MORE_INFO)
    if approach is None:
        assert found.reasons == ()


@pytest.mark.parametrize(
    ("text", "stated", "not_stated"),
    [
        ("We don't have 10,000 examples, and every mail must sound like our brand.", BRAND, "training_data.thousands"),
        ("We need 5,000 examples but have only 300. Mail must sound like our brand.", BRAND, "training_data.thousands"),
        ("We have 12,000 PDF manuals and every mail must sound like our brand.", BRAND, "training_data.thousands"),
        ("Our company has 4,500 employees. Every mail must sound like our brand.", BRAND, "training_data.thousands"),
        ("30,000 past replies, nobody has reviewed them. They must sound like us.", BRAND, "training_data.thousands"),
        ("It must take under 50 ms.", "operation.tight", "training_data.thousands"),
        ("It must take under 50 ms.", "operation.tight", "operation.unrestricted"),
        ("Docs change daily and we have no vector database yet but could set one up.", CHANGING, "operation.no_search"),
        ("Our docs aren't static, and each answer needs its source.", SOURCES, "change_rate.stable"),
        ("We don't want to retrain. Our docs change daily.", CHANGING, "update_without_retraining.retraining_fine"),
        ("We used to change our prices daily, now they are frozen. Each answer needs its source.", SOURCES, CHANGING),
        ("We haven't decided on the model, and each answer needs its source.", SOURCES, "model_freedom.fixed"),
        ("Nobody knows whether sources are needed. Our docs change daily.", CHANGING, "citations.not_needed"),
        ("Prices change every hour and nobody needs to see where an answer comes from.", "citations.not_needed", ""),
        ("We have forty thousand rated chats and each reply must sound like our brand.", "training_data.thousands", ""),
        ("We have about 450 rated chats and each reply must sound like our brand.", "training_data.hundreds", ""),
        ("Sources are a must. Our docs change daily.", SOURCES, ""),
        ("We need sources. Our docs change daily.", SOURCES, ""),
        ("The tone is very important. Our docs change daily.", BRAND, ""),
        ("The content changes maybe twice a year, and we need citations.", "change_rate.sometimes", CHANGING),
        ("We have perhaps 40 examples, and our docs change daily.", "training_data.little", ""),
    ],
)
def test_what_is_stated_is_read_and_what_is_negated_or_past_is_not(
    consultant: Consultant, text: str, stated: str, not_stated: str
) -> None:
    assert consultant.adviser
    facts = asyncio.run(consultant.adviser.facts([text]))
    options = {f"{question}.{mention.option}" for question, mention in facts.items()}
    assert stated in options
    assert not_stated not in options


def test_what_only_keeps_rag_from_running_is_no_need(consultant: Consultant) -> None:
    text = "No vector database is allowed by our security. Our docs change daily. We have no examples."
    reply = said(consultant, text)
    assert reply.recommendation is not None
    assert reply.recommendation.obstacles
    assert "also asks for behaviour" not in reply.text


def test_what_neither_approach_does_is_said_to_be_outside(consultant: Consultant) -> None:
    reply = said(
        consultant, "We run four bakeries and want to predict how many loaves to bake tomorrow from the weather."
    )
    assert reply.recommendation is not None
    assert reply.recommendation.approach is Approach.NEED_MORE_INFO
    assert "The guidance does not speak to that" in reply.text
    assert "Get in touch" in reply.text
    assert reply.citations[0].quote == "Most organizations should start with RAG."


@pytest.mark.parametrize("asks", ["RAG or fine-tuning?", "What should we do?", "which one would you pick"])
def test_who_asks_which_one_reads_the_recommendation_first(consultant: Consultant, asks: str) -> None:
    assert said(consultant, f"{TEAM_LEAD}. {asks}").lines[0].text == "Recommendation: RAG"


def test_where_the_case_hardly_tells_the_guidance_is_quoted_first(consultant: Consultant) -> None:
    reply = said(consultant, "Each reply must sound like our brand, and our prices change every day. Can we do both?")
    assert reply.lines[0].text.startswith("This is what the guidance says")
    assert "Recommendation:" in reply.text


def test_a_message_that_asks_and_describes_gets_both(consultant: Consultant) -> None:
    reply = said(consultant, f"{TEAM_LEAD}. And what are the drawbacks of RAG that we should know about, please?")
    sections = [citation.section for citation in reply.citations]
    assert sections[0] == "RAG Explained > Limitations"
    assert "Decision Framework > Choose RAG when" in sections
    assert reply.recommendation is not None
    assert all(1 <= number <= len(reply.citations) for line in reply.lines for number in line.cites)


@pytest.mark.parametrize(
    "text", ["what are the drawbacks of RAG?", "does it need thousands of examples?", "hello!", "who wrote the paper"]
)
def test_a_question_is_no_use_case(consultant: Consultant, text: str) -> None:
    assert said(consultant, text).recommendation is None


def test_a_fact_and_the_question_which_one_go_on_with_the_case(consultant: Consultant) -> None:
    case = "Our law firm needs citations for each answer and new rulings come every day."
    reply = said(consultant, "We have no training examples. So what do you recommend?", case)
    assert reply.recommendation is not None
    assert reply.recommendation.approach is Approach.RAG
    assert because(reply)["limited_training_data"] == "We have no training examples"


@pytest.mark.parametrize(("begins", "goes_on"), [("ok, now another use case:", False), ("We have more to say:", True)])
def test_another_case_has_nothing_of_the_one_before(consultant: Consultant, begins: str, *, goes_on: bool) -> None:
    before = "Our docs change weekly and we have 200 tickets to learn from."
    case = f"{begins} our domain never changes, and auditors want sources."
    found = because(said(consultant, case, before))
    assert {"knowledge_stable", "needs_citations"} <= set(found)
    assert ("limited_training_data" in found) is goes_on
    assert consultant.adviser
    assert ("training_data" in asyncio.run(consultant.adviser.facts([before, case]))) is goes_on


def test_each_message_is_read_once(consultant: Consultant, monkeypatch: pytest.MonkeyPatch) -> None:
    texts, read = list[str](), Adviser.read

    async def noted(adviser: Adviser, text: str) -> CaseReading:
        texts.append(text)
        return await read(adviser, text)

    monkeypatch.setattr(Adviser, "read", noted)
    earlier = "our docs change weekly and we have 200 tickets to learn from"
    assert said(consultant, "auditors want sources", earlier).kind is ReplyKind.ADVICE
    assert sorted(texts) == ["auditors want sources", earlier]


@pytest.mark.parametrize(
    "text",
    [
        "We’re a bank…\n\n- docs change\tweekly\n- auditors want   sources\n- we’ve got 200 tickets ①",
        "docs change weekly <b>@everyone</b>, *auditors* want [sources](http://evil), `200 tickets`",
    ],
)
def test_words_are_quoted_as_they_were_typed(consultant: Consultant, text: str) -> None:
    quoted = because(said(consultant, text))
    assert quoted
    own = " ".join(re.sub(r"[*`\[\]]|\(http\S*?\)", "", text).split())  # without markup
    assert all(" ".join(words.split()) in own for words in quoted.values())


def test_markup_of_users_is_escaped_in_markdown(consultant: Consultant) -> None:
    text = said(
        consultant, "docs change weekly <b>now</b>, auditors *really* want sources, we have 200 tickets"
    ).markdown
    assert "<b>" not in text.replace("\\<b\\>", "")
    assert "*really*" not in text.replace("\\*", "")


def test_fifty_kilobytes_get_a_sentence(consultant: Consultant) -> None:
    assert "I can read up to" in said(consultant, f"{TEAM_LEAD}. " * 800).text


DOUBTFUL = "Members should, on request, get the clause."
READING = CaseReading((), (Fact("citations", "required", "get the clause.", 28, 43, 0.2),))


@pytest.fixture
def adviser(index: Index, cases: CaseReader, script: Script) -> Adviser:
    """An adviser that asks the scripted model about what is doubtful."""
    made = Consultant(index, cases=cases, finder=FactFinder("openai:scripted", PATIENCE)).adviser
    assert made is not None
    return made


def confirmed(adviser: Adviser) -> dict[str, str]:
    """What is understood of the doubtful text."""
    return because(asyncio.run(adviser.advise(DOUBTFUL, {}, READING)))


@pytest.mark.parametrize("quote", ["not in the text at all", ""])
def test_a_model_is_held_to_quotes_that_occur(adviser: Adviser, script: Script, quote: str) -> None:
    facts = [{"fact": "citations.required", "quote": quote}, {"fact": "x", "quote": "get the clause"}]
    script.pieces = [json.dumps({"facts": facts})]
    assert confirmed(adviser) == {}
    assert script.requests


@pytest.mark.parametrize("status", [401, 500])
def test_a_failing_model_changes_nothing(adviser: Adviser, script: Script, status: int) -> None:
    script.status = status
    assert confirmed(adviser) == {}
    assert script.requests


def test_a_model_confirms_what_is_doubtful(adviser: Adviser, script: Script) -> None:
    script.pieces = [json.dumps({"facts": [{"fact": "citations.required", "quote": "get the clause"}]})]
    assert confirmed(adviser) == {"needs_citations": "get the clause"}
    assert DOUBTFUL not in str(script.requests[-1]["messages"][0])
    script.pieces = [json.dumps({"facts": []})]
    assert confirmed(adviser) == {}
