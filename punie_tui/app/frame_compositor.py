"""Frames that cost what has changed, and not what stands around it.

Textual draws all widgets within the rectangle around all that changed: a line of the chat and the status line below it
lie in a rectangle that is nearly the whole screen, and a frame then costs several times what its two lines do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from rich.console import Console
from rich.control import Control
from textual._compositor import ChopsUpdate, Compositor
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip

from punie_tui.app.colour_codes import with_fewer_codes

_SECONDS_BETWEEN_FRAMES = 1 / 240


class _ShortUpdate(ChopsUpdate):
    """Says what Textual's says in fewer bytes, and of each line nothing before its span begins."""

    def render_segments(self, console: Console) -> str:
        written: list[str] = []
        for y, first, end in self.spans:
            for stop, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                if strip and x < end and stop > first:
                    begun = max(x, first)
                    written.append(Control.move_to(begun, y).segment.text)
                    written.append(strip.crop(begun - x, min(stop, end) - x).render(console))
            if y != self.spans[-1][0]:
                written.append("\n")
        return with_fewer_codes("".join(written))


class FrameCompositor(Compositor):
    """Draws of each widget only the lines that a partial update shows of it."""

    def render_partial_update(self) -> ChopsUpdate | None:
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
        return _ShortUpdate(chops, spans, [row[1:] for row in cuts])

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
