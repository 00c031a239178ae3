"""Responses on Discord: in place of a card, below it, as a new message, or only for the person who acted."""

import asyncio
import io
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

import discord

from bot import texts
from bot.discord.api_errors import ACKNOWLEDGED, EXPIRED, NO_PLACE, TROUBLE
from bot.discord.forms import modal
from bot.discord.limits import ALT_TEXT
from bot.discord.parsing import is_with_bot
from bot.discord.rendering import PICTURE, Rendering, render, render_fewest
from bot.messages.card import Card, Picture
from bot.messages.form import Form
from bot.messages.reply import Line
from bot.messages.response import Placement, Response

log = logging.getLogger(__name__)

DEFER_AFTER = 1.0  # seconds in which a click is answered in one go; Discord waits for three
DEFER_FORM_AFTER = 2.5  # the same where a form may open, which it cannot after that


class Stage:
    """Shows cards in answer to one interaction, as its response or, once it is deferred, after it."""

    def __init__(self, interaction: discord.Interaction, article_url: str | None, *, is_private: bool = False) -> None:
        """With `is_private`, what is said of a command is only for the one who called."""
        self._interaction = interaction
        self._has_private = is_private
        self._article_url = article_url
        self._responding = asyncio.Lock()
        self._has_responded = interaction.response.is_done()

    async def think(self) -> None:
        """Defer a command: show that it is being worked on."""
        await self._respond(partial(self._interaction.response.defer, ephemeral=self._has_private, thinking=True))

    @asynccontextmanager
    async def deferred(self, *, may_open_form: bool = False) -> AsyncIterator[None]:
        """Defer a press unless it is answered soon, and at the end if it has not been answered."""
        deferring = asyncio.create_task(self._defer_after(DEFER_FORM_AFTER if may_open_form else DEFER_AFTER))
        try:
            yield
        finally:
            async with self._responding:  # else a deferring that is on its way would be taken for none
                deferring.cancel()
            await asyncio.gather(deferring, return_exceptions=True)
        await self._defer_after(0)

    async def show_response(self, response: Response) -> None:
        """Show the response to a press; a notice only to the one who clicked."""
        card, notice = response.card, response.notice
        if response.form and response.form.in_steps:
            card = response.form.in_steps
        elif response.form and not await self._open(response.form):
            notice = texts.sentence("form_late")
        if card and response.place:
            await self._show_in(int(response.place.partition("/")[0]), card)
        elif card and response.placement is Placement.REPLACE:
            await self.show_instead(card)
        elif card:
            await self._follow_up(card, is_private=self._is_private(response.placement))
        if notice:
            await self.show_privately(Card((Line(notice),)))

    async def show_command(self, response: Response) -> None:
        """Show the response to a command in place of its first reply; a form by the card that leads to it."""
        form, notice = response.form, Card((Line(response.notice),))
        await self.show_instead((form.in_steps if form else None) or response.card or notice)

    async def show_privately(self, card: Card) -> None:
        """Show a card only to the person who acted."""
        await self._follow_up(card, is_private=True)

    async def _open(self, form: Form) -> bool:
        return await self._respond(partial(self._interaction.response.send_modal, modal(form)))

    async def show_instead(self, card: Card) -> None:
        """Show a card in place of a command's first reply, or of the card that was pressed."""
        first, *others = await self._options(card, render_fewest)
        if not await self._respond(partial(self._interaction.response.edit_message, **first)):
            await self._edit(first)
        for options in others:
            await self._interaction.followup.send(**_as_new(options), ephemeral=self._is_private(Placement.BELOW))

    async def _edit(self, options: dict[str, Any]) -> None:
        try:
            await self._interaction.edit_original_response(**options)
        except discord.HTTPException as error:
            if error.code not in EXPIRED or self._interaction.message is None:
                raise
            await self._interaction.message.edit(**options)  # the click's own way is closed after a quarter of an hour

    async def _defer_after(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self._respond(self._interaction.response.defer)

    async def _respond(self, respond: Callable[[], Awaitable[object]]) -> bool:
        """Make this the response to the interaction; False if there is one already."""
        async with self._responding:
            if self._has_responded:
                return False
            try:
                await respond()
            except discord.HTTPException as error:
                if error.code != ACKNOWLEDGED:
                    raise  # else it is this one that has arrived: discord.py tries again what may have
            self._has_responded = True
            return True

    async def apologize(self, reference: str) -> None:
        """Say that something went wrong, if that is still possible."""
        said = Card((Line(texts.sentence("unforeseen", reference=reference)),))
        with suppress(*TROUBLE, RuntimeError):  # the last when it is closed
            await self.show_privately(said)

    async def _show_in(self, channel: int, card: Card) -> None:
        """Show a card in another channel; privately here, where that one is closed to the bot."""
        place = self._interaction.client.get_partial_messageable(channel)
        try:
            for options in await self._options(card):
                await place.send(**_as_new(options))
        except discord.HTTPException as error:
            if error.code not in NO_PLACE:
                raise
            await self._follow_up(card, is_private=True)

    async def _follow_up(self, card: Card, *, is_private: bool) -> None:
        for options in await self._options(card):
            sent = {**_as_new(options), "ephemeral": is_private and self._is_shared}
            if not await self._respond(partial(self._interaction.response.send_message, **sent)):
                await self._interaction.followup.send(**sent)

    @property
    def _is_shared(self) -> bool:
        return not is_with_bot(self._interaction)

    def _is_private(self, placement: Placement) -> bool:
        """Return True if only the person who acted is to see it: below a private card everything is private."""
        message = self._interaction.message
        is_shown_to_one = self._has_private or bool(message and message.flags.ephemeral)
        return placement is Placement.EPHEMERAL or (placement is Placement.BELOW and is_shown_to_one)

    async def _options(
        self, card: Card, render: Callable[[Card, str | None], list[Rendering]] = render
    ) -> Sequence[dict[str, Any]]:
        """Options for discord.py, for each message of a card."""
        file = await _drawn(card.picture) if card.picture else None
        card = card if file else Card(card.lines, card.citations, card.rows, card.menu)
        return [_options(part, file if part.has_picture else None) for part in render(card, self._article_url)]


def _options(part: Rendering, file: discord.File | None) -> dict[str, Any]:
    content, files = part.content or None, [file] if file else []
    return {"content": content, "embeds": part.shown_embeds(), "view": part.view(), "attachments": files}


def _as_new(options: dict[str, Any]) -> dict[str, Any]:
    """The same for a new message, whose files discord.py calls otherwise than those of one that is edited."""
    return {name: value for name, value in options.items() if name != "attachments"} | {"files": options["attachments"]}


async def _drawn(picture: Picture) -> discord.File | None:
    try:
        png = await asyncio.to_thread(picture.draw)
    except Exception:
        log.exception("a picture could not be drawn")
        return None
    return discord.File(io.BytesIO(png), PICTURE, description=picture.alt_text[:ALT_TEXT])
