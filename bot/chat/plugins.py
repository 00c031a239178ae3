"""Plug-ins: what platforms bring along, found by entry points, so that another one changes nothing here."""

from importlib.metadata import entry_points
from typing import Any

from bot.errors import INSTALL, SettingsError

OUTDATED = "What is installed is older than the code, and knows no {kind}. Install it again: make chat, or {install} ."


def plugins(kind: str) -> dict[str, Any]:
    """What the entry points of the group `rag_or_tune.KIND` name, by their own names.

    Raises SettingsError where there are none, for this distribution brings some of every kind: an editable
    installation keeps the entry points that the project had when it was installed.
    """
    points = entry_points(group=f"rag_or_tune.{kind}")
    if not points:
        raise SettingsError(OUTDATED.format(kind=kind, install=INSTALL))
    return {point.name: point.load() for point in points}
