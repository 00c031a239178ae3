"""A stateful Discord on loopback, as strict as Discord: what it takes, refuses, sends and forgets.

with discord_server() as discord:
    ann = discord.user("ann")
    general = discord.channel(discord.guild("acme", ann), "general")
    …start the bot with discord.api_url as Route.BASE, discord.gateway_url as DEFAULT_GATEWAY, discord.token…
    discord.wait_connected()
    asked = discord.mention(general, ann, "RAG or fine-tuning?")
    answer = discord.wait_for(lambda: discord.answers(asked))[0]
    discord.click(answer, "Helpful", ann).wait()
    told = discord.command(general, ann, "rag-or-tune", "ask", {"text": "RAG or fine-tuning?"}).wait()
    discord.wait_for(lambda: told.answers)
    discord.fail("POST /channels/{}/messages", status=429, retry_after=0.2)
    with discord.away():  # the socket is cut, and what is said meanwhile comes by RESUME
        discord.dm(ann, "Are you there?")

A message is a copy as of when it was asked for (`discord.now(message)` asks anew); an interaction is live.
"""

from tests.peers.discord.faults import Fault, Request
from tests.peers.discord.forms import violations
from tests.peers.discord.interaction import Interaction, Modal
from tests.peers.discord.peer import Discord, discord_server
from tests.peers.discord.rendering import READS_ALL
from tests.peers.discord.state import App, Button, Channel, File, Guild, Message, Role, User

__all__ = [
    "READS_ALL",
    "App",
    "Button",
    "Channel",
    "Discord",
    "Fault",
    "File",
    "Guild",
    "Interaction",
    "Message",
    "Modal",
    "Request",
    "Role",
    "User",
    "discord_server",
    "violations",
]
