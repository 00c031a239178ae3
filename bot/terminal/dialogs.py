"""Input in a terminal, or from a pipe: lines, choices and forms. One reader for all, so that no piped line is lost."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Generic, TypeVar

import questionary
from prompt_toolkit import PromptSession
from prompt_toolkit.history import FileHistory, History, InMemoryHistory

from bot import texts
from bot.answering.input import CleanText
from bot.messages.form import MAX_INPUT, Field, FieldKind, Form
from bot.messages.reply import Line, LineKind
from bot.settings import Settings
from bot.terminal.console import console, show_line, show_sentence

Value = TypeVar("Value")

PROMPT = "> "
CANCEL = "/cancel"
STYLE = questionary.Style(
    [("pointer", "fg:ansicyan bold"), ("highlighted", "bold"), ("separator", "fg:ansibrightblack")]
)


def history_file(settings: Settings) -> Path:
    """Return the file in which the chat keeps typed lines, for the arrow keys."""
    return settings.data_dir / "chat-history"


def read_lines(settings: Settings) -> Iterator[str]:
    """Yield lines until Ctrl-D or the end of the pipe; the arrow keys bring back earlier ones."""
    session = PromptSession[str](history=_open_history(settings)) if sys.stdin.isatty() else None
    while (line := read_line(session)) is not None:
        yield line


def read_line(session: PromptSession[str] | None = None) -> str | None:
    """Return the next line; None at Ctrl-D or at the end of the pipe. Without a session it enters no history."""
    if not sys.stdin.isatty():
        return _read_piped_line()
    try:
        return (session or PromptSession[str]()).prompt(PROMPT)
    except EOFError:
        return None


def prune_history(history: str, since: date) -> str:
    """Return the entries of a prompt_toolkit history from a day on; `# ` and a timestamp begin each."""
    entries = [entry for entry in history.split("\n# ") if entry[:10] >= since.isoformat()]
    return "".join(f"\n# {entry}" for entry in entries)


def _open_history(settings: Settings) -> History:
    path = history_file(settings)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        history, since = path.read_text("utf-8", "replace"), date.today() - timedelta(days=settings.retention_days)
        if (pruned := prune_history(history, since)) != history:
            path.write_text(pruned, "utf-8")
    except OSError:
        return InMemoryHistory()
    return FileHistory(str(path))


def _read_piped_line() -> str | None:
    """Return the next line of standard input, or None at its end; it is echoed, so that the output can be read."""
    raw = sys.stdin.buffer.readline()
    if not raw:
        return None
    line = raw.decode("utf-8", "replace").rstrip("\r\n")
    console.print(f"{PROMPT}{line}", markup=False)
    return line


@dataclass(frozen=True)
class Entry(Generic[Value]):
    """One line of a menu; `key` is typed to choose it."""

    key: str
    text: str
    value: Value


def choose(
    title: str, entries: Sequence[Entry[Value]], actions: Sequence[Entry[Value]], default: Entry[Value] | None = None
) -> Value | None:
    """Return the chosen value, or None when the person leaves (Ctrl-C, Ctrl-D, end of the pipe).

    The choice is made with the arrow keys, or on a pipe by typing keys. Enter alone chooses the default.
    """
    if sys.stdin.isatty() and sys.stdout.isatty():
        return _choose_by_arrows(title, entries, actions, default)
    by_key = {entry.key: entry.value for entry in (*entries, *actions)}
    console.print(f"{title} [{default.key}]" if default else title, markup=False)
    for entry in entries:
        console.print(f"  {entry.key}  {entry.text}", markup=False)
    console.print("  " + "   ".join(f"{a.key} {a.text}" for a in actions), style="dim", markup=False)
    while (line := _read_piped_line()) is not None:
        key = line.strip().lower() or (default.key if default else "")
        if key in by_key:
            return by_key[key]
        show_sentence("unknown_choice", keys=", ".join(by_key))
    return None


def _choose_by_arrows(
    title: str, entries: Sequence[Entry[Value]], actions: Sequence[Entry[Value]], default: Entry[Value] | None
) -> Value | None:
    choices = [
        # questionary has keys of one character only
        questionary.Choice(entry.text, value=entry, shortcut_key=entry.key if len(entry.key) == 1 else False)
        for entry in (*entries, *actions)
    ]
    if entries and actions:
        choices.insert(len(entries), questionary.Separator(" "))
    chosen: Entry[Value] | None = questionary.select(
        title,
        choices,
        default=default,  # type: ignore[arg-type] # the value of a choice, whatever its type
        qmark="",
        use_shortcuts=True,
        style=STYLE,
        instruction=" ",
        show_selected=False,
    ).ask(kbi_msg="")
    return chosen.value if chosen else None


class FormCancelledError(Exception):
    """The person cancelled a form."""


def introduce(form: Form) -> None:
    """Print the title of a form, its text, and how to fill it in."""
    show_line(Line(form.title, LineKind.HEADING))
    for line in form.lines:
        show_line(line)
    show_sentence("form_how", cancel=CANCEL)


def fill(fields: Iterable[Field], errors: Mapping[str, str]) -> dict[str, str]:
    """Ask for field after field and return the answers; a field's earlier error is shown above it.

    Raises FormCancelledError at `/cancel`, Ctrl-C, Ctrl-D or the end of the pipe.
    """
    answers = dict[str, str]()
    try:
        for field in fields:
            console.print()
            if field.name in errors:
                show_line(Line(errors[field.name]))
            answers[field.name] = _ask_choice(field) if field.kind is FieldKind.CHOICE else _ask_text(field)
    except KeyboardInterrupt as error:
        raise FormCancelledError from error
    return answers


def _ask_choice(field: Field) -> str:
    entries = [Entry(str(number), text, choice) for number, (choice, text) in enumerate(field.choices, 1)]
    default = next((entry for entry in entries if entry.value == field.value), None)
    cancel = Entry(CANCEL, texts.sentence("do_cancel"), "")
    chosen = choose(field.label, entries, [cancel], default)
    if not chosen:
        raise FormCancelledError
    return chosen


def _ask_text(field: Field) -> str:
    console.print(f"{field.label} [{field.value}]" if field.value else field.label, markup=False)
    for hint in (field.hint, texts.sentence("form_lines") if field.kind is FieldKind.TEXT else ""):
        if hint:
            show_line(Line(hint))
    while True:
        text = CleanText.of(_read_text(field)).text or field.value
        if len(text) > MAX_INPUT:
            show_sentence("form_too_long", length=f"{len(text):,}", most=f"{MAX_INPUT:,}")
        elif text or not field.is_required:
            return text
        else:
            show_sentence("contact_empty")


def _read_text(field: Field) -> str:
    """Return one line, or for a text every line up to an empty one."""
    lines = [_read_form_line()]
    while field.kind is FieldKind.TEXT and lines[-1].strip():
        lines.append(_read_form_line())
    return "\n".join(lines)


def _read_form_line() -> str:
    line = read_line()
    if line is None or line.strip().lower() == CANCEL:
        raise FormCancelledError
    return line
