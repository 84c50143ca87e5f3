"""What the palette finds of the workspace: files and symbols by name, to be looked at."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from functools import partial
from threading import Event
from typing import TYPE_CHECKING

from textual.command import DiscoveryHit, Hit, Provider
from textual.content import Content

from punie_tools.safe_text import safe_text
from punie_tui.app.screens.main import MainScreen
from punie_tui.app.textual_adapter import screen_of
from punie_tui.app.widgets.messages import OpenFile

if TYPE_CHECKING:
    from punie_tools.symbols.definition_lines import DefinitionLine

_MOST = 60


class PlaceRows(Provider):
    """The tree is read when the palette is opened first, and searched off the UI thread."""

    async def startup(self) -> None:
        main = screen_of(self)
        assert isinstance(main, MainScreen)
        # Each letter cancels the search of the one before, and what that waits for; the names are read all the same.
        self._reading = asyncio.ensure_future(asyncio.to_thread(main.names.get, is_wanted_anew=True))

    async def discover(self) -> AsyncIterator[DiscoveryHit]:
        for each in await self._best(""):
            text, hint, open_it = self._row(each)
            yield DiscoveryHit(text + hint, open_it, text.plain)

    async def search(self, query: str) -> AsyncIterator[Hit]:
        for place, each in enumerate(await self._best(query)):
            text, hint, open_it = self._row(each)
            yield Hit(1 - place / _MOST, text + hint, open_it, text.plain)

    async def _best(self, query: str) -> Sequence[str | DefinitionLine]:
        names = await asyncio.shield(self._reading)
        if names is None:
            return ()
        is_over = Event()
        try:
            return await asyncio.to_thread(names.best, query, _MOST, is_over.is_set)
        finally:
            is_over.set()

    def _row(self, place: str | DefinitionLine) -> tuple[Content, Content, partial[bool]]:
        if isinstance(place, str):
            found, label, hint = OpenFile(place), place, ""
        else:
            found, label = OpenFile(place.file, place.line), place.qualified_name
            hint = f"  {place.file}:{place.line}"
        shown = Content(safe_text(label, single_line=True))
        told = Content.styled(safe_text(hint, single_line=True), "$text-muted")
        return shown, told, partial(screen_of(self).post_message, found)
