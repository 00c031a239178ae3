"""The ids of buttons: whatever comes back, it is read, and an id carries the whole press."""

from hypothesis import given
from hypothesis import strategies as some

from bot.messages.card import Press


@given(some.text())
def test_any_id_can_be_read(text: str) -> None:
    for name in (text, f"rt1:{text}", f"rt1:answer:{text}:1:often", f"rt1:answer:1:{text}:often"):
        press = Press.of(name)
        assert press is None or 0 <= press.subject < 2**63 > press.step >= 0


@given(
    some.sampled_from(["answer", "edit"]), some.integers(0, 10**18 - 1), some.integers(0, 999), some.text(max_size=40)
)
def test_id_carries_the_whole_press(name: str, subject: int, step: int, choice: str) -> None:
    assert Press.of(Press(name, subject, step, choice).id) == Press(name, subject, step, choice)
