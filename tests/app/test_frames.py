"""Frames: a partial one shows what Textual's own would show, and draws no line that has not changed."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from app_driver import Drive
from drawn_letters import letters
from textual._compositor import Compositor
from textual.geometry import Region
from textual.widgets import Static

from punie_tui.app.frame_compositor import FrameCompositor, KnownCells

Letter = tuple[str, frozenset[tuple[str, str]]]


def cells(drawn: str) -> dict[tuple[int, int], Letter]:
    """The column and the row of each letter of a frame, all of one cell's width."""
    found: dict[tuple[int, int], Letter] = {}
    column = row = 0
    for letter, style in letters(drawn):
        if move := re.fullmatch(r"\x1b\[(\d+);(\d+)H", letter):
            row, column = int(move[1]) - 1, int(move[2]) - 1
        elif letter != "\n":
            found[column, row] = letter, style
            column += 1
    return found


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
                frames.append(update.render_segments(console))
            own, textual = (cells(frame) for frame in frames)
            # Textual writes a line from the beginning of its widget on.
            assert own == {cell: letter for cell, letter in textual.items() if any(cell in each for each in regions)}
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


@pytest.mark.parametrize(("text", "width"), [("abc", 1), ("(a", 1), ("é", 116)])
async def test_a_blink_draws_the_cursor_s_cell_alone(
    drive: Drive, make_repository: Callable[..., Path], text: str, width: int
) -> None:
    async with drive(make_repository({"a.py": "a = 1\n"})) as driven:
        prompt = driven.prompt
        prompt.blink_timer.stop()
        prompt.insert(text)
        await driven.pilot.pause()
        drawn: list[Region] = []
        compositor = driven.main._compositor  # pyright: ignore[reportPrivateUsage]
        for is_seen in (False, True):
            compositor._dirty_regions.clear()  # pyright: ignore[reportPrivateUsage]
            prompt._toggle_cursor_blink_visible()  # pyright: ignore[reportPrivateUsage]
            compositor.update_widgets({prompt})
            drawn += compositor._dirty_regions  # pyright: ignore[reportPrivateUsage]
            assert prompt._draw_cursor is is_seen  # pyright: ignore[reportPrivateUsage]
        x, y = prompt.cursor_screen_offset
        assert drawn == [Region(x if width == 1 else prompt.content_region.x, y, width, 1)] * 2


async def test_what_the_terminal_shows_already_is_not_written_again(
    drive: Drive, make_repository: Callable[..., Path]
) -> None:
    """A terminal that got every frame shows what one that was drawn anew would, whatever was left out."""
    async with drive(make_repository({"a.py": "a = 1\n"})) as driven:
        await driven.main.mount(changing := Static("", markup=False))
        changing.styles.height, changing.styles.layer = 3, "base"
        compositor, console = driven.main._compositor, driven.app.console  # pyright: ignore[reportPrivateUsage]
        assert isinstance(compositor, FrameCompositor)
        known, terminal = KnownCells(), dict[tuple[int, int], Letter]()
        width, height = driven.app.size
        chance = random.Random(11)

        def frame(*regions: Region, by: KnownCells | None = known) -> str:
            compositor._dirty_regions = set(regions)  # pyright: ignore[reportPrivateUsage]
            update = compositor.render_partial_update()
            assert update
            update.known = by
            return update.render_segments(console)

        for _ in range(80):
            changing.update(
                "\n".join("".join(chance.choices("ab │", k=chance.choice((0, 7, width)))) for _ in range(3))
            )
            await driven.pilot.pause()
            if chance.random() < 0.1:
                known.forget()
                terminal.clear()
            left, top = chance.randrange(width), chance.randrange(height)
            regions = [changing.region, Region(left, top, chance.randint(1, width - left), 1)]
            terminal |= cells(frame(*regions))
            anew = cells(frame(*regions, by=None))
            assert {cell: terminal[cell] for cell in anew} == anew
        assert not frame(changing.region)
        changing.update("one cell else")
        await driven.pilot.pause()
        frame(changing.region)
        changing.update("one bell else")
        await driven.pilot.pause()
        assert list(cells(frame(changing.region)).values()) == [
            cells(frame(changing.region, by=None))[changing.region.x + 4, changing.region.y]
        ]


async def test_a_key_in_the_prompt_writes_its_own_line_alone(
    drive: Drive, make_repository: Callable[..., Path]
) -> None:
    async with drive(make_repository({"a.py": "a = 1\n"})) as driven:
        compositor, console = driven.main._compositor, driven.app.console  # pyright: ignore[reportPrivateUsage]
        assert isinstance(compositor, FrameCompositor)
        known = KnownCells()
        written: list[str] = []
        for key in "abc":
            await driven.pilot.press(key)
            compositor._dirty_regions = {driven.prompt.region}  # pyright: ignore[reportPrivateUsage]
            update = compositor.render_partial_update()
            assert update
            update.known = known
            written.append(update.render_segments(console))
        assert len(cells(written[0])) > 2 * driven.prompt.region.width
        assert [len(cells(frame)) for frame in written[1:]] == [2, 2], "the letter, and the cursor after it"
