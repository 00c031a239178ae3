"""The shipped framework, and its outlook, which keeps what it has counted."""

from pathlib import Path

import pytest

from bot.casebook import load_framework
from bot.deciding.framework import Framework
from bot.deciding.outlook import Outlook


@pytest.fixture(scope="session")
def framework(corpus: Path) -> Framework:
    return load_framework(corpus)


@pytest.fixture(scope="session")
def outlook(framework: Framework) -> Outlook:
    return Outlook(framework)
