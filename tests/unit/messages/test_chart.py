"""The chart: a picture that is read in light and dark windows, and the same in words."""

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.deciding.framework import Framework, Side
from bot.deciding.outlook import Answers, Outlook
from bot.deciding.recommendation import recommend
from bot.messages.chart import DARK, LIGHT, NAMES, Theme, describe_chart, draw_chart, weigh_answers
from tests.support.frameworks import answers_to, modest

SIGNATURE = b"\x89PNG\r\n\x1a\n"
SIZE = (1656, 900)  # pixels
READABLE, VISIBLE = 4.5, 3.0  # contrast of text, and of shapes (WCAG 2.2, success criteria 1.4.3 and 1.4.11)
ANSWERS = {"change_rate": "often", "style_format": "essential", "citations": "not_needed", "training_data": None}


def contrast(one: str, other: str) -> float:
    """As WCAG 2.2 defines it, from 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    shares = (int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5))
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def written_in(theme: Theme) -> tuple[str, ...]:
    """The colours of words on the ground."""
    return (theme.ink, theme.faint, theme.rag, theme.fine_tuning)


def plane(png: bytes) -> bytes:
    """The left half of a chart, below the words on the recommendation."""
    from matplotlib.image import imread

    return imread(io.BytesIO(png))[SIZE[1] // 5 :, : SIZE[0] // 2].tobytes()


def drawn(framework: Framework, outlook: Outlook, answers: Answers, *, dark: bool = False) -> bytes:
    return draw_chart(framework, recommend(outlook, answers), answers, dark=dark)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_everything_stands_out_from_the_ground(theme: Theme) -> None:
    assert min(contrast(colour, theme.ground) for colour in written_in(theme)) >= READABLE
    assert contrast(theme.neither, theme.ground) >= VISIBLE
    assert contrast(theme.ink, theme.region) >= READABLE


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_it_is_a_png_of_the_size_that_is_told(framework: Framework, outlook: Outlook, *, dark: bool) -> None:
    png = drawn(framework, outlook, ANSWERS, dark=dark)
    assert png.startswith(SIGNATURE)
    assert struct.unpack(">II", png[16:24]) == SIZE


def test_light_and_dark_differ_and_the_same_is_drawn_the_same(framework: Framework, outlook: Outlook) -> None:
    light = drawn(framework, outlook, ANSWERS)
    assert light == drawn(framework, outlook, ANSWERS)
    assert light != drawn(framework, outlook, ANSWERS, dark=True)


@given(st.data())
@modest
def test_each_answer_is_one_pull_with_its_weight(framework: Framework, outlook: Outlook, data: st.DataObject) -> None:
    answers = data.draw(answers_to(framework))
    found = weigh_answers(framework, recommend(outlook, answers))
    options = {q: framework.option(q, o) for q, o in sorted(answers.items()) if o is not None}
    assert sorted((p.label, p.answer, p.side, p.weight) for p in found) == sorted(
        (framework.questions[q].label, o.text, o.toward, o.weight) for q, o in options.items()
    )


@given(st.data())
@modest
def test_the_words_name_the_approach_the_support_and_every_answer(
    framework: Framework, outlook: Outlook, data: st.DataObject
) -> None:
    answers = data.draw(answers_to(framework))
    found = recommend(outlook, answers)
    text = describe_chart(framework, found)
    assert text.startswith(f"Chart: {NAMES[found.approach]}.")
    assert f"for RAG {found.support.rag}, for fine-tuning {found.support.fine_tuning}" in text
    for pull in weigh_answers(framework, found):
        assert f"{pull.label}: {pull.answer} ({pull.weight})" in text


def test_the_words_put_each_answer_on_its_side(framework: Framework, outlook: Outlook) -> None:
    text = describe_chart(framework, recommend(outlook, ANSWERS, {"change_rate": "new prices each Monday"}))
    _, rag, fine_tuning, neither = text.replace("Not counted", "Pulling toward").split("Pulling toward")
    assert "How often it changes: new prices each Monday (4)" in rag
    assert framework.option("style_format", "essential").text in fine_tuning
    assert framework.option("citations", "not_needed").text in neither
    assert [p.side for p in weigh_answers(framework, recommend(outlook, ANSWERS))] == [
        Side.RAG,
        Side.NEITHER,
        Side.FINE_TUNING,
    ]


def test_a_case_outside_of_the_guidance_has_no_place_on_the_plane(framework: Framework, outlook: Outlook) -> None:
    places, outside = set(), set()
    for answers in ({"change_rate": "often"}, {"change_rate": "stable"}):
        places.add(plane(drawn(framework, outlook, answers)))
        found = recommend(outlook, answers, outside="numbers")
        outside.add(plane(draw_chart(framework, found, answers)))
        text = describe_chart(framework, found)
        assert text.startswith("Chart: Outside of the guidance. Neither approach is meant for this case, so it has no")
        assert NAMES[found.approach] not in text
    assert (len(places), len(outside)) == (2, 1)


def test_without_answers_the_words_say_so(framework: Framework, outlook: Outlook) -> None:
    assert describe_chart(framework, recommend(outlook, {})).count("nothing") == 3


@pytest.mark.parametrize(
    "words", ["prices\nand stock, " * 500, r"$\foo$", "costs $5 and $6 each"], ids=["long", "TeX", "dollars"]
)
def test_any_words_of_a_user_can_be_drawn(framework: Framework, outlook: Outlook, words: str) -> None:
    every = {name: next(iter(question.options)) for name, question in framework.questions.items()}
    for answers in ({}, {"change_rate": "often"}, every):
        png = draw_chart(framework, recommend(outlook, answers, dict.fromkeys(answers, words)), answers)
        assert struct.unpack(">II", png[16:24]) == SIZE
