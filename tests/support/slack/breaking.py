"""What Slack really sends of every kind, and how it is broken so that nothing of it may be acted upon."""

import copy
import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, urlencode

from tests.peers.slack import Message, Slack, User, View, acting, payloads
from tests.peers.slack.blocks import interactive
from tests.peers.slack.delivery import COMMAND, EVENT, INTERACTION
from tests.support.slack.bots import ANSWERING, CASE, QUESTION, well

Json = dict[str, Any]
Path = tuple[str | int, ...]

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
GONE = Ellipsis
HUGE = "x" * 100_000


@dataclass(frozen=True)
class Real:
    """A payload as Slack sends it."""

    kind: str
    payload: Json

    @property
    def name(self) -> str:
        """Which sort of payload it is."""
        event, actions = self.payload.get("event", {}), self.payload.get("actions", [{}])
        pressed = actions[0].get("action_id", "").split(":")[1:2]
        words = [self.payload.get("type"), event.get("type"), event.get("subtype"), event.get("tab"), *pressed]
        return " ".join(word for word in (*words, self.payload.get("command"), self.payload.get("text")) if word)

    @property
    def needed(self) -> list[Path]:
        """The parts without which it says nothing."""
        envelope = CALLBACK if "event" in self.payload else []
        return [*NEEDED[self.kind], *envelope, *NEEDED.get(self._sort, [])]

    @property
    def _sort(self) -> str:
        event = self.payload.get("event", {})
        return event.get("subtype") or event.get("type") or self.payload.get("type") or ""


WORDS: list[Path] = [("event", "channel"), ("event", "ts")]
VIEW: list[Path] = [("view",), ("view", "id")]
NEEDED: dict[str, list[Path]] = {
    EVENT: [("type",)],
    COMMAND: [("command",), ("team_id",), ("channel_id",), ("user_id",), ("trigger_id",), ("response_url",)],
    INTERACTION: [("type",), ("user",), ("user", "id")],
    "url_verification": [("challenge",)],
    "app_mention": WORDS,
    "message": WORDS,
    "message_changed": [*WORDS, ("event", "message"), ("event", "message", "ts")],
    "message_deleted": [*WORDS, ("event", "deleted_ts")],
    "app_home_opened": [("event", "user"), ("event", "channel")],
    "tokens_revoked": [("event", "tokens")],
    "block_actions": [
        ("actions",),
        ("actions", 0),
        ("actions", 0, "action_id"),
        ("actions", 0, "type"),
        ("container",),
        ("container", "type"),
        ("trigger_id",),
    ],
    "message_action": [
        ("callback_id",),
        ("trigger_id",),
        ("channel",),
        ("channel", "id"),
        ("message",),
        ("message", "ts"),
        ("response_url",),
    ],
    "view_submission": VIEW,
    "view_closed": VIEW,
    "block_suggestion": [("action_id",), ("block_id",), ("value",)],
}
CALLBACK: list[Path] = [("event",), ("event", "type"), ("event_id",), ("team_id",)]
FREE = ("action_id", "block_id", "callback_id", "value", "challenge")  # any text may stand there

VALUES: tuple[Any, ...] = (GONE, None, 5, -1e300, 10**40, 0.5, True, False, [], {}, [[{}]], [None], {"id": 5}, HUGE)
IN_FORMS: tuple[Any, ...] = (GONE, "", [], {}, [[{}]], HUGE)  # all is text there, and a number is a name like any other
TEXTS: tuple[Any, ...] = ("☃", "\0", "a b", "\n", "<!channel>", "'; DROP TABLE turns; --")


Break = Callable[[bytes, str, random.Random], tuple[bytes, str]]


def _cut(body: bytes, media: str, randomly: random.Random) -> tuple[bytes, str]:
    return body[: randomly.randrange(len(body) * 2 // 3)], media


def _mislabelled(body: bytes, media: str, randomly: random.Random) -> tuple[bytes, str]:
    other = FORM if media.startswith(JSON) else JSON
    return body, randomly.choice((other, "text/plain", "multipart/form-data; boundary=x", "application/xml", "a/b"))


def _no_text(body: bytes, media: str, randomly: random.Random) -> tuple[bytes, str]:
    at = randomly.randrange(len(body))
    wrong = b"%ff%fe" if media.startswith(FORM) and randomly.random() < 0.5 else b"\xff\xc0\x80"
    return body[:at].rpartition(b"%")[0] + wrong + body[at:], media


def _half_encoded(body: bytes, media: str, randomly: random.Random) -> tuple[bytes, str]:
    """A percent sign that says nothing, or half of a character beyond the basic plane."""
    if media.startswith(FORM):
        return body.replace(b"%7B", b"%zz", 1).replace(b"command=%2F", b"command=%2", 1), media
    return body.replace(b'"type"', b'"\\ud83d"', 1), media


def _twice(body: bytes, media: str, randomly: random.Random) -> tuple[bytes, str]:
    """A key that comes again, with something else."""
    if media.startswith(FORM):
        return body + b"&payload=5" if body.startswith(b"payload=") else body + b"&team_id=&user_id=", media
    return body.rstrip(b"}") + body[len(body.rstrip(b"}")) :][:-1] + b',"type":[5]}', media


def _instead(body: bytes, media: str, randomly: random.Random) -> tuple[bytes, str]:
    """Something else than an object."""
    deep = randomly.choice((1_000, 100_000))
    texts = ["", " ", "[]", "{}", "null", "true", "5", '"text"', "{", "[" * deep, '{"a":' * deep, "\0", "9" * 10_000]
    text = randomly.choice((*texts, f"[{body.decode()}]" if media.startswith(JSON) else "[1]", "NaN", "\ufeff{}"))
    if media.startswith(FORM):
        text = randomly.choice((f"payload={quote_plus(text)}", text, "&&&", "payload", "payload=", "a=b&" * 500))
    return text.encode(), media


def _too_large(body: bytes, media: str, randomly: random.Random) -> tuple[bytes, str]:
    return body.ljust(randomly.choice((1_000_001, 1_500_000)), b" "), media


BODIES: tuple[Break, ...] = (
    *(_cut, _mislabelled, _no_text, _half_encoded, _twice, _instead) * 5,
    _too_large,  # they are slow to send
)


def real_payloads(slack: Slack) -> list[Real]:
    """Everything that Slack tells the bot of, once of each sort. People act, and the bot answers them, as it should."""
    before = len(slack.deliveries)
    ann = slack.user("ann")
    _talk(slack, ann)
    shown = _cards(slack, ann)
    slack.settle(ANSWERING)
    sent = [Real(delivery.kind, delivery.payload) for delivery in slack.deliveries[before:]]
    unsent = slack.run(lambda: [*_clicks(slack, shown, ann), *_others(slack, ann)])
    known = {real.name: real for real in (*sent, *unsent)}
    return [known[name] for name in sorted(known)]


def _talk(slack: Slack, ann: User) -> None:
    room = slack.channel("talk", ann)
    asked = slack.mention(room, ann, QUESTION)
    _answer(slack, asked)
    slack.say(room, ann, "And what of the costs?", asked)
    direct = slack.dm(ann, QUESTION)
    slack.wait_for(lambda: slack.said(direct.channel), ANSWERING)
    slack.edit(asked, "What are the pros of RAG?")
    slack.settle(ANSWERING)
    slack.delete(direct)
    for tab in ("home", "messages"):
        slack.open_home(ann, tab)
    for text in ("", "help", "interview", "contact", "forget", QUESTION):
        well(slack.command(ann, room, text))
    well(slack.shortcut("ask", ann, asked))


def _cards(slack: Slack, ann: User) -> list[Message | View]:
    """Cards with all the buttons that there are."""
    room = slack.channel("buttons", ann)
    advice = _answer(slack, slack.mention(room, ann, CASE))
    _press(slack, advice, "check", ann)
    card = slack.wait_for(lambda: slack.answers(advice)[1:], ANSWERING)[0]
    shown: list[Message | View] = [advice, card]
    for name in ("restart", "finish"):
        _press(slack, shown[-1], name, ann)
        shown.append(slack.now(card) or card)
    well(slack.command(ann, room, QUESTION))
    private = slack.wait_for(lambda: slack.ephemerals(room, ann), ANSWERING)
    return [*shown, *private, slack.wait_for(lambda: slack.homes.get(ann.id), ANSWERING)]


def _press(slack: Slack, shown: Message | View, name: str, user: User) -> None:
    well(slack.click(shown, lambda element: f":{name}:" in element["action_id"], user))


def _answer(slack: Slack, asked: Message) -> Message:
    """The answer in its thread, once its buttons are there."""
    return slack.wait_for(lambda: [said for said in slack.answers(asked) if [*interactive(said.blocks)]], ANSWERING)[0]


def _clicks(slack: Slack, shown: Sequence[Message | View], user: User) -> Iterator[Real]:
    """Clicks that nobody makes, on every button and menu."""
    world = slack.world
    for card in shown:
        place = payloads.on_view(world, card) if isinstance(card, View) else payloads.on_message(world, card, user)
        for block, element in interactive(card.blocks):
            option = element["options"][0]["value"] if "options" in element else None
            done = {"actions": [acting.action(block, element, option, world.ts())]}
            yield Real(INTERACTION, payloads.interaction(world, "block_actions", user) | place | done)


def _others(slack: Slack, user: User) -> Iterator[Real]:
    """What happens rarely, or what the bot does not ask for yet: forms, and the app's leaving."""
    world, team = slack.world, slack.home.id
    room = next(channel for channel in world.channels.values() if channel.name == "talk")
    yield Real(EVENT, {"type": "url_verification", "token": payloads.TOKEN, "challenge": "a-challenge"})
    place = {"user": user.id, "channel": room.id, "channel_type": "C", "team": team}
    for event in (
        {"type": "app_uninstalled"},
        {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [slack.bot.id]}},
        {"type": "member_joined_channel", **place},
    ):
        yield Real(EVENT, payloads.event_callback(world, event | {"event_ts": world.ts()}, team))
    typed = {"type": "plain_text_input", "value": "What we need is a person."}
    form = View("V0", team, user.id, {"type": "modal", "callback_id": "contact", "blocks": []}, "1.a", "V0")
    form.state = {"need": {"text": typed}}
    for kind in ("view_submission", "view_closed", "block_suggestion"):
        asked = {"action_id": "a", "block_id": "b", "value": "typed"} if kind == "block_suggestion" else {}
        yield Real(INTERACTION, payloads.interaction(world, kind, user, form) | payloads.on_view(world, form) | asked)
    yield Real(INTERACTION, payloads.interaction(world, "shortcut", user) | {"callback_id": "ask", "action_ts": "1.0"})


def broken(real: Real, randomly: random.Random) -> Json:
    """The payload as if it were new, with something of it gone or of the wrong sort, so that it says nothing."""
    payload = _renewed(real.payload, randomly)
    values = IN_FORMS if real.kind == COMMAND else VALUES
    for _ in range(randomly.randrange(3)):
        _spoil(payload, randomly.choice([*_paths(payload)]), values, randomly)
    _spoil(payload, randomly.choice(real.needed), values, randomly)
    return payload


def broken_request(real: Real, randomly: random.Random) -> tuple[bytes, str]:
    """A body with its content type that says nothing: its payload is broken, or the body itself."""
    if randomly.random() < 0.6:
        return encoded(real.kind, broken(real, randomly), randomly)
    body, media = encoded(real.kind, _renewed(real.payload, randomly), randomly)
    return randomly.choice(BODIES)(body, media, randomly)


def encoded(kind: str, payload: Any, randomly: random.Random) -> tuple[bytes, str]:
    """A payload as Slack sends it."""
    media = randomly.choice(("", "; charset=utf-8"))
    if kind == EVENT:
        return json.dumps(payload).encode(), JSON + media
    form = payload if kind == COMMAND else {"payload": json.dumps(payload)}
    return urlencode(form, errors="replace").encode(), FORM + media


def _renewed(payload: Json, randomly: random.Random) -> Json:
    """With new names, so that the bot cannot take it for something that it was told already."""
    payload, number = copy.deepcopy(payload), randomly.randrange(10**9)
    for name in {"event_id", "trigger_id"} & payload.keys():
        payload[name] = f"Ev{number}"
    event = payload.get("event", {})
    if "client_msg_id" in event or event.get("type") == "app_mention" or not event.get("subtype"):
        payload |= {"event": event | {"ts": f"{number}.000100"}} if "ts" in event else {}
    return payload


def _paths(value: Any, here: Path = ()) -> Iterator[Path]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in inner:
        yield (*here, name)
        yield from _paths(part, (*here, name))


def _spoil(payload: Json, path: Path, values: Sequence[Any], randomly: random.Random) -> None:
    """Takes a part away, or puts something of the wrong sort in its place; what is gone already stays so."""
    *way, last = path
    place: Any = payload
    for name in way:
        try:
            place = place[name]
        except (KeyError, IndexError, TypeError):
            return
    new = copy.deepcopy(randomly.choice(values if last in FREE else [*values, *TEXTS]))
    new = _nested(randomly.choice((20, 150, 900))) if new is None and randomly.random() < 0.3 else new
    if isinstance(place, list) and isinstance(last, int) and last < len(place):
        place[last] = None if new is GONE else new
    elif isinstance(place, dict) and new is GONE:
        place.pop(last, None)
    elif isinstance(place, dict):
        place[last] = new


def _nested(depth: int) -> Any:
    value: Any = []
    for number in range(depth):
        value = [value] if number % 2 else {"a": value}
    return value
