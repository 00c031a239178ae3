"""Traces: a turn is one of them, from its acceptance to its delivery; without a collector nothing is even imported."""

import subprocess
import sys
from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.observing import tracing
from bot.settings import Settings
from tests.conftest import ROOT
from tests.peers.collector import Collector, collector
from tests.peers.slack import slack_server
from tests.support.slack.bots import QUESTION, Bot

SECRET = "Our codename is plum jam."


def _children(spans: Collector, parent: str) -> set[str]:
    """The names of the spans right under the spans of a name."""
    own = {span.span_id for span in spans.spans if span.name == parent}
    return {span.name for span in spans.spans if span.parent_span_id in own}


def test_a_question_is_one_trace_without_what_was_said(data_dir: Path, tmp_path: Path) -> None:
    with collector() as collected, slack_server() as slack:
        bot = Bot(slack, data_dir, tmp_path, {"OTEL_EXPORTER_OTLP_ENDPOINT": collected.url})
        with bot.running():
            ann = slack.user("ann")
            asked = slack.mention(slack.channel("general", ann), ann, f"{QUESTION} {SECRET}")
            assert len(bot.answers(asked)) == 1
        trace = collected.trace("accept")
    assert set(trace) == {"accept", "answer", "search", "compose", "deliver"}
    assert _children(collected, "answer") == {"search", "compose"}
    assert trace["accept"].parent_span_id == trace["answer"].parent_span_id == trace["deliver"].parent_span_id
    starts = [trace[name].start_time_unix_nano for name in ("accept", "answer", "search", "compose", "deliver")]
    assert starts == sorted(starts)
    assert collected.services == {"rag-or-tune"}
    told = str(collected.spans)
    assert not any(word in told for word in (ann.id, asked.channel, "plum", "fine-tuning"))


async def test_what_several_processes_do_on_a_turn_is_one_trace() -> None:
    with collector() as collected, pytest.MonkeyPatch.context() as environment:
        environment.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collected.url)
        for name, turn in (("accept", 7), ("answer", 7), ("answer", 8)):
            async with tracing.export_traces(Settings()):
                with tracing.span(name, "slack:T1", turn):
                    pass
    assert set(collected.trace("accept")) == {"accept", "answer"}
    assert len({span.trace_id for span in collected.spans}) == 2


def test_a_collector_that_is_away_holds_nobody_up(data_dir: Path, tmp_path: Path) -> None:
    with slack_server() as slack:
        bot = Bot(slack, data_dir, tmp_path, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"})
        with bot.running():
            ann = slack.user("ann")
            assert len(bot.answers(slack.mention(slack.channel("general", ann), ann, QUESTION))) == 1


def test_without_a_collector_nothing_of_it_is_imported() -> None:
    code = (
        "import sys; from bot.observing import tracing\n"
        "with tracing.span('answer', 'slack:T1', 7): tracing.record_span('accept', 0, 'slack:T1', 7)\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, cwd=ROOT, check=True).stdout == b"[]\n"


async def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(SettingsError, match=r"'\.\[otel\]'"):
        async with tracing.export_traces(Settings(otel_exporter_otlp_endpoint="http://127.0.0.1:9")):
            raise AssertionError


async def test_a_span_of_what_failed_names_the_kind_of_error_and_not_its_words() -> None:
    with collector() as collected, pytest.MonkeyPatch.context() as environment:
        environment.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collected.url)
        environment.setenv("OTEL_SERVICE_NAME", "another name")
        async with tracing.export_traces(Settings()):
            with pytest.raises(ZeroDivisionError), tracing.span("answer", "slack:T1", 7):
                raise ZeroDivisionError(SECRET)
    (span,) = collected.spans
    assert span.status.message == "ZeroDivisionError"
    assert SECRET not in str(span)
    assert {a.key: a.value.string_value or a.value.int_value for a in span.attributes} == {
        "turn": 7,
        "platform": "slack",
    }
    assert collected.services == {"another name"}
