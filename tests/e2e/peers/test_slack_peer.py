"""The loopback Slack is as strict as Slack: shown with the real slack_sdk and slack_bolt over real sockets."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import aiohttp
import pytest
from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from tests.peers.slack import (
    App,
    Channel,
    Message,
    Pace,
    Slack,
    User,
    slack_server,
    view_violations,
    violations,
)

QUICK = Pace(ack=3.0, retries=(0.0, 0.05, 0.1))
BUTTONS = [
    {"type": "section", "block_id": "s", "text": {"type": "mrkdwn", "text": "*Which?*"}},
    {
        "type": "actions",
        "block_id": "a",
        "elements": [
            {
                "type": "button",
                "action_id": "open",
                "text": {"type": "plain_text", "text": "Open"},
                "value": "42",
            },
            {
                "type": "radio_buttons",
                "action_id": "pick",
                "options": [
                    {"text": {"type": "plain_text", "text": "RAG"}, "value": "rag"},
                    {"text": {"type": "plain_text", "text": "Tuning"}, "value": "tuning"},
                ],
            },
        ],
    },
]
MODAL = {
    "type": "modal",
    "callback_id": "contact",
    "title": {"type": "plain_text", "text": "Contact"},
    "submit": {"type": "plain_text", "text": "Send"},
    "notify_on_close": True,
    "private_metadata": "lead 7",
    "blocks": [
        {
            "type": "input",
            "block_id": "mail",
            "label": {"type": "plain_text", "text": "Mail"},
            "element": {"type": "plain_text_input", "action_id": "address", "max_length": 20},
        }
    ],
}
HOME = {"type": "home", "blocks": [BUTTONS[0]]}


@pytest.fixture
def slack() -> Iterator[Slack]:
    with slack_server(pace=replace(QUICK)) as slack:
        yield slack


@pytest.fixture
def ann(slack: Slack) -> User:
    return slack.user("ann")


@pytest.fixture
def general(slack: Slack, ann: User) -> Channel:
    return slack.channel("general", ann)


@pytest.fixture
def client(slack: Slack) -> AsyncWebClient:
    return AsyncWebClient(slack.token(), base_url=slack.api_url)


@pytest.fixture
def app(slack: Slack, client: AsyncWebClient) -> AsyncApp:
    return AsyncApp(client=client, signing_secret=slack.app.signing_secret)


@asynccontextmanager
async def socket_mode(app: AsyncApp, slack: Slack) -> AsyncIterator[None]:
    handler = AsyncSocketModeHandler(app, slack.app.app_token, ping_interval=0.2)
    await handler.connect_async()
    await asyncio.to_thread(slack.wait_for, lambda: slack.connected == 1)
    try:
        yield
    finally:
        await handler.close_async()
        tasks = [handler.client.message_processor, handler.client.message_receiver]
        tasks.append(handler.client.current_session_monitor)
        await asyncio.gather(*(task for task in tasks if task), return_exceptions=True)


@asynccontextmanager
async def served(application: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def refused(call: Awaitable[object]) -> SlackApiError:
    with pytest.raises(SlackApiError) as raised:
        await call
    return raised.value


async def code(call: Awaitable[object]) -> str:
    return (await refused(call)).response["error"]


def section(text: str) -> dict:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


@dataclass
class Place:
    """What calls are refused in: a client, people and channels, with a message and a reply of ann's."""

    slack: Slack
    client: AsyncWebClient
    ann: User
    general: Channel
    root: Message
    reply: Message

    def post(self, channel: str | None = None, text: str = "x", **more: Any) -> Awaitable[Any]:
        return self.client.chat_postMessage(channel=channel or self.general.id, text=text, **more)

    def trigger(self) -> str:
        return self.slack.command(self.ann, self.general, "x").payload["trigger_id"]

    async def stream(self) -> str:
        to = {"recipient_team_id": self.slack.home.id, "recipient_user_id": self.ann.id}
        started = await self.client.chat_startStream(channel=self.general.id, thread_ts=self.root.ts, **to)
        return started["ts"]


@pytest.fixture
def place(slack: Slack, client: AsyncWebClient, ann: User, general: Channel) -> Place:
    root = slack.say(general, ann, "root")
    return Place(slack, client, ann, general, root, slack.say(general, ann, "reply", thread=root))


def elsewhere(p: Place, **how: Any) -> str:
    return p.slack.channel("elsewhere", p.ann, bot=False, **how).id


async def ended_stream(p: Place) -> object:
    ts = await p.stream()
    await p.client.chat_stopStream(channel=p.general.id, ts=ts, markdown_text="x")
    return await p.client.chat_appendStream(channel=p.general.id, ts=ts, markdown_text="more")


async def growing(p: Place) -> object:
    return await p.client.chat_update(channel=p.general.id, ts=await p.stream(), text="x")


async def used_trigger(p: Place) -> object:
    trigger = p.trigger()
    await p.client.views_open(trigger_id=trigger, view=MODAL)
    return await p.client.views_open(trigger_id=trigger, view=MODAL)


async def old_trigger(p: Place) -> object:
    trigger = p.trigger()
    p.slack.expire_triggers()
    return await p.client.views_open(trigger_id=trigger, view=MODAL)


async def image_before_its_upload(p: Place) -> object:
    got = await p.client.files_getUploadURLExternal(filename="chart.png", length=4)
    return await p.post(blocks=[{"type": "image", "slack_file": {"id": got["file_id"]}, "alt_text": "the chart"}])


async def own_private_message(p: Place) -> object:
    sent = await p.client.chat_postEphemeral(channel=p.general.id, user=p.ann.id, text="psst")
    return await p.client.chat_update(channel=p.general.id, ts=sent["message_ts"], text="x")


async def far_too_long_update(p: Place) -> object:
    sent = await p.post(text="x" * 40_000)
    return await p.client.chat_update(channel=p.general.id, ts=sent["ts"], text="x" * 4_001)


REFUSALS: dict[str, tuple[str, Callable[[Place], Awaitable[object]]]] = {
    "wrong token": ("invalid_auth", lambda p: AsyncWebClient("xoxb-wrong", base_url=p.slack.api_url).auth_test()),
    "no token": ("not_authed", lambda p: AsyncWebClient(base_url=p.slack.api_url).auth_test()),
    "revoked token": ("token_revoked", lambda p: (p.slack.revoke(), p.client.auth_test())[1]),
    "wrong kind of token": (
        "not_allowed_token_type",
        lambda p: p.client.apps_connections_open(app_token=p.client.token),
    ),
    "unknown method": ("unknown_method", lambda p: p.client.api_call("chat.whisper")),
    "scope": (
        "missing_scope",
        lambda p: p.client.conversations_open(users=",".join(p.slack.user(name).id for name in ("eve", "fay"))),
    ),
    "public channel without the bot": ("not_in_channel", lambda p: p.post(elsewhere(p))),
    "private channel without the bot": ("channel_not_found", lambda p: p.post(elsewhere(p, private=True))),
    "channel of another team": (
        "channel_not_found",
        lambda p: p.post(p.slack.channel("other", p.slack.user("zoe", p.slack.team("Other"))).id),
    ),
    "no channel": ("channel_not_found", lambda p: p.post("C0NOTHERE")),
    "archived channel": ("is_archived", lambda p: (p.slack.archive(p.general), p.post())[1]),
    "no thread": ("thread_not_found", lambda p: p.post(thread_ts="1.0")),
    "thread of a reply": ("cannot_reply_to_message", lambda p: p.post(thread_ts=p.reply.ts)),
    "update of another's": (
        "cant_update_message",
        lambda p: p.client.chat_update(channel=p.general.id, ts=p.reply.ts, text="x"),
    ),
    "deletion of another's": (
        "cant_delete_message",
        lambda p: p.client.chat_delete(channel=p.general.id, ts=p.reply.ts),
    ),
    "private for a stranger": (
        "user_not_in_channel",
        lambda p: p.client.chat_postEphemeral(channel=p.general.id, user=p.slack.user("zoe").id, text="x"),
    ),
    "update of a private one": ("message_not_found", own_private_message),
    "nobody": ("user_not_found", lambda p: p.client.users_info(user="U0NOBODY")),
    "update of a growing one": ("streaming_state_conflict", growing),
    "growing after the end": ("message_not_in_streaming_state", ended_stream),
    "stream to nobody": (
        "missing_recipient_team_id",
        lambda p: p.client.chat_startStream(channel=p.general.id, thread_ts=p.root.ts),
    ),
    "long text": ("msg_too_long", lambda p: p.post(text="x" * 40_001)),
    "long update": ("msg_too_long", far_too_long_update),
    "long block": ("invalid_blocks", lambda p: p.post(blocks=[section("x" * 3001)])),
    "heavy blocks": ("msg_blocks_too_long", lambda p: p.post(blocks=[section("x" * 2_900)] * 5)),
    "no text": ("no_text", lambda p: p.client.api_call("chat.postMessage", json={"channel": p.general.id})),
    "image before its upload": ("invalid_blocks", image_before_its_upload),
    "used trigger": ("exchanged_trigger_id", used_trigger),
    "old trigger": ("expired_trigger_id", old_trigger),
    "no trigger": ("invalid_trigger_id", lambda p: p.client.views_open(trigger_id="1.2.x", view=MODAL)),
    "view without title": (
        "invalid_arguments",
        lambda p: p.client.views_open(trigger_id=p.trigger(), view=MODAL | {"title": None}),
    ),
    "code of an install": (
        "invalid_code",
        lambda p: p.client.oauth_v2_access(
            client_id=p.slack.app.client_id, client_secret=p.slack.app.client_secret, code="1.2"
        ),
    ),
}


@pytest.mark.parametrize("what", REFUSALS)
async def test_calls_are_refused_with_slacks_codes(place: Place, what: str):
    wanted, call = REFUSALS[what]
    assert await code(call(place)) == wanted


async def test_what_is_wrong_with_blocks_and_scopes_is_named(place: Place):
    error = (await refused(place.post(blocks=[section("x" * 3001)]))).response
    assert error["errors"] == ["must be less than 3001 characters [json-pointer:/blocks/0/text/text]"]
    assert error["response_metadata"]["messages"] == [f"[ERROR] {error['errors'][0]}"]
    several = ",".join(place.slack.user(name).id for name in ("eve", "fay"))
    assert (await refused(place.client.conversations_open(users=several))).response["needed"] == "mpim:write"
    assert "chat:write" in (await place.client.auth_test()).headers["x-oauth-scopes"]


BUTTON = {"type": "button", "action_id": "a", "text": {"type": "plain_text", "text": "x"}}


def actions(*elements: dict, **more: Any) -> dict:
    return {"type": "actions", "elements": list(elements), **more}


def radio(count: int, **more: Any) -> dict:
    option = {"text": {"type": "plain_text", "text": "x"}, "value": "y"} | more
    return {"type": "radio_buttons", "action_id": "r", "options": [option] * count}


@pytest.mark.parametrize(
    ("blocks", "wrong"),
    [
        ([{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}], "less than 151"),
        ([{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}], "unsupported type"),
        ([{"type": "section", "fields": [{"type": "mrkdwn", "text": "x"}] * 11}], "no more than 10"),
        ([{"type": "section"}], "`text` or `fields`"),
        ([section("")], "more than 0"),
        ([{"type": "image", "image_url": "https://x.example/y.png"}], "alt_text"),
        ([{"type": "context", "elements": [{"type": "mrkdwn", "text": "x"}] * 11}], "no more than 10"),
        ([{"type": "divider", "block_id": "x" * 256}], "less than 256"),
        ([{"type": "divider", "colour": "red"}], "invalid additional property: colour"),
        ([{"type": "carpet"}], "unsupported type: carpet"),
        (["divider"], "must provide an object"),
        ([actions(BUTTON | {"text": {"type": "plain_text", "text": "x" * 76}})], "less than 76"),
        ([actions(BUTTON | {"text": {"type": "mrkdwn", "text": "x"}})], "unsupported type"),
        ([actions(BUTTON | {"value": "x" * 2001})], "less than 2001"),
        ([actions(BUTTON | {"action_id": "x" * 256})], "less than 256"),
        ([actions(BUTTON | {"style": "pretty"})], "enum"),
        ([actions(BUTTON | {"type": "image"})], "unsupported type: image"),
        ([actions(radio(11))], "no more than 10"),
        ([actions(radio(1, value="x" * 151))], "less than 151"),
        ([actions(radio(1)), actions(radio(1))], "action_id"),
        ([{"type": "divider", "block_id": "same"}] * 2, "`block_id` same already exists"),
        ([{"type": "divider"}] * 51, "no more than 50"),
    ],
)
def test_blocks_beyond_their_limits_are_named(blocks: list[Any], wrong: str):
    assert wrong in violations(blocks)[0]


@pytest.mark.parametrize(
    ("view", "wrong"),
    [
        (MODAL | {"title": {"type": "plain_text", "text": "x" * 25}}, "less than 25"),
        (MODAL | {"private_metadata": "x" * 3001}, "less than 3001"),
        (MODAL | {"submit": None}, "missing required field: submit"),
        (HOME | {"blocks": [{"type": "divider"}] * 101}, "no more than 100"),
    ],
)
def test_views_beyond_their_limits_are_named(view: dict, wrong: str):
    assert wrong in view_violations(view)[0]


def test_what_is_within_the_limits_is_taken():
    assert violations(BUTTONS) == view_violations(MODAL) == view_violations(HOME) == []
    assert violations([{"type": "divider"}] * 51, "modal") == []


class TestWebApi:
    async def test_a_message_is_posted_changed_found_by_its_metadata_and_deleted(self, slack, client, general):
        metadata = {"event_type": "outbox", "event_payload": {"marker": "m1"}}
        root = await client.chat_postMessage(channel=general.id, text="root")
        reply = await client.chat_postMessage(
            channel=general.id, text="reply", thread_ts=root["ts"], blocks=[section("*reply*")], metadata=metadata
        )
        found = await client.conversations_replies(channel=general.id, ts=root["ts"], include_all_metadata=True)
        assert [message.get("metadata") for message in found["messages"]] == [None, metadata]
        assert found["messages"][0]["reply_count"] == 1
        history = await client.conversations_history(channel=general.id)
        assert [message["ts"] for message in history["messages"]] == [root["ts"]]

        await client.chat_update(channel=general.id, ts=reply["ts"], text="changed")
        now = slack.messages(general)[-1]
        assert (now.text, now.blocks[0]["text"]["text"], now.metadata) == ("changed", "*reply*", metadata)
        assert now.versions[0]["text"] == "reply"
        await client.chat_delete(channel=general.id, ts=reply["ts"])
        assert [message.text for message in slack.messages(general)] == ["root"]
        assert await code(client.chat_update(channel=general.id, ts=reply["ts"], text="x")) == "message_not_found"

    async def test_pages_follow_a_cursor(self, client, general):
        for number in range(5):
            await client.chat_postMessage(channel=general.id, text=f"{number}")
        read = []
        async for page in await client.conversations_history(channel=general.id, limit=2):
            read += [message["text"] for message in page["messages"]]
        assert read == ["4", "3", "2", "1", "0"]

    async def test_a_persons_id_opens_the_direct_messages(self, slack, client, ann):
        opened = await client.conversations_open(users=ann.id)
        direct = await client.chat_postMessage(channel=ann.id, text="hello")
        assert direct["channel"] == opened["channel"]["id"] == slack.direct(ann).id
        assert (await client.users_info(user=ann.id))["user"]["name"] == "ann"

    async def test_ephemeral_messages_are_for_one_person(self, slack, client, ann, general):
        await client.chat_postEphemeral(channel=general.id, user=ann.id, text="psst")
        assert slack.messages(general) == []
        assert [m.text for m in slack.ephemerals(general, ann)] == ["psst"]
        assert slack.ephemerals(general, slack.user("zoe")) == []

    async def test_streams_grow_and_end(self, slack, client, ann, general):
        asked = slack.mention(general, ann, "which?")
        to = {"recipient_team_id": slack.home.id, "recipient_user_id": ann.id}
        stream = await client.chat_stream(channel=general.id, thread_ts=asked.ts, buffer_size=1, **to)
        await stream.append(markdown_text="RAG, ")
        await stream.stop(markdown_text="mostly.", blocks=[section("*feedback*")])
        [answer] = slack.answers(asked)
        assert answer.text == "RAG, mostly."
        assert [block["type"] for block in answer.blocks] == ["markdown", "section"]

    async def test_files_are_uploaded_in_three_steps(self, slack, client, general):
        upload = {"channel": general.id, "filename": "chart.png", "content": b"\x89PNG", "alt_txt": "the chart"}
        await client.files_upload_v2(**upload, initial_comment="Here.")
        [file] = slack.files
        assert (file.content, file.alt_text, file.channel) == (b"\x89PNG", "the chart", general.id)
        assert slack.messages(general)[0].subtype == "file_share"

    async def test_the_agent_surface_keeps_statuses_and_prompts(self, slack, client, ann):
        asked = slack.dm(ann, "hello")
        place = {"channel_id": asked.channel, "thread_ts": asked.ts}
        await client.assistant_threads_setStatus(**place, status="thinks", loading_messages=["reads"])
        await client.assistant_threads_setStatus(**place, status="")
        assert [status["status"] for status in slack.statuses] == ["thinks", ""]
        prompts = [{"title": "Start", "message": "Start an interview"}]
        await client.assistant_threads_setSuggestedPrompts(channel_id=asked.channel, prompts=prompts)
        assert slack.prompts[0]["prompts"] == prompts

    async def test_an_uploaded_image_is_shown(self, slack, client, general):
        got = await client.files_getUploadURLExternal(filename="chart.png", length=4)
        async with aiohttp.ClientSession() as session, session.post(got["upload_url"], data=b"\x89PNG") as answer:
            assert answer.status == 200
        await client.files_completeUploadExternal(files=[{"id": got["file_id"], "title": "Chart"}])
        image = {"type": "image", "slack_file": {"id": got["file_id"]}, "alt_text": "the chart"}
        await client.chat_postMessage(channel=general.id, text="x", blocks=[image])


class TestFaults:
    async def test_rate_limits_come_with_retry_after_and_pass(self, slack, client, general):
        client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=1))
        slack.fail("chat.postMessage", "ratelimited", retry_after=0)
        await client.chat_postMessage(channel=general.id, text="x")
        assert [request.status for request in slack.calls("chat.postMessage")] == [429, 200]

    async def test_a_connection_dies_before_or_after_the_effect(self, slack, client, general):
        client.retry_handlers.clear()
        for when, there in (("before", 0), ("after", 1)):
            slack.fail("chat.*", reset=when)
            with pytest.raises(aiohttp.ClientError):
                await client.chat_postMessage(channel=general.id, text=when)
            assert len(slack.messages(general)) == there

    async def test_errors_statuses_and_delays_come_as_often_as_asked(self, slack, client, general):
        slack.fail("chat.postMessage", "not_in_channel", times=2, when=lambda args: args["text"] == "x")
        slack.fail("chat.postMessage", status=503)
        await refused(client.chat_postMessage(channel=general.id, text="unlike"))
        for _ in range(2):
            assert await code(client.chat_postMessage(channel=general.id, text="x")) == "not_in_channel"
        slack.fail("chat.postMessage", late=0.2)
        asyncio_started = asyncio.get_running_loop().time()
        await client.chat_postMessage(channel=general.id, text="x")
        assert asyncio.get_running_loop().time() - asyncio_started >= 0.2
        assert len(slack.messages(general)) == 1

    async def test_a_channel_takes_one_post_a_second_when_asked(self, ann):
        with slack_server(posts_a_second=1) as slack:
            client = AsyncWebClient(slack.token(), base_url=slack.api_url)
            one, other = slack.channel("one"), slack.channel("other")
            await client.chat_postMessage(channel=one.id, text="x")
            await client.chat_postMessage(channel=other.id, text="x")
            error = await refused(client.chat_postMessage(channel=one.id, text="x"))
            assert (error.response.status_code, error.response.headers["Retry-After"]) == (429, "1")

    def test_what_does_not_come_is_told_with_all_that_happened(self, slack, ann, general):
        slack.say(general, ann, "is anyone there?")
        with pytest.raises(AssertionError, match=r"an answer did not come(.|\n)*is anyone there"):
            slack.wait_for(lambda: [m for m in slack.messages(general) if m.bot_id], 0.05, "an answer")


class TestTelling:
    async def test_what_was_not_acked_in_time_comes_again_over_a_socket(self, slack, app, ann):
        slack.pace.ack = 0.3
        tries: list[str] = []

        @app.event("message")
        async def said(request):
            tries.append((request.headers.get("x-slack-retry-num") or ["none"])[0])

        @app.middleware
        async def slow_at_first(next_, request):
            if request.body.get("event") and "slept" not in tries:
                tries.append("slept")
                await asyncio.sleep(0.5)
            await next_()

        async with socket_mode(app, slack):
            delivery = await slack.dm(ann, "hello").deliveries[0]
            assert [attempt.reason for attempt in delivery.attempts] == ["timeout", ""]
            await asyncio.to_thread(slack.wait_for, lambda: len(tries) == 3)
        assert "1" in tries

    @pytest.mark.parametrize("how", ["disconnect", "drop_sockets"])
    async def test_an_app_comes_back_when_its_socket_goes(self, slack, app, ann, how):
        @app.event("message")
        async def said(event):
            pass

        async with socket_mode(app, slack):
            greeted = slack.sockets.greeted
            getattr(slack, how)()
            assert (await slack.dm(ann, "still there?").deliveries[0]).acked
            assert slack.sockets.greeted > greeted

    async def test_without_an_app_an_event_is_given_up_and_can_be_sent_again(self):
        with slack_server(pace=Pace(ack=0.05, retries=(0.0,))) as slack:
            [lost] = slack.dm(slack.user("ann"), "hello").deliveries
            assert not (await lost).acked and len(lost.attempts) == 2
            [again] = slack.redeliver()
            assert again is lost and len((await again).attempts) == 4

    async def test_retries_say_their_number_and_why(self, slack):
        seen: list[tuple[str | None, str | None]] = []
        answers: list[Callable[[], web.Response]] = [
            lambda: web.Response(status=500),
            lambda: web.Response(status=404),
            lambda: web.Response(),
        ]

        async def events(request: web.Request) -> web.Response:
            seen.append((request.headers.get("X-Slack-Retry-Num"), request.headers.get("X-Slack-Retry-Reason")))
            return answers[len(seen) - 1]()

        application = web.Application()
        application.router.add_post("/slack/events", events)
        async with served(application) as url:
            slack.deliver_to(url)
            delivery = await slack.event({"type": "app_uninstalled"})
        assert seen == [(None, None), ("1", "http_error"), ("2", "http_error")]
        assert delivery.acked and delivery.seconds < 3

    async def test_an_organisation_has_one_token_for_all_its_teams(self):
        with slack_server(installed=False, pace=QUICK) as slack:
            teams = [slack.team(name, enterprise_id="E1", install=False) for name in ("East", "West")]
            known = {"client_id": slack.app.client_id, "client_secret": slack.app.client_secret}
            given = await AsyncWebClient(base_url=slack.api_url).oauth_v2_access(**known, code=slack.code("E1"))
            assert (given["team"], given["enterprise"]["id"], given["is_enterprise_install"]) == (None, "E1", True)
            client = AsyncWebClient(given["access_token"], base_url=slack.api_url)
            assert (await client.auth_test())["team_id"] == "E1"
            for team in teams:
                ann = slack.user("ann", team)
                general = slack.channel("general", ann)
                await client.chat_postMessage(channel=general.id, text="hello")
                event = slack.event({"type": "app_uninstalled"}, team).payload
                assert (event["team_id"], event["authorizations"][0]["team_id"]) == (team.id, None)
                assert slack.command(ann, general, "x").payload["is_enterprise_install"] == "true"
                assert slack.shortcut("ask", ann).payload["team"] is None
            outside = slack.channel("general", slack.user("ben", slack.team("Outside")))
            assert await code(client.chat_postMessage(channel=outside.id, text="hello")) == "channel_not_found"


class TestPeople:
    async def test_a_response_url_takes_five_posts(self, slack, ann, general):
        url = slack.command(ann, general, "x").payload["response_url"]
        async with aiohttp.ClientSession() as session:
            statuses = []
            for number in range(6):
                kind = "in_channel" if number == 0 else "ephemeral"
                async with session.post(url, json={"text": f"{number}", "response_type": kind}) as answer:
                    statuses.append((answer.status, (await answer.json()).get("error")))
        assert statuses == [(200, None)] * 5 + [(404, "used_url")]
        assert [message.text for message in slack.messages(general)] == ["0"]
        assert len(slack.ephemerals(general, ann)) == 4

    async def test_events_come_only_where_the_app_listens_and_is(self, ann):
        with slack_server(app=App(events=["app_mention"]), pace=QUICK) as slack:
            ann = slack.user("ann")
            assert slack.dm(ann, "hello").deliveries == []
            assert len(slack.mention(slack.channel("here", ann), ann, "hello").deliveries) == 1
            assert slack.mention(slack.channel("there", ann, bot=False), ann, "hello").deliveries == []

    async def test_a_click_on_an_ephemeral_message_does_not_repeat_it(self, slack, client, ann, general):
        await client.chat_postEphemeral(channel=general.id, user=ann.id, text="pick", blocks=BUTTONS)
        clicked = slack.click(slack.ephemerals(general, ann)[0], "pick", option="RAG")
        assert clicked.payload["container"]["is_ephemeral"] and "message" not in clicked.payload

    async def test_a_mention_is_told_twice_and_what_is_typed_is_escaped(self, slack, ann, general):
        asked = slack.mention(general, ann, "RAG & <b>tuning</b>?")
        assert asked.text.endswith("RAG &amp; &lt;b&gt;tuning&lt;/b&gt;?")
        assert len({delivery.payload["event_id"] for delivery in asked.deliveries}) == 2
        assert {delivery.payload["event"]["ts"] for delivery in asked.deliveries} == {asked.ts}

    async def test_a_form_is_only_submitted_when_it_is_filled_in(self, slack, client, ann, general):
        trigger = slack.command(ann, general, "x").payload["trigger_id"]
        await client.views_open(trigger_id=trigger, view=MODAL)
        for wrong, why in (
            ({}, "mail is required"),
            ({"mail": "x" * 21}, "wants 0 to 20 characters"),
            ({"y": 1}, "no 'y'"),
        ):
            with pytest.raises(AssertionError, match=why):
                slack.submit(slack.view(ann), wrong)

    async def test_a_stale_click_is_of_what_the_person_saw(self, slack, client, ann, general):
        await client.chat_postMessage(channel=general.id, text="x", blocks=BUTTONS)
        [seen] = slack.said(general)
        await client.chat_update(channel=general.id, ts=seen.ts, text="over", blocks=[])
        clicked = slack.click(seen, "open", ann)
        assert clicked.payload["actions"][0]["value"] == "42"
        assert "blocks" not in clicked.payload["message"]
        with pytest.raises(AssertionError, match="no 'open' to act on"):
            slack.click(slack.said(general)[0], "open", ann)

    async def test_a_deleted_root_leaves_a_tombstone(self, slack, client, ann, general):
        root = slack.say(general, ann, "root")
        await client.chat_postMessage(channel=general.id, text="reply", thread_ts=root.ts)
        slack.delete(root)
        assert [(m.subtype, m.text) for m in slack.messages(general)] == [
            ("tombstone", "This message was deleted."),
            (None, "reply"),
        ]

    async def test_blocking_is_refused_where_it_would_stop_the_app(self, slack, ann, general):
        with pytest.raises(RuntimeError, match="await"):
            slack.command(ann, general, "x").wait()
        with pytest.raises(RuntimeError, match="to_thread"):
            slack.settle()

    def test_a_form_is_read_as_json_is(self, slack, ann, general):
        form = {"token": slack.token(), "channel": general.id, "text": "x", "blocks": json.dumps(BUTTONS)}
        with urlopen(f"{slack.api_url}chat.postMessage", data=urlencode(form).encode()) as answer:
            assert json.load(answer)["ok"]
        assert len(slack.said(general)[0].blocks) == 2
