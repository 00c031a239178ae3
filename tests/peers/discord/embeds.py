"""What Discord takes as embeds."""

from typing import Any

from tests.peers.discord.checks import Found, join, listed, number, required, text, url
from tests.peers.discord.errors import Violation

EMBEDS, ALL_TOGETHER = 10, 6_000
TITLE, DESCRIPTION, FIELDS, NAME, VALUE, FOOTER, AUTHOR = 256, 4_096, 25, 256, 1_024, 2_048, 256
_SHOWN = ("title", "description", "fields", "image", "thumbnail", "author", "footer", "url", "video")


def check_embeds(embeds: Any, found: Found, path: str = "embeds") -> None:
    """Adds what is wrong in the embeds of a message."""
    known = listed(embeds, path, found, EMBEDS)
    for place, embed in enumerate(known):
        if isinstance(embed, dict):
            _embed(embed, join(path, place), found)
        else:
            words = "Only dictionaries may be used in a ModelType"
            found.append(Violation(join(path, place), "MODEL_TYPE_CONVERT", words))
    if sum(weight(embed) for embed in known if isinstance(embed, dict)) > ALL_TOGETHER:
        words = f"Embed size exceeds maximum size of {ALL_TOGETHER}"
        found.append(Violation(path, "MAX_EMBED_SIZE_EXCEEDED", words))


def weight(embed: dict[str, Any]) -> int:
    """The characters that count towards the limit of all embeds together."""
    texts = [embed.get("title"), embed.get("description")]
    texts += [(embed.get(name) or {}).get(key) for name, key in (("footer", "text"), ("author", "name"))]
    for field in embed.get("fields") or []:
        texts += [field.get("name"), field.get("value")]
    return sum(len(each) for each in texts if isinstance(each, str))


def _embed(embed: dict[str, Any], path: str, found: Found) -> None:
    if not any(embed.get(name) for name in _SHOWN):
        required(join(path, "description"), found)
    text(embed.get("title"), join(path, "title"), found, TITLE)
    text(embed.get("description"), join(path, "description"), found, DESCRIPTION)
    url(embed.get("url"), join(path, "url"), found, "http", "https")
    number(embed.get("color"), join(path, "color"), found, 0, 0xFFFFFF)
    for place, field in enumerate(listed(embed.get("fields"), join(path, "fields"), found, FIELDS)):
        text(_words(field.get("name")), join(path, "fields", place, "name"), found, NAME, 1)
        text(_words(field.get("value")), join(path, "fields", place, "value"), found, VALUE, 1)
    if embed.get("footer"):
        text(embed["footer"].get("text"), join(path, "footer.text"), found, FOOTER, 1)
    if embed.get("author"):
        text(embed["author"].get("name"), join(path, "author.name"), found, AUTHOR, 1)
        url(embed["author"].get("url"), join(path, "author.url"), found, "http", "https")
    for name in ("image", "thumbnail"):
        if embed.get(name):
            where = join(path, name, "url")
            url(embed[name].get("url"), where, found, "http", "https", "attachment")


def _words(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value
