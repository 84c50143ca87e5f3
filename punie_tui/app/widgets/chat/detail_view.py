"""The whole of what is asked about, folded to the width and scrolled; drawing costs what is on the screen."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from punie_tui.app.textual_adapter import width_of

if TYPE_CHECKING:
    from textual import events

    from punie_tools.revealed_text import RevealedText

_CONTINUED = "↳ "
_COLOURS = {"+": "detail--added", "-": "detail--removed"}


class DetailView(ScrollView, can_focus=False):
    """Nothing is cut: a line that is too long goes on below, behind a mark. What `reveal` marked stands reversed."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"detail--text", *_COLOURS.values()}
    DEFAULT_CSS = """
    DetailView { height: 1fr; overflow-x: hidden; scrollbar-size-vertical: 1; scrollbar-gutter: stable; }
    DetailView > .detail--text { color: $foreground; }
    DetailView > .detail--added { color: $text-success; }
    DetailView > .detail--removed { color: $text-error; }
    """

    class Folded(Message):
        """The rows are other ones than before."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._text = ""
        self._marks: tuple[tuple[int, int], ...] = ()
        self._is_diff = False
        self._rows: list[tuple[int, int, int]] = []

    def show(self, shown: RevealedText) -> None:
        """Show another text, from its beginning."""
        self._text, self._marks = shown.text, shown.marks
        self._is_diff = shown.text.startswith("@@ ") or "\n@@ " in shown.text
        self._fold()
        self.scroll_home(animate=False)

    @property
    def text(self) -> str:
        return self._text

    def row_count(self, width: int) -> int:
        """How many rows it takes at a width, that of the scroll bar included."""
        return len(_rows(self._text, max(width - 1, 4)))

    @property
    def position(self) -> tuple[int, int, int]:
        """The first and the last row on the screen, counted from 1, and how many there are."""
        first = self.scroll_offset.y
        return first + 1, min(first + self.scrollable_content_region.height, len(self._rows)), len(self._rows)

    def on_resize(self, _event: events.Resize) -> None:
        self._fold()
        # The scroll bar that the size before needed is shown until the layout is made anew.
        self.show_vertical_scrollbar = len(self._rows) > self.size.height

    def _fold(self) -> None:
        width = max(self.scrollable_content_region.width, 4)
        self._rows = _rows(self._text, width)
        self.virtual_size = Size(width, len(self._rows))
        self.refresh()
        self.post_message(self.Folded())

    def render_line(self, y: int) -> Strip:
        row = y + self.scroll_offset.y
        width = self.scrollable_content_region.width
        if row >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        line_start, start, end = self._rows[row]
        name = _COLOURS.get(self._text[line_start : line_start + 1], "") if self._is_diff else ""
        style = self.get_component_rich_style(name or "detail--text", partial=True)
        segments = [Segment(_CONTINUED, style + Style(dim=True))] if start > line_start else []
        segments += self._styled(start, end, style)
        return Strip(segments).extend_cell_length(width).apply_style(self.rich_style)

    def _styled(self, start: int, end: int, style: Style) -> list[Segment]:
        segments: list[Segment] = []
        position = start
        for mark_start, mark_end in self._marks[max(bisect_right(self._marks, (start, 0)) - 1, 0) :]:
            if mark_start >= end:
                break
            if mark_end > position:
                mark_start, mark_end = max(mark_start, start), min(mark_end, end)
                segments.append(Segment(self._text[position:mark_start], style))
                segments.append(Segment(self._text[mark_start:mark_end], style + Style(reverse=True)))
                position = mark_end
        return [*segments, Segment(self._text[position:end], style)]


def _rows(text: str, width: int) -> list[tuple[int, int, int]]:
    """For each row: where its line begins in the text, and from where to where the row goes."""
    rows: list[tuple[int, int, int]] = []
    line_start = 0
    for line in text.split("\n"):
        start = 0
        for end in _ends(line, width):
            rows.append((line_start, line_start + start, line_start + end))
            start = end
        line_start += len(line) + 1
    return rows


def _ends(line: str, width: int) -> list[int]:
    """Where each row of a line ends: at a blank if its second half has one. Later rows have a mark before them."""
    ends: list[int] = []
    start, room = 0, width
    while (end := _end_that_fits(line, start, room)) < len(line):
        blank = line.rfind(" ", start + room // 2, end)
        start = blank + 1 if blank >= 0 else end
        ends.append(start)
        room = width - len(_CONTINUED)
    return [*ends, len(line)]


def _end_that_fits(line: str, start: int, room: int) -> int:
    """At least one character after the start, even if that is too wide."""
    if line.isascii():
        return start + room
    for place in range(start, len(line)):
        room -= width_of(line[place])
        if room < 0:
            return max(place, start + 1)
    return len(line)
