"""The figures of a store of which they are known, and rules that hold for any."""

import re
from collections import Counter
from datetime import UTC, date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as some

from bot.deciding.framework import Approach
from bot.deciding.outlook import Outlook
from bot.deciding.questionnaire import Choose, Edit, Move, Questionnaire, Screen, Skip
from bot.guidance.embedding import Embedder
from bot.insights.command import collect_figures
from bot.insights.decisions import Decisions
from bot.insights.funnel import Funnel
from bot.insights.gaps import Gaps
from bot.insights.ratios import Durations, Ratio
from bot.insights.report import render_markdown, render_page
from bot.insights.topics import CitedStatement, Topics
from bot.insights.traffic import MessageOutcome, Traffic
from bot.interviews.poll import SESSION
from bot.settings import Settings
from bot.store.insights import InterviewRecord, MessageRecord
from bot.store.records import LeadState
from bot.store.store import Store
from tests.support.insights.pages import Page
from tests.support.insights.seeding import COST, DATA, DEAR, MANY, NOW, UNANSWERED, USER, a_message


async def test_messages_are_counted_by_day_and_by_what_came_of_them(seeded: Store, settings: Settings) -> None:
    found = (await collect_figures(seeded.insights, settings, None)).traffic
    assert found.outcomes == Counter(answer=2, advice=2, gap=6, beside=2, small_talk=1, none=1)
    assert {day: sum(outcomes.values()) for day, outcomes in found.days.items()} == {
        date(2026, 6, 1): 2,
        date(2026, 6, 3): 12,
    }
    assert (found.total, found.answered.whole, len(found.people), len(found.homes)) == (14, 10, 6, 2)
    assert (found.opinions.helpful, found.opinions.rated, found.platforms) == (2, 5, Counter(test=14))


async def test_days_are_those_of_the_desk(seeded: Store, settings: Settings) -> None:
    east = settings.model_copy(update={"desk_timezone": "Pacific/Auckland"})  # 12 hours ahead
    found = (await collect_figures(seeded.insights, east, None)).traffic
    assert set(found.days) == {date(2026, 6, 2), date(2026, 6, 4)}


@given(some.dictionaries(some.dates(date(2026, 1, 1), date(2026, 12, 31)), some.integers(1, 9), min_size=1))
def test_no_message_is_lost_between_days_and_weeks(asked_on: dict[date, int]) -> None:
    traffic = Traffic(UTC, {day: Counter({MessageOutcome.ANSWER: count}) for day, count in asked_on.items()})
    for by_week, step in ((False, 1), (True, 7)):
        found = traffic.timeline(by_week=by_week)
        assert sum(counts.total() for counts in found.values()) == sum(asked_on.values())
        assert all(later - sooner == timedelta(days=step) for sooner, later in pairwise(found))
    assert {day.weekday() for day in traffic.timeline(by_week=True)} == {0}


async def test_only_the_last_days_count(seeded: Store, settings: Settings) -> None:
    found = await collect_figures(seeded.insights, settings, 1)
    assert (found.traffic.total, found.topics.replies, found.since) == (12, 2, NOW - timedelta(days=1))
    assert found.funnel
    assert found.funnel.started == 1


async def test_what_is_cited_is_counted_once_a_reply_with_its_opinions(seeded: Store, settings: Settings) -> None:
    found = (await collect_figures(seeded.insights, settings, None)).topics
    assert (found.replies, found.sections) == (4, Counter({COST: 4, DATA: 1}))
    assert found.statements == Counter({CitedStatement(COST, DEAR): 4, CitedStatement(DATA, MANY): 1})
    assert {name: one.ratio for name, one in found.by_section.items()} == {COST: Ratio(2, 5), DATA: Ratio(2, 3)}
    assert [cited for cited, _ in found.least_helpful(9)] == [CitedStatement(COST, DEAR), CitedStatement(DATA, MANY)]


async def test_recommendations_are_counted_with_what_decided_them(seeded: Store, settings: Settings) -> None:
    found = (await collect_figures(seeded.insights, settings, None)).decisions
    assert found
    assert found.approaches == {Approach.RAG: 2, Approach.NEED_MORE_INFO: 1}
    assert (found.total, found.from_interviews) == (3, 1)
    [often, citations] = found.facts
    assert (often.option.criterion, often.spoke, often.decided) == ("knowledge_changes_often", 2, 1)
    assert (citations.option.criterion, citations.spoke, citations.decided) == ("needs_citations", 1, 0)


async def test_interviews_are_followed_to_where_they_are_left(seeded: Store, settings: Settings) -> None:
    found = (await collect_figures(seeded.insights, settings, None)).funnel
    assert found
    assert (found.started, found.finished, found.going_on, found.completion) == (5, 1, 1, Ratio(1, 4))
    first = found.interview.start().question
    assert (found.shown[first], found.answered[first], found.left[first]) == (5, 2, 1)
    assert found.left.total() == 3


async def test_requests_are_counted_with_their_times(seeded: Store, settings: Settings) -> None:
    found = (await collect_figures(seeded.insights, settings, None)).requests
    assert {state: dict(counts) for state, counts in found.by_state.items() if counts} == {
        LeadState.OPEN: {"now": 1},
        LeadState.CLAIMED: {"week": 1},
        LeadState.RESOLVED: {"later": 1},
    }
    assert (found.unfinished, found.to_claim, found.to_resolve) == (2, Durations((10.0, 10.0)), Durations((30.0,)))


async def test_every_question_without_an_answer_is_kept_once_with_its_askers(seeded: Store, settings: Settings) -> None:
    found = (await collect_figures(seeded.insights, settings, None)).unanswered
    assert sum(map(len, found.askers.values())) == len(UNANSWERED) == len(found.texts)


def asked(citations: list[CitedStatement], helpful: int, unhelpful: int) -> MessageRecord:
    cited = [{"section": one.section, "quote": one.quote} for one in citations]
    return a_message(kind="answer", citations=cited, helpful=helpful, unhelpful=unhelpful)


STATEMENTS = some.sampled_from([CitedStatement(section, quote) for section in "AB" for quote in "xyz"])


@given(some.lists(some.builds(asked, some.lists(STATEMENTS, min_size=1), some.integers(0, 4), some.integers(0, 4))))
def test_a_section_is_cited_as_often_as_its_statements_and_no_more_than_replies(replies: list[MessageRecord]) -> None:
    topics = Topics()
    for reply in replies:
        topics.add(reply)
    assert topics.replies == len(replies)
    for section, count in topics.sections.items():
        of_it = [n for cited, n in topics.statements.items() if cited.section == section]
        assert max(of_it) <= count <= min(sum(of_it), len(replies))
    worst = [found.upper_bound for _, found in topics.least_helpful(9)]
    assert worst == sorted(worst)


@given(data=some.data())
def test_every_interview_is_finished_left_or_going_on(outlook: Outlook, data: some.DataObject) -> None:
    machine, funnel = Questionnaire(outlook), Funnel(Questionnaire(outlook), NOW)
    for _ in range(data.draw(some.integers(1, 6))):
        session = machine.start()
        for _ in range(data.draw(some.integers(0, 12))):
            here = machine.framework.questions.get(session.question)
            answers = [Choose(here.id, option) for option in (None, *here.options)] + [Skip(here.id)] if here else []
            session = machine.step(session, data.draw(some.sampled_from([*answers, Edit("citations"), *Move])))
        hours = data.draw(some.integers(0, 48))
        kept = InterviewRecord(SESSION.dump_python(session, mode="json"), NOW - timedelta(hours=hours))
        assert (funnel.add(kept) is not None) is (session.screen is Screen.SUMMARY)
    assert funnel.started == funnel.finished + funnel.going_on + funnel.left.total()
    for name, shown in funnel.shown.items():
        assert 0 <= funnel.answered[name] + funnel.left[name] <= shown <= funnel.started


def test_what_cannot_be_read_is_left_out(outlook: Outlook) -> None:
    funnel = Funnel(Questionnaire(outlook), NOW)
    assert funnel.add(InterviewRecord({"screen": "of another version"}, NOW)) is None
    assert funnel.started == 0


def test_a_criterion_that_the_framework_has_no_more_is_left_out(outlook: Outlook) -> None:
    decisions = Decisions(outlook)
    decisions.add_advice("rag", ["needs_citations", "no such criterion"])
    assert [fact.option.criterion for fact in decisions.facts] == ["needs_citations"]


async def test_the_report_is_whole_and_keeps_secrets(seeded: Store, settings: Settings, embedder: Embedder) -> None:
    figures = await collect_figures(seeded.insights, settings, None)
    gaps = figures.unanswered.group(embedder, figures.statements)
    page, markdown = (render(figures, gaps, quotes=True) for render in (render_page, render_markdown))
    assert Page(page).problems == []
    for text in ("14 messages from 6 people", "4 of 10", "Monthly price of a vector database?", "2 of 3", "10 min"):
        assert text in Page(page).words, text
        assert text in markdown, text
    for secret in (USER, "Maya", "Cem", "our own words", "we change daily", "test:one"):
        assert secret not in page + markdown
    assert not re.search(r"\d %", markdown)  # of so few


async def test_nothing_is_a_report_of_sentences(empty: Store, settings: Settings) -> None:
    figures = await collect_figures(empty.insights, settings, None)
    assert (figures.traffic.total, figures.topics.replies, figures.requests.total) == (0, 0, 0)
    page, markdown = (render(figures, Gaps((), 0, 0, 0), quotes=True) for render in (render_page, render_markdown))
    assert (Page(page).problems, {"table", "dl"} & set(Page(page).tags)) == ([], set())
    assert "Nothing was asked in this time." in Page(page).words
    assert "Nothing was asked in this time." in markdown
