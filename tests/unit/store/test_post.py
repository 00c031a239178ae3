"""What is posted and what is queued: rows of every version can be read, and nothing is lost on the way."""

import pytest
from pydantic import JsonValue

from bot.store.post import (
    Content,
    File,
    Notification,
    Post,
    PostKind,
    Removal,
    content_from_json,
    replace_posts,
)

SHOWN: dict[str, JsonValue] = {"text": "hello", "blocks": [{"type": "divider"}]}
CONTENTS: list[tuple[dict[str, JsonValue], Content]] = [
    (SHOWN, Post(SHOWN)),
    ({**SHOWN, "number": 2, "replaces": "1.1"}, Post(SHOWN, 2, "1.1")),
    ({**SHOWN, "instead": {}}, Post(SHOWN, fallback={})),
    ({"text": "", "removes": "1.1"}, Removal("1.1")),
    ({"text": "", "removes_file": "F1"}, Removal("F1", is_file=True)),
    ({"text": "read it", "file": "a.txt", "content": "words"}, File("a.txt", "words", "read it")),
]


@pytest.mark.parametrize(("row", "content"), CONTENTS)
def test_the_content_of_a_delivery_is_read_from_a_row(row: dict[str, JsonValue], content: Content) -> None:
    assert content_from_json(row) == content
    assert content_from_json(content.to_json()) == content


def test_a_shorter_answer_removes_the_posts_that_are_left_of_the_longer_one() -> None:
    assert [*replace_posts(["1", "2"], [SHOWN])] == [Post(SHOWN, 0, "1"), Removal("2")]
    assert [*replace_posts(["1"], [SHOWN, {}])] == [Post(SHOWN, 0, "1"), Post({}, 1)]


@pytest.mark.parametrize(
    ("kind", "row", "notification"),
    [
        (
            "thread",
            {"event": 7, "on": "slack", "piece": 0},
            Notification(PostKind.THREAD, "l", "slack", event=7),
        ),
        (
            "thread",
            {"on": "slack", "undelivered": "refused", "was": "user"},
            Notification(PostKind.THREAD, "l", "slack", undelivered="refused", about=PostKind.USER),
        ),
        (
            "take back",
            {"on": "discord", "was": "card", "sent_as": "1.1", "reference": "ABCD2345"},
            Notification(
                PostKind.TAKE_BACK,
                "l",
                "discord",
                about=PostKind.CARD,
                post="1.1",
                reference="ABCD2345",
            ),
        ),
    ],
)
def test_a_notification_is_read_from_a_row(kind: str, row: dict[str, JsonValue], notification: Notification) -> None:
    assert Notification.from_json(kind, "l", row) == notification
    assert Notification.from_json(kind, "l", notification.to_json()) == notification
