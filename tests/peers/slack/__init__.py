"""A stateful Slack on loopback, as strict as Slack: what it takes, refuses, sends and forgets.

with slack_server() as slack:
    ann = slack.user("ann")
    general = slack.channel("general", ann)
    …start the app with slack.api_url, slack.token(), slack.app.app_token, slack.app.signing_secret…
    asked = slack.mention(general, ann, "RAG or fine-tuning?")
    answer = slack.wait_for(lambda: slack.answers(asked))[0]
    slack.click(answer, "helpful", ann).wait()
"""

from tests.peers.slack.blocks import view_violations, violations, weight
from tests.peers.slack.delivery import Attempt, Delivery, Pace, Signing
from tests.peers.slack.faults import Fault, Request
from tests.peers.slack.peer import Slack, slack_server
from tests.peers.slack.state import App, Channel, File, Install, Message, Team, User, View

__all__ = [
    "App",
    "Attempt",
    "Channel",
    "Delivery",
    "Fault",
    "File",
    "Install",
    "Message",
    "Pace",
    "Request",
    "Signing",
    "Slack",
    "Team",
    "User",
    "View",
    "slack_server",
    "view_violations",
    "violations",
    "weight",
]
