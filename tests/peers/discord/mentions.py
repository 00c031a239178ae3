"""Whom a message notifies: its content read together with `allowed_mentions`."""

import re
from typing import Any

from tests.peers.discord.errors import Violation

KINDS = ("users", "roles", "everyone")
_USER, _ROLE, _ALL = re.compile(r"<@!?(\d+)>"), re.compile(r"<@&(\d+)>"), re.compile(r"@(?:everyone|here)\b")


def named(text: str) -> dict[str, list[str]]:
    """The users, roles and "everyone" that a text mentions."""
    everyone = ["everyone"] if _ALL.search(text) else []
    return {"users": _once(_USER.findall(text)), "roles": _once(_ROLE.findall(text)), "everyone": everyone}


def pinged(text: str, allowed: Any, replied: str | None) -> list[str]:
    """Who is notified: ids of users and roles, "everyone". Whether the sender may mention everyone is not asked."""
    found = named(text)
    if not isinstance(allowed, dict):
        return _once([*found["users"], *found["roles"], *found["everyone"], *([replied] if replied else [])])
    kept: list[str] = []
    for kind in KINDS:
        whole = kind in (allowed.get("parse") or [])
        kept += [each for each in found[kind] if whole or each in map(str, allowed.get(kind) or [])]
    return _once(kept + ([replied] if replied and allowed.get("replied_user") else []))


def wrong_mentions(allowed: Any) -> list[Violation]:
    """What Discord refuses in `allowed_mentions`."""
    if allowed is None:
        return []
    if not isinstance(allowed, dict):
        return [Violation("allowed_mentions", "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")]
    found, parse = [], allowed.get("parse") or []
    for number, kind in enumerate(parse):
        if kind not in KINDS:
            words = "Value must be one of ('users', 'roles', 'everyone')."
            found.append(Violation(f"allowed_mentions.parse.{number}", "BASE_TYPE_CHOICES", words))
    for kind in ("users", "roles"):
        if kind in parse and allowed.get(kind):
            words = f'parse:["{kind}"] and {kind}: [ids...] are mutually exclusive.'
            found.append(Violation("allowed_mentions", "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", words))
        if len(allowed.get(kind) or []) > 100:
            words = "Must be 100 or fewer in length."
            found.append(Violation(f"allowed_mentions.{kind}", "BASE_TYPE_MAX_LENGTH", words))
    return found


def _once(ids: list[str]) -> list[str]:
    return list(dict.fromkeys(map(str, ids)))
