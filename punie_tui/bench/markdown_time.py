"""Time on the UI thread that a streamed list and a streamed code block take, against Textual's own Markdown."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

from textual.app import App, ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Markdown

from punie_tui.agent.events import TextStreamed, TurnStarted
from punie_tui.app.themes import theme_named
from punie_tui.app.widgets.chat.chat import Chat
from punie_tui.bench.figure import Figure
from punie_tui.bench.streamed_texts import TEXTS, tokens_of

_TOKENS_IN_A_FRAME = 3
"""What comes in a forty-fifth of a second."""


def markdown_time(lines: int) -> Iterator[Figure]:
    """The processor's time of the whole stream, layout and drawing included, as a share of Markdown's."""
    for kind in ("fence", "list"):
        tokens = [token for _, token in tokens_of(TEXTS[kind](lines))]
        frames = [
            "".join(tokens[place : place + _TOKENS_IN_A_FRAME]) for place in range(0, len(tokens), _TOKENS_IN_A_FRAME)
        ]
        own, textual = asyncio.run(_own(frames)), asyncio.run(_textual(frames))
        yield Figure(f"{kind}, time on the UI thread", own, "s", None, lines)
        yield Figure(f"{kind}, time on the UI thread of Textual's Markdown", textual, "s", None, lines)
        yield Figure(f"{kind}, against Textual's Markdown", own / textual, "times", 0.1, lines)


class _ChatApp(App[None]):
    def compose(self) -> ComposeResult:
        yield Chat()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return theme_named("punie-dark", "many").variables


class _MarkdownApp(App[None]):
    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield Markdown("")


async def _own(frames: list[str]) -> float:
    app = _ChatApp()
    async with app.run_test(size=(120, 40)) as pilot:
        chat = app.query_one(Chat)
        await chat.begin(Path.cwd())
        chat.handle(TurnStarted(prompt="go", model="x"))
        begun = time.thread_time()
        for frame in frames:
            chat.handle(TextStreamed(text=frame))
            await pilot.pause(0)
        return time.thread_time() - begun


async def _textual(frames: list[str]) -> float:
    app = _MarkdownApp()
    async with app.run_test(size=(120, 40)) as pilot:
        shown = app.query_one(Markdown)
        begun = time.thread_time()
        for frame in frames:
            await shown.append(frame)
            await pilot.pause(0)
        return time.thread_time() - begun
