"""The bot for several workspaces, and the browser of a person who installs it."""

import html
import re
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from http.client import HTTPMessage
from http.cookies import SimpleCookie
from urllib.parse import urlsplit

from tests.support.slack.bots import WebBot

REDIRECTS = (302, 303, 307)


@dataclass
class InstallableBot(WebBot):
    """`python -m bot web` with the client's id and secret in place of a token."""

    def start(self) -> None:
        super().start()
        self.slack.app.redirect_uri = f"{self.url}/slack/oauth_redirect"

    def tokens(self) -> list[str]:
        """The tokens as the database keeps them, in both tables."""
        rows = self.rows("SELECT bot_token FROM slack_bots UNION ALL SELECT bot_token FROM slack_installations")
        return [token for (token,) in rows]

    def _tokens(self) -> dict[str, str]:
        app = self.slack.app
        return {"SLACK_CLIENT_ID": app.client_id, "SLACK_CLIENT_SECRET": app.client_secret}


@dataclass(frozen=True)
class Page:
    """What a browser shows, and where."""

    url: str
    status: int
    source: str
    headers: HTTPMessage

    @property
    def text(self) -> str:
        shown = re.sub(r"<(style|title)>.*?</\1>|<[^>]+>", " ", self.source, flags=re.DOTALL)
        return " ".join(html.unescape(shown).split())


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: object) -> None:
        return None


@dataclass
class Browser:
    """Follows redirects and sends a host its cookies; those for https over loopback, too, as browsers do."""

    cookies: dict[str, dict[str, str]] = field(default_factory=dict)

    def open(self, url: str, form: bytes | None = None) -> Page:
        page = self.go(url, form)
        return self.open(page.headers["Location"]) if page.status in REDIRECTS else page

    def go(self, url: str, form: bytes | None = None) -> Page:
        """One request."""
        kept = self.cookies.setdefault(urlsplit(url).netloc, {})
        request = urllib.request.Request(url, form, {"Cookie": "; ".join(f"{n}={v}" for n, v in kept.items())})
        try:
            answer = urllib.request.build_opener(_Stay).open(request, timeout=20)
        except urllib.error.HTTPError as refused:
            answer = refused
        with answer:
            for line in answer.headers.get_all("Set-Cookie", []):
                kept |= {name: cookie.value for name, cookie in SimpleCookie(line).items()}
            return Page(url, answer.status, answer.read().decode(), answer.headers)
