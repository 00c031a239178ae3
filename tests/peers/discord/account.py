"""The routes about the app itself, the gateway, people, guilds and channels."""

from tests.peers.discord import events
from tests.peers.discord.calls import Call, route
from tests.peers.discord.errors import ApiError, Violation
from tests.peers.discord.permissions import guild_permissions, need
from tests.peers.discord.rendering import channel_json, guild_json, member_json, user_json
from tests.peers.discord.state import DM, PUBLIC_THREAD, Channel, Json, World


@route("GET /users/@me")
def me(call: Call) -> Json:
    own = {"verified": True, "mfa_enabled": True, "locale": "en-US", "email": None, "flags": 0, "bio": ""}
    return user_json(call.world.bot) | own


@route("GET /oauth2/applications/@me")
@route("GET /applications/@me")
def application(call: Call) -> Json:
    app = call.world.app
    owner: Json = {"id": "1100000000000000009", "username": "owner", "discriminator": "0", "avatar": None}
    shown: Json = {"id": app.id, "name": app.name, "description": "", "icon": None, "summary": "", "hook": True}
    shown |= {"bot_public": app.public, "bot_require_code_grant": False, "verify_key": "00" * 32, "owner": owner}
    shown |= {"flags": app.flags, "team": None, "redirect_uris": [], "interactions_endpoint_url": None}
    return shown | {"integration_types_config": {"0": {}, "1": {}}, "bot": user_json(call.world.bot)}


@route("GET /users/@me/guilds")
def guilds(call: Call) -> list[Json]:
    mine = [guild for guild in call.world.guilds.values() if call.world.bot.id in guild.members]
    keys = ("id", "name", "icon", "features", "approximate_member_count")
    granted = {guild.id: str(guild_permissions(call.world, guild.id, call.world.bot.id)) for guild in mine}
    return [
        {key: guild_json(call.world, guild)[key] for key in keys} | {"owner": False, "permissions": granted[guild.id]}
        for guild in mine
    ]


@route("GET /gateway/bot")
def gateway_for_bots(call: Call) -> Json:
    limit = {"total": 1000, "remaining": 1000, "reset_after": 14_400_000, "max_concurrency": 1}
    return {"url": gateway_url(call.world, "gateway"), "shards": call.world.shards, "session_start_limit": limit}


def gateway_url(world: World, path: str) -> str:
    return f"{world.url.replace('http', 'ws', 1)}/{path}"


@route("GET /users/{}")
def user(call: Call) -> Json:
    return user_json(call.user(call.ids[0]))


@route("POST /users/@me/channels")
def open_dm(call: Call) -> Json:
    who = str(call.payload.get("recipient_id"))
    if who not in call.world.users:
        words = f'Value "{who}" is not a user.'
        raise ApiError(50035, Violation("recipient_id", "USER_INVALID", words))
    if call.world.users[who].is_bot:
        raise ApiError(50007)
    return channel_json(call.world, call.world.direct(who, call.world.bot.id))


@route("GET /channels/{}")
def channel(call: Call) -> Json:
    found = call.channel()
    if found.kind != DM:
        need(call.world, found)
    return channel_json(call.world, found)


@route("POST /channels/{}/typing")
def typing(call: Call) -> None:
    place = call.channel()
    if not place.direct:
        need(call.world, place, "SEND_MESSAGES_IN_THREADS" if place.thread else "SEND_MESSAGES")


@route("GET /guilds/{}")
def guild(call: Call) -> Json:
    return guild_json(call.world, call.guild())


@route("GET /guilds/{}/members/{}")
def member(call: Call) -> Json:
    here = call.guild()
    if call.user(call.ids[1]).id not in here.members:
        raise ApiError(10007)
    return member_json(call.world, here, call.ids[1])


@route("POST /channels/{}/messages/{}/threads")
def thread_of_message(call: Call) -> Json:
    place = call.channel()
    need(call.world, place, "CREATE_PUBLIC_THREADS")
    if call.ids[1] not in place.messages:
        raise ApiError(10008)
    if call.ids[1] in call.world.channels:
        raise ApiError(160004)
    if place.thread or place.direct:
        raise ApiError(50024)
    title = call.payload.get("name") or ""
    if not 1 <= len(title) <= 100:
        raise ApiError(50035, Violation("name", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length."))
    made = Channel(call.ids[1], PUBLIC_THREAD, title, place.guild_id, place.id, call.world.bot.id)
    call.world.channels[made.id] = made
    events.changed(call.world, made, "THREAD_CREATE")
    return channel_json(call.world, made)
