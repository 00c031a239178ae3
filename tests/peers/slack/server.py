"""The sockets of the loopback Slack: the Web API, uploads, response_urls, the install page and Socket Mode."""

import asyncio
import dataclasses
import json
import secrets
from collections.abc import Callable

from aiohttp import BasicAuth, web

from tests.peers.loopback import Faults, LoopbackServer
from tests.peers.slack import answers, apps, chat, conversations, streams, views
from tests.peers.slack.calls import METHODS, ApiError, Call
from tests.peers.slack.faults import Fault, Request
from tests.peers.slack.sockets import Sockets
from tests.peers.slack.state import Install, Json, World

Answer = tuple[int, Json, dict[str, str]]
MODULES = (apps, chat, conversations, streams, views)
"""Imported so that their methods are registered."""


class Server(LoopbackServer):
    """Answers the app."""

    world: World
    requests: list[Request]

    def __init__(self, world: World, sockets: Sockets, faults: Faults[Fault]) -> None:
        self.faults = faults
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/api/{method}", self._api)
        app.router.add_post("/upload/v1/{file}", self._upload)
        app.router.add_get("/link", sockets.handle)
        app.router.add_get("/oauth/v2/authorize", self._authorize)
        for kind in ("actions", "commands", "app"):
            app.router.add_post(f"/{kind}/{{team}}/{{number}}/{{secret}}", self._respond)
        super().__init__(app, world)

    async def _api(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        args, problem = await _arguments(request)
        token = _token(request, args)
        entry = Request(method, args, token, request.method)
        self.requests.append(entry)

        def act() -> Answer:
            headers = {"X-Slack-Req-Id": secrets.token_hex(8)}
            try:
                if problem:
                    raise ApiError(problem)
                return 200, self._run(method, args, token, headers), headers
            except ApiError as error:
                return _refusal(error, headers)

        return await self._answer(request, entry, act)

    async def _answer(self, request: web.Request, entry: Request, act: Callable[[], Answer]) -> web.StreamResponse:
        fault = self.faults.take(entry.method, entry.args) or Fault(entry.method)
        entry.fault = str(fault)
        await asyncio.sleep(fault.delay)
        if fault.reset == "before":
            return self.reset(request)
        if fault.status:
            entry.status = fault.status
            return web.Response(status=fault.status, text="upstream connect error")
        if fault.error:
            status, body, headers = _refusal(ApiError(fault.error), {}, fault.retry_after)
        else:
            status, body, headers = self._try(act)
        entry.status, entry.answer = status, body
        await asyncio.sleep(fault.late)
        if fault.reset == "after":
            return self.reset(request)
        return web.json_response(body, status=status, headers=headers)

    def _try(self, act: Callable[[], Answer]) -> Answer:
        try:
            return act()
        except Exception as error:
            self.broken.append(error)
            raise

    def _run(self, name: str, args: Json, token: str | None, headers: dict[str, str]) -> Json:
        method = METHODS.get(name)
        if method is None:
            raise ApiError("unknown_method", req_method=name)
        install = self._install(token, method.token)
        headers["X-OAuth-Scopes"] = ",".join(install.scopes)
        headers["X-Accepted-OAuth-Scopes"] = ",".join(method.scopes)
        call = Call(self.world, name, args, _placed(self.world, install, args))
        call.need(*method.scopes)
        return {"ok": True} | method.run(call)

    def _install(self, token: str | None, kind: str) -> Install:
        first = next(iter(self.world.installs.values()))
        if kind == "none":
            return first
        if not token:
            raise ApiError("not_authed")
        if token == self.world.app.app_token:
            if kind != "app":
                raise ApiError("not_allowed_token_type")
            return Install(first.team_id, token, first.bot, ["connections:write"])
        install = self.world.installs.get(token)
        if install is None:
            raise ApiError("invalid_auth")
        if install.revoked:
            raise ApiError("token_revoked")
        if kind == "app":
            raise ApiError("not_allowed_token_type")
        return install

    async def _respond(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        entry = Request("response_url", _loaded(body), None, request.method)
        self.requests.append(entry)

        def act() -> Answer:
            return *answers.respond(self.world, request.path, body), {}

        return await self._answer(request, entry, act)

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        content = await request.read()
        entry = Request("upload", {"file": request.match_info["file"], "bytes": len(content)}, None, request.method)
        self.requests.append(entry)
        fault = self.faults.take("upload", entry.args)
        file = self.world.files.get(request.match_info["file"])
        wrong = file is None or file.length != len(content)
        entry.status = fault.status if fault and fault.status else 400 if wrong else 200
        if entry.status != 200 or file is None:
            return web.Response(status=entry.status, text="invalid upload")
        file.content = content
        entry.answer = {"ok": True}
        return web.Response(text=f"OK - {len(content)}")

    async def _authorize(self, request: web.Request) -> web.StreamResponse:
        """The page where a person installs the app; this one consents at once, for the team named or the first."""
        query = request.query
        if query.get("client_id") != self.world.app.client_id:
            return web.Response(status=400, text="invalid_client_id")
        team = query.get("team") or next(iter(self.world.teams))
        if query.get("deny"):
            raise web.HTTPFound(f"{self._back(query.get('redirect_uri'))}error=access_denied")
        scopes = [scope for scope in query.get("scope", "").split(",") if scope]
        code = self.code(team, scopes, query.get("redirect_uri"))
        raise web.HTTPFound(f"{self._back(query.get('redirect_uri'))}code={code}&state={query.get('state', '')}")

    def _back(self, redirect_uri: str | None) -> str:
        back = redirect_uri or self.world.app.redirect_uri
        return back + ("&" if "?" in back else "?")

    def code(self, team: str, scopes: list[str], redirect_uri: str | None) -> str:
        """A code that `oauth.v2.access` takes once."""
        code = secrets.token_hex(12)
        person = next((u.id for u in self.world.users.values() if u.team_id == team and not u.is_bot), "U0INSTALLER")
        grant = {"team": team, "scopes": scopes, "user": person, "redirect_uri": redirect_uri}
        self.world.codes[code] = grant
        return code


def _placed(world: World, install: Install, args: Json) -> Install:
    """The install of a whole organisation as it counts in the team that a call is about."""
    if not install.enterprise_id:
        return install
    named = (args.get(name) for name in ("channel", "channel_id", "user", "users", "user_id"))
    known = [world.channels.get(str(name)) or world.users.get(str(name)) for name in named]
    teams = [world.teams[thing.team_id] for thing in known if thing]
    ours = next((team.id for team in teams if team.enterprise_id == install.enterprise_id), install.team_id)
    return dataclasses.replace(install, team_id=ours)


async def _arguments(request: web.Request) -> tuple[Json, str | None]:
    """The arguments of query and body, and the error when the body cannot be read."""
    args: Json = dict(request.query)
    if request.method == "POST" and request.content_type == "application/json":
        try:
            body = json.loads(await request.read() or b"{}")
        except ValueError:
            return args, "invalid_json"
        return (args | body, None) if isinstance(body, dict) else (args, "json_not_object")
    if request.method == "POST":
        args |= {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    header = request.headers.get("Authorization", "")
    if header.startswith("Basic "):
        basic = BasicAuth.decode(header)
        args |= {"client_id": basic.login, "client_secret": basic.password}
    return args, None


def _token(request: web.Request, args: Json) -> str | None:
    header = request.headers.get("Authorization", "")
    return header.removeprefix("Bearer ") if header.startswith("Bearer ") else args.get("token")


def _refusal(error: ApiError, headers: dict[str, str], retry_after: int = 1) -> Answer:
    if error.body["error"] == "ratelimited":
        return 429, error.body, headers | {"Retry-After": str(retry_after)}
    return 200, error.body, headers


def _loaded(body: bytes) -> Json:
    try:
        loaded = json.loads(body)
    except ValueError:
        return {"body": body.decode(errors="replace")}
    return loaded if isinstance(loaded, dict) else {"body": loaded}
