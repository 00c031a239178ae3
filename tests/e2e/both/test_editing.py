"""Edits and deletions before the answer on Slack and on Discord: a model that is held keeps questions unanswered."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.peers.discord import READS_ALL, App
from tests.peers.openai import Script, openai_server
from tests.support.everything import Everything, everything
from tests.support.platforms import Platform

QUESTION = "What are the cons of fine-tuning?"
OTHER = "What is RAG good at?"
EARLIER = "What are the strengths of fine-tuning?"
CONS, STRENGTHS = "Risk of catastrophic forgetting", "Easy to update knowledge"
NONSENSE = ["{", "}"]  # from which no sentence is taken, so that the article's own are the answer


@pytest.fixture(scope="module")
def model() -> Iterator[Script]:
    with openai_server() as model:
        model.pieces, model.held_before = NONSENSE, "}"
        yield model


@pytest.fixture(scope="module")
def running(model: Script, data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Everything]:
    with everything(data_dir, tmp_path_factory.mktemp("editing"), discord_app=App(flags=READS_ALL)) as bot:
        bot.settings |= {"LLM_MODEL": "openai:scripted", "OPENAI_API_KEY": "key", "OPENAI_API_BASE": model.url}
        bot.settings["LLM_TIMEOUT"] = "60"
        with bot.running():
            yield bot


@pytest.fixture
def held(model: Script) -> Iterator[Script]:
    """The model, which answers nothing until it may go on."""
    model.go_on.clear()
    yield model
    model.go_on.set()


def ask_and_wait_for_model(platform: Platform, held: Script, place: Any, user: Any, text: str) -> Any:
    """Asks a question, the answer to which is being written from then on."""
    before = len(held.requests)
    asked = platform.mention(place, user, text)
    platform.wait_for(lambda: len(held.requests) > before, "the model to be asked")
    return asked


def test_question_edited_while_it_is_answered_gets_one_answer_to_the_edited_text(
    platform: Platform, held: Script, ann: Any, general: Any
) -> None:
    asked = ask_and_wait_for_model(platform, held, general, ann, QUESTION)
    platform.edit(asked, f"{platform.mark} {OTHER}")
    platform.settle()
    held.go_on.set()
    platform.finish(asked)
    platform.wait_for(lambda: [STRENGTHS in post.text for post in platform.posts(general)] == [True])
    platform.settle()
    [answer] = platform.posts(general)
    assert CONS not in answer.text


def test_question_edited_before_its_turn_gets_one_answer_to_the_edited_text(
    platform: Platform, held: Script, ann: Any
) -> None:
    earlier = ask_and_wait_for_model(platform, held, platform.peer.direct(ann), ann, EARLIER)
    asked = platform.dm(ann, QUESTION)
    platform.wait_for(lambda: len(platform.turns(ann)) == 2, "the question to be accepted")
    platform.edit(asked, OTHER)
    platform.settle()
    held.go_on.set()
    platform.finish(earlier)
    platform.finish(asked)
    platform.settle()
    posts = platform.posts(ann)
    assert [STRENGTHS in post.text for post in posts] == [False, True]
    assert not any(CONS in post.text for post in posts)


def test_question_edited_twice_before_the_answer_gets_one_answer_to_the_last_text(
    platform: Platform, held: Script, ann: Any, general: Any
) -> None:
    asked = ask_and_wait_for_model(platform, held, general, ann, EARLIER)
    for text in (QUESTION, OTHER):
        platform.edit(asked, f"{platform.mark} {text}")
        platform.settle()
    held.go_on.set()
    platform.wait_for(lambda: [STRENGTHS in post.text for post in platform.posts(general)] == [True])
    platform.settle()
    assert len(platform.posts(general)) == 1


def test_edit_that_adds_the_mention_is_answered_once(platform: Platform, held: Script, ann: Any, general: Any) -> None:
    held.go_on.set()
    asked = platform.say(general, ann, QUESTION)
    platform.settle()
    platform.edit(asked, f"{platform.mark} {QUESTION}")
    platform.finish(asked)
    platform.settle()
    [answer] = platform.posts(general)
    assert CONS in answer.text
    assert len(platform.turns(general)) == 1
    platform.edit(asked, f"{platform.mark} {OTHER}")
    platform.wait_for(lambda: STRENGTHS in answer.text, "the edited question's answer")
    assert len(platform.posts(general)) == 1


def test_edit_without_mention_is_not_answered(
    platform: Platform, held: Script, ann: Any, ben: Any, general: Any
) -> None:
    held.go_on.set()
    said = platform.say(general, ann, QUESTION)
    platform.edit(said, OTHER)
    platform.edit(platform.say(general, ben, QUESTION), f"<@{ann.id}> {OTHER}")
    platform.settle()
    platform.answers(platform.mention(general, ann, QUESTION))
    assert len(platform.posts(general)) == 1


def test_question_deleted_while_it_is_answered_gets_no_answer(
    platform: Platform, held: Script, ann: Any, ben: Any, general: Any
) -> None:
    asked = ask_and_wait_for_model(platform, held, general, ann, QUESTION)
    platform.delete(asked)
    platform.wait_for(lambda: not platform.turns(general), "the question to be forgotten")
    held.go_on.set()
    platform.answers(platform.mention(general, ben, OTHER))
    [answer] = platform.posts(general)
    assert STRENGTHS in answer.text
