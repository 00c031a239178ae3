"""YAML files that people edit, as nodes that know their lines, so that an error can name the line."""

from collections.abc import Iterator
from pathlib import Path

import yaml

from bot.errors import CorpusError


class Nodes:
    """One YAML file: a mapping at the top, read part by part."""

    def __init__(self, path: Path) -> None:
        """Raises CorpusError if the file cannot be read, is not YAML or is empty."""
        self.path = path
        try:
            root = yaml.compose(path.read_text("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        except (OSError, UnicodeDecodeError) as error:
            raise CorpusError(path, None, f"cannot be read as UTF-8 text ({type(error).__name__})") from error
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else None
            raise CorpusError(path, line, f"is not YAML: {error.problem}") from error
        except yaml.YAMLError as error:
            raise CorpusError(path, None, "is not YAML: it holds characters that YAML does not allow") from error
        if root is None:
            raise CorpusError(path, None, "is empty")
        self.root = root

    def pairs(self, node: yaml.Node) -> Iterator[tuple[str, yaml.Node, yaml.Node]]:
        """The name, the name's node and the value's node of each entry. Raises CorpusError for a duplicate name."""
        if not isinstance(node, yaml.MappingNode):
            raise self.error(node, "expected `name:` followed by an indented block")
        names = set[str]()
        for key, value in node.value:
            name = str(key.value)
            if name in names:
                raise self.error(key, f"{name!r} stands here a second time; bring the two together")
            names.add(name)
            yield name, key, value

    def parts(self, node: yaml.Node, needed: tuple[str, ...], optional: tuple[str, ...] = ()) -> dict[str, yaml.Node]:
        """The entries of a mapping with fixed keys. Raises CorpusError for an unknown key or a missing one."""
        found = dict[str, yaml.Node]()
        for name, key, value in self.pairs(node):
            if name not in (*needed, *optional):
                raise self.error(key, f"unknown key {name!r}; use {', '.join((*needed, *optional))}")
            found[name] = value
        for name in needed:
            if name not in found:
                raise self.error(node, f"{name!r} is missing here")
        return found

    def items(self, node: yaml.Node) -> Iterator[yaml.Node]:
        """The items of a list."""
        if not isinstance(node, yaml.SequenceNode):
            raise self.error(node, "expected a list, each item after a dash")
        yield from node.value

    def texts(self, node: yaml.Node) -> Iterator[str]:
        """The lines of a list."""
        for item in self.items(node):
            yield self.text(item, "a wording")

    def text(self, node: yaml.Node | None, what: str) -> str:
        """One line of text."""
        if not isinstance(node, yaml.ScalarNode) or not node.value.strip():
            raise self.error(node, f"{what} must be a line of text (put it in quotes if it holds `: ` or `#`)")
        return str(node.value).strip()

    def number(self, node: yaml.Node, what: str) -> int:
        """A whole number from 0."""
        text = self.text(node, what)
        if not text.isdecimal():
            raise self.error(node, f"{what} must be a whole number from 0, but is {text!r}")
        return int(text)

    def error(self, node: yaml.Node | None, problem: str) -> CorpusError:
        """The error that names the line of `node`."""
        return CorpusError(self.path, node.start_mark.line + 1 if node else None, problem)
