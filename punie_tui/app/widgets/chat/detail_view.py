"""The whole of what is asked about, folded to the width and scrolled; drawing costs what is on the screen."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from punie_tools.revealed_text import reveal
from punie_tui.app.textual_adapter import app_of, width_of
from punie_tui.app.widgets.chat.patch_lines import LineKind, Patch, PatchLine
from punie_tui.app.widgets.review.line_colours import changed_parts, highlighted

if TYPE_CHECKING:
    from textual import events

_CONTINUED = "↳ "
_SIGNS: dict[LineKind, str] = {"removed": "- ", "added": "+ ", "context": "  "}
_PLAIN_DIFF: dict[str, LineKind] = {"+": "added", "-": "removed"}


class _Line(NamedTuple):
    """A line as it is shown: what `reveal` marked in it stands reversed."""

    shown: str
    marks: tuple[tuple[int, int], ...]
    line: PatchLine


class DetailView(ScrollView, can_focus=False):
    """Nothing is cut: a line that is too long goes on below, behind a mark. What `reveal` marked stands reversed."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "detail--text",
        "detail--muted",
        "detail--file",
        "detail--added",
        "detail--removed",
        "detail--added-line",
        "detail--removed-line",
        "detail--added-part",
        "detail--removed-part",
    }
    DEFAULT_CSS = """
    DetailView { height: 1fr; overflow-x: hidden; scrollbar-size-vertical: 1; scrollbar-gutter: stable; }
    DetailView > .detail--text { color: $foreground; }
    DetailView > .detail--muted { color: $text-muted; }
    DetailView > .detail--file { color: $foreground; background: $panel; text-style: bold; }
    DetailView > .detail--added { color: $text-success; }
    DetailView > .detail--removed { color: $text-error; }
    DetailView > .detail--added-line { color: $text-success; background: $added-line; }
    DetailView > .detail--removed-line { color: $text-error; background: $removed-line; }
    DetailView > .detail--added-part { background: $added-part; text-style: $part-style; }
    DetailView > .detail--removed-part { background: $removed-part; text-style: $part-style; }
    """

    class Folded(Message):
        """The rows are other ones than before."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._patch: Patch | None = None
        self._named_above_from = 0
        self._lines: list[_Line] = []
        self._rows: list[tuple[int, int, int]] = []

    def show(self, text: str) -> None:
        """Show another text, from its beginning."""
        self._patch = None
        is_diff = text.startswith("@@ ") or "\n@@ " in text
        self._begin(
            PatchLine(_PLAIN_DIFF.get(line[:1], "text") if is_diff else "text", line) for line in text.split("\n")
        )

    def show_patch(self, told: Sequence[str], patch: Patch, named_above_from: int) -> None:
        """Show a patch, from its beginning, below what is told of it.

        At this width or more the file of a patch of one file is named above.
        """
        self._patch, self._named_above_from = patch, named_above_from
        self._begin((*(PatchLine("text", line) for line in told), *patch.lines))

    def _begin(self, lines: Sequence[PatchLine] | Iterator[PatchLine]) -> None:
        self._lines = [_revealed(line) for line in lines]
        self._fold()
        self.scroll_home(animate=False)

    @property
    def text(self) -> str:
        """All of it without colours, a patch without its numbers."""
        return "\n".join(
            f"{_SIGNS.get(line.line.kind, '')[:1] if self._patch else ''}{line.shown}" for line in self._lines
        )

    def row_count(self, width: int) -> int:
        """How many rows it takes at a width, that of the scroll bar included."""
        return len(self._rows_at(max(width - 1, 4)))

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
        self._rows = self._rows_at(width)
        self.virtual_size = Size(width, len(self._rows))
        self.refresh()
        self.post_message(self.Folded())

    def _rows_at(self, width: int) -> list[tuple[int, int, int]]:
        """For each row: the line that it is of, and from where to where in that it goes."""
        # The column of the scroll bar is none that the headline above has to do without.
        is_named_above = self._patch is not None and self._patch.is_of_one_file and width + 1 >= self._named_above_from
        rows: list[tuple[int, int, int]] = []
        gutter = self._gutter(width)
        for number, (shown, _, line) in enumerate(self._lines):
            if line.kind == "file" and is_named_above:
                continue
            start = 0
            for end in _ends(shown, max(width - (gutter if line.kind in _SIGNS else 0), 4)):
                rows.append((number, start, end))
                start = end
        return rows

    def _gutter(self, width: int) -> int:
        """How many cells numbers and signs take; on the narrowest screens there are no numbers."""
        if self._patch is None:
            return 0
        numbers = 2 * (self._number_width + 1)
        return numbers + 2 if width >= 2 * numbers + 10 else 2

    @property
    def _number_width(self) -> int:
        return len(str(self._patch.last_number)) if self._patch else 0

    def render_line(self, y: int) -> Strip:
        row = y + self.scroll_offset.y
        width = self.scrollable_content_region.width
        if row >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        number, start, end = self._rows[row]
        line = self._lines[number]
        segments = list(self._segments(line, start, end, width))
        return Strip(segments).extend_cell_length(width).apply_style(self.rich_style)

    def _segments(self, line: _Line, start: int, end: int, width: int) -> Iterator[Segment]:
        kind, muted = line.line.kind, self._style("muted")
        if self._patch is None or kind not in _SIGNS:
            name = {"file": "file", "gap": "muted", "added": "added", "removed": "removed"}.get(kind, "text")
            style = self._style(name)
            if start:
                yield Segment(_CONTINUED, style + Style(dim=True))
            yield from _marked(line, start, end, [Segment(line.shown[start:end], style)])
            return
        base = self._style("text" if kind == "context" else f"{kind}-line")
        if self._gutter(width) > 2:
            yield Segment(self._numbers(line.line) if start == 0 else " " * (self._gutter(width) - 2), muted)
        yield Segment(_SIGNS[kind] if start == 0 else "  ", base)
        if start:
            yield Segment(_CONTINUED, muted)
        yield from _marked(line, start, end, self._coloured(line, base, start, end))

    def _numbers(self, line: PatchLine) -> str:
        """Old and new line number, each where the line has one."""
        return "".join(f"{number or '':>{self._number_width}} " for number in (line.old, line.new))

    def _coloured(self, line: _Line, base: Style, start: int, end: int) -> list[Segment]:
        """A part of a line with the language's colours, what changed inside it marked."""
        kind, other = line.line.kind, line.line.other
        text = highlighted(line.line.path, line.shown, is_dark=app_of(self).current_theme.dark)
        text.stylize_before(base if kind == "context" else Style(bgcolor=base.bgcolor))
        for first, last in changed_parts(line.shown, _shown(other)[0]) if other is not None else ():
            text.stylize(self._style(f"{kind}-part"), first, last)
        segments = text[start:end].render(app_of(self).console)
        return [Segment(each.text, base + each.style if each.style else base) for each in segments if each.text]

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"detail--{name}", partial=True)


def _revealed(line: PatchLine) -> _Line:
    return _Line(*_shown(line.text), line)


def _shown(text: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    """A line with what could deceive made visible; a line of blanks alone is one that ends in blanks."""
    if text and not text.strip(" "):
        found = reveal(f"x{text}")
        return found.text[1:], tuple((start - 1, end - 1) for start, end in found.marks)
    found = reveal(text)
    return found.text, found.marks


def _marked(line: _Line, start: int, end: int, segments: list[Segment]) -> Iterator[Segment]:
    """The segments of a part of a line; what stands for something that would not be seen is reversed."""
    marks = [mark for mark in line.marks[max(bisect_right(line.marks, (start, 0)) - 1, 0) :] if mark[0] < end]
    if not marks:
        yield from segments
        return
    cuts = sorted({min(max(place, start), end) - start for mark in marks for place in mark} | {0, end - start})
    place = start
    for part in _divided(segments, cuts):
        is_marked = any(first <= place < last for first, last in marks)
        yield Segment(part.text, (part.style or Style()) + Style(reverse=True)) if is_marked else part
        place += len(part.text)


def _divided(segments: Sequence[Segment], cuts: Sequence[int]) -> Iterator[Segment]:
    """The segments cut at these characters."""
    place = 0
    for text, style, _ in segments:
        inside = [cut - place for cut in cuts if place < cut < place + len(text)]
        for first, last in zip([0, *inside], [*inside, len(text)], strict=True):
            yield Segment(text[first:last], style)
        place += len(text)


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
