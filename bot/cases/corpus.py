"""What the corpus holds beside the guidance: the decision framework, and how teams say it."""

from pathlib import Path

from bot.cases.sayings import Voice, read_voice
from bot.deciding.framework import Framework
from bot.deciding.framework_file import read_framework
from bot.guidance.article import read_articles
from bot.guidance.nodes import Nodes

FRAMEWORK = "decision-framework.yaml"


def has_framework(corpus: Path) -> bool:
    """Whether a corpus holds a decision framework; without one, the bot answers questions only."""
    return (corpus / FRAMEWORK).is_file()


def load_framework(corpus: Path) -> Framework:
    """The framework of a corpus. Raises CorpusError, naming file and line, when it is missing or broken."""
    return read_framework(Nodes(corpus / FRAMEWORK), read_articles(corpus))


def load_voices(corpus: Path, framework: Framework) -> list[Voice]:
    """How teams say it, a voice a file. Raises CorpusError, naming file and line, when one is broken."""
    return [read_voice(Nodes(path), framework) for path in sorted(corpus.glob("*.said.yaml"))]
