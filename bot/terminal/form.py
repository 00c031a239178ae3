"""A form in a terminal: field after field, on a line, on several lines or by number."""

from collections.abc import Iterable, Mapping

from bot import texts
from bot.answering.input import CleanText
from bot.messages.form import LONGEST, Field, FieldKind, Form
from bot.messages.reply import Line, LineKind
from bot.terminal.keyboard import typed_line
from bot.terminal.menu import Entry, choose
from bot.terminal.render import console, show_line

CANCEL = "/cancel"


class GivenUpError(Exception):
    """The person does not go on with a form."""


def introduce(form: Form) -> None:
    """Prints what stands above the fields, and how to fill them in."""
    show_line(Line(form.title, LineKind.HEADING))
    for line in form.lines:
        show_line(line)
    show_line(Line(texts.sentence("form_how", cancel=CANCEL)))


def fill(fields: Iterable[Field], errors: Mapping[str, str]) -> dict[str, str]:
    """The answers by field; above a field stands what was wrong with its last answer.

    Raises GivenUpError at `/cancel`, Ctrl-C, Ctrl-D or the end of the pipe.
    """
    try:
        return {field.name: _answer(field, errors.get(field.name)) for field in fields}
    except KeyboardInterrupt as error:
        raise GivenUpError from error


def _answer(field: Field, problem: str | None) -> str:
    console.print()
    if problem:
        show_line(Line(problem))
    return _chosen(field) if field.kind is FieldKind.CHOICE else _written(field)


def _chosen(field: Field) -> str:
    entries = [Entry(str(number), text, choice) for number, (choice, text) in enumerate(field.choices, 1)]
    default = next((entry for entry in entries if entry.value == field.value), None)
    give_up = Entry(CANCEL, texts.sentence("do_cancel"), "")
    chosen = choose(field.label, entries, [give_up], default)
    if not chosen:
        raise GivenUpError
    return chosen


def _written(field: Field) -> str:
    console.print(f"{field.label} [{field.value}]" if field.value else field.label, markup=False)
    for hint in (field.hint, texts.sentence("form_lines") if field.kind is FieldKind.TEXT else ""):
        if hint:
            show_line(Line(hint))
    while True:
        text = CleanText.of(_read(field)).text or field.value
        if len(text) > LONGEST:
            show_line(Line(texts.sentence("form_too_long", length=f"{len(text):,}", most=f"{LONGEST:,}")))
        elif text or not field.is_required:
            return text
        else:
            show_line(Line(texts.sentence("contact_empty")))


def _read(field: Field) -> str:
    """What is typed; of a text every line up to an empty one."""
    lines = [_line()]
    while field.kind is FieldKind.TEXT and lines[-1].strip():
        lines.append(_line())
    return "\n".join(lines)


def _line() -> str:
    line = typed_line()
    if line is None or line.strip().lower() == CANCEL:
        raise GivenUpError
    return line
