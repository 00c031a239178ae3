"""Discord's errors: codes, their usual HTTP status and words, and the nested report on an invalid form."""

from typing import Any, NamedTuple

CODES: dict[int, tuple[int, str]] = {
    0: (401, "401: Unauthorized"),
    10003: (404, "Unknown Channel"),
    10004: (404, "Unknown Guild"),
    10007: (404, "Unknown Member"),
    10008: (404, "Unknown Message"),
    10013: (404, "Unknown User"),
    10015: (404, "Unknown Webhook"),
    10062: (404, "Unknown interaction"),
    40060: (400, "Interaction has already been acknowledged."),
    40094: (400, "This interaction has hit the maximum number of follow up messages."),
    50001: (403, "Missing Access"),
    50005: (403, "Cannot edit a message authored by another user"),
    50006: (400, "Cannot send an empty message"),
    50007: (403, "Cannot send messages to this user"),
    50013: (403, "Missing Permissions"),
    50024: (400, "Cannot execute action on this channel type"),
    50027: (401, "Invalid Webhook Token"),
    50035: (400, "Invalid Form Body"),
    50083: (400, "Thread is archived"),
    50109: (400, "The request body contains invalid JSON."),
    50278: (403, "Cannot send messages to this user due to having no mutual guilds"),
    160004: (400, "A thread has already been created for this message"),
    160005: (400, "Thread is locked"),
}


class Violation(NamedTuple):
    """One thing wrong in a form: where (`embeds.0.title`), Discord's name for it, and words."""

    path: str
    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message} ({self.code})"


class ApiError(Exception):
    """An answer that refuses."""

    def __init__(self, code: int, *violations: Violation, status: int | None = None) -> None:
        usual, words = CODES.get(code, (400, f"Error {code}"))
        self.code, self.status = code, status or usual
        self.body: dict[str, Any] = {"message": words, "code": code}
        if violations:
            self.body["errors"] = nested(violations)
        super().__init__(f"{self.status} {code} {words} {'; '.join(map(str, violations))}".strip())


class UnknownRouteError(ApiError):
    """There is no such route."""

    def __init__(self) -> None:
        super().__init__(0, status=404)
        self.body["message"] = "404: Not Found"


def nested(violations: tuple[Violation, ...]) -> dict[str, Any]:
    """The `errors` of an invalid form: a tree along the paths."""
    tree: dict[str, Any] = {}
    for violation in violations:
        node = tree
        for part in violation.path.split("."):
            node = node.setdefault(part, {})
        node.setdefault("_errors", []).append({"code": violation.code, "message": violation.message})
    return tree
