"""The same bot over HTTP: signed requests, health, and what is refused."""

import re
import sqlite3
import urllib.request
from contextlib import closing

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.store.records import LeadState
from tests.support.running import status
from tests.support.slack.bots import QUESTION, WebBot, press

OUTCOMES = {"answer", "advice", "abstain", "small_talk", "too_many", "failed", "sent", "retried"}
STATES = {*LeadState}


def test_it_lives_and_is_ready(web: WebBot) -> None:
    assert status(f"{web.url}/readyz") == 200
    assert status(f"{web.url}/nothing") == 404
    assert status(f"{web.url}/slack/events") == 405


def test_a_mention_is_answered_in_its_thread_and_its_button_works(web: WebBot) -> None:
    slack = web.slack
    ann = slack.user("ann")
    general = slack.channel("general", ann, bot=True)
    asked = slack.mention(general, ann, QUESTION)
    slack.wait_for(lambda: slack.answers(asked))
    assert "Risk of catastrophic forgetting" in slack.answers(asked)[0].text
    slack.click(slack.answers(asked)[0], "Check it step by step", ann)
    slack.wait_for(lambda: len(slack.answers(asked)) == 2)
    assert all(delivery.status == 200 for delivery in asked.deliveries)


@pytest.mark.parametrize(
    "forged", [{"secret": "guessed"}, {"age": 600}, {"signature": "v0=00"}], ids=["secret", "too old", "signature"]
)
def test_what_slack_did_not_sign_is_refused(web: WebBot, forged: dict[str, object]) -> None:
    slack = web.slack
    delivery = slack.raw('{"type":"event_callback","event":{"type":"app_mention"}}', "application/json", **forged)
    delivery.wait(10)
    assert delivery.status == 401


def test_one_workspace_needs_no_pages_and_hears_of_its_removal(web: WebBot) -> None:
    for page in ("install", "oauth_redirect"):
        assert status(f"{web.url}/slack/{page}") == 404
    told = [web.slack.event({"type": "app_uninstalled"})]
    told.append(web.slack.event({"type": "tokens_revoked", "tokens": {"bot": [web.slack.bot.id]}}))
    assert [delivery.wait(10).status for delivery in told] == [200, 200]


def test_what_nobody_foresaw_is_told_with_a_reference_and_no_more(web: WebBot) -> None:
    slack = web.slack
    ann = slack.user("ann")
    general = slack.channel("general", ann, bot=True)
    asked = slack.mention(general, ann, QUESTION)
    slack.wait_for(lambda: slack.answers(asked))
    with closing(sqlite3.connect(web.folder / "database.sqlite")) as database:
        database.execute("ALTER TABLE feedback RENAME TO elsewhere")
        slack.click(slack.answers(asked)[0], "Helpful", ann)
        slack.wait_for(lambda: slack.ephemerals(general, ann))
        database.execute("ALTER TABLE elsewhere RENAME TO feedback")
    [apology] = slack.ephemerals(general, ann)
    assert "something went wrong here" in apology.text
    assert "reference" in apology.text
    assert "feedback" not in apology.text


def test_what_is_counted_names_nobody_and_quotes_nothing(web: WebBot) -> None:
    slack = web.slack
    ann = slack.user("ann")
    general = slack.channel("general", ann, bot=True)
    asked = slack.mention(general, ann, f"{QUESTION} Our codename is plum jam.")
    press(slack, web.answers(asked)[0], "Helpful", ann)
    slack.raw("{}", "application/json", secret="guessed").wait(10)
    with urllib.request.urlopen(f"{web.url}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    own = [family for family in text_string_to_metric_families(text) if family.name.startswith("rag_or_tune_")]
    found = {(s.name, *s.labels.values()): s.value for family in own for s in family.samples}
    assert found["rag_or_tune_questions_total", "answer"] >= 1
    assert found["rag_or_tune_deliveries_total", "slack", "sent"] >= 1
    assert found["rag_or_tune_refused_requests_total",] >= 1
    assert found["rag_or_tune_queue_depth", "questions"] == 0
    assert all(found["rag_or_tune_stage_seconds_count", stage] >= 1 for stage in ("answer", "deliver", "click"))
    words = {word for name in found for word in name[1:] if not re.fullmatch(r"[\d.]+|\+Inf", word)}
    assert words <= OUTCOMES | STATES | {"slack", "answer", "deliver", "click", "questions", "posts"}
    assert not any(secret in text for secret in (ann.id, general.id, slack.home.id, "plum", "fine-tuning"))
