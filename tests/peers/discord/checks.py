"""Small checks out of which Discord's forms are described; each adds what is wrong to a list of violations."""

from typing import Any

from tests.peers.discord.errors import Violation

Found = list[Violation]


def join(path: str, *names: object) -> str:
    return ".".join(str(name) for name in (path, *names) if str(name))


def required(path: str, found: Found) -> None:
    found.append(Violation(path, "BASE_TYPE_REQUIRED", "This field is required"))


def choice(path: str, found: Found, *allowed: object) -> None:
    found.append(Violation(path, "BASE_TYPE_CHOICES", f"Value must be one of {allowed}."))


def text(value: Any, path: str, found: Found, most: int, least: int = 0) -> None:
    """A text of `least` to `most` characters; None counts as absent."""
    if value is None or value == "":
        if least:
            required(path, found)
    elif not isinstance(value, str):
        found.append(Violation(path, "STRING_TYPE_CONVERT", "Could not interpret as string."))
    elif len(value) > most and least:
        words = f"Must be between {least} and {most} in length."
        found.append(Violation(path, "BASE_TYPE_BAD_LENGTH", words))
    elif len(value) > most:
        found.append(Violation(path, "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length."))


def listed(value: Any, path: str, found: Found, most: int, least: int = 0) -> list[Any]:
    """A list of `least` to `most` things; gives what can be looked at further."""
    if value is None:
        value = []
    if not isinstance(value, list):
        found.append(Violation(path, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType"))
        return []
    if not least <= len(value) <= most:
        words = f"Must be between {least} and {most} in length."
        found.append(Violation(path, "BASE_TYPE_BAD_LENGTH", words))
    return value


def number(value: Any, path: str, found: Found, least: int, most: int) -> None:
    """A whole number in a range; None counts as absent."""
    if value is None:
        return
    if not isinstance(value, int) or isinstance(value, bool):
        found.append(Violation(path, "NUMBER_TYPE_COERCE", f'Value "{value}" is not int.'))
    elif value < least:
        found.append(Violation(path, "NUMBER_TYPE_MIN", f"int value should be greater than or equal to {least}."))
    elif value > most:
        found.append(Violation(path, "NUMBER_TYPE_MAX", f"int value should be less than or equal to {most}."))


def url(value: Any, path: str, found: Found, *schemes: str) -> None:
    """An address with one of these schemes; None counts as absent."""
    if value is None or value == "":
        return
    if not isinstance(value, str) or "://" not in value:
        found.append(Violation(path, "URL_TYPE_INVALID_URL", "Not a well formed URL."))
    elif value.split("://")[0] not in schemes:
        words = f'Scheme "{value.split("://")[0]}" is not supported. Scheme must be one of {schemes}.'
        found.append(Violation(path, "URL_TYPE_INVALID_SCHEME", words))
