"""Random cards, with the words that a platform might take for its marks."""

from collections.abc import Callable, Sequence

from hypothesis import HealthCheck, settings
from hypothesis import strategies as some

from bot.messages.card import Button, Card, Menu, Press
from bot.messages.reply import Citation, Line, LineKind

LONG = Citation("Section " * 20, "Every – word-by-word, it is “said”. " * 60, "article.md", "anchor")
patiently = settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])


def cards_of(hostile: Sequence[str], most_buttons: int, most_choices: int) -> some.SearchStrategy[Card]:
    """Return cards of a platform, on which so many buttons and choices have their place."""
    bits = some.one_of(some.sampled_from((*hostile, "\0", "\r\n", "﷽", "x" * 97)), some.text(max_size=30))
    repeats = some.sampled_from((0, 1, 1, 1, 2, 10, 100, 1_000))

    def repeated(most: int) -> Callable[[str, int], str]:
        return lambda bit, many: (bit * many)[:most]

    texts = some.builds(lambda text, end: text + end, some.builds(repeated(20_000), bits, repeats), bits)
    labels = some.builds(repeated(200), bits, some.sampled_from((0, 1, 3, 200)))
    marks = some.lists(some.integers(1, 60), max_size=5).map(tuple)
    lines = some.builds(Line, texts, some.sampled_from(LineKind), marks)
    citations = some.builds(
        Citation,
        section=some.builds(repeated(300), bits, repeats),
        quote=some.builds(repeated(2_500), bits, repeats),  # one sentence of an article
        source=some.just("article.md"),
        anchor=some.just("anchor"),
    )
    return some.builds(
        Card,
        lines=some.lists(lines, max_size=12).map(tuple),
        citations=some.one_of(some.lists(citations, max_size=60), citations.map(lambda one: [one] * 60)).map(tuple),
        rows=some.lists(labels, max_size=most_buttons).map(rows_of),
        menu=some.lists(labels, max_size=most_choices).map(menu_of),
    )


def full_card(text: str, label: str, buttons: int, choices: int) -> Card:
    """Return a card on which there is more of everything than there is place for."""
    lines = tuple(Line(text, kind, (1, 60)) for kind in LineKind) * 20
    return Card(lines, (LONG,) * 60, rows_of([label] * buttons), menu_of(["w" * 200] * choices))


def menu_of(choices: Sequence[str]) -> Menu | None:
    named = tuple((f"choice{number}", text) for number, text in enumerate(choices))
    return Menu(choices[0], Press("edit", 1, 2), named) if choices else None


def rows_of(labels: Sequence[str]) -> tuple[tuple[Button, ...], ...]:
    press, counts = Press("answer", 1, 2), (None, 0, 10_000)
    buttons = [Button(text, press.choosing(str(n)), n == 0, n == 1, counts[n % 3]) for n, text in enumerate(labels)]
    return tuple(tuple(buttons[start : start + 5]) for start in range(0, len(buttons), 5))
