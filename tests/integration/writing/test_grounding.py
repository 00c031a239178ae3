"""Grounding: what a sentence may say of the statements that it cites, rule by rule, and the figures over the data."""

import json
from collections import Counter
from pathlib import Path

import pytest

from bot.guidance.article import Statement, read_articles
from bot.guidance.embedding import Embedder
from bot.writing.grounding import Grounding

DATA = Path(__file__).parents[2] / "data"
DETECTED, FALSE_ALARMS = 0.95, 0.10

STALE = "Knowledge becomes stale"
EXPENSIVE = "Can be expensive"
NO_TRAINING = "No training required"
LATENCY = "Adds latency"
FREQUENT = "Your knowledge base changes frequently"
THOUSANDS = "Fine-tuning typically needs thousands"
STARTS = "Most organizations should start"
MAINTAIN = "RAG systems are easier to maintain"
EXAMPLE = "For example, a customer service bot"
ANY = "Works with any LLM"
CITATIONS = "You need citations"
UPFRONT = "Fine-tuning has upfront costs"


@pytest.fixture(scope="module")
def statements(corpus: Path) -> list[Statement]:
    return [statement for article in read_articles(corpus) for statement in article.statements]


@pytest.fixture(scope="module")
def grounding(statements: list[Statement], embedder: Embedder) -> Grounding:
    return Grounding(statements, embedder)


@pytest.fixture(scope="module")
def judge(grounding, statements):
    def fault(sentence: str, *beginnings: str, question: str = "Which approach?") -> str | None:
        cited = [next(s for s in statements if s.text.startswith(beginning)) for beginning in beginnings]
        return grounding.fault(sentence, cited, question)

    return fault


def test_a_cited_statement_passes_word_for_word(grounding, statements):
    assert [s.text for s in statements if grounding.fault(s.text, [s], "")] == []


@pytest.mark.parametrize(
    ("sentence", "cited"),
    [
        ("Yes, the knowledge inside a fine-tuned model gets outdated unless you retrain it.", [STALE]),
        ("The article warns that fine-tuning can be costly and can take a lot of time.", [EXPENSIVE]),
        ("You can use RAG without any training.", [NO_TRAINING]),
        ("RAG adds some latency because it has to search first.", [LATENCY]),
        ("RAG is easier to maintain than a fine-tuned model.", [MAINTAIN]),
        ("RAG is compatible with any LLM and requires no training.", [ANY, NO_TRAINING]),
        (
            "RAG works without training, whereas fine-tuning typically needs thousands of examples.",
            [NO_TRAINING, THOUSANDS],
        ),
    ],
)
def test_other_words_for_the_same_pass(judge, sentence, cited):
    assert judge(sentence, *cited) is None


@pytest.mark.parametrize(
    ("sentence", "cited", "fault"),
    [
        ("Fine-tuning typically needs hundreds of examples.", THOUSANDS, "number"),
        ("Fine-tuning can be 40% more expensive.", EXPENSIVE, "number"),
        ("RAG adds two seconds of latency.", LATENCY, "number"),
        ("RAG does not add latency.", LATENCY, "negation"),
        ("RAG requires training.", NO_TRAINING, "negation"),
        ("RAG systems are harder to maintain.", MAINTAIN, "negation"),
        ("The knowledge of a fine-tuned model stays fresh without retraining.", STALE, "negation"),
        ("Choose RAG when your knowledge base rarely changes.", FREQUENT, "negation"),
        ("If you need citations and traceability, RAG can't do that.", CITATIONS, "negation"),
        ("Fine-tuning adds latency from its search step.", LATENCY, "direction"),
        ("Fine-tuned systems are easier to maintain.", MAINTAIN, "direction"),
        ("A customer service bot might use RAG for its conversation style.", EXAMPLE, "direction"),
        ("According to a Harvard study, fine-tuning can be expensive.", EXPENSIVE, "source"),
        ("See https://example.org: RAG requires no training.", NO_TRAINING, "source"),
        ("Most organizations should start with RAG, as Tim Berners-Lee says.", STARTS, "source"),
        ('The section "Pricing Table" says that fine-tuning can be expensive.', EXPENSIVE, "source"),
        ("Every organization should start with RAG.", STARTS, "certainty"),
        ("RAG works with any LLM and protects the privacy of patients.", ANY, "words"),
        ("RAG requires no training.", STARTS, "words"),
    ],
)
def test_what_the_statement_does_not_say_is_a_fault(judge, sentence, cited, fault):
    assert judge(sentence, cited) == fault


@pytest.mark.parametrize(
    "sentence",
    [
        "", "   ", "?!", "asdf qwer zxcv", "Which approach?", "RAG.", "Yes.",
        "Fine-Tuning ist teuer und dauert lange.", "微调很贵",
    ],
)  # fmt: skip
def test_what_says_nothing_is_never_shown(judge, sentence):
    assert judge(sentence, EXPENSIVE) is not None


def test_a_sentence_needs_a_citation_and_every_citation_must_exist(grounding, statements):
    text = "RAG requires no training."
    known = next(s for s in statements if s.text == NO_TRAINING)
    assert grounding.fault(text, [known], "") is None
    assert grounding.fault(text, [], "") == "no citation"
    assert grounding.fault(text, [known, None], "") == "no citation"


def test_words_and_numbers_of_the_user_count_in_the_conditional_part_only(judge):
    question = "We have 200 tickets, and prices change weekly. Does RAG need 200 tickets?"
    assert (
        judge("With 200 tickets you have limited data, so choose RAG.", "You have limited", question=question) is None
    )
    assert judge("Since your prices change weekly, choose RAG.", FREQUENT, question=question) is None
    assert judge("RAG needs 200 tickets.", "You have limited", question=question) is not None
    assert judge(question, FREQUENT, question=question) == "words"


def test_both_sides_are_held_to_their_own_statements(judge):
    both = "Plenty of training data speaks for {}, limited training data for {}."
    cited = "You have substantial", "You have limited"
    assert judge(both.format("fine-tuning", "RAG"), *cited) is None
    assert judge(both.format("RAG", "fine-tuning"), *cited) is not None


@pytest.mark.parametrize("part", ["development", "held-out"])
def test_mutations_are_found_and_faithful_sentences_pass(grounding, statements, part):
    by_anchor = {statement.anchor: statement for statement in statements}
    flagged, total = Counter[str](), Counter[str]()
    for line in (DATA / f"grounding-{part}.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        cited = [by_anchor.get(anchor) for anchor in row["cites"]]
        total[row["label"]] += 1
        flagged[row["label"]] += grounding.fault(row["text"], cited, row["question"]) is not None
    print(f"\n{part}: " + ", ".join(f"{kind} {flagged[kind] / total[kind]:.3f}" for kind in total))
    false_alarms = flagged.pop("faithful") / total.pop("faithful")
    assert flagged.total() / total.total() >= DETECTED
    assert false_alarms <= FALSE_ALARMS
