"""What Discord takes as a message or a modal: the limits of every field, and the rules between them."""

from typing import Any

from tests.peers.discord.checks import Found, text
from tests.peers.discord.components import check_components, check_modal
from tests.peers.discord.embeds import check_embeds
from tests.peers.discord.errors import Violation
from tests.peers.discord.mentions import wrong_mentions

CONTENT, NONCE, FILES, FILE_BYTES = 2_000, 25, 10, 10 * 1024 * 1024
_EMPTY = Violation("message", "50006", "Cannot send an empty message")

Json = dict[str, Any]


def violations(payload: Json) -> list[str]:
    """What Discord would refuse in a message, a modal (it has a title) or the body of an interaction's callback.

    The empty message counts too. A list without entries means that Discord would take it.
    """
    if payload.get("type") in (4, 7, 9) and isinstance(payload.get("data"), dict):
        kind, payload = payload["type"], payload["data"]
        return [str(each) for each in (modal_violations if kind == 9 else message_violations)(payload)]
    if "title" in payload:
        return [str(each) for each in modal_violations(payload)]
    found = message_violations(payload)
    empty = not found and is_empty(payload) and not payload.get("attachments")
    return [str(each) for each in ([_EMPTY] if empty else found)]


def modal_violations(payload: Json) -> Found:
    found: Found = []
    check_modal(payload, found)
    return found


def message_violations(payload: Json) -> Found:
    """What is wrong in the form of a message."""
    found: Found = []
    text(payload.get("content"), "content", found, CONTENT)
    check_embeds(payload.get("embeds"), found)
    check_components(payload.get("components"), found)
    found += wrong_mentions(payload.get("allowed_mentions"))
    text(_as_text(payload.get("nonce")), "nonce", found, NONCE)
    if payload.get("enforce_nonce") and not payload.get("nonce"):
        found.append(Violation("nonce", "BASE_TYPE_REQUIRED", "This field is required"))
    return found


def is_empty(payload: Json) -> bool:
    """Whether nothing would be seen of it."""
    blank = not str(payload.get("content") or "").strip()
    return blank and not any(payload.get(name) for name in ("embeds", "components"))


def _as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) else value
