"""The parts of the README that are made from the code: the commands as typer has them, the settings as pydantic has."""

import ast
import inspect
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from pydantic_core import PydanticUndefined
from typer.main import get_command

from bot.cli import app
from bot.settings import Settings
from tests.conftest import ROOT

README = ROOT / "README.md"
NAME = "rag-or-tune"


def renewed(text: str) -> str:
    """The README with its generated parts made again. Raises LookupError for a part without its two marks."""
    for name, made in (("commands", commands()), ("settings", settings())):
        begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->\n"
        if begin not in text or end not in text:
            raise LookupError(f"the README has no {begin.strip()} … {end.strip()}")
        head, _, rest = text.partition(begin)
        text = f"{head}{begin}{made}{end}{rest.partition(end)[2]}"
    return text


def commands() -> str:
    """A table: each command, what it does, and below that its options."""
    rows = (f"| {_cell(f'`{usage}`')} | {_cell(does)} |\n" for usage, does in _commands(get_command(app), ()))
    return f"| command | does |\n| --- | --- |\n{''.join(rows)}"


def settings() -> str:
    """A table: each variable, its default, what it is for."""
    said = _docstrings()
    rows = (
        f"| `{name.upper()}` | {_default(field.default)} | {_cell(said[name])} |\n"
        for name, field in Settings.model_fields.items()
    )
    return f"| variable | default | meaning |\n| --- | --- | --- |\n{''.join(rows)}"


def _commands(command: Any, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Usage and help of a command and of those below it; of a group only if it does something itself."""
    inner = getattr(command, "commands", {})
    if path and (not inner or command.invoke_without_command):
        context = command.make_context(path[-1], [], resilient_parsing=True)
        taken = [
            piece for p in command.params if p.param_type_name == "argument" for piece in p.get_usage_pieces(context)
        ]
        options = [p.get_help_record(context) for p in command.params if p.param_type_name == "option"]
        explained = [f"`{names}` {said}" for names, said in filter(None, options)]
        yield " ".join([*path, *taken]), "<br>".join([inspect.cleandoc(command.help or ""), *explained])
    for name, below in inner.items():
        yield from _commands(below, (*path, name))


def _docstrings() -> dict[str, str]:
    """What stands below each setting in its class."""
    [made] = [
        node
        for node in ast.parse(Path(inspect.getfile(Settings)).read_text("utf-8")).body
        if isinstance(node, ast.ClassDef) and node.name == Settings.__name__
    ]
    return {
        field.target.id: inspect.cleandoc(said.value.value)
        for field, said in pairwise(made.body)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if isinstance(said, ast.Expr) and isinstance(said.value, ast.Constant) and isinstance(said.value.value, str)
    }


def _default(value: object) -> str:
    """A default as it would be written; folders of this machine are not."""
    is_written = value not in (None, PydanticUndefined, ()) and not isinstance(value, Path)
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`" if is_written else ""


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", r"\|")
