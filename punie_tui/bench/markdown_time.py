"""Time on the UI thread that a streamed list and a streamed code block take, against Textual's own Markdown."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from statistics import fmean, median

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
_FRAMES_TIMED, _FRAMES_OF_A_STRETCH = 5, 50
"""A list of 200 items keeps Textual's Markdown busy for minutes, so a tenth of all frames is timed, evenly spread.

The others of a stretch come as one frame that is not timed, so that the text is as long as it would be.
"""


def markdown_time(lines: int, runs: int) -> Iterator[Figure]:
    """The processor's time of a frame of the stream, layout and drawing included, as a share of Markdown's.

    Medians of interleaved runs, each the mean over a document of so many lines while it grows.
    """
    for kind in ("fence", "list"):
        frames = _frames(TEXTS[kind].of(lines))
        timed = [(asyncio.run(_own(frames)), asyncio.run(_textual(frames))) for _ in range(runs)]
        own, textual = (1000 * median(seconds) for seconds in zip(*timed, strict=True))
        yield Figure(f"{kind}, a frame's time on the UI thread", own, "ms", None, lines)
        yield Figure(f"{kind}, a frame's time on the UI thread of Textual's Markdown", textual, "ms", None, lines)
        yield Figure(f"{kind}, against Textual's Markdown", own / textual, "times", 0.1, lines)


def _frames(text: str) -> list[str]:
    tokens = [token for _, token in tokens_of(text)]
    return ["".join(tokens[place : place + _TOKENS_IN_A_FRAME]) for place in range(0, len(tokens), _TOKENS_IN_A_FRAME)]


async def _seconds_a_frame(
    frames: list[str], show: Callable[[str], Awaitable[None]], settle: Callable[[], Awaitable[None]]
) -> float:
    """`show` shows a frame and draws it; `settle` waits until nothing is left to do."""
    seconds: list[float] = []
    for place in range(0, len(frames), _FRAMES_OF_A_STRETCH):
        timed = frames[place : place + _FRAMES_TIMED]
        begun = time.thread_time()
        for frame in timed:
            await show(frame)
        seconds.append((time.thread_time() - begun) / len(timed))
        await show("".join(frames[place + _FRAMES_TIMED : place + _FRAMES_OF_A_STRETCH]))
        await settle()
    return fmean(seconds)


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
        await pilot.pause()

        async def show(frame: str) -> None:
            chat.handle(TextStreamed(text=frame))
            await pilot.pause(0)

        return await _seconds_a_frame(frames, show, pilot.pause)


async def _textual(frames: list[str]) -> float:
    app = _MarkdownApp()
    async with app.run_test(size=(120, 40)) as pilot:
        shown = app.query_one(Markdown)
        await pilot.pause()

        async def show(frame: str) -> None:
            await shown.append(frame)
            await pilot.pause(0)

        return await _seconds_a_frame(frames, show, pilot.pause)
