"""The loopback Slack is as strict as Slack: shown with the real slack_sdk and slack_bolt over real sockets."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode
from urllib.request import urlopen

import aiohttp
import pytest
from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.oauth.installation_store import FileInstallationStore
from slack_sdk.oauth.state_store import FileOAuthStateStore
from slack_sdk.web.async_client import AsyncWebClient

from tests.peers.slack import (
    App,
    Channel,
    Pace,
    Slack,
    User,
    expanded,
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
    await slack.until(lambda: slack.connected == 1)
    try:
        yield
    finally:
        await handler.close_async()
        tasks = [handler.client.message_processor, handler.client.message_receiver]
        tasks.append(handler.client.current_session_monitor)
        await asyncio.gather(*(task for task in tasks if task), return_exceptions=True)


@asynccontextmanager
async def http_mode(app: AsyncApp, slack: Slack) -> AsyncIterator[str]:
    async with served(app.web_app("/slack/events")) as url:
        slack.deliver_to(url)
        yield url


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

    async def test_tokens_scopes_and_methods_are_checked(self, slack, client, general):
        assert await code(AsyncWebClient("xoxb-wrong", base_url=slack.api_url).auth_test()) == "invalid_auth"
        assert await code(AsyncWebClient(base_url=slack.api_url).auth_test()) == "not_authed"
        assert await code(client.api_call("chat.whisper")) == "unknown_method"
        several = ",".join(slack.user(name).id for name in ("eve", "fay"))
        lacking = (await refused(client.conversations_open(users=several))).response
        assert (lacking["error"], lacking["needed"]) == ("missing_scope", "mpim:write")
        assert "chat:write" in (await client.auth_test()).headers["x-oauth-scopes"]
        assert await code(client.apps_connections_open(app_token=client.token)) == "not_allowed_token_type"
        slack.revoke()
        assert await code(client.auth_test()) == "token_revoked"

    async def test_membership_decides_where_the_bot_may_post(self, slack, client, ann, general):
        elsewhere = slack.channel("elsewhere", ann, bot=False)
        secret = slack.channel("secret", ann, private=True, bot=False)
        other = slack.channel("other", slack.user("zoe", slack.team("Other")))
        assert await code(client.chat_postMessage(channel=elsewhere.id, text="x")) == "not_in_channel"
        for hidden in (secret.id, other.id, "C0NOTHERE"):
            assert await code(client.chat_postMessage(channel=hidden, text="x")) == "channel_not_found"
        slack.archive(general)
        assert await code(client.chat_postMessage(channel=general.id, text="x")) == "is_archived"
        opened = await client.conversations_open(users=ann.id)
        direct = await client.chat_postMessage(channel=ann.id, text="hello")
        assert direct["channel"] == opened["channel"]["id"] == slack.direct(ann).id

    async def test_threads_have_to_exist_and_others_messages_stay(self, slack, client, ann, general):
        reply = slack.say(general, ann, "reply", thread=slack.say(general, ann, "root"))
        post = client.chat_postMessage
        assert await code(post(channel=general.id, text="x", thread_ts="1.0")) == "thread_not_found"
        assert await code(post(channel=general.id, text="x", thread_ts=reply.ts)) == "cannot_reply_to_message"
        assert await code(client.chat_update(channel=general.id, ts=reply.ts, text="x")) == "cant_update_message"
        assert await code(client.chat_delete(channel=general.id, ts=reply.ts)) == "cant_delete_message"

    async def test_ephemeral_messages_are_for_one_person(self, slack, client, ann, general):
        zoe = slack.user("zoe")
        sent = await client.chat_postEphemeral(channel=general.id, user=ann.id, text="psst")
        assert slack.messages(general) == []
        assert [m.text for m in slack.ephemerals(general, ann)] == ["psst"]
        assert slack.ephemerals(general, zoe) == []
        assert await code(client.chat_postEphemeral(channel=general.id, user=zoe.id, text="x")) == "user_not_in_channel"
        update = client.chat_update(channel=general.id, ts=sent["message_ts"], text="x")
        assert await code(update) == "message_not_found"

    async def test_streams_grow_and_end(self, slack, client, ann, general):
        asked = slack.mention(general, ann, "which?")
        to = {"recipient_team_id": slack.home.id, "recipient_user_id": ann.id}
        stream = await client.chat_stream(channel=general.id, thread_ts=asked.ts, buffer_size=1, **to)
        await stream.append(markdown_text="RAG, ")
        assert await code(client.chat_update(channel=general.id, ts=stream.ts, text="x")) == "streaming_state_conflict"
        await stream.stop(markdown_text="mostly.", blocks=[section("*feedback*")])
        [answer] = slack.answers(asked)
        assert answer.text == "RAG, mostly."
        assert [block["type"] for block in answer.blocks] == ["markdown", "section"]
        append = client.chat_appendStream(channel=general.id, ts=stream.ts, markdown_text="more")
        assert await code(append) == "message_not_in_streaming_state"
        start = client.chat_startStream(channel=general.id, thread_ts=asked.ts)
        assert await code(start) == "missing_recipient_team_id"

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

    async def test_people_bots_and_links_are_found(self, slack, client, ann, general):
        sent = await client.chat_postMessage(channel=general.id, text="x")
        link = await client.chat_getPermalink(channel=general.id, message_ts=sent["ts"])
        assert link["permalink"].endswith(f"/archives/{general.id}/p{sent['ts'].replace('.', '')}")
        assert (await client.users_info(user=ann.id))["user"]["name"] == "ann"
        assert (await client.bots_info(bot=slack.bot.bot_id))["bot"]["user_id"] == slack.bot.id
        assert await code(client.users_info(user="U0NOBODY")) == "user_not_found"


class TestLimits:
    async def test_text_and_blocks_are_refused_with_slacks_codes(self, client, general):
        post = client.chat_postMessage
        assert await code(post(channel=general.id, text="x" * 40_001)) == "msg_too_long"
        sent = await post(channel=general.id, text="x" * 40_000)
        assert await code(client.chat_update(channel=general.id, ts=sent["ts"], text="x" * 4_001)) == "msg_too_long"
        error = (await refused(post(channel=general.id, text="x", blocks=[section("x" * 3001)]))).response
        assert error["error"] == "invalid_blocks"
        assert error["errors"] == ["must be less than 3001 characters [json-pointer:/blocks/0/text/text]"]
        assert error["response_metadata"]["messages"] == [f"[ERROR] {error['errors'][0]}"]
        long = [section("x" * 2_900)] * 5
        assert await code(post(channel=general.id, text="x", blocks=long)) == "msg_blocks_too_long"
        with pytest.warns(UserWarning, match="text"):
            assert await code(post(channel=general.id)) == "no_text"

    @pytest.mark.parametrize(
        ("block", "wrong"),
        [
            ({"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}, "less than 151"),
            ({"type": "header", "text": {"type": "mrkdwn", "text": "x"}}, "unsupported type"),
            ({"type": "section", "fields": [{"type": "mrkdwn", "text": "x"}] * 11}, "no more than 10"),
            ({"type": "section"}, "`text` or `fields`"),
            (section(""), "more than 0"),
            ({"type": "image", "image_url": "https://x.example/y.png"}, "alt_text"),
            ({"type": "context", "elements": [{"type": "mrkdwn", "text": "x"}] * 11}, "no more than 10"),
            ({"type": "markdown", "text": "x" * 12_001}, "less than 12001"),
            ({"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]] * 101}, "no more than 100"),
            ({"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * 21]}, "no more than 20"),
            ({"type": "divider", "block_id": "x" * 256}, "less than 256"),
            ({"type": "divider", "colour": "red"}, "invalid additional property: colour"),
            ({"type": "carpet"}, "unsupported type: carpet"),
            ("divider", "must provide an object"),
        ],
    )
    def test_a_block_beyond_its_limits_is_named(self, block, wrong):
        [found] = violations([block])
        assert wrong in found

    @pytest.mark.parametrize(
        ("changes", "wrong"),
        [
            ({"text": {"type": "plain_text", "text": "x" * 76}}, "less than 76"),
            ({"text": {"type": "mrkdwn", "text": "x"}}, "unsupported type"),
            ({"value": "x" * 2001}, "less than 2001"),
            ({"action_id": "x" * 256}, "less than 256"),
            ({"style": "pretty"}, "enum"),
            ({"type": "image"}, "unsupported type: image"),
        ],
    )
    def test_an_element_beyond_its_limits_is_named(self, changes, wrong):
        button = {"type": "button", "action_id": "a", "text": {"type": "plain_text", "text": "x"}} | changes
        [found] = violations([{"type": "actions", "elements": [button]}])
        assert wrong in found

    def test_options_ids_and_numbers_are_counted(self):
        def radio(count, **more):
            option = {"text": {"type": "plain_text", "text": "x"}, "value": "y"} | more
            return {"type": "radio_buttons", "action_id": "r", "options": [option] * count}

        def actions(*elements):
            return {"type": "actions", "elements": list(elements)}

        assert "no more than 10" in violations([actions(radio(11))])[0]
        assert "less than 151" in violations([actions(radio(1, value="x" * 151))])[0]
        assert "action_id" in violations([actions(radio(1)), actions(radio(1))])[0]
        twice = [{"type": "divider", "block_id": "same"}] * 2
        assert "`block_id` same already exists" in violations(twice)[0]
        assert "no more than 50" in violations([{"type": "divider"}] * 51)[0]
        assert violations([{"type": "divider"}] * 51, "modal") == []
        assert violations(BUTTONS) == []

    def test_markdown_counts_as_what_it_expands_to(self):
        assert expanded("# One\ntext\nmore\n\n---\n| a |\n|---|\n| b |\n```\n# no heading\n```") == 5
        many = {"type": "markdown", "text": "# heading\n" * 51}
        assert "no more than 50" in violations([many])[0]
        assert "in total" in violations([{"type": "markdown", "text": "x" * 6_001}] * 2)[0]
        tables = {"type": "markdown", "text": "| a |\n|---|\n| b |\n\ntext\n\n| c |\n|---|\n| d |"}
        assert "only_one_table_allowed" in violations([tables])[0]

    def test_views_have_limits_too(self):
        assert view_violations(MODAL) == view_violations(HOME) == []
        assert "less than 25" in view_violations(MODAL | {"title": {"type": "plain_text", "text": "x" * 25}})[0]
        assert "less than 3001" in view_violations(MODAL | {"private_metadata": "x" * 3001})[0]
        assert "missing required field: submit" in view_violations(MODAL | {"submit": None})[0]
        assert "no more than 100" in view_violations(HOME | {"blocks": [{"type": "divider"}] * 101})[0]
        assert (
            "unsupported type: markdown" in view_violations(HOME | {"blocks": [{"type": "markdown", "text": "x"}]})[0]
        )


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


def listen(app: AsyncApp) -> list[str]:
    """An app that answers mentions, opens a modal on a click and fills a Home; returns what it heard."""
    heard: list[str] = []

    @app.event("app_mention")
    async def mentioned(event, say):
        heard.append("mention")
        await say("yes?", blocks=BUTTONS, thread_ts=event.get("thread_ts") or event["ts"])

    @app.event("message")
    async def said(event):
        heard.append(event.get("subtype") or "message")

    @app.action("open")
    async def opened(ack, body, client):
        await ack()
        heard.append(f"value {body['actions'][0]['value']}")
        await client.views_open(trigger_id=body["trigger_id"], view=MODAL)

    @app.action("pick")
    async def picked(ack, body, respond):
        await ack()
        heard.append(body["state"]["values"]["a"]["pick"]["selected_option"]["value"])
        await respond("noted", replace_original=True)

    @app.view("contact")
    async def submitted(ack, view):
        value = view["state"]["values"]["mail"]["address"]["value"]
        if "@" not in value:
            await ack(response_action="errors", errors={"mail": "No address."})
        else:
            await ack()
            heard.append(f"{view['private_metadata']}: {value}")

    @app.view_closed("contact")
    async def closed(ack):
        await ack()
        heard.append("closed")

    @app.command("/rag-or-tune")
    async def commanded(ack, respond, command):
        await ack("one moment")
        await respond(f"you said {command['text']}")

    @app.shortcut("ask")
    async def asked(ack, body):
        await ack()
        heard.append(f"about {body['message']['text']}")

    @app.options("search")
    async def searched(ack, body):
        option = {"text": {"type": "plain_text", "text": body["value"]}, "value": "found"}
        await ack(options=[option])

    @app.event("app_home_opened")
    async def home(event, client):
        await client.views_publish(user_id=event["user"], view=HOME)

    return heard


async def everything(slack: Slack, ann: User, general: Channel, heard: list[str]) -> None:
    """A person's way through the app, the same over either transport."""
    asked = slack.mention(general, ann, "RAG & <b>tuning</b>?")
    [answer] = await slack.until(lambda: slack.answers(asked))
    assert asked.text.endswith("RAG &amp; &lt;b&gt;tuning&lt;/b&gt;?")
    assert len({delivery.payload["event_id"] for delivery in asked.deliveries}) == 2
    assert {delivery.payload["event"]["ts"] for delivery in asked.deliveries} == {asked.ts}

    clicked = await slack.click(answer, "Open", ann)
    view = await slack.until(lambda: slack.view(ann))
    assert clicked.acked and clicked.payload["container"]["thread_ts"] == asked.ts
    with pytest.raises(AssertionError, match="mail is required"):
        slack.submit(view)
    await slack.submit(view, {"address": "nowhere"})
    assert slack.view(ann).errors == {"mail": "No address."}
    await slack.submit(view, {"mail": "ann@example.com"})
    assert slack.views == [] and "lead 7: ann@example.com" in heard

    await slack.click(answer, "Open", ann)
    await slack.close(await slack.until(lambda: slack.view(ann)))
    await slack.click(answer, "pick", ann, option="tuning")
    await slack.until(lambda: slack.now(answer).text == "noted")
    assert "tuning" in heard and "closed" in heard

    await slack.command(ann, general, "hello")
    private = await slack.until(lambda: [m.text for m in slack.ephemerals(general, ann) if len(m.text) > 12])
    assert private == ["you said hello"]
    await slack.shortcut("ask", ann, slack.say(general, ann, "this"))
    assert "about this" in heard
    slack.open_home(ann)
    await slack.until(lambda: ann.id in slack.homes)
    slack.delete(slack.edit(slack.say(general, ann, "typo"), "word"))
    await slack.settled()
    assert {"message", "message_changed", "message_deleted"} <= set(heard)
    assert all(delivery.acked for delivery in slack.deliveries) and slack.complaints == []


class TestSocketMode:
    async def test_a_real_app_is_driven_from_mention_to_home(self, slack, app, ann, general):
        heard = listen(app)
        async with socket_mode(app, slack):
            await everything(slack, ann, general, heard)

    async def test_what_was_not_acked_comes_again(self, slack, app, ann):
        slack.pace.ack = 0.3
        tries: list[str | None] = []

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
            said = slack.dm(ann, "hello")
            delivery = await said.deliveries[0]
            assert [attempt.reason for attempt in delivery.attempts] == ["timeout", ""]
            await slack.until(lambda: len(tries) == 3)
        assert "1" in tries

    @pytest.mark.parametrize("how", ["disconnect", "drop_sockets"])
    async def test_the_app_comes_back_when_its_socket_goes(self, slack, app, ann, general, how):
        listen(app)
        async with socket_mode(app, slack):
            greeted = slack.sockets.greeted
            getattr(slack, how)()
            asked = slack.mention(general, ann, "still there?")
            await slack.until(lambda: slack.answers(asked))
            assert slack.sockets.greeted > greeted

    async def test_without_an_app_an_event_is_given_up_and_can_be_sent_again(self, app, ann):
        with slack_server(pace=Pace(ack=0.05, retries=(0.0,))) as slack:
            ann = slack.user("ann")
            [lost] = slack.dm(ann, "hello").deliveries
            assert not (await lost).acked and len(lost.attempts) == 2
            app = AsyncApp(client=AsyncWebClient(slack.token(), base_url=slack.api_url))
            heard = listen(app)
            async with socket_mode(app, slack):
                [again] = slack.redeliver()
                assert (await again).acked
                assert heard == ["message"]


class TestHttp:
    async def test_a_real_app_is_driven_from_mention_to_home(self, slack, app, ann, general):
        heard = listen(app)
        async with http_mode(app, slack):
            await everything(slack, ann, general, heard)

    async def test_signatures_and_their_age_are_the_apps_to_check(self, slack, app, ann):
        async with http_mode(app, slack):
            verified = await slack.url_verification()
            assert (verified.status, verified.json) == (200, {"challenge": "a-challenge"})
            body = {"type": "url_verification", "challenge": "c"}
            assert (await slack.raw(body | {"type": "x"}, secret="wrong")).status == 401
            assert (await slack.raw(body | {"type": "x"}, age=400)).status == 401
            assert (await slack.raw(body | {"type": "x"}, signature="v0=0")).status == 401

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

    async def test_installing_goes_through_the_pages_and_ends_with_uninstalling(self, tmp_path):
        with slack_server(installed=False, pace=QUICK) as slack:
            settings = AsyncOAuthSettings(
                client_id=slack.app.client_id,
                client_secret=slack.app.client_secret,
                scopes=["chat:write", "im:history"],
                authorization_url=slack.authorize_url,
                installation_store=FileInstallationStore(base_dir=str(tmp_path)),
                state_store=FileOAuthStateStore(expiration_seconds=60, base_dir=str(tmp_path)),
                install_page_rendering_enabled=False,
            )
            client = AsyncWebClient(base_url=slack.api_url)
            app = AsyncApp(client=client, signing_secret=slack.app.signing_secret, oauth_settings=settings)
            app.enable_token_revocation_listeners()
            async with http_mode(app, slack) as url:
                slack.app.redirect_uri = f"{url}/slack/oauth_redirect"
                async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
                    sent = await browser.get(f"{url}/slack/install", allow_redirects=False)
                    cookie = sent.headers["Set-Cookie"].split(";")[0]
                    granted = await browser.get(sent.headers["Location"], allow_redirects=False)
                    back = await browser.get(granted.headers["Location"], headers={"Cookie": cookie})
                    assert back.status == 200
                token = slack.token()
                assert slack.calls("oauth.v2.access")[-1].answer["scope"] == "chat:write,im:history"
                told = slack.uninstall()
                assert [delivery.payload["event"]["type"] for delivery in told] == ["tokens_revoked", "app_uninstalled"]
                await slack.settled()
            assert await code(AsyncWebClient(token, base_url=slack.api_url).auth_test()) == "token_revoked"

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


class TestTriggersAndViews:
    async def test_a_trigger_works_once_and_not_for_long(self, slack, client, ann, general):
        trigger = slack.command(ann, general, "x").payload["trigger_id"]
        await client.views_open(trigger_id=trigger, view=MODAL)
        assert await code(client.views_open(trigger_id=trigger, view=MODAL)) == "exchanged_trigger_id"
        late = slack.command(ann, general, "x").payload["trigger_id"]
        slack.expire_triggers()
        assert await code(client.views_open(trigger_id=late, view=MODAL)) == "expired_trigger_id"
        assert await code(client.views_open(trigger_id="1.2.x", view=MODAL)) == "invalid_trigger_id"

    async def test_a_stale_hash_conflicts_and_a_bad_view_is_explained(self, slack, client, ann, general):
        trigger = slack.command(ann, general, "x").payload["trigger_id"]
        error = (await refused(client.views_open(trigger_id=trigger, view=MODAL | {"title": None}))).response
        assert error["error"] == "invalid_arguments"
        assert "missing required field: title [json-pointer:/view]" in error["response_metadata"]["messages"][1]
        first = (await client.views_open(trigger_id=trigger, view=MODAL))["view"]
        await client.views_update(view_id=first["id"], hash=first["hash"], view=MODAL)
        update = client.views_update(view_id=first["id"], hash=first["hash"], view=MODAL)
        assert await code(update) == "hash_conflict"
        assert await code(client.views_update(view_id="V0", view=MODAL)) == "not_found"

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


class TestPeople:
    async def test_views_are_pushed_suggested_to_and_updated_by_an_ack(self, slack, app, client, ann, general):
        search = {"type": "external_select", "action_id": "search", "min_query_length": 0}
        label = {"type": "plain_text", "text": "Find"}
        block = {"type": "input", "block_id": "find", "label": label, "element": search}

        @app.view("contact")
        async def submitted(ack):
            await ack(response_action="update", view=MODAL | {"title": {"type": "plain_text", "text": "Thanks"}})

        listen(app)
        async with socket_mode(app, slack):
            trigger = slack.shortcut("none", ann).payload["trigger_id"]
            await client.views_open(trigger_id=trigger, view=MODAL | {"blocks": [block]})
            view = slack.view(ann)
            suggested = await slack.suggest(view, "search", "rag")
            assert suggested.json["options"][0]["value"] == "found" and suggested.error is None
            delivery = await slack.submit(view, {"search": "found"})
            assert slack.view(ann).title == "Thanks" and delivery.error is None
            pushed = await client.views_push(trigger_id=delivery.payload["trigger_id"], view=MODAL)
            assert pushed["view"]["previous_view_id"] == view.id and len(slack.views) == 2

    async def test_a_click_on_an_ephemeral_message_does_not_repeat_it(self, slack, app, client, ann, general):
        listen(app)
        async with socket_mode(app, slack):
            await client.chat_postEphemeral(channel=general.id, user=ann.id, text="pick", blocks=BUTTONS)
            [private] = slack.ephemerals(general, ann)
            clicked = await slack.click(private, "pick", option="RAG")
            assert clicked.payload["container"]["is_ephemeral"] and "message" not in clicked.payload
            await slack.until(lambda: slack.now(private).text == "noted")

    async def test_feedback_is_positive_or_negative(self, slack, client, ann, general):
        def button(word):
            return {"text": {"type": "plain_text", "text": word}, "value": word.lower()}

        feedback = {"type": "feedback_buttons", "action_id": "f"}
        feedback |= {"positive_button": button("Good"), "negative_button": button("Bad")}
        blocks = [{"type": "context_actions", "elements": [feedback]}]
        await client.chat_postMessage(channel=general.id, text="x", blocks=blocks)
        clicked = slack.click(slack.said(general)[0], "f", ann, option="negative")
        assert clicked.payload["actions"][0]["value"] == "bad"
        assert violations(blocks, "modal") == ["unsupported type: context_actions [json-pointer:/blocks/0/type]"]

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

    async def test_an_image_has_to_be_uploaded_before_it_is_shown(self, slack, client, general):
        async def show(name):
            image = {"type": "image", "slack_file": {"id": name}, "alt_text": "the chart"}
            return await client.chat_postMessage(channel=general.id, text="x", blocks=[image])

        got = await client.files_getUploadURLExternal(filename="chart.png", length=4)
        assert await code(show(got["file_id"])) == "invalid_blocks"
        async with aiohttp.ClientSession() as session, session.post(got["upload_url"], data=b"\x89PNG") as answer:
            assert answer.status == 200
        await client.files_completeUploadExternal(files=[{"id": got["file_id"], "title": "Chart"}])
        await show(got["file_id"])

    async def test_blocking_is_refused_where_it_would_stop_the_app(self, slack, ann, general):
        with pytest.raises(RuntimeError, match="await"):
            slack.command(ann, general, "x").wait()
        with pytest.raises(RuntimeError, match="until"):
            slack.settle()

    def test_a_test_without_a_loop_blocks_until_the_ack(self, slack, ann, general):
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                self.send_response(200)
                self.end_headers()
                self.wfile.write(f"you said {form['text'][0]}".encode())

            def log_message(self, *_: object) -> None:
                pass

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            slack.deliver_to(f"http://127.0.0.1:{server.server_address[1]}")
            delivery = slack.command(ann, general, "hello").wait()
            server.shutdown()
            thread.join()
        assert (delivery.acked, delivery.body) == (True, b"you said hello")
        assert [message.text for message in slack.ephemerals(general, ann)] == ["you said hello"]

    def test_a_form_is_read_as_json_is(self, slack, ann, general):
        form = {"token": slack.token(), "channel": general.id, "text": "x", "blocks": json.dumps(BUTTONS)}
        with urlopen(f"{slack.api_url}chat.postMessage", data=urlencode(form).encode()) as answer:
            assert json.load(answer)["ok"]
        assert len(slack.said(general)[0].blocks) == 2
