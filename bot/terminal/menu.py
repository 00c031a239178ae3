"""A choice in a terminal: with the arrow keys, or by number when there is no terminal to move in."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import questionary

from bot import texts
from bot.messages.reply import Line
from bot.terminal.keyboard import piped_line
from bot.terminal.render import console, show_line

Value = TypeVar("Value")

STYLE = questionary.Style(
    [("pointer", "fg:ansicyan bold"), ("highlighted", "bold"), ("separator", "fg:ansibrightblack")]
)


@dataclass(frozen=True)
class Entry(Generic[Value]):
    """One line of a menu; `key` is typed to choose it."""

    key: str
    text: str
    value: Value


def choose(
    title: str, entries: Sequence[Entry[Value]], actions: Sequence[Entry[Value]], default: Entry[Value] | None = None
) -> Value | None:
    """The value that was chosen, or None when the person leaves (Ctrl-C, Ctrl-D, end of the pipe).

    An entry that is the default is chosen by Enter alone.
    """
    if sys.stdin.isatty() and sys.stdout.isatty():
        return _by_arrows(title, entries, actions, default)
    return _by_number(title, entries, actions, default)


def _by_arrows(
    title: str, entries: Sequence[Entry[Value]], actions: Sequence[Entry[Value]], default: Entry[Value] | None
) -> Value | None:
    all_entries = [*entries, *actions]
    made = [_choice(number, entry) for number, entry in enumerate(all_entries)]
    choices: list[questionary.Choice | questionary.Separator] = [*made]
    if entries and actions:
        choices.insert(len(entries), questionary.Separator(" "))
    chosen = questionary.select(
        title,
        choices,
        default=made[all_entries.index(default)] if default else None,
        qmark="",
        use_shortcuts=True,
        style=STYLE,
        instruction=" ",
        show_selected=False,
    ).ask(kbi_msg="")
    return None if chosen is None else all_entries[chosen].value


def _choice(number: int, entry: Entry[Value]) -> questionary.Choice:
    key = entry.key if len(entry.key) == 1 else False  # questionary has keys of one character only
    return questionary.Choice(entry.text, value=number, shortcut_key=key)


def _by_number(
    title: str, entries: Sequence[Entry[Value]], actions: Sequence[Entry[Value]], default: Entry[Value] | None
) -> Value | None:
    by_key = {entry.key: entry.value for entry in (*entries, *actions)}
    console.print(f"{title} [{default.key}]" if default else title, markup=False)
    for entry in entries:
        console.print(f"  {entry.key}  {entry.text}", markup=False)
    console.print("  " + "   ".join(f"{a.key} {a.text}" for a in actions), style="dim", markup=False)
    while (line := piped_line()) is not None:
        typed = line.strip().lower() or (default.key if default else "")
        if typed in by_key:
            return by_key[typed]
        show_line(Line(texts.sentence("unknown_choice", keys=", ".join(by_key))))
    return None
