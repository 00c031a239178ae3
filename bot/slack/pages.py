"""The pages on which an installation ends, as a browser shows them."""

from html import escape

from bot import texts
from bot.slack.names import INSTALL

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>rag-or-tune</title>
<style>body {{ font: 1.1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 4rem auto; padding: 0 1rem }}</style>
<h1>{title}</h1>
<p>{text}</p>
<p><a href="{link}">{goes_to}</a></p>
</html>
"""
HTML = {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store"}
AGAIN = INSTALL.rpartition("/")[2]  # both pages are beside it, whatever the address has before them
SAID = {
    "access_denied": "slack_declined",
    "invalid_browser": "slack_expired",
    "invalid_state": "slack_expired",
}


def installed(workspace: str, link: str) -> str:
    """The app is in a workspace; `link` opens it there."""
    return _page("slack_installed_title", texts.sentence("slack_installed", workspace=workspace), link, "slack_open")


def not_installed(reason: str) -> str:
    """It is not, for a reason that Slack or Bolt names."""
    return _page("slack_failed_title", texts.sentence(SAID.get(reason, "slack_failed")), AGAIN, "slack_try_again")


def broken(reference: str) -> str:
    """It is not, for something went wrong here that is logged under a reference."""
    return _page("slack_failed_title", texts.sentence("unforeseen", reference=reference), AGAIN, "slack_try_again")


def _page(title: str, text: str, link: str, goes_to: str) -> str:
    said = {"title": texts.sentence(title), "text": text, "link": link, "goes_to": texts.sentence(goes_to)}
    return PAGE.format(**{name: escape(value) for name, value in said.items()})
