"""Interviews on a real store: one person's, and a team's, where every vote counts once and one leads."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from sqlalchemy.exc import StatementError

from bot import texts
from bot.advising.advice import AdviceContext, render_advice
from bot.chat.presses import MAX_LISTED, PressHandler
from bot.deciding.framework import Framework
from bot.deciding.outlook import Answers, Outlook
from bot.deciding.questionnaire import Choose, Mention, Questionnaire
from bot.deciding.team import decide_together
from bot.interviews.interview_cards import render_card
from bot.interviews.interviewer import LEADERLESS, Interviewer
from bot.messages.card import MAX_PRESS_ID, Button, Card, Press
from bot.messages.person import Person
from bot.messages.response import Placement, Response
from bot.slack.rendering import render
from bot.store.database import Database, DatabaseUrls
from bot.store.deduplication import KnownError
from bot.store.records import Interview as Row
from bot.store.store import Store
from tests.conftest import KEY
from tests.peers.slack import violations, weight
from tests.peers.slack.blocks import WEIGHT_A_MESSAGE
from tests.support.rooms import ONE, Clock

ADA, BO, CY, DI = (Person(ONE, user) for user in ("UADA", "UBO", "UCY", "UDI"))  # the first leads
URL = "https://example.com/guides/fine-tuning-vs-rag"
OPEN = "-"

now_and_then = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@dataclass
class Table:
    """An interview with its card, as everybody sees it; a team's unless it is started otherwise."""

    store: Store
    interviewer: Interviewer
    number: int
    card: Card

    @classmethod
    async def of(cls, store: Store, outlook: Outlook, *, is_team: bool = True) -> "Table":
        interviewer = Interviewer(store.interviews, outlook, store.database.clock)
        card = await interviewer.start(ADA, "channel", is_team=is_team)
        [row, *_] = await store.interviews.of(ONE, ADA.user)
        return cls(store, interviewer, row.id, card)

    @property
    def buttons(self) -> list[Button]:
        return [button for row in self.card.rows for button in row]

    @property
    def votes(self) -> dict[str, int | None]:
        """The counts on the buttons, by option."""
        return {b.press.choice.split(".")[-1]: b.count for b in self.buttons if b.press.name == "answer"}

    @property
    def question(self) -> str:
        return next(b.press.choice.split(".")[0] for b in self.buttons if b.press.name == "answer")

    async def row(self) -> Row:
        row = await self.store.interviews.find(ONE, self.number)
        assert row
        return row

    async def ballots(self) -> dict[str, Answers]:
        return {**await self.store.interviews.ballots(await self.row())}

    def press_of(self, name: str, option: str = "") -> Press:
        """The press of a button on the card, or of its menu."""
        if name == "edit":
            assert self.card.menu
            return self.card.menu.press.choosing(option)
        matching = (b.press for b in self.buttons if b.press.name == name)
        return next(press for press in matching if option in ("", press.choice.split(".")[-1]))

    async def press(self, person: Person, press: Press) -> Response:
        """A press, after which the card is as everybody sees it then."""
        response = await self.interviewer.press(person, press)
        self.card = response.card or self.card
        return response

    async def vote(self, person: Person, option: str) -> Response:
        return await self.press(person, self.press_of("answer", option))

    async def lead(self, name: str, option: str = "", person: Person = ADA) -> Response:
        return await self.press(person, self.press_of(name, option))

    async def standing(self) -> list[str]:
        return [poll.standing for poll in await self.interviewer.newest(ONE, ADA.user, 5)]


@pytest.fixture
async def team(store: Store, outlook: Outlook) -> Table:
    return await Table.of(store, outlook)


@pytest.fixture
async def own(store: Store, outlook: Outlook) -> Table:
    """ADA's own interview."""
    return await Table.of(store, outlook, is_team=False)


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    shutil.copy(sqlite_template, tmp_path / "database.sqlite")
    return f"sqlite:///{tmp_path}/database.sqlite"


def keeps_to_the_limits(card: Card) -> bool:
    """Whether Slack takes the card, as one message, with an id for every button."""
    parts = render(card, URL)
    ids = [button.press.id for row in card.rows for button in row]
    assert [violations(part.blocks, surface="message") for part in parts] == [[]]
    assert weight(parts[0].blocks) < WEIGHT_A_MESSAGE
    assert all(len(one) <= MAX_PRESS_ID and Press.of(one) for one in ids)
    assert not card.picture or len(card.picture.alt_text) <= 2_000
    return len(set(ids)) == len(ids)


async def test_an_interview_is_only_for_the_one_who_started_it(own: Table, outlook: Outlook) -> None:
    first = own.press_of("answer")
    assert await own.interviewer.press(BO, first) == Response(notice=texts.sentence("interview_foreign"))
    assert await own.interviewer.find(BO, own.number) is None
    assert (await own.press(ADA, first)).refresh is None
    assert (await own.row()).session["answers"] == {outlook.deciding({})[0]: first.choice}
    assert await own.ballots() == {}


@pytest.mark.parametrize("name", ["answer", "skip"])
async def test_a_double_press_counts_once_and_an_older_one_is_stale(own: Table, name: str) -> None:
    press = own.press_of(name)
    await own.press(ADA, press)
    present = own.card
    assert await own.press(ADA, press) == Response(present)
    await own.lead("skip")
    assert (await own.press(ADA, press)).notice == texts.sentence("interview_stale")


async def test_an_interview_is_started_once_from_a_turn_even_if_that_failed_before(store: Store, own: Table) -> None:
    with pytest.raises((StatementError, TypeError)):  # no JSON
        await store.interviews.start(ONE, "channel", ADA.user, {"version": object()}, key="check")  # type: ignore[dict-item]
    card = await own.interviewer.start(ADA, "channel", {"change_rate": Mention("often", "weekly")}, key="check")
    assert card.text.startswith(texts.sentence("interview_review"))
    with pytest.raises(KnownError):
        await own.interviewer.start(ADA, "channel", key="check")
    assert len(await store.interviews.of(ONE, ADA.user)) == 2


async def test_only_the_newest_interviews_are_listed(own: Table, outlook: Outlook) -> None:
    for _ in range(MAX_LISTED):
        newest = await Table.of(own.store, outlook, is_team=False)
    polls = await own.interviewer.newest(ONE, ADA.user, MAX_LISTED)
    assert [poll.row.id for poll in polls] == list(range(newest.number, own.number, -1))


async def test_a_team_begins_with_the_first_question_and_no_votes(team: Table, outlook: Outlook) -> None:
    assert team.question == outlook.deciding({})[0]
    assert set(team.votes.values()) == {0}
    assert texts.sentence("team_votes", count=0) in team.card.text
    assert [button.press.name for row in team.card.rows[1:] for button in row] == [
        "next", "skip", "why", "review", "finish",
    ]  # fmt: skip


async def test_dont_know_is_a_vote_and_no_answer(team: Table) -> None:
    asked, first = team.question, next(iter(team.votes))
    for voter, option in ((ADA, first), (BO, OPEN), (CY, OPEN)):
        await team.vote(voter, option)
    assert (team.votes[first], team.votes[OPEN]) == (1, 2)
    assert texts.sentence("team_votes", count=3) in team.card.text
    assert (await team.ballots())[BO.user] == {asked: None}
    await team.lead("next")
    assert (await team.row()).session["answers"] == {asked: first}


async def test_the_leading_answer_is_named_and_goes_on(team: Table, framework: Framework) -> None:
    asked, (first, *_) = team.question, team.votes
    assert texts.sentence("team_even") in team.card.text
    await team.vote(BO, first)
    option = framework.option(asked, first).text
    assert texts.sentence("team_front", option=option) in team.card.text
    await team.lead("next")
    assert team.question != asked
    await team.lead("review")
    answer = texts.sentence("team_answer", text=option, votes=1, count=1)
    assert f"{framework.questions[asked].label}: {answer}" in team.card.text


async def test_a_tie_and_no_votes_leave_a_question_open(team: Table, outlook: Outlook) -> None:
    asked, (first, second, *_) = team.question, team.votes
    await team.vote(ADA, first)
    await team.vote(BO, second)
    assert texts.sentence("team_even") in team.card.text
    await team.lead("next")
    then = team.question
    assert then == outlook.deciding({asked: None})[0]
    await team.lead("next")
    assert team.question == outlook.deciding({asked: None, then: None})[0]
    await team.lead("review")
    assert texts.sentence("team_split", count=2) in team.card.text


async def test_only_whoever_started_it_leads(team: Table) -> None:
    await team.vote(BO, next(iter(team.votes)))
    before, row = team.card, await team.row()
    for name in ("next", "skip", "why", "review", "finish"):
        assert await team.lead(name, person=BO) == Response(notice=texts.sentence("team_foreign"))
    assert team.card == before
    assert (await team.row()).version == row.version


async def test_a_voter_may_take_the_lead_after_a_day(database_url: str, tmp_path: Path, outlook: Outlook) -> None:
    clock, foreign = Clock(), texts.sentence("team_foreign")
    store = Store(Database(DatabaseUrls.of(database_url, tmp_path), [KEY], clock))
    team = await Table.of(store, outlook)
    await team.vote(BO, OPEN)
    clock.advance(seconds=LEADERLESS.total_seconds() - 1)
    assert (await team.lead("next", person=BO)).notice == foreign
    clock.advance(seconds=1)
    notices = [(await team.lead("next", person=person)).notice for person in (CY, BO, BO, ADA)]
    assert notices == [foreign, "", "", foreign]
    assert await store.interviews.of(ONE, ADA.user) == []
    await store.close()


async def test_a_vote_on_an_earlier_question_is_stale_and_counts_for_nothing(team: Table) -> None:
    old = team.press_of("answer", next(iter(team.votes)))
    await team.lead("next")
    assert await team.press(BO, old) == Response(team.card, texts.sentence("team_stale"))
    await team.lead("finish")
    summary = team.card.lines
    response = await team.press(BO, old)
    assert (team.card.lines, response.notice) == (summary, texts.sentence("team_stale"))
    assert await team.ballots() == {}


async def test_a_vote_on_a_card_of_the_same_question_counts(team: Table) -> None:
    option = next(iter(team.votes))
    old = team.press_of("answer", option)
    await team.lead("why")
    assert (await team.press(BO, old)).notice == ""
    assert team.votes[option] == 1


@pytest.mark.parametrize("choice", ["", "often", "change_rate.", "change_rate.nonsense", "nonsense.-", "\0", "." * 9])
async def test_a_vote_for_nothing_that_is_on_the_card_changes_nothing(team: Table, choice: str) -> None:
    response = await team.press(BO, Press("answer", team.number, 0, choice))
    assert response.notice == texts.sentence("team_stale")
    assert await team.ballots() == {}


async def test_presses_of_the_leader_at_once_go_on_once(team: Table) -> None:
    row, press = await team.row(), team.press_of("next")
    responses = await asyncio.gather(*(team.interviewer.press(ADA, press) for _ in range(5)))
    assert (await team.row()).version == row.version + 1
    assert {response.notice for response in responses} == {""}


async def test_votes_and_steps_at_once_all_count(team: Table) -> None:
    vote, why = team.press_of("answer", next(iter(team.votes))), team.press_of("why")
    presses = [(Person(ONE, f"U{number}"), vote) for number in range(8)]
    presses.insert(4, (ADA, why))
    responses = await asyncio.gather(*(team.interviewer.press(*press) for press in presses))
    assert [response.notice for response in responses] == [""] * 9
    assert sorted(await team.ballots()) == [f"U{number}" for number in range(8)]
    newest = {response.card for response in responses if response.refresh and await response.refresh() is None}
    assert len(newest) == 1


async def test_a_card_that_others_changed_meanwhile_is_shown_again(team: Table) -> None:
    first, second, *_ = team.votes
    early, late = await team.vote(ADA, first), await team.vote(BO, second)
    assert early.refresh
    assert late.refresh
    assert await early.refresh() == late
    assert await late.refresh() is None
    await team.store.erasure.forget(ADA.user)
    assert await late.refresh() is None


async def test_back_and_edit_take_up_the_votes_of_then(team: Table) -> None:
    asked, (first, second, *_) = team.question, team.votes
    await team.vote(BO, first)
    await team.lead("next")
    await team.lead("back")
    assert (team.question, team.votes[first]) == (asked, 1)
    await team.vote(BO, second)
    for name, option in (("next", ""), ("review", ""), ("edit", asked)):
        await team.lead(name, option)
    assert team.card.text.startswith(texts.sentence("editing"))
    assert team.votes[second] == 1
    await team.vote(CY, first)
    await team.vote(BO, first)
    await team.lead("next")
    assert team.card.text.startswith(texts.sentence("team_review"))
    assert texts.sentence("team_answer", text="", votes=2, count=2).strip() in team.card.text


async def test_a_skipped_question_stays_open_whatever_was_voted_until_it_is_edited(
    team: Table, framework: Framework
) -> None:
    asked, (first, *_) = team.question, team.votes
    await team.vote(BO, first)
    await team.lead("skip")
    await team.lead("finish")
    option = framework.option(asked, first).text
    assert f"“{option}”" not in team.card.text
    await team.lead("review")
    assert f"{framework.questions[asked].label}: {texts.sentence('skipped')}" in team.card.text
    await team.lead("edit", asked)
    await team.lead("next")
    await team.lead("finish")
    assert f"“{option}” 1, agreed" in team.card.text


async def test_starting_over_takes_all_votes_away(team: Table, framework: Framework) -> None:
    asked, (first, *_) = team.question, team.votes
    await team.vote(BO, first)
    await team.lead("finish")
    assert f"“{framework.option(asked, first).text}” 1, agreed" in team.card.text
    await team.lead("restart")
    assert (team.question, set(team.votes.values())) == (asked, {0})
    assert await team.ballots() == {}


async def test_the_summary_names_what_divides_the_team_and_nobody(team: Table, outlook: Outlook) -> None:
    row = await team.row()
    for person, examples in ((ADA, "thousands"), (BO, "none"), (CY, "thousands")):
        await team.store.interviews.vote(row, person.user, "style_format", "essential")
        await team.store.interviews.vote(row, person.user, "training_data", examples)
    await team.lead("finish")
    result = decide_together(outlook, await team.ballots())
    expected = render_advice(outlook.framework, result.recommendation, AdviceContext(team=result))
    assert team.card.lines == expected.lines
    assert texts.sentence("team", count=3) in team.card.text
    [talk] = [line.text for line in team.card.lines if line.text.startswith("Talk about this first")]
    assert outlook.framework.questions["training_data"].text in talk
    assert not any(person.user in f"{team.card}" for person in (ADA, BO, CY))
    names = [[button.press.name for button in row] for row in team.card.rows]
    assert names == [["contact", "copy"], ["review", "restart"]]
    assert team.card.picture
    assert team.card.picture.alt_text.startswith("Chart: ")
    poll = await team.interviewer.find(DI, team.number)
    assert poll
    assert poll.summary == expected


async def test_who_is_forgotten_takes_their_votes_along(team: Table) -> None:
    asked, (first, second, *_) = team.question, team.votes
    for voter, option in ((BO, first), (CY, first), (DI, second)):
        await team.vote(voter, option)
    await team.lead("next")
    for person in (BO, CY):
        await team.store.erasure.forget(person.user)
    await team.lead("back")
    assert (team.question, team.votes[first], team.votes[second]) == (asked, 0, 1)
    await team.lead("finish")
    assert texts.sentence("team", count=1) in team.card.text


async def test_where_it_stands_is_listed_for_whoever_leads(team: Table) -> None:
    so_far = texts.sentence("interview_open", answered=0, to_go=8)
    assert await team.standing() == [texts.sentence("team_standing", text=so_far)]
    await team.lead("finish")
    assert await team.standing() == [texts.sentence("team_standing", text=team.card.lines[0].text)]
    assert await team.interviewer.newest(ONE, BO.user, 5) == []


async def test_votes_that_no_longer_fit_the_framework_do_not_count(team: Table, framework: Framework) -> None:
    asked, (first, second, *_) = team.question, team.votes
    await team.vote(BO, first)
    await team.vote(CY, second)
    await team.lead("next")
    question = framework.questions[asked]
    fewer = {option: kept for option, kept in question.options.items() if option != first}
    changed = replace(framework, questions={**framework.questions, asked: replace(question, options=fewer)})
    team.interviewer = Interviewer(team.store.interviews, Outlook(changed), team.store.database.clock)
    await team.lead("finish")
    assert f"{question.label}: “{question.options[second].text}” 1 (1 of 2 answered)" in team.card.text


async def test_without_a_framework_there_is_no_interview(store: Store, team: Table) -> None:
    clicks, sentence = PressHandler(store, None), texts.sentence("no_framework")
    response = await clicks.team(ADA, "channel")
    assert response.card
    assert (response.card.text, response.placement) == (sentence, Placement.EPHEMERAL)
    responses = clicks.press_and_follow(BO, team.press_of("answer", OPEN), "channel")
    assert [response async for response in responses] == [Response(notice=sentence)]
    assert await clicks.interviews(ONE, ADA.user) == []


@pytest.mark.parametrize(
    ("press", "notice"),
    [
        (Press("back"), ""),
        (Press("nonsense"), ""),
        (Press("edit", choice="nonsense"), texts.sentence("interview_stale")),
    ],
)
async def test_a_step_that_is_not_possible_shows_the_card_as_it_is(team: Table, press: Press, notice: str) -> None:
    before = await team.row()
    assert await team.press(ADA, replace(press, subject=team.number)) == Response(team.card, notice)
    assert (await team.row()).version == before.version


async def test_a_session_of_another_version_and_a_deleted_one_are_gone(team: Table) -> None:
    vote, step, gone = team.press_of("answer", OPEN), team.press_of("next"), texts.sentence("interview_gone")
    await team.store.interviews.save(await team.row(), {"version": "?"})
    assert (await team.press(ADA, step)).notice == gone
    assert await team.standing() == []
    await team.store.erasure.forget(ADA.user)
    assert [(await team.press(person, press)).notice for person, press in ((BO, vote), (ADA, step))] == [gone, gone]


@now_and_then
@given(some.data())
async def test_any_interleaving_of_votes_counts_the_last_of_each_member(
    sqlite_url: str, tmp_path: Path, outlook: Outlook, data: some.DataObject
) -> None:
    members = [f"U{number}" for number in range(data.draw(some.integers(1, 6)))]
    votes = data.draw(some.lists(some.tuples(some.sampled_from(members), some.integers(0, 4)), max_size=12))
    async with opened(sqlite_url, tmp_path) as store:
        team = await Table.of(store, outlook)
        options = list(team.votes)
        chosen = [(member, options[number % len(options)]) for member, number in votes]
        await asyncio.gather(*(_in_turn(team, member, chosen) for member in members))
        last = {member: {team.question: None if o == OPEN else o} for member, o in chosen}
        assert await team.ballots() == last
        expected = next(t for t in decide_together(outlook, last).tallies if t.question == team.question)
        poll = await team.interviewer.find(ADA, team.number)
        assert poll
        team.card = render_card(poll)
        counts = {option: len(voters) for option, voters in expected.votes.items()} | {OPEN: len(expected.unknown)}
        assert team.votes == {option: counts.get(option, 0) for option in options}
        assert keeps_to_the_limits(team.card)


async def _in_turn(team: Table, member: str, votes: list[tuple[str, str]]) -> None:
    """One member's presses, one after the other, while the others press as well."""
    for voter, option in votes:
        if voter == member:
            response = await team.interviewer.press(Person(ONE, member), team.press_of("answer", option))
            assert response.notice == ""


@now_and_then
@given(some.integers(0, 10**9))
async def test_every_card_on_any_way_keeps_to_the_limits_and_goes_by_the_votes(
    sqlite_url: str, tmp_path: Path, outlook: Outlook, seed: int
) -> None:
    random, members = Random(seed), [ADA, BO, CY, DI]
    async with opened(sqlite_url, tmp_path) as store:
        team = await Table.of(store, outlook)
        for _ in range(25):
            press = random.choice([b.press for b in team.buttons if b.press.name not in ("contact", "copy")])
            if team.card.menu and random.random() < 0.3:
                press = team.card.menu.press.choosing(random.choice(team.card.menu.choices)[0])
            person = random.choice(members) if press.name == "answer" else ADA
            assert (await team.press(person, press)).notice == ""
            assert keeps_to_the_limits(team.card)
        if team.card.picture is None:
            await team.lead("finish")
        skipped = (await team.row()).session["skipped"]
        counted = {m: {q: o for q, o in a.items() if q not in skipped} for m, a in (await team.ballots()).items()}
        result = decide_together(outlook, counted)
        assert (
            team.card.lines == render_advice(outlook.framework, result.recommendation, AdviceContext(team=result)).lines
        )


@now_and_then
@given(some.data())
async def test_the_questions_come_in_the_order_that_the_majority_makes(
    sqlite_url: str, tmp_path: Path, outlook: Outlook, data: some.DataObject
) -> None:
    questionnaire = Questionnaire(outlook)
    session = questionnaire.start()
    async with opened(sqlite_url, tmp_path) as store:
        team = await Table.of(store, outlook)
        while question := questionnaire.view(session).question:
            assert team.question == question.id
            options = data.draw(some.lists(some.sampled_from([*question.options, OPEN]), max_size=3))
            for member, option in zip((ADA, BO, CY), options, strict=False):
                await team.vote(member, option)
            known = [option for option in options if option != OPEN]
            most = [o for o in dict.fromkeys(known) if all(o == p or known.count(o) > known.count(p) for p in known)]
            session = questionnaire.step(session, Choose(question.id, most[0] if most else None))
            await team.lead("next")
        assert team.card.text.startswith(("Recommendation: ", "No recommendation yet"))


def test_everybody_divided_on_everything_fits_one_message(framework: Framework, outlook: Outlook) -> None:
    ways: list[Callable[[int], int]] = [lambda n: n % 2, lambda n: n % 3, lambda n: n % 4, lambda n: min(n, 3)]
    for way in ways:
        ballots = {
            f"U{n}": {q.id: [*q.options][way(n) % len(q.options)] for q in framework.questions.values()}
            for n in range(1_000)
        }
        result = decide_together(outlook, ballots)
        reply = render_advice(framework, result.recommendation, AdviceContext(team=result))
        buttons = tuple(Button("Get in touch", Press("contact", 10**9, n)) for n in range(4))
        assert keeps_to_the_limits(Card.of(reply, buttons))


@asynccontextmanager
async def opened(url: str, folder: Path) -> AsyncIterator[Store]:
    store = Store(Database(DatabaseUrls.of(url, folder), [KEY]))
    try:
        yield store
    finally:
        await store.close()
