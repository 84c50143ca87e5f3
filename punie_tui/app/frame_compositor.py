"""Frames that cost what has changed, and not what stands around it.

Textual draws all widgets within the rectangle around all that changed: a line of the chat and the status line below it
lie in a rectangle that is nearly the whole screen, and a frame then costs several times what its two lines do. And a
key in a text area draws all of it anew, its border and its empty lines included: what stands there already is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from rich.cells import get_character_cell_size
from rich.console import Console
from rich.control import Control
from rich.style import Style
from textual._compositor import ChopsUpdate, Compositor
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip

from punie_tui.app.colour_codes import with_fewer_codes

_SECONDS_BETWEEN_FRAMES = 1 / 240


class KnownCells:
    """What the terminal shows, as far as it was written since all was forgotten: of each row pieces side by side."""

    def __init__(self) -> None:
        self._rows: dict[int, list[tuple[int, int, Strip]]] = {}

    def forget(self) -> None:
        """Something else was written, whatever it was."""
        self._rows.clear()

    def show(self, x: int, y: int, strip: Strip) -> tuple[int, Strip] | None:
        """Know that this is written there; what of it has to be, and from which column on. None where nothing has."""
        stop = x + strip.cell_length
        row = self._rows.setdefault(y, [])
        for place, (start, end, known) in enumerate(row):
            if start <= x and stop <= end:
                before = known.crop(x - start, stop - start)
                parts = [known.crop(0, x - start), strip, known.crop(stop - start, end - start)]
                row[place] = start, end, strip if (start, end) == (x, stop) else Strip.join(parts)
                return _changed(x, before, strip)
        row[:] = [piece for piece in row if piece[1] <= x or stop <= piece[0]] + [(x, stop, strip)]
        return x, strip


def _changed(x: int, before: Strip, strip: Strip) -> tuple[int, Strip] | None:
    """From the first cell that differs to the last."""
    if before == strip:
        return None
    if any(get_character_cell_size(letter) != 1 for letter in {*before.text, *strip.text}):
        # Half of a wide letter is none.
        return x, strip
    differing = [
        place for place, (old, new) in enumerate(zip(_cells(before), _cells(strip), strict=True)) if old != new
    ]
    return (x + differing[0], strip.crop(differing[0], differing[-1] + 1)) if differing else None


def _cells(strip: Strip) -> Iterator[tuple[str, Style | None]]:
    return ((letter, segment.style) for segment in strip for letter in segment.text)


class ShortUpdate(ChopsUpdate):
    """Says what Textual's says in fewer bytes, of each line nothing before its span begins, and nothing known."""

    known: KnownCells | None = None

    def render_segments(self, console: Console) -> str:
        written: list[str] = []
        for y, first, end in self.spans:
            begins = len(written)
            for stop, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                if strip and x < end and stop > first:
                    begun = max(x, first)
                    part = strip.crop(begun - x, min(stop, end) - x)
                    shown = self.known.show(begun, y, part) if self.known else (begun, part)
                    if shown:
                        column, changed = shown
                        written.append(Control.move_to(column, y).segment.text)
                        written.append(changed.render(console))
            if y != self.spans[-1][0] and len(written) > begins:
                written.append("\n")
        return with_fewer_codes("".join(written))


class FrameCompositor(Compositor):
    """Draws of each widget only the lines that a partial update shows of it."""

    def render_partial_update(self) -> ShortUpdate | None:
        screen = self.size.region
        changed = {each for region in self._dirty_regions if (each := region.intersection(screen))}
        self._dirty_regions.clear()
        if not changed:
            return None
        spans = list(self._regions_to_spans(changed))
        cuts = self.cuts
        chops: list[dict[int, Strip | None]] = [{} for _ in cuts]
        missing: dict[int, set[int]] = {}
        for y, first, end in spans:
            chops[y] = chops[y] or dict.fromkeys(cuts[y][:-1])
            begun = [x for x, stop in zip(cuts[y], cuts[y][1:], strict=False) if x < end and stop > first]
            missing.setdefault(y, set()).update(begun)
        self._draw(chops, missing)
        return ShortUpdate(chops, spans, [row[1:] for row in cuts])

    def _draw(self, chops: list[dict[int, Strip | None]], missing: dict[int, set[int]]) -> None:
        """Fill what is missing, from the front to the back; what is hidden is not drawn."""
        for widget, (region, clip) in self.visible_widgets.items():
            shown = region.intersection(clip)
            rows = [y for y in shown.line_range if y in missing and any(shown.x <= x < shown.right for x in missing[y])]
            for lines in _without_gaps(rows):
                crop = Region(shown.x - region.x, lines.start - region.y, shown.width, len(lines))
                for y, strip in zip(lines, widget.render_lines(crop), strict=False):
                    self._place(chops[y], missing[y], y, shown, strip)
                    if not missing[y]:
                        del missing[y]
            if not missing:
                return

    def _place(self, chops: dict[int, Strip | None], missing: set[int], y: int, shown: Region, strip: Strip) -> None:
        cuts = [cut for cut in self.cuts[y] if shown.x <= cut <= shown.right]
        for x, part in zip(cuts, strip.divide([cut - shown.x for cut in cuts[1:]]), strict=False):
            if x in missing:
                missing.remove(x)
                chops[x] = part


def draw_only_changes(screen: Screen[None]) -> None:
    """Let a screen that has not been drawn yet compose its frames so."""
    screen._compositor = FrameCompositor()  # pyright: ignore[reportPrivateUsage]


def draw_soon(screen: Screen[None]) -> None:
    """Let a change be seen at once, however short ago the last frame was; a screen calls it when it is mounted.

    Textual draws sixty times a second, so that a key waits up to 16 ms for its frame where a model streams.
    """
    screen._update_timer._interval = _SECONDS_BETWEEN_FRAMES  # pyright: ignore[reportPrivateUsage]


def _without_gaps(numbers: Iterable[int]) -> Iterator[range]:
    """Rising numbers as ranges."""
    for _, run in groupby(enumerate(numbers), lambda numbered: numbered[1] - numbered[0]):
        together = [number for _, number in run]
        yield range(together[0], together[-1] + 1)
