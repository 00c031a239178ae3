"""The framework file: the shipped one uses the whole article, and every broken line is named."""

import re
from collections import Counter
from pathlib import Path

import pytest
import sentencex

from bot.cases.casebook import load_framework, load_voices
from bot.deciding.framework import Approach, Framework, Side, TrainingData
from bot.errors import CorpusError
from bot.guidance.article import Statement, read_articles

FEWEST_WORDINGS = 30
BEARING = re.compile(r"Choose (Fine-Tuning|RAG) when$|Strengths of|> Limitations$|^Practical Considerations >")
EXAMPLE = "For example, a customer service bot"  # illustrates, and says nothing that could be weighed

ARTICLE = "# T\n\n## Tea\n\n- Warms you\n- Costs little\n\n## Coffee\n\n- Wakes you\n"
FRAMEWORK = """article: tea.md
version: 1
decisive: 2
questions:
  warmth:
    label: Warmth
    ask: Must it warm you?
    why: Tea is served hot.
    options:
      must:
        text: Yes, it is cold here
        criterion: warm
        toward: rag
        evidence:
          Tea:
            Warms you: 2
      cold:
        text: No
        criterion: cold
        toward: neither
        evidence:
          Tea:
            Warms you: 0
  waking:
    label: Waking
    ask: Must it wake you?
    why: Coffee does.
    options:
      awake:
        text: Yes, at once
        criterion: awake
        toward: fine-tuning
        examples: enough
        at_least: 8
        evidence:
          Coffee:
            Wakes you: 2
      asleep:
        text: Not now
        criterion: asleep
        toward: neither
        evidence:
          Coffee:
            Wakes you: 0
outcomes:
  rag: {says: Tea., steps: {Tea: {Warms you: Boil water.}}}
  fine-tuning: {says: Coffee., steps: {Coffee: {Wakes you: Grind beans.}}}
  hybrid: {says: Both., steps: {Tea: {Costs little: Fill two cups.}}}
  need-more-info: {says: Neither., steps: {Tea: {Costs little: Ask again.}}}
outside:
  food: something to eat
"""


def load(folder: Path, framework: str | bytes) -> Framework:
    (folder / "tea.md").write_text(ARTICLE)
    (folder / "decision-framework.yaml").write_bytes(framework if isinstance(framework, bytes) else framework.encode())
    return load_framework(folder)


def weighed(framework: Framework) -> dict[Statement, int]:
    """Each sentence that an answer is evidence for, with the most that it weighs."""
    most = dict[Statement, int]()
    for question in framework.questions.values():
        for option in question.options.values():
            for statement, weight in option.evidence:
                most[statement] = max(weight, most.get(statement, 0))
    return most


def test_the_shipped_framework_asks_8_to_12_questions_of_2_to_4_options(framework: Framework) -> None:
    assert 8 <= len(framework.questions) <= 12
    assert {len(question.options) for question in framework.questions.values()} <= {2, 3, 4}


def test_each_question_is_one_question_and_says_why_in_one_sentence(framework: Framework) -> None:
    for question in framework.questions.values():
        assert question.text.count("?") == 1
        assert question.text.endswith("?")
        assert len(list(sentencex.segment("en", question.why))) == 1


def test_every_sentence_that_bears_on_the_choice_is_weighed(framework: Framework, corpus: Path) -> None:
    bearing = [s for s in read_articles(corpus)[0].statements if BEARING.search(s.section)]
    assert len(bearing) == 32
    weight = weighed(framework)
    assert [s.text for s in bearing if not weight.get(s)] == []


def test_every_bearing_sentence_on_hybrids_and_on_getting_started_is_a_step(framework: Framework, corpus: Path) -> None:
    about = {"Hybrid Approaches", "Getting Started"}
    sentences = {s for s in read_articles(corpus)[0].statements if s.section in about}
    unused = sentences - {step.statement for outcome in framework.conclusions.values() for step in outcome.steps}
    assert [s.text[: len(EXAMPLE)] for s in unused] == [EXAMPLE]


def test_every_sentence_used_stands_in_the_article_word_for_word(framework: Framework, corpus: Path) -> None:
    article = (corpus / "fine-tuning-vs-rag.md").read_text("utf-8")
    assert [s.text for s in framework.statements if s.text not in article] == []


def test_every_option_and_every_doubt_has_30_wordings_or_more(framework: Framework, corpus: Path) -> None:
    texts = {(s.states, s.text.casefold()) for voice in load_voices(corpus, framework) for s in voice.sayings}
    count = Counter(states for states, _ in texts)
    options = [f"{q.id}.{option}" for q in framework.questions.values() for option in (*q.options, "unsure")]
    assert [states for states in options if count[states] < FEWEST_WORDINGS] == []


@pytest.mark.parametrize(
    ("number", "option"),
    [(0, None), (1, "little"), (99, "little"), (100, "hundreds"), (200, "hundreds"), (1999, "hundreds"),
     (2000, "thousands"), (40_000, "thousands")],
)  # fmt: skip
def test_a_number_of_examples_chooses_an_option(framework: Framework, number: int, option: str | None) -> None:
    assert framework.questions["training_data"].counted(number) == option


def test_a_number_chooses_nothing_where_no_option_counts(framework: Framework) -> None:
    assert framework.questions["citations"].counted(40) is None


def test_a_small_framework_is_read_whole(tmp_path: Path) -> None:
    framework = load(tmp_path, FRAMEWORK)
    awake = framework.option("waking", "awake")
    assert (framework.version, framework.decisive, list(framework.questions)) == (1, 2, ["warmth", "waking"])
    assert (awake.toward, awake.weight, awake.examples, awake.at_least) == (Side.FINE_TUNING, 2, TrainingData.ENOUGH, 8)
    assert framework.conclusions[Approach.HYBRID].steps[0].text == "Fill two cups."
    assert framework.outside == {"food": "something to eat"}
    assert {s.text for s in framework.statements} == {"Warms you", "Costs little", "Wakes you"}


def test_what_is_outside_may_be_left_out(tmp_path: Path) -> None:
    assert load(tmp_path, FRAMEWORK.split("outside:")[0]).outside == {}


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("label: Warmth", "title: Warmth", "line 6: unknown key 'title'"),
        ("criterion: warm\n", "criteria: warm\n", "line 12: unknown key 'criteria'"),
        ("    why: Coffee does.\n", "", "line 25: 'why' is missing here"),
        ("        toward: rag\n", "", "line 11: 'toward' is missing here"),
        ("{says: Tea., steps", "{steps", "line 46: 'says' is missing here"),
        ("  hybrid: {", "  mixed: {", "line 48: unknown key 'mixed'"),
        ("  waking:", "  warmth:", "line 24: 'warmth' stands here a second time"),
        ("Warms you: 2", "Warms you: 2\n            Warms you: 1", "line 17: 'Warms you' stands here a second time"),
        ("Warms you: 2", "Warms me: 2", "line 16: the section 'Tea' has no sentence 'Warms me', word for word"),
        ("Wakes you: 2", "Costs little: 2", "line 37: the section 'Coffee' has no sentence 'Costs little'"),
        ("Tea:\n            Warms you: 2", "Milk:\n            Warms you: 2", "line 15: the article has no section"),
        ("{Costs little: Ask", "{Costs nothing: Ask", "line 49: the section 'Tea' has no sentence 'Costs nothing'"),
        ("Warms you: 2", "Warms you: much", "line 16: a weight must be a whole number from 0, but is 'much'"),
        ("Warms you: 2", "Warms you:", "line 16: a weight must be a line of text"),
        ("Warms you: 2", "Warms you: 6", "line 16: a weight is at most 5, but is 6"),
        ("Warms you: 2", "Warms you: 0", "line 13: must needs a side and a weight above 0, or `neither` and weight 0"),
        ("toward: rag", "toward: neither", "line 13: must needs a side and a weight above 0, or `neither`"),
        ("Warms you: 0", "Warms you: 1", "line 20: cold needs a side and a weight above 0, or `neither`"),
        ("toward: rag", "toward: tea", "line 13: toward must be rag or fine-tuning or neither, but is 'tea'"),
        ("examples: enough", "examples: many", "line 33: examples must be enough or too few, but is 'many'"),
        ("at_least: 8", "at_least: eight", "line 34: at_least must be a whole number from 0, but is 'eight'"),
        ("ask: Must it warm you?", "ask:", "line 7: ask must be a line of text"),
        ("  food: something to eat", "  - food", "line 51: expected `name:` followed by an indented block"),
        ("article: tea.md", "article: milk.md", "line 1: speaks of the article 'milk.md'"),
        ("        examples: enough\n", "", "line 24: no answer to 'waking' can change a recommendation"),
        ("decisive: 2", "decisive: 3", "line 5: no answer to 'warmth' can change a recommendation"),
        ("decisive: 2", "decisive: 0", "line 3: decisive must be 1 or more, but is '0'"),
        ("at_least: 8", "suffices: tea", "line 34: suffices must be rag, but is 'tea'"),
        ("at_least: 8", "rules_out: neither", "line 34: rules_out must be rag or fine-tuning, but is 'neither'"),
        ("at_least: 8", "rules_out: fine-tuning", "line 34: awake speaks for fine-tuning and rules it out"),
        ("questions:\n", "questions: [\n", "is not YAML"),
        ("questions:\n", "\tquestions:\n", "line 4: is not YAML"),
    ],
)  # fmt: skip
def test_a_broken_line_is_named(tmp_path: Path, old: str, new: str, problem: str) -> None:
    assert FRAMEWORK.count(old) >= 1
    with pytest.raises(CorpusError, match=r"decision-framework\.yaml.*" + re.escape(problem)):
        load(tmp_path, FRAMEWORK.replace(old, new, 1))


def test_an_outcome_must_be_there_for_each_approach(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"decision-framework\.yaml, line 46: 'hybrid' is missing here"):
        load(tmp_path, re.sub("  hybrid: .*\n", "", FRAMEWORK))


def test_a_question_has_2_to_4_options(tmp_path: Path) -> None:
    head, option, tail = FRAMEWORK.partition(FRAMEWORK[FRAMEWORK.index("      cold:") : FRAMEWORK.index("  waking:")])
    with pytest.raises(CorpusError, match="line 10: warmth has 1 options; give 2 to 4"):
        load(tmp_path, head + tail)
    more = "".join(option.replace("cold:", f"cold{n}:", 1) for n in range(3))
    with pytest.raises(CorpusError, match="line 10: warmth has 5 options; give 2 to 4"):
        load(tmp_path, head + option + more + tail)


def test_the_names_of_a_question_and_an_option_fit_a_buttons_id(tmp_path: Path) -> None:
    load(tmp_path, FRAMEWORK.replace("      cold:", f"      {'c' * 54}:"))
    with pytest.raises(CorpusError, match=r"line 10: warmth and c{55} have more than 60 characters together"):
        load(tmp_path, FRAMEWORK.replace("      cold:", f"      {'c' * 55}:"))


def test_one_question_is_no_framework(tmp_path: Path) -> None:
    one = FRAMEWORK[: FRAMEWORK.index("  waking:")] + FRAMEWORK[FRAMEWORK.index("outcomes:") :]
    with pytest.raises(CorpusError, match="line 5: needs 2 questions or more"):
        load(tmp_path, one)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is empty"),
        (b"# nothing but a comment\n", "is empty"),
        (b"\xff", "cannot be read as UTF-8"),
        (b"\x00", "is not YAML"),
        (b"- a list\n", "line 1: expected `name:`"),
        (b"text\n", "line 1: expected `name:`"),
        (b"a: *unknown\n", "line 1: is not YAML"),
    ],
)
def test_a_file_that_is_no_framework_is_named(tmp_path: Path, content: bytes, problem: str) -> None:
    with pytest.raises(CorpusError, match=r"decision-framework\.yaml.*" + re.escape(problem)):
        load(tmp_path, content)


def test_a_framework_that_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "tea.md").write_text(ARTICLE)
    with pytest.raises(CorpusError, match=r"decision-framework\.yaml: cannot be read"):
        load_framework(tmp_path)
