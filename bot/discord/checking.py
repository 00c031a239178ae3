"""What the doctor asks Discord."""

import discord
from aiohttp import ClientError

from bot.delivery.platform import RefusedError
from bot.discord.names import PERMISSIONS
from bot.discord.rest import Rest
from bot.errors import BotError

MOST = 200  # servers that are looked at


async def check(rest: Rest) -> str:
    """Asks Discord whether it knows the token, and what the bot may do in its servers.

    Raises BotError, saying what to do.
    """
    try:
        client = await rest.client()
        guilds = await client.http.get_guilds(MOST, with_counts=False)
    except RefusedError as error:
        raise BotError(str(error)) from error
    except (discord.HTTPException, ClientError, OSError) as error:
        raise BotError("Discord cannot be reached; check the network and DISCORD_API_URL") from error
    lacking = [f"{guild['name']}: {missing}" for guild in guilds if (missing := _missing(guild["permissions"]))]
    if lacking:
        raise BotError(
            f"permissions are missing in {'; '.join(lacking)}; invite the bot again: rag-or-tune discord invite"
        )
    threads = "also" if reads_all(client) else "not"
    return f"{client.user} in {len(guilds)} server(s); in threads it does {threads} hear what does not mention it"


def reads_all(client: discord.Client) -> bool:
    """Whether the operator has switched the message content intent on; nothing needs it."""
    flags = client.application_flags
    return flags.gateway_message_content or flags.gateway_message_content_limited


def _missing(permissions: str) -> str:
    """The names of what a guild does not let the bot do."""
    granted = discord.Permissions(int(permissions))
    if granted.administrator:
        return ""
    wanted = (name for name, is_wanted in PERMISSIONS if is_wanted)
    return ", ".join(name.replace("_", " ") for name in wanted if not getattr(granted, name))
