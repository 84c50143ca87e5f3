"""Frames: a partial one shows what Textual's own would show, and draws no line that has not changed."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path

from app_driver import Drive
from drawn_letters import letters
from textual._compositor import Compositor
from textual.geometry import Region
from textual.widgets import Static

from punie_tui.app.frame_compositor import FrameCompositor

# Textual moves the cursor to what begins where a change ends, and writes nothing there.
_IDLE_MOVE = re.compile(r"\x1b\[\d+;\d+H(?=\n|\x1b\[\d+;\d+H|$)")


class CountedLines(Static):
    """Knows how many of its lines were drawn."""

    lines_drawn = 0

    def render_lines(self, crop: Region) -> list[object]:  # type: ignore[override]
        self.lines_drawn += crop.height
        return super().render_lines(crop)  # type: ignore[return-value]


async def test_a_partial_frame_is_textual_s_own_and_draws_only_what_changed(
    drive: Drive, make_repository: Callable[..., Path]
) -> None:
    async with drive(make_repository({"a.py": "a = 1\n"})) as driven:
        # What lies over others: a widget and a notice.
        await driven.main.mount(counted := CountedLines("one\ntwo\nthree"))
        counted.styles.height, counted.styles.layer = 3, "base"
        driven.app.notify("over the panes")
        await driven.pilot.pause()
        compositor, console = driven.main._compositor, driven.app.console  # pyright: ignore[reportPrivateUsage]
        assert isinstance(compositor, FrameCompositor)
        width, height = driven.app.size
        chance = random.Random(7)
        for _ in range(60):
            regions = {
                Region(x := chance.randrange(width), y := chance.randrange(height), width - x, height - y).intersection(
                    Region(x, y, chance.randrange(1, 60), chance.choice((1, 1, 2, 9)))
                )
                for _ in range(chance.choice((1, 2, 5)))
            }
            frames: list[str] = []
            for kind in (FrameCompositor, Compositor):
                compositor._dirty_regions = set(regions)  # pyright: ignore[reportPrivateUsage]
                update = kind.render_partial_update(compositor)
                assert update
                frames.append(_IDLE_MOVE.sub("", update.render_segments(console)))
            assert letters(frames[0]) == letters(frames[1])
            assert len(frames[0]) <= len(frames[1])
        # Of a widget with one changed line Textual draws all three.
        middle, before = counted.region.y + 1, counted.lines_drawn
        compositor._dirty_regions = {Region(0, height - 1, 9, 1), Region(0, middle, 9, 1)}  # pyright: ignore[reportPrivateUsage]
        compositor.render_partial_update()
        assert counted.lines_drawn - before == 1


async def test_a_cursor_that_nobody_moves_stops_blinking_where_it_is_seen(
    drive: Drive, make_repository: Callable[..., Path]
) -> None:
    async with drive(make_repository({"a.py": "a = 1\n"})) as driven:
        prompt = driven.prompt
        is_blinking = prompt.blink_timer._active.is_set  # pyright: ignore[reportPrivateUsage]
        await driven.pilot.press("x")
        assert is_blinking()
        for _ in range(19):
            prompt._toggle_cursor_blink_visible()  # pyright: ignore[reportPrivateUsage]
        assert is_blinking()
        prompt._toggle_cursor_blink_visible()  # pyright: ignore[reportPrivateUsage]
        assert not is_blinking()
        assert prompt._draw_cursor  # pyright: ignore[reportPrivateUsage]
        await driven.pilot.press("y")
        assert is_blinking()
