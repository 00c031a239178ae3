"""The methods around the app itself: who am I, Socket Mode, OAuth, uninstalling, files and the agent's surface."""

import time
from typing import Any

from tests.peers.slack import events
from tests.peers.slack.calls import ApiError, Call, method, missing
from tests.peers.slack.chat import posted
from tests.peers.slack.state import Channel, File, Install, Json, World

PROMPTS = 4
ALT_TEXT = 1_000


@method("auth.test")
def auth_test(call: Call) -> Json:
    bot, whole = call.install.bot, call.install.enterprise_id
    names = {"user": bot.name, "user_id": bot.id, "bot_id": bot.bot_id}
    if whole:
        place = {
            "url": f"https://{whole}.enterprise.slack.com/",
            "team": whole,
            "team_id": whole,
            "enterprise_id": whole,
        }
        return place | names | {"is_enterprise_install": True}
    team = call.world.teams[call.team_id]
    enterprise = {"enterprise_id": team.enterprise_id} if team.enterprise_id else {}
    return {
        "url": team.url,
        "team": team.name,
        "team_id": team.id,
        **names,
        "is_enterprise_install": False,
        **enterprise,
    }


@method("apps.connections.open", token="app")
def open_connection(call: Call) -> Json:
    ticket = call.world.id("ticket")
    call.world.tickets.add(ticket)
    return {"url": f"{call.world.url.replace('http', 'ws', 1)}/link?ticket={ticket}&app_id={call.world.app.id}"}


def check_client(world: World, args: Json) -> None:
    if args.get("client_id") != world.app.client_id:
        raise ApiError("invalid_client_id")
    if args.get("client_secret") != world.app.client_secret:
        raise ApiError("bad_client_secret")


@method("oauth.v2.access", token="none")
def oauth_access(call: Call) -> Json:
    check_client(call.world, call.args)
    grant = call.world.codes.pop(call.text("code") or "", None)
    if grant is None:
        raise ApiError("invalid_code")
    if grant.get("redirect_uri") not in (None, call.text("redirect_uri")):
        raise ApiError("bad_redirect_uri")
    team = call.world.teams.get(grant["team"])
    install = call.world.install(team) if team else call.world.install_everywhere(grant["team"])
    install.scopes = list(grant["scopes"] or install.scopes)
    whole = install.enterprise_id or (team.enterprise_id if team else None)
    return {
        "access_token": install.token,
        "token_type": "bot",
        "scope": ",".join(install.scopes),
        "bot_user_id": install.bot.id,
        "app_id": call.world.app.id,
        "team": {"name": team.name, "id": team.id} if team else None,
        "enterprise": {"id": whole, "name": whole} if whole else None,
        "is_enterprise_install": team is None,
        "authed_user": {"id": grant["user"]},
    }


def remove_app(world: World, team_id: str) -> list[Any]:
    """Revokes the app's tokens of a team and tells the app. Returns the deliveries."""
    known = world.installed(team_id)
    revoked: list[Install] = [
        i for i in world.installs.values() if known and i.team_id == known.team_id and not i.revoked
    ]
    bots = sorted({install.bot.id for install in revoked})
    told = world.publish({"type": "tokens_revoked", "tokens": {"oauth": [], "bot": bots}}, team_id)
    told += world.publish({"type": "app_uninstalled"}, team_id)
    for install in revoked:
        install.revoked = True
    return told


@method("files.getUploadURLExternal", "files:write")
def upload_url(call: Call) -> Json:
    name, length = call.required("filename"), call.number("length", 0)
    if length <= 0:
        raise ApiError("missing_argument")
    alt_text = call.text("alt_txt") or ""
    if len(alt_text) > ALT_TEXT:
        raise ApiError("alt_txt_too_large")
    file = File(call.world.id("F"), call.team_id, name, length, alt_text)
    call.world.files[file.id] = file
    return {"upload_url": f"{call.world.url}/upload/v1/{file.id}", "file_id": file.id}


@method("files.completeUploadExternal", "files:write")
def complete_upload(call: Call) -> Json:
    wanted = call.json("files", "invalid_arguments")
    if not isinstance(wanted, list) or not wanted:
        raise missing("files")
    files = [_uploaded(call, item) for item in wanted]
    channels = [name for name in (call.text("channel_id") or call.text("channels") or "").split(",") if name]
    for name in channels:
        _share(call, call.world.channels.get(name), files)
    return {"files": [_file_json(call.world, file) for file in files]}


@method("files.delete", "files:write")
def delete_file(call: Call) -> Json:
    file = call.world.files.get(call.required("file"))
    if file is None or file.team_id != call.team_id:
        raise ApiError("file_not_found")
    del call.world.files[file.id]
    for channel in call.world.channels.values():
        for message in list(channel.messages.values()):
            if any(shown["id"] == file.id for shown in message.files):
                del channel.messages[message.ts]
    return {}


def _uploaded(call: Call, item: Json) -> File:
    file = call.world.files.get(item.get("id", "")) if isinstance(item, dict) else None
    if file is None or file.team_id != call.team_id or file.content is None:
        raise ApiError("file_not_found")
    file.title = item.get("title") or file.name
    file.ready = time.monotonic() + call.world.file_seconds
    return file


def _share(call: Call, channel: Channel | None, files: list[File]) -> None:
    if channel is None or channel.team_id != call.team_id:
        raise ApiError("channel_not_found")
    call.enter(channel)
    thread, comment = call.thread(channel), call.text("initial_comment") or ""
    for file in files:
        file.channel, file.thread_ts, file.comment = channel.id, thread, comment
    listed = [_file_json(call.world, file) for file in files]
    message = posted(call.world, channel, text=comment, thread_ts=thread, files=listed, subtype="file_share")
    events.say(call.world, message)


def _file_json(world: World, file: File) -> Json:
    link = f"{world.teams[file.team_id].url}files/{file.id}/{file.name}"
    return {"id": file.id, "name": file.name, "title": file.title, "alt_txt": file.alt_text, "permalink": link}


@method("assistant.threads.setStatus", "assistant:write", "chat:write")
def set_status(call: Call) -> Json:
    channel, thread = _agent_thread(call)
    if thread is None:
        raise missing("thread_ts")
    if "status" not in call.args:
        raise missing("status")
    loading = call.json("loading_messages", "invalid_arguments") or []
    if len(loading) > 10:
        raise ApiError("invalid_arguments", "no more than 10 items allowed [json-pointer:/loading_messages]")
    status = {"channel": channel.id, "thread_ts": thread, "status": call.args["status"], "loading_messages": loading}
    call.world.statuses.append(status)
    return {}


@method("assistant.threads.setSuggestedPrompts", "assistant:write", "chat:write")
def set_prompts(call: Call) -> Json:
    if not call.world.app.agent:
        raise ApiError("not_agent_app")
    channel, thread = _agent_thread(call)
    prompts = call.json("prompts", "invalid_arguments")
    if not isinstance(prompts, list) or not 1 <= len(prompts) <= PROMPTS:
        raise ApiError("invalid_arguments", f"no more than {PROMPTS} items allowed [json-pointer:/prompts]")
    if not all(isinstance(p, dict) and p.get("title") and p.get("message") for p in prompts):
        raise ApiError("invalid_arguments", "missing required field: message [json-pointer:/prompts]")
    title = call.text("title")
    call.world.prompts.append({"channel": channel.id, "thread_ts": thread, "title": title, "prompts": prompts})
    return {}


def _agent_thread(call: Call) -> tuple[Channel, str | None]:
    channel = call.channel("channel_id")
    call.enter(channel)
    thread = call.text("thread_ts")
    if thread is not None and thread not in channel.messages:
        raise ApiError("invalid_thread_ts")
    return channel, thread
