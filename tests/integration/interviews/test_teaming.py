"""The interview of a team on a real store: every vote counts once, the majority goes on, one leads."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from bot import texts
from bot.advising.advice import AdviceContext, render_advice
from bot.cases.casebook import load_framework
from bot.chat.clicks import Clicks
from bot.deciding.framework import Framework
from bot.deciding.interview import Choose, Questionnaire
from bot.deciding.outlook import Answers, Outlook
from bot.deciding.team import decide_together
from bot.interviews.team import LEADERLESS, Teams
from bot.messages.card import LONGEST_ID, Button, Card, Press
from bot.messages.person import Person
from bot.messages.response import Placement, Response
from bot.slack.rendering import rendered
from bot.store.database import Database
from bot.store.store import Store
from bot.store.tables import Interview as Row
from bot.store.where import Where
from tests.conftest import KEY
from tests.peers.slack import violations, weight
from tests.peers.slack.blocks import WEIGHT_A_MESSAGE
from tests.support.rooms import ONE, Clock

ADA, BO, CY, DI = "UADA", "UBO", "UCY", "UDI"  # the first leads
URL = "https://example.com/guides/fine-tuning-vs-rag"
OPEN = "-"

now_and_then = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@dataclass
class Team:
    """A team with its card, as everybody sees it."""

    store: Store
    teams: Teams
    number: int
    card: Card

    @classmethod
    async def of(cls, store: Store, outlook: Outlook) -> "Team":
        teams = Teams(store.interviews, outlook, store.database.clock)
        card = await teams.start(ONE, "channel", ADA)
        [row, *_] = await store.interviews.of(ONE, ADA)
        return cls(store, teams, row.id, card)

    @property
    def buttons(self) -> list[Button]:
        return [button for row in self.card.rows for button in row]

    @property
    def votes(self) -> dict[str, int | None]:
        """The counts on the buttons, by option."""
        return {b.press.choice.split(".")[1]: b.count for b in self.buttons if b.press.name == "answer"}

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
        choice = f"{self.question}.{option}" if option else ""
        return next(b.press for b in self.buttons if b.press.name == name and choice in ("", b.press.choice))

    async def click(self, user: str, press: Press) -> Response:
        """A click, after which the card is as everybody sees it then."""
        shown = await self.teams.press(await self.row(), user, press)
        self.card = shown.card or self.card
        return shown

    async def vote(self, user: str, option: str) -> Response:
        return await self.click(user, self.press_of("answer", option))

    async def lead(self, name: str, option: str = "", user: str = ADA) -> Response:
        return await self.click(user, self.press_of(name, option))


@pytest.fixture(scope="module")
def framework(corpus: Path) -> Framework:
    return load_framework(corpus)


@pytest.fixture(scope="module")
def outlook(framework: Framework) -> Outlook:
    return Outlook(framework)


@pytest.fixture
async def team(store: Store, outlook: Outlook) -> Team:
    return await Team.of(store, outlook)


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    shutil.copy(sqlite_template, tmp_path / "database.sqlite")
    return f"sqlite:///{tmp_path}/database.sqlite"


def keeps_to_the_limits(card: Card) -> bool:
    """Whether Slack takes the card, as one message, with an id for every button."""
    parts = rendered(card, URL)
    ids = [button.press.id for row in card.rows for button in row]
    assert [violations(part.blocks, surface="message") for part in parts] == [[]]
    assert weight(parts[0].blocks) < WEIGHT_A_MESSAGE
    assert all(len(one) <= LONGEST_ID and Press.of(one) for one in ids)
    assert not card.picture or len(card.picture.alt_text) <= 2_000
    return len(set(ids)) == len(ids)


async def test_it_begins_with_the_first_question_and_no_votes(team: Team, outlook: Outlook) -> None:
    assert team.question == outlook.deciding({})[0]
    assert set(team.votes.values()) == {0}
    assert texts.sentence("team_votes", count=0) in team.card.text
    assert [button.press.name for row in team.card.rows[1:] for button in row] == [
        "next", "skip", "why", "review", "finish",
    ]  # fmt: skip


async def test_each_has_one_vote_and_may_move_it(team: Team) -> None:
    first, second, *_ = team.votes
    await team.vote(BO, first)
    await team.vote(CY, first)
    assert team.votes[first] == 2
    await team.vote(BO, second)
    assert (team.votes[first], team.votes[second]) == (1, 1)
    await team.vote(BO, second)
    assert (team.votes[first], team.votes[second]) == (1, 1)
    assert texts.sentence("team_votes", count=2) in team.card.text


async def test_dont_know_is_a_vote_and_no_answer(team: Team) -> None:
    asked, first = team.question, next(iter(team.votes))
    await team.vote(ADA, first)
    for member in (BO, CY):
        await team.vote(member, OPEN)
    assert (team.votes[first], team.votes[OPEN]) == (1, 2)
    assert texts.sentence("team_votes", count=3) in team.card.text
    assert (await team.ballots())[BO] == {asked: None}
    await team.lead("next")
    assert (await team.row()).session["answers"] == {asked: first}


async def test_what_is_in_front_is_named_and_goes_on(team: Team, framework: Framework) -> None:
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


async def test_a_tie_and_no_votes_leave_a_question_open(team: Team, outlook: Outlook) -> None:
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


@pytest.mark.parametrize("name", ["next", "skip", "why", "review", "finish"])
async def test_only_whoever_started_it_leads(team: Team, name: str) -> None:
    await team.vote(BO, next(iter(team.votes)))
    before, row = team.card, await team.row()
    shown = await team.lead(name, user=BO)
    assert (shown.card, shown.notice) == (None, texts.sentence("team_foreign"))
    assert team.card == before
    assert (await team.row()).version == row.version


async def test_who_has_voted_may_lead_on_after_a_day_and_leads_from_then_on(
    database_url: str, tmp_path: Path, outlook: Outlook
) -> None:
    clock = Clock()
    store = Store(Database(Where.of(database_url, tmp_path), [KEY], clock))
    team = await Team.of(store, outlook)
    await team.vote(BO, OPEN)
    clock.advance(seconds=(LEADERLESS - timedelta(seconds=1)).total_seconds())
    assert (await team.lead("next", user=BO)).notice == texts.sentence("team_foreign")
    clock.advance(seconds=1)
    assert (await team.lead("next", user=CY)).notice == texts.sentence("team_foreign")
    assert (await team.lead("next", user=BO)).notice == ""
    assert (await team.lead("next", user=BO)).notice == ""
    assert (await team.lead("next", user=ADA)).notice == texts.sentence("team_foreign")
    assert await store.interviews.of(ONE, ADA) == []
    await store.close()


async def test_a_vote_on_an_earlier_question_is_stale_and_counts_for_nothing(team: Team) -> None:
    old = team.press_of("answer", next(iter(team.votes)))
    await team.lead("next")
    present = team.card
    shown = await team.click(BO, old)
    assert (shown.card, shown.notice) == (present, texts.sentence("team_stale"))
    assert await team.ballots() == {}


async def test_a_vote_on_a_card_of_the_same_question_counts(team: Team) -> None:
    option = next(iter(team.votes))
    old = team.press_of("answer", option)
    await team.lead("why")
    assert (await team.click(BO, old)).notice == ""
    assert team.votes[option] == 1


@pytest.mark.parametrize("choice", ["", "often", "change_rate.", "change_rate.nonsense", "nonsense.-", "\0", "." * 9])
async def test_a_vote_for_nothing_that_is_on_the_card_changes_nothing(team: Team, choice: str) -> None:
    shown = await team.click(BO, Press("answer", team.number, 0, choice))
    assert shown.notice == texts.sentence("team_stale")
    assert await team.ballots() == {}


@pytest.mark.parametrize("name", ["next", "skip"])
async def test_a_double_click_of_the_leader_goes_on_once(team: Team, name: str) -> None:
    press = team.press_of(name)
    await team.click(ADA, press)
    then = team.card
    shown = await team.click(ADA, press)
    assert (shown.card, shown.notice) == (then, "")
    await team.lead("next")
    assert (await team.click(ADA, press)).notice == texts.sentence("interview_stale")


async def test_clicks_of_the_leader_at_once_go_on_once(team: Team) -> None:
    row, press = await team.row(), team.press_of("next")
    shown = await asyncio.gather(*(team.teams.press(row, ADA, press) for _ in range(5)))
    assert (await team.row()).version == row.version + 1
    assert {one.notice for one in shown} == {""}


async def test_votes_and_steps_at_once_are_all_seen_to(team: Team) -> None:
    row, option = await team.row(), next(iter(team.votes))
    vote, why = team.press_of("answer", option), team.press_of("why")
    members = [f"U{number}" for number in range(8)]
    clicks = [team.teams.press(row, member, vote) for member in members]
    shown = await asyncio.gather(*clicks[:4], team.teams.press(row, ADA, why), *clicks[4:])
    assert [one.notice for one in shown] == [""] * 9
    assert sorted(await team.ballots()) == members
    newest = [one for one in shown if one.refresh and await one.refresh() is None]
    assert newest
    assert {one.card for one in newest} == {newest[0].card}


async def test_a_card_that_others_changed_meanwhile_is_shown_again(team: Team) -> None:
    first, second, *_ = team.votes
    early = await team.vote(ADA, first)
    late = await team.vote(BO, second)
    assert early.refresh
    assert late.refresh
    assert await early.refresh() == late
    assert await late.refresh() is None
    await team.store.erasure.forget(ADA)
    assert await late.refresh() is None


async def test_back_and_edit_take_up_the_votes_of_then(team: Team) -> None:
    asked, (first, second, *_) = team.question, team.votes
    await team.vote(BO, first)
    await team.lead("next")
    await team.lead("back")
    assert (team.question, team.votes[first]) == (asked, 1)
    await team.vote(BO, second)
    await team.lead("next")
    await team.lead("review")
    await team.lead("edit", asked)
    assert team.card.text.startswith(texts.sentence("editing"))
    assert team.votes[second] == 1
    await team.vote(CY, first)
    await team.vote(BO, first)
    await team.lead("next")
    assert team.card.text.startswith(texts.sentence("team_review"))
    assert texts.sentence("team_answer", text="", votes=2, count=2).strip() in team.card.text


async def test_a_skipped_question_stays_open_whatever_was_voted_until_it_is_edited(
    team: Team, framework: Framework
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


async def test_what_was_voted_on_the_present_question_counts_at_the_end(team: Team, framework: Framework) -> None:
    asked, (first, *_) = team.question, team.votes
    await team.vote(BO, first)
    await team.lead("finish")
    assert f"“{framework.option(asked, first).text}” 1, agreed" in team.card.text


async def test_starting_over_takes_all_votes_away(team: Team) -> None:
    first = team.question
    await team.vote(BO, next(iter(team.votes)))
    await team.lead("next")
    await team.lead("finish")
    await team.lead("restart")
    assert (team.question, set(team.votes.values())) == (first, {0})
    assert await team.ballots() == {}


async def test_the_summary_names_what_divides_the_team_and_nobody(team: Team, outlook: Outlook) -> None:
    row = await team.row()
    for member, examples in ((ADA, "thousands"), (BO, "none"), (CY, "thousands")):
        await team.store.interviews.vote(row, member, "style_format", "essential")
        await team.store.interviews.vote(row, member, "training_data", examples)
    await team.lead("finish")
    result = decide_together(outlook, await team.ballots())
    expected = render_advice(outlook.framework, result.recommendation, AdviceContext(team=result))
    assert team.card.lines == expected.lines
    assert texts.sentence("team", count=3) in team.card.text
    [talk] = [line.text for line in team.card.lines if line.text.startswith("Talk about this first")]
    assert outlook.framework.questions["training_data"].text in talk
    assert not any(member in f"{team.card}" for member in (ADA, BO, CY))
    names = [[button.press.name for button in row] for row in team.card.rows]
    assert names == [["contact", "copy"], ["review", "restart"]]
    assert team.card.picture
    assert team.card.picture.alt_text.startswith("Chart: ")
    assert await team.teams.summary(await team.row(), DI) == expected


async def test_who_is_forgotten_takes_their_votes_along(team: Team) -> None:
    first, second, *_ = team.votes
    asked = team.question
    await team.vote(BO, first)
    await team.vote(CY, first)
    await team.vote(DI, second)
    await team.lead("next")
    for member in (BO, CY):
        await team.store.erasure.forget(member)
    await team.lead("back")
    assert (team.question, team.votes[first], team.votes[second]) == (asked, 0, 1)
    await team.lead("finish")
    assert texts.sentence("team", count=1) in team.card.text


async def test_where_it_stands_is_told_to_whoever_leads(team: Team) -> None:
    row = await team.row()
    so_far = texts.sentence("interview_open", answered=0, to_go=8)
    assert await team.teams.standing(row) == texts.sentence("team_standing", text=so_far)
    await team.lead("finish")
    row = await team.row()
    standing = await team.teams.standing(row)
    assert standing == texts.sentence("team_standing", text=team.card.lines[0].text)
    card = await team.teams.card(row, ADA)
    assert card
    assert card.lines == team.card.lines
    assert await team.teams.card(row, BO) is None


async def test_votes_that_no_longer_fit_the_framework_do_not_count(team: Team, framework: Framework) -> None:
    asked, (first, second, *_) = team.question, team.votes
    await team.vote(BO, first)
    await team.vote(CY, second)
    await team.lead("next")
    question = framework.questions[asked]
    fewer = {option: kept for option, kept in question.options.items() if option != first}
    changed = replace(framework, questions={**framework.questions, asked: replace(question, options=fewer)})
    team.teams = Teams(team.store.interviews, Outlook(changed), team.store.database.clock)
    await team.lead("finish")
    assert f"{question.label}: “{question.options[second].text}” 1 (1 of 2 answered)" in team.card.text


async def test_without_a_framework_there_is_no_team(store: Store, team: Team) -> None:
    clicks, sentence = Clicks(store, None), texts.sentence("no_framework")
    response = await clicks.team(Person(ONE, ADA), "channel")
    assert response.card
    assert (response.card.text, response.placement) == (sentence, Placement.EPHEMERAL)
    responses = clicks.press_and_follow(Person(ONE, BO, "Bo"), team.press_of("answer", OPEN), "channel")
    assert [response async for response in responses] == [Response(notice=sentence)]
    assert await clicks.interviews(ONE, ADA) == []


@pytest.mark.parametrize(
    ("press", "notice"),
    [
        (Press("back"), ""),
        (Press("nonsense"), ""),
        (Press("edit", choice="nonsense"), texts.sentence("interview_stale")),
    ],
)
async def test_a_step_that_does_not_fit_shows_the_card_as_it_is(team: Team, press: Press, notice: str) -> None:
    before = await team.row()
    shown = await team.click(ADA, replace(press, subject=team.number))
    assert (shown.card, shown.notice) == (team.card, notice)
    assert (await team.row()).version == before.version


async def test_a_vote_after_the_end_shows_the_summary(team: Team) -> None:
    vote = team.press_of("answer", OPEN)
    await team.lead("finish")
    summary = team.card
    shown = await team.click(BO, vote)
    assert shown.card
    assert (shown.card.lines, shown.notice) == (summary.lines, texts.sentence("team_stale"))


async def test_a_session_of_another_version_is_gone(team: Team) -> None:
    press = team.press_of("next")
    await team.store.interviews.save(await team.row(), {"version": "?"})
    assert (await team.click(ADA, press)).notice == texts.sentence("interview_gone")
    assert await team.teams.standing(await team.row()) is None


async def test_a_click_while_it_is_deleted_says_that_it_is_gone(team: Team) -> None:
    row, vote, step = await team.row(), team.press_of("answer", OPEN), team.press_of("next")
    await team.store.erasure.forget(ADA)
    for user, press in ((BO, vote), (ADA, step)):
        assert (await team.teams.press(row, user, press)).notice == texts.sentence("interview_gone")


@now_and_then
@given(some.data())
async def test_any_interleaving_of_votes_counts_the_last_of_each_member(
    sqlite_url: str, tmp_path: Path, outlook: Outlook, data: some.DataObject
) -> None:
    members = [f"U{number}" for number in range(data.draw(some.integers(1, 6)))]
    votes = data.draw(some.lists(some.tuples(some.sampled_from(members), some.integers(0, 4)), max_size=12))
    async with opened(sqlite_url, tmp_path) as store:
        team = await Team.of(store, outlook)
        options = list(team.votes)
        chosen = [(member, options[number % len(options)]) for member, number in votes]
        await asyncio.gather(*(_in_turn(team, member, chosen) for member in members))
        last = {member: {team.question: None if o == OPEN else o} for member, o in chosen}
        ballots = await team.ballots()
        assert ballots == last
        expected = next(t for t in decide_together(outlook, last).tallies if t.question == team.question)
        team.card = await team.teams.card(await team.row(), ADA) or team.card
        counts = {option: len(voters) for option, voters in expected.votes.items()} | {OPEN: len(expected.unknown)}
        assert team.votes == {option: counts.get(option, 0) for option in options}
        assert keeps_to_the_limits(team.card)


async def _in_turn(team: Team, member: str, votes: list[tuple[str, str]]) -> None:
    """One member's clicks, one after the other, while the others click as well."""
    for voter, option in votes:
        if voter == member:
            shown = await team.teams.press(await team.row(), member, team.press_of("answer", option))
            assert shown.notice == ""


@now_and_then
@given(some.integers(0, 10**9))
async def test_every_card_on_any_way_keeps_to_the_limits_and_goes_by_the_votes(
    sqlite_url: str, tmp_path: Path, outlook: Outlook, seed: int
) -> None:
    random, members = Random(seed), [ADA, BO, CY, DI]
    async with opened(sqlite_url, tmp_path) as store:
        team = await Team.of(store, outlook)
        for _ in range(25):
            press = random.choice([b.press for b in team.buttons if b.press.name not in ("contact", "copy")])
            if team.card.menu and random.random() < 0.3:
                press = team.card.menu.press.choosing(random.choice(team.card.menu.choices)[0])
            user = random.choice(members) if press.name == "answer" else ADA
            assert (await team.click(user, press)).notice == ""
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
    interview = Questionnaire(outlook)
    session = interview.start()
    async with opened(sqlite_url, tmp_path) as store:
        team = await Team.of(store, outlook)
        while question := interview.view(session).question:
            assert team.question == question.id
            options = data.draw(some.lists(some.sampled_from([*question.options, OPEN]), max_size=3))
            for member, option in zip((ADA, BO, CY), options, strict=False):
                await team.vote(member, option)
            known = [option for option in options if option != OPEN]
            most = [option for option in dict.fromkeys(known) if all(_more(known, option, o) for o in known)]
            session = interview.step(session, Choose(question.id, most[0] if most else None))
            await team.lead("next")
        assert team.card.text.startswith(("Recommendation: ", "No recommendation yet"))


def _more(votes: list[str], option: str, other: str) -> bool:
    return option == other or votes.count(option) > votes.count(other)


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


def test_a_count_stays_beside_the_longest_text() -> None:
    card = Card((), rows=((Button("word " * 40, Press("answer"), count=12_345),),))
    assert "… (12345)" in json.dumps(rendered(card)[0].blocks, ensure_ascii=False)


@asynccontextmanager
async def opened(url: str, folder: Path) -> AsyncIterator[Store]:
    store = Store(Database(Where.of(url, folder), [KEY]))
    try:
        yield store
    finally:
        await store.close()
