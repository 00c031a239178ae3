"""Get in touch in the terminal's chat: the form, what becomes of it, and what consultants write back."""

import contextlib
import io
import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import IO

import pytest

from bot.settings import Settings
from bot.store.records import LeadState
from bot.terminal.contact import Contact
from bot.terminal.memory import Memory, StoredQuestions, open_memory
from tests.support.processes import PROMPT, SECONDS, Screen, run
from tests.support.town import CASE, Town, cem

SECRET = "we have 200 tickets, docs change weekly, auditors want sources"
CHANNEL = {"consultant_slack_channel": "C1", "desk_hours": "Mon-Sun 00:00-24:00"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The database."""
    return tmp_path / "rag-or-tune.sqlite"


@pytest.fixture
def chat(data_dir: Path, file: Path) -> Callable[..., str]:
    """Types lines into a chat and returns what it shows, its white space folded."""

    def typed(*lines: str, **more: str) -> str:
        given = {"DATABASE_URL": f"sqlite:///{file}", "LOGNAME": "wim"} | more
        finished = run(data_dir, "chat", typed="".join(f"{line}\n" for line in lines).encode(), **given)
        assert (finished.returncode, finished.stderr.strip()) == (0, b"")
        return " ".join(finished.stdout.decode().split())

    return typed


def rows(file: Path, query: str) -> list[tuple[object, ...]]:
    with contextlib.closing(sqlite3.connect(file)) as database:
        return database.execute(query).fetchall()


def details(file: Path) -> list[dict[str, object]]:
    return [json.loads(str(kept)) for (kept,) in rows(file, "SELECT details FROM leads ORDER BY id")]


def posts(file: Path) -> list[tuple[object, ...]]:
    return rows(file, "SELECT kind, state FROM deliveries ORDER BY id")


def test_without_consultants_a_request_is_kept_for_the_operator(
    chat: Callable[..., str], file: Path, data_dir: Path
) -> None:
    filled = ["/contact", "", "First line", "second line", "", "1", "2", "wim@nowhere", "wim@example.com"]
    shown = chat(
        "can I talk to someone?",
        SECRET,
        *filled,
        "/status",
        "1",
        "One thing more",
        "",
        "/contact",
        "2",
        "/status",
        "/help",
    )
    [(reference, name, state)] = rows(file, "SELECT reference, user_id, state FROM leads")
    assert "in the terminal's chat it is /contact" in shown
    assert "/contact is “Get in touch”" in shown
    assert shown.index("No consultants' channel is set up on this computer") < shown.index("Your name [wim]")
    assert "For RAG: “docs change weekly”" in shown[shown.index("The summary") :]
    assert "Nobody can answer you in this chat" in shown
    assert shown.count("That is no e-mail address. Correct it, or leave it empty.") == 1
    assert shown.count("What do you need?") == 1
    kept = f"Your request {reference} is recorded. No consultants' channel is set up on this computer;"
    assert shown.count(kept) == 2  # after the form, and after the note
    assert f"Request {reference}: waiting for a consultant." in shown
    assert f"Request {reference}: withdrawn." in shown
    assert "You have no open request" in shown
    assert "/contact leads to a human consultant" in shown
    for promise in ("goes to a human consultant", "are told", "Passed on"):
        assert promise not in shown
    assert (name, state) == ("wim", "withdrawn")
    [lead] = details(file)
    assert {field: lead[field] for field in ("name", "need", "urgency", "consent", "email")} == {
        "name": "wim",
        "need": "First line\nsecond line",
        "urgency": "now",
        "consent": "summary",
        "email": "wim@example.com",
    }
    assert lead["summary"]
    assert lead["transcript"] is None
    assert {state for _, state in posts(file)} == {"sent"}
    given = {"DATABASE_URL": f"sqlite:///{file}"}
    assert f"{reference}  withdrawn" in run(data_dir, "desk", "list", "--all", **given).stdout.decode()
    assert "One thing more" in run(data_dir, "desk", "show", str(reference), **given).stdout.decode()
    assert b"Deleted" in run(data_dir, "forget", "wim", **given).stdout
    assert rows(file, "SELECT id FROM leads") == rows(file, "SELECT id FROM lead_events") == posts(file) == []
    for kept_in in file.parent.glob("rag-or-tune.sqlite*"):
        assert not any(word in kept_in.read_bytes() for word in (b"second line", b"One thing more", b"wim@example.com"))


def test_what_is_passed_on_is_what_the_user_agreed_to(chat: Callable[..., str], file: Path) -> None:
    nothing = ["/contact", "Ann", "Help", "", "", "1", ""]
    everything = ["/interview", "1", "3", "f", "d", "/contact", "", "Help", "", "", "3", ""]
    shown = chat(SECRET, *nothing, "/contact", "2", *everything)
    assert shown.count("is recorded") == 2
    [(kept,), _] = rows(file, "SELECT details || coalesce(address, '') FROM leads ORDER BY id")
    [(told,)] = rows(file, "SELECT group_concat(text) FROM lead_events")
    for part in ("tickets", "auditors", "RAG", "weekly"):
        assert part not in f"{kept}{told}"
    first, second = details(file)
    assert (first["need"], first["summary"], first["transcript"]) == ("Help", None, None)
    assert "auditors want sources" in str(second["summary"])
    assert "docs change weekly" not in str(second["summary"])  # the interview's answer counts
    assert SECRET in str(second["transcript"])


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Memory]:
    monkeypatch.setenv("LOGNAME", "wim")
    with open_memory(Settings(data_dir=tmp_path)) as memory:
        yield memory


@dataclass
class Person:
    """Somebody at the keyboard, without a process of their own; `shown` is what they have seen since they looked."""

    contact: Contact
    stdin: Callable[[IO[bytes]], None]
    read: Callable[[], str]

    def type(self, *lines: str) -> None:
        self.stdin(io.BytesIO("".join(f"{line}\n" for line in lines).encode()))

    def request(self, *lines: str) -> str:
        self.type(*lines)
        self.contact.begin(CASE)
        return self.shown()

    def status(self, *lines: str) -> str:
        self.type(*lines)
        self.contact.status()
        return self.shown()

    def shown(self) -> str:
        return " ".join(self.read().split())


@pytest.fixture
def person(
    memory: Memory, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Person]:
    def sits_down(**settings: str) -> Person:
        def stdin(typed: IO[bytes]) -> None:
            monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: False, buffer=typed))

        return Person(
            Contact(memory, Settings(**settings), StoredQuestions(memory.store)), stdin, lambda: capsys.readouterr().out
        )  # type: ignore[arg-type]

    return sits_down


@pytest.mark.parametrize(
    "until",
    [
        [],
        ["/cancel"],
        ["", "", "Half a need", "/cancel"],
        ["Ann", "A need", "", "/CANCEL"],
        ["Ann", "A need", "", "", "nonsense", "/cancel"],
        ["Ann", "A need", "", "", "2", "a@b", "/cancel"],
        ["Ann", "x" * 2001, "", "/cancel"],
    ],
    ids=["end of the pipe", "name", "need", "urgency", "consent", "e-mail", "too long"],
)
def test_whoever_gives_up_has_sent_nothing(person: Callable[..., Person], file: Path, until: list[str]) -> None:
    ann = person()
    shown = ann.request(*until)
    assert shown.endswith("Nothing was sent.")
    assert ("Please fill this in." in shown) is ("Half a need" in until)
    assert ("Please type one of: 1, 2, 3, /cancel." in shown) is ("nonsense" in until)
    assert ("That has 2,001 characters; there is room for 2,000." in shown) is ("x" * 2001 in until)
    assert rows(file, "SELECT state, details FROM leads") == [("draft", "{}")]
    assert posts(file) == []
    assert "You have no open request" in ann.status()


def test_with_consultants_the_desk_gets_it_and_their_words_come_back(
    person: Callable[..., Person], memory: Memory, file: Path
) -> None:
    ann, desk, run = person(**CHANNEL), desk_of(memory), memory.runner.run
    shown = ann.request("", "Help us", "", "", "3", "")
    [(reference,)] = rows(file, "SELECT reference FROM leads")
    assert shown.count(f"Your request {reference} is recorded and goes to a human consultant.") == 1
    assert "You can expect an answer within 4 hours. What you can do about it stands under /status" in shown
    assert ("user", "sent") in posts(file)
    assert {kind for kind, state in posts(file) if state == "pending"} == {"card", "file"}
    lead = run(memory.store.leads.by_reference(str(reference)))
    assert lead
    assert run(desk.reply(cem(), lead, "Hello \x1b[2Jfrom a \x1b]0;persons\x07person")) == ""
    works(memory, desk)
    card = desk.places["slack"].sent[0]
    assert "Replies: 0 delivered, 1 on the way" in card.text
    ann.contact.deliver()
    shown = ann.shown()
    assert shown.startswith(f"Cem, a human consultant, writes on your request {reference}: Hello [2Jfrom a ]0;persons")
    assert not any(sign in shown for sign in "\x1b\x07")
    assert "under /status: Add a note." in shown
    ann.contact.deliver()
    assert ann.shown() == ""
    works(memory, desk)
    assert "Replies: 1 delivered, 0 on the way" in card.text
    assert ("user", "pending") not in posts(file)


def test_what_the_user_does_reaches_the_consultants(person: Callable[..., Person], memory: Memory, file: Path) -> None:
    ann, desk, run = person(**CHANNEL), desk_of(memory), memory.runner.run
    assert not ann.contact.say("note: nobody is there yet", "home")
    ann.request("", "Help us", "", "", "2", "")
    assert ann.contact.say("note: a word\x1b more", "home")
    assert ann.shown() == "Passed on to the consultants."
    lead = run(memory.store.leads.all(["open"]))[0]
    run(desk.press(cem(), "resolve", lead))
    works(memory, desk)
    assert desk.places["slack"].sent[1].text == "wim adds:\na word more"
    ann.contact.deliver()
    assert f"Cem has closed your request {lead.reference}." in ann.shown()
    assert ann.status("2", "It does not work", "").endswith("the consultants are told.")
    assert f"Request {lead.reference}: waiting for a consultant." in ann.request("2")
    works(memory, desk)
    assert [sent.text.partition("\n")[0] for sent in desk.places["slack"].sent[2:]] == [
        "wim says that it is not solved; the request is open again.",
        "wim has withdrawn the request.",
    ]
    assert {state for _, state in posts(file)} == {"sent"}


def test_when_there_is_a_channel_at_last_it_gets_what_was_kept_until_then(
    person: Callable[..., Person], memory: Memory, file: Path
) -> None:
    ann, desk, run = person(), desk_of(memory, desk_reminder_minutes=0.0001), memory.runner.run
    ann.request("", "Help us", "", "", "3", "")
    assert posts(file) == [("user", "sent")]
    run(desk.work("slack"))
    card, conversation = desk.places["slack"].sent
    assert "Help us" in card.text
    assert conversation.thread == "slack/0"
    assert "hush" in str(conversation.payload["content"])
    run(desk.work("slack"))
    assert [sent.text for sent in desk.places["slack"].sent if "Help us" in sent.text] == [card.text]
    assert {state for _, state in posts(file)} == {"sent"}


def works(memory: Memory, desk: Town) -> None:
    """The consultants' platform sends what is for it; what was too early comes a little later."""
    pending, until = "SELECT id FROM deliveries WHERE state = 'pending' AND kind != 'user'", time.monotonic() + SECONDS
    file = Path(str(memory.store.database.engine.url.database))
    memory.runner.run(desk.work("slack"))
    while rows(file, pending) and time.monotonic() < until:
        time.sleep(0.1)
        memory.runner.run(desk.work("slack"))


def desk_of(memory: Memory, **more: float) -> Town:
    """The consultants, in Slack."""
    return Town(memory.store, memory.store.database.clock, Settings(**CHANNEL, **more))  # type: ignore[arg-type]


def test_a_request_that_came_first_from_another_window_is_joined(
    person: Callable[..., Person], memory: Memory, file: Path
) -> None:
    ann, other = person(**CHANNEL), person(**CHANNEL)

    class Slow(io.BytesIO):
        def readline(self, size: int | None = -1, /) -> bytes:
            if self.tell() == 0:
                other.request("", "The first need", "", "", "2", "")
                ann.stdin(self)
            return super().readline(size)

    ann.stdin(Slow(b"Ann\nThe second need\n\n\n2\n\n"))
    ann.contact.begin(CASE)
    assert "You have an open request already" in ann.shown()
    assert rows(file, "SELECT text FROM lead_events WHERE kind = 'noted'") == [("The second need",)]
    assert sorted(rows(file, "SELECT state FROM leads")) == [("draft",), ("open",)]
    assert "waiting for a consultant" in ann.request("")


def test_posts_to_somebody_else_are_left_to_them(
    person: Callable[..., Person], memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, desk, run = person(**CHANNEL), desk_of(memory), memory.runner.run
    ann.request("", "Help us", "", "", "2", "")
    [lead] = run(memory.store.leads.all(["open"]))
    run(desk.reply(cem(), lead, "Hello from a person"))
    monkeypatch.setenv("LOGNAME", "eve")
    eve = person(**CHANNEL)
    eve.contact.deliver()
    assert eve.shown() == ""
    assert "You have no open request" in eve.status()
    run(desk.work("slack", "discord"))  # nor do the other platforms take them
    monkeypatch.setenv("LOGNAME", "wim")
    person(**CHANNEL).contact.deliver()
    assert "Hello from a person" in eve.shown()


def test_where_nothing_can_be_kept_no_request_is_taken(person: Callable[..., Person], memory: Memory) -> None:
    ann = person()
    ann.contact = Contact(replace(memory, is_permanent=False), Settings(), StoredQuestions(memory.store))
    shown = ann.request("", "Help us", "", "", "2", "")
    assert "is not kept" in shown
    assert "below the article" in shown
    assert memory.runner.run(memory.store.leads.all(list(LeadState))) == []


def test_in_a_terminal_a_form_is_given_up_and_the_chat_goes_on(data_dir: Path, file: Path) -> None:
    screen = Screen(data_dir, "chat", LOGNAME="wim", DATABASE_URL=f"sqlite:///{file}")
    screen.wait_for(PROMPT)
    screen.type(b"/contact\r", b"Your name [wim]", PROMPT)
    screen.type(b"A private name\r", PROMPT)
    screen.type(b"A need\r", PROMPT)
    screen.type(b"\r", b"Give up")  # the arrow keys' menu
    screen.type(b"\x1b[B\r", b"What may be passed on?", b"Give up")
    screen.type(b"\x03", b"Nothing was sent.", PROMPT)
    for key in (b"\x03", b"\x04"):  # Ctrl-C, Ctrl-D
        screen.type(b"/contact\r", b"Your name [wim]", PROMPT)
        screen.type(key, b"Nothing was sent.", PROMPT)
    screen.type(b"/quit\r", b"Goodbye.")
    assert screen.ended() == 0
    assert b"Traceback" not in screen.shown
    assert rows(file, "SELECT DISTINCT state, details FROM leads") == [("draft", "{}")]
    assert "A private name" not in (data_dir / "chat-history").read_text()
