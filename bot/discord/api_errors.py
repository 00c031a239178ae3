"""Discord's errors, and what they mean for the delivery, https://docs.discord.com/developers/topics/opcodes-and-status-codes#json."""

import discord
from aiohttp import ClientError

from bot.delivery.ports import BusyError, RefusedError

# Whatever may come of asking Discord; a timeout is an OSError.
TROUBLE = (discord.DiscordException, ClientError, OSError)

ACKNOWLEDGED = 40060
UNKNOWN_CHANNEL, UNKNOWN_MESSAGE, UNKNOWN_WEBHOOK, UNKNOWN_INTERACTION = 10003, 10008, 10015, 10062
MISSING_ACCESS, CLOSED, MISSING_PERMISSIONS, INVALID_TOKEN = 50001, 50007, 50013, 50027
ARCHIVED, LOCKED, NO_MUTUAL_SERVER, TOO_MANY_FOLLOW_UPS = 50083, 160005, 50278, 40094

NO_REPLIES, INVALID = 160002, 50035  # no permission to read what is replied to; a form that Discord does not take

GONE = frozenset((UNKNOWN_CHANNEL, UNKNOWN_MESSAGE))
NO_PLACE = frozenset((UNKNOWN_CHANNEL, MISSING_ACCESS, MISSING_PERMISSIONS, ARCHIVED, LOCKED))
CLOSED_TO_US = frozenset((CLOSED, NO_MUTUAL_SERVER))
EXPIRED = frozenset((UNKNOWN_WEBHOOK, UNKNOWN_INTERACTION, UNKNOWN_MESSAGE, INVALID_TOKEN, TOO_MANY_FOLLOW_UPS))


def meaning(error: discord.HTTPException | discord.RateLimited) -> Exception:
    """Translate an error of Discord's into what the delivery does about it."""
    if isinstance(error, discord.RateLimited):
        return BusyError(error.retry_after)
    if error.status == 429:
        return BusyError(float(error.response.headers.get("Retry-After", 1)))
    if error.status >= 500:
        return ConnectionError(f"status {error.status}")
    if error.code in CLOSED_TO_US:
        return RefusedError("the user takes no direct messages of this bot")
    if error.status == 401:
        return RefusedError("Discord no longer accepts the bot token; replace DISCORD_TOKEN, then run resend")
    return RefusedError(f"Discord refused it ({error.code})")
