"""Several workspaces: installing over the bot's pages, each with its own token, removing, and whole organisations."""

import asyncio
import re
import socket
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import quote, urlsplit
from uuid import uuid4

import pytest
from slack_sdk.oauth.installation_store import Installation

from bot.slack.names import ASK
from bot.store import inbox, schema
from bot.store.address import Address
from bot.store.database import Database, DatabaseUrls
from bot.store.installations import Installations
from bot.store.store import Store
from tests.conftest import KEY
from tests.peers.postgres import Postgres
from tests.peers.slack import Message, Slack, Team, slack_server
from tests.support.forking import Forked
from tests.support.processes import environment
from tests.support.running import STARTING, STOPPING
from tests.support.slack.bots import QUESTION, elements, well
from tests.support.slack.installing import Browser, InstallableBot, Page

SORRY = "is not installed in this workspace any more"


@pytest.fixture(scope="module")
def bot(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[InstallableBot]:
    with slack_server(installed=False) as slack:
        bot = InstallableBot(slack, data_dir, tmp_path_factory.mktemp("oauth"))
        with bot.running():
            yield bot
        assert "xoxb-" not in bot.log
        assert slack.app.client_secret not in bot.log


@pytest.fixture
def slack(bot: InstallableBot) -> Slack:
    assert bot.is_running, bot.log
    return bot.slack


def install(bot: InstallableBot, where: str) -> Page:
    """Has a person install the app in a team or an organisation."""
    page = Browser().open(f"{bot.url}/slack/install?team={where}")
    assert page.status == 200, page.text
    return page


def installed(bot: InstallableBot, name: str) -> Team:
    """A new team that has installed the app."""
    team = bot.slack.team(name, install=False)
    install(bot, team.id)
    return team


def ask(slack: Slack, team: Team, question: str = QUESTION) -> Message:
    """Somebody of a team asks in a channel of theirs."""
    ann = slack.user("ann", team)
    return slack.mention(slack.channel("general", ann), ann, question)


def told(bot: InstallableBot, asked: Message) -> str | None:
    """Why a question was not answered."""
    [(_, error)] = bot.finished(asked.channel)
    return error


def test_a_workspace_installs_it_and_is_answered(bot: InstallableBot, slack: Slack) -> None:
    team = slack.team("Ann & Sons", install=False)
    page = install(bot, team.id)
    assert "Installed rag-or-tune is in Ann & Sons now." in page.text
    assert f"https://slack.com/app_redirect?app={slack.app.id}&amp;team={team.id}" in page.source
    asked = ask(slack, team)
    [answer] = bot.answers(asked)
    assert "Risk of catastrophic forgetting" in answer.text


def test_the_way_to_slack_is_a_redirect_with_a_state_that_only_this_browser_has(bot: InstallableBot) -> None:
    browser = Browser()
    page = browser.go(f"{bot.url}/slack/install?team=T1")
    assert page.status == 302
    [state] = re.findall(r"state=([0-9a-f-]{36})", page.headers["Location"])
    assert page.headers["Location"].startswith(f"{bot.slack.authorize_url}?")
    assert "team=T1" in page.headers["Location"]
    cookie = page.headers["Set-Cookie"]
    assert f"={state};" in cookie
    assert {"Secure", "HttpOnly", "Max-Age=600"} <= {part.strip() for part in cookie.split(";")}


@pytest.mark.parametrize("page", ["install", "oauth_redirect"])
def test_no_page_waits_for_a_body(bot: InstallableBot, page: str) -> None:
    """It could be of any size, and without end."""
    begun = f"GET /slack/{page} HTTP/1.1\r\nHost: bot\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
    with socket.create_connection(("127.0.0.1", urlsplit(bot.url).port), timeout=STOPPING) as browser:
        browser.sendall(begun.encode())
        assert browser.recv(100).startswith(b"HTTP/1.1 ")


@pytest.mark.parametrize("team", ["T1&scope=admin", "T1\r\nSet-Cookie: a=b", "ü", "", "https://evil.example"])
def test_what_is_no_team_is_not_handed_on_to_slack(bot: InstallableBot, team: str) -> None:
    page = Browser().go(f"{bot.url}/slack/install?team={quote(team)}")
    assert page.status == 400
    assert "Not installed" in page.text
    assert page.headers["Location"] is None


def test_tokens_are_encrypted_in_the_database(bot: InstallableBot, slack: Slack) -> None:
    team = installed(bot, "Encrypted")
    assert bot.tokens()
    assert not any("xoxb" in token for token in bot.tokens())
    written = b"".join(path.read_bytes() for path in bot.folder.glob("database*.sqlite*"))
    assert slack.token(team).encode() not in written


def back(bot: InstallableBot, browser: Browser) -> str:
    """The address to which Slack would send this browser back."""
    consent = browser.go(f"{bot.url}/slack/install")
    return str(browser.go(consent.headers["Location"]).headers["Location"])


def test_a_state_works_once(bot: InstallableBot) -> None:
    browser = Browser()
    url = back(bot, browser)
    cookies = {host: dict(kept) for host, kept in browser.cookies.items()}
    assert browser.go(url).status == 200
    assert "deleted" in browser.cookies[url.split("/")[2]].values()
    again = Browser(cookies).go(url)
    assert again.status == 401
    assert "more than ten minutes ago. Nothing was installed." in again.text


def test_a_state_of_another_browser_is_refused(bot: InstallableBot) -> None:
    page = Browser().go(back(bot, Browser()))
    assert page.status == 400
    assert "begun in another browser" in page.text


@pytest.mark.parametrize("state", ["guessed", "' OR 1=1 --", "", "x" * 5_000, "<script>"])
def test_a_state_that_is_not_ours_is_refused(bot: InstallableBot, state: str) -> None:
    host = bot.url.removeprefix("http://")
    browser = Browser({host: {"slack-app-oauth-state": state}})
    page = browser.go(f"{bot.url}/slack/oauth_redirect?code=guessed&state={quote(state)}")
    assert page.status in (400, 401)
    assert "Not installed" in page.text
    assert "<script>" not in page.source


def test_an_old_state_is_refused(bot: InstallableBot) -> None:
    browser = Browser()
    url = back(bot, browser)
    [state] = re.findall(r"state=([0-9a-f-]{36})", url)
    age(bot, state)
    assert browser.go(url).status == 401


def age(bot: InstallableBot, state: str) -> None:
    """Makes a state as old as it may not be."""
    with closing(sqlite3.connect(bot.folder / "database.sqlite", timeout=20)) as database, database:
        database.execute("UPDATE slack_oauth_states SET expire_at = '2026-01-01' WHERE state = ?", (state,))


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("error=access_denied", "It was not allowed in Slack, so nothing was installed."),
        ("error=%3Cscript%3E", "Slack did not confirm the installation"),
    ],
)
def test_what_slack_refuses_is_said_with_a_way_to_try_again(bot: InstallableBot, query: str, said: str) -> None:
    page = Browser().go(f"{bot.url}/slack/oauth_redirect?{query}")
    assert said in page.text
    assert '<a href="install">Try again</a>' in page.source
    assert "script" not in page.source


def test_a_code_that_slack_does_not_know_is_refused(bot: InstallableBot) -> None:
    browser = Browser()
    page = browser.go(re.sub(r"code=[0-9a-f]+", "code=guessed", back(bot, browser)))
    assert page.status == 401
    assert "Slack did not confirm" in page.text


def test_a_slack_that_breaks_off_is_told_with_a_reference(bot: InstallableBot, slack: Slack) -> None:
    browser = Browser()
    url = back(bot, browser)
    slack.fail("oauth.v2.access", reset="before", times=9)
    page = browser.go(url)
    slack.faults.clear()
    assert page.status == 500
    [reference] = re.findall(r"the reference ([0-9a-f]{8})", page.text)
    assert f"an installation failed, reference {reference}" in bot.log
    assert "Traceback" not in page.source


def test_a_database_that_fails_is_told_with_a_reference(bot: InstallableBot) -> None:
    with closing(sqlite3.connect(bot.folder / "database.sqlite", timeout=20)) as database:
        database.execute("ALTER TABLE slack_oauth_states RENAME TO elsewhere")
        try:
            page = Browser().go(f"{bot.url}/slack/install")
        finally:
            database.execute("ALTER TABLE elsewhere RENAME TO slack_oauth_states")
    assert page.status == 500
    assert "tell whoever runs this bot the reference" in page.text
    assert "slack_oauth_states" not in page.source


def test_each_workspace_is_answered_with_its_own_token(bot: InstallableBot, slack: Slack) -> None:
    teams = [installed(bot, name) for name in ("One", "Two", "Three")]
    asked = [ask(slack, team) for team in teams]
    assert all(bot.answers(question) for question in asked)
    for team, question in zip(teams, asked, strict=True):
        used = {r.token for r in slack.requests if r.args.get("channel") == question.channel}
        assert used == {slack.token(team)}


def test_ids_of_one_workspace_open_nothing_of_another(bot: InstallableBot, slack: Slack) -> None:
    ours, theirs = installed(bot, "Ours"), installed(bot, "Theirs")
    asked, other = ask(slack, ours), ask(slack, theirs)
    [answer], [shown] = bot.answers(asked), bot.answers(other)
    stranger = slack.user("stranger", theirs)
    helpful = next(button for button in elements(answer, "button") if ":helpful:" in button["action_id"])
    elements(shown, "button")[0]["action_id"] = helpful["action_id"]
    well(slack.click(shown, helpful["action_id"], stranger))
    assert bot.rows("SELECT 1 FROM feedback WHERE user_id = ?", stranger.id) == []
    gone = {"type": "message", "subtype": "message_deleted", "channel": asked.channel, "deleted_ts": asked.ts}
    well(slack.event({**gone, "channel_type": "channel", "ts": "1.1", "event_ts": "1.1"}, theirs))
    changed = {"type": "message", "subtype": "message_changed", "channel": asked.channel, "channel_type": "channel"}
    new = {"ts": asked.ts, "user": asked.user, "text": "What are the pros of RAG?"}
    well(slack.event({**changed, "ts": "1.2", "event_ts": "1.2", "message": new}, theirs))
    assert [now.text for now in bot.answers(asked)] == [answer.text]


def test_a_workspace_that_removes_the_app_leaves_no_token(bot: InstallableBot, slack: Slack) -> None:
    staying, leaving = installed(bot, "Staying"), installed(bot, "Leaving")
    before = len(bot.tokens())
    token = slack.token(leaving)
    pending = refused_once(slack, leaving)
    for delivery in slack.uninstall(leaving):
        well(delivery)
    assert len(bot.tokens()) == before - 2
    assert f"Slack has removed the app from slack:{leaving.id}" in bot.log
    assert f"the app is no longer installed in slack:{leaving.id}" in str(told(bot, pending))
    assert slack.answers(pending) == []
    assert bot.answers(ask(slack, staying))
    assert not any(r.token == token and r.method == "chat.postMessage" and r.status == 200 for r in slack.requests)
    install(bot, leaving.id)
    assert bot.answers(ask(slack, leaving))


def refused_once(slack: Slack, team: Team) -> Message:
    """A question whose answer Slack wants later."""
    slack.fail("chat.postMessage", status=500, times=3)
    asked = ask(slack, team)
    slack.wait_for(lambda: any(r.status == 500 and r.args.get("channel") == asked.channel for r in slack.requests), 20)
    slack.faults.clear()
    return asked


def test_a_token_that_slack_has_revoked_silently_is_named_in_the_log(bot: InstallableBot, slack: Slack) -> None:
    team = installed(bot, "Silent")
    assert bot.answers(ask(slack, team))  # Bolt knows the token from now on
    asked = question_of_a_revoked(slack, team)
    assert told(bot, asked) == "Slack no longer accepts the bot token (token_revoked); reinstall it, then resend"
    assert "Slack no longer accepts the bot token" in bot.log


def question_of_a_revoked(slack: Slack, team: Team) -> Message:
    ann = slack.user("ann", team)
    general = slack.channel("general", ann)
    slack.revoke(team)
    text = f"<@{slack.world.bot(team.id).id}> {QUESTION}"
    said = slack.say(general, ann, text)
    event = {"type": "message", "channel": general.id, "channel_type": "channel", "user": ann.id, "text": text}
    well(slack.event({**event, "ts": said.ts, "event_ts": said.ts}, team))
    return said


def test_a_removal_that_is_told_late_does_not_undo_a_new_installation(bot: InstallableBot, slack: Slack) -> None:
    team = installed(bot, "Late")
    removed = slack.uninstall(team)
    for delivery in removed:
        well(delivery)
    time.sleep(1.1)  # Slack counts in seconds, and tells when it was removed
    install(bot, team.id)
    for delivery in removed:
        well(slack.repeat(delivery))
    assert bot.answers(ask(slack, team))


def test_persons_whose_tokens_are_revoked_leave_the_installation_alone(bot: InstallableBot, slack: Slack) -> None:
    team = installed(bot, "Persons")
    well(slack.event({"type": "tokens_revoked", "tokens": {"oauth": ["U1"], "bot": []}}, team))
    assert bot.answers(ask(slack, team))


def test_installing_again_replaces_the_token(bot: InstallableBot, slack: Slack) -> None:
    team = installed(bot, "Again")
    before = len(bot.tokens())
    first = slack.token(team)
    slack.revoke(team)
    install(bot, team.id)
    assert len(bot.tokens()) == before
    asked = ask(slack, team)
    assert bot.answers(asked)
    used = {r.token for r in slack.requests if r.args.get("channel") == asked.channel}
    assert used == {slack.token(team)} != {first}


def test_a_workspace_that_has_not_installed_it_is_not_answered(bot: InstallableBot, slack: Slack) -> None:
    team = slack.team("Unknown")  # Slack knows of it, and we do not
    asked = ask(slack, team)
    assert all(delivery.wait().status == 200 for delivery in asked.deliveries)
    assert bot.answers(asked) == []
    ann = slack.user("ann", team)
    general = slack.channel("general", ann)
    well(slack.command(ann, general, QUESTION))
    [said] = slack.ephemerals(general, ann)
    assert SORRY in said.text
    assert bot.rows("SELECT 1 FROM conversations WHERE tenant = ?", f"slack:{team.id}") == []


@pytest.fixture
def organisation(bot: InstallableBot, slack: Slack) -> tuple[Team, Team]:
    """Two teams of an organisation that has installed the app as a whole."""
    name = slack.world.id("E")
    teams = slack.team("East", enterprise_id=name, install=False), slack.team("West", enterprise_id=name, install=False)
    page = install(bot, name)
    assert name in page.text
    assert f'app_redirect?app={slack.app.id}"' in page.source
    return teams


def test_an_organisation_installs_it_for_all_its_workspaces(
    bot: InstallableBot, slack: Slack, organisation: tuple[Team, Team]
) -> None:
    [row] = bot.rows(
        "SELECT team_id, is_enterprise_install FROM slack_bots WHERE enterprise_id = ?", organisation[0].enterprise_id
    )
    assert row == (None, 1)
    for team in organisation:
        asked = ask(slack, team)
        [answer] = bot.answers(asked)
        assert bot.rows("SELECT DISTINCT tenant FROM turns WHERE name LIKE ?", f"{asked.channel}/%") == [
            (f"slack:{team.id}",)
        ]
        ben = slack.user("ben", team)
        well(slack.click(answer, "Check it step by step", ben))  # a payload that names no team
        assert len(slack.answers(asked)) == 2


def test_commands_shortcuts_and_homes_of_an_organisation(
    bot: InstallableBot, slack: Slack, organisation: tuple[Team, Team]
) -> None:
    ann = slack.user("ann", organisation[1])
    general = slack.channel("general", ann)
    well(slack.command(ann, general, QUESTION))
    assert bot.private(general, ann)
    said = slack.say(general, ann, QUESTION)
    well(slack.shortcut(ASK, ann, said))
    slack.wait_for(lambda: len(bot.private(general, ann)) == 2, 20)
    for delivery in slack.open_home(ann):
        well(delivery)
    for delivery in slack.open_home(ann, "messages"):
        well(delivery)
    slack.dm(ann, QUESTION)
    assert bot.direct(ann)


def test_an_organisation_that_removes_the_app_leaves_no_token(
    bot: InstallableBot, slack: Slack, organisation: tuple[Team, Team]
) -> None:
    before = len(bot.tokens())
    for delivery in slack.uninstall(organisation[0]):
        well(delivery)
    assert len(bot.tokens()) == before - 2
    assert bot.answers(ask(slack, installed(bot, "Beside")))


def test_a_workspace_that_is_taken_out_of_an_organisations_app_leaves_no_token(
    bot: InstallableBot, slack: Slack, organisation: tuple[Team, Team]
) -> None:
    staying, leaving = organisation
    own = installed(bot, "Own")  # from before it joined the organisation
    well(slack.event({"type": "team_access_revoked", "team_ids": [leaving.id, own.id]}, staying))
    assert bot.rows("SELECT 1 FROM slack_bots WHERE team_id = ?", own.id) == []
    assert f"Slack has removed the app from slack:{leaving.id}" in bot.log
    assert bot.answers(ask(slack, staying))
    slack.fail("chat.postMessage", "team_access_not_granted")
    assert "add it there, then resend" in str(told(bot, ask(slack, leaving)))


def test_a_workspace_that_joins_an_organisation_is_still_known(bot: InstallableBot, slack: Slack) -> None:
    team = installed(bot, "Joining")
    slack.run(lambda: setattr(slack.world.teams[team.id], "enterprise_id", "E0JOINED"))
    assert bot.answers(ask(slack, team))
    for delivery in slack.uninstall(team):
        well(delivery)
    assert bot.rows("SELECT 1 FROM slack_bots WHERE team_id = ?", team.id) == []


def test_what_a_payload_without_team_and_enterprise_says_is_refused(bot: InstallableBot, slack: Slack) -> None:
    delivery = slack.raw({"type": "event_callback", "event_id": "Ev1", "event": {"type": "app_mention"}})
    assert delivery.wait().status in (200, 400)


def test_after_a_restart_the_installations_are_still_there(bot: InstallableBot, slack: Slack) -> None:
    team = installed(bot, "Lasting")
    assert bot.stop() == 0
    bot.start()
    assert bot.answers(ask(slack, team))


def test_a_worker_answers_each_workspace_with_its_own_token(postgres: Postgres, data_dir: Path, tmp_path: Path) -> None:
    url = postgres.database(uuid4().hex)
    with slack_server(installed=False) as slack:
        teams = slack.team("East", enterprise_id="E1", install=False), slack.team("North")
        slack.run(lambda: slack.world.install_everywhere("E1"))
        asked = [ask(slack, team) for team in teams]
        asyncio.run(accept(url, slack, teams, asked))
        given = {"SLACK_CLIENT_ID": slack.app.client_id, "SLACK_CLIENT_SECRET": slack.app.client_secret}
        kept = {"DATABASE_URL": url, "SECRET_KEYS": KEY, "SLACK_API_URL": slack.api_url}
        worker = Forked("bot", ["worker"], environment(data_dir, **given, **kept))
        try:
            slack.wait_for(lambda: all(slack.answers(question) for question in asked), STARTING)
            worker.terminate()
            assert worker.wait(STOPPING) == 0
        finally:
            worker.kill()
        for team, question in zip(teams, asked, strict=True):
            used = {
                r.token
                for r in slack.requests
                if r.method.startswith("chat.") and r.args["channel"] == question.channel
            }
            assert used == {slack.token(team)}


async def accept(url: str, slack: Slack, teams: Sequence[Team], asked: Sequence[Message]) -> None:
    """Accepts questions of workspaces that have installed the app, as a process of its own would."""
    database = Database(DatabaseUrls.of(url, Path()), [KEY])
    await schema.migrate(database)
    installations, store = Installations(database, slack.app.client_id), Store(database)
    for team, question in zip(teams, asked, strict=True):
        whole = team.enterprise_id
        which = {"enterprise_id": whole} if whole else {"team_id": team.id}
        bot = {"bot_token": slack.token(team), "bot_id": "B1", "bot_user_id": "UB", "bot_scopes": ""}
        made = Installation(app_id="A1", user_id="U1", **which, **bot, is_enterprise_install=bool(whole))
        await installations.async_save(made)
        address = Address(question.channel, question.ts, whole)
        place = f"{question.channel}/{question.ts}"
        await store.inbox.accept(inbox.Message(f"slack:{team.id}", place, question.user, QUESTION, [place], address))
    await store.close()
