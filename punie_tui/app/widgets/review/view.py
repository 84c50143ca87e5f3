"""The changes under review, as a Line API widget: rows are numbers until they are on the screen."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import work
from textual.binding import BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from punie_tools.changes.review import FileReview, HunkPlace, Review, Verdict
from punie_tools.safe_text import safe_text
from punie_tools.sentences import counted
from punie_tools.spelling import spelled
from punie_tui.app.actions import Action, ActionGroup, ActionGroups, bindings_of, movement
from punie_tui.app.textual_adapter import app_of
from punie_tui.app.widgets.review.cut_text import cut_text
from punie_tui.app.widgets.review.line_colours import changed_parts, highlighted
from punie_tui.app.widgets.review.rows import CommentedLine, Note, ReviewRows, Row, line_of
from punie_tui.app.widgets.review.screen_lines import Columns, ScreenLines, pieces_of

if TYPE_CHECKING:
    from textual import events

_MARKS: dict[Verdict, str] = {"undecided": "·", "accepted": "✓", "rejected": "✗"}
_SIGNS = {"removed": "-", "added": "+"}
_MARGIN_SIGNS = {"note": "", "comment": "╰ ", "gap": "⋯", "worse": "✗ ", "better": "✓ ", "told": "· "}
"""Of the rows that say something about lines; they go on below where they are long, whatever lines do."""
_MARGIN_STYLES = {
    "note": "muted",
    "comment": "comment",
    "gap": "muted",
    "worse": "rejected",
    "better": "accepted",
    "told": "muted",
}
_WIDE_ENOUGH_FOR_TWO = 120
_TAB = 4
_MOST_LINES_AT_ONCE = 10_000
_MARGIN = 3
_NO_LINE_END = "  (no line end)"


REVIEW_VIEW_ACTIONS = ActionGroup(
    "Its lines",
    (
        *movement(),
        Action("move.left", "left", "scroll_left", "sideways in long lines", line="sideways in long lines"),
        Action("move.right", "right", "scroll_right", "sideways in long lines", line="sideways in long lines"),
    ),
)


class ReviewView(ScrollView, can_focus=True):
    """Files, their hunks, and a cursor. It only shows: the screen changes the review, and calls `show_again`."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "review--file",
        "review--text",
        "review--muted",
        "review--added",
        "review--removed",
        "review--added-part",
        "review--removed-part",
        "review--accepted",
        "review--rejected",
        "review--comment",
        "review--cursor",
    }
    DEFAULT_CSS = """
    ReviewView { height: 1fr; scrollbar-size-vertical: 1; scrollbar-size-horizontal: 1; background: $background; }
    ReviewView > .review--file { color: $foreground; background: $panel; text-style: bold; }
    ReviewView > .review--text { color: $foreground; }
    ReviewView > .review--muted { color: $text-muted; }
    ReviewView > .review--added { color: $text-success; background: $added-line; }
    ReviewView > .review--removed { color: $text-error; background: $removed-line; }
    ReviewView > .review--added-part { background: $added-part; text-style: $part-style; }
    ReviewView > .review--removed-part { background: $removed-part; text-style: $part-style; }
    ReviewView > .review--accepted { color: $text-success; text-style: bold; }
    ReviewView > .review--rejected { color: $text-error; text-style: bold; }
    ReviewView > .review--comment { color: $accent; text-style: italic; }
    ReviewView > .review--cursor { color: $accent; text-style: bold; }
    """
    ACTIONS: ClassVar[ActionGroups] = (REVIEW_VIEW_ACTIONS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)

    class Moved(Message):
        """The cursor stands elsewhere."""

    def __init__(self, review: Review, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._review = review
        self._folded: set[int] = set()
        self._notes: list[Note] = []
        self._all_rows = ReviewRows(review)
        self._rows: list[Row] = []
        self._lines: ScreenLines | None = None
        self._cursor = 0
        self._is_wrapped = False
        self._is_making_rows = False
        self._wanted: HunkPlace | None = None
        self._wants_side_by_side: bool | None = None
        self._columns = Columns(80, 1)

    @property
    def rows(self) -> tuple[Row, ...]:
        return tuple(self._rows)

    @property
    def current(self) -> Row:
        """The row that the cursor stands on."""
        return self._rows[self._cursor]

    @property
    def current_line(self) -> CommentedLine | None:
        """The line that a comment made here is about; None on a row that shows none."""
        return line_of(self.current)

    @property
    def is_side_by_side(self) -> bool:
        """What the person chose, or what the width allows."""
        if self._wants_side_by_side is None:
            # With its scroll bar, which comes and goes with the rows.
            return self.outer_size.width >= _WIDE_ENOUGH_FOR_TWO
        return self._wants_side_by_side

    @property
    def is_making_rows(self) -> bool:
        """Whether there are no rows yet, as very many are being made; nothing has a place meanwhile."""
        return self._is_making_rows

    def show_again(self) -> None:
        """The review changed: its rows are made anew, and the cursor stays with its hunk."""
        if self._is_making_rows:
            return
        here = self.current if self._rows else None
        side_by_side, notes = self.is_side_by_side, tuple(self._notes)
        lines = self._all_rows.lines_to_make(self._folded, side_by_side=side_by_side, notes=notes)
        if lines > _MOST_LINES_AT_ONCE:
            self._begin_to_make_rows(here, notes)
            return
        rows = self._all_rows.rows(self._folded, side_by_side=side_by_side, notes=notes)
        columns = self._columns_now()
        if self._is_wrapped and self._all_rows.rows_to_measure(self._folded, (columns, True)) > _MOST_LINES_AT_ONCE:
            self._begin_to_make_rows(here, notes)
            return
        self._rows, self._columns = rows, columns
        self._measure(notes)
        # Other rows above it may have moved it off the screen.
        self._put_cursor(self._cursor)
        if here is not None and _place_of(self.current) != _place_of(here):
            self.go_to_hunk(here.file, here.hunk)

    def _begin_to_make_rows(self, here: Row | None, notes: Sequence[Note]) -> None:
        """On a thread: so many would hold up the keys."""
        self._wanted = self._wanted or ((here.file, here.hunk) if here else None)
        self._is_making_rows, self._rows = True, []
        self.refresh()
        self.screen.refresh_bindings()
        self.post_message(self.Moved())
        self._make_rows(frozenset(self._folded), self.is_side_by_side, notes, is_wrapped=self._is_wrapped)

    @work(thread=True, group="review-rows")
    def _make_rows(
        self, folded: Collection[int], side_by_side: bool, notes: Sequence[Note], *, is_wrapped: bool
    ) -> None:
        self._all_rows.rows(folded, side_by_side=side_by_side, notes=notes)
        if is_wrapped:
            # What they are is kept there, until something that they depend on changes.
            list(self._heights(folded, notes, self._columns_now(), is_wrapped=True))
        if self.is_running:
            app_of(self).call_later(self._take_rows)

    def _take_rows(self) -> None:
        self._is_making_rows = False
        self.screen.refresh_bindings()
        self.show_again()
        if self._wanted is not None and not self._is_making_rows:
            self.go_to_hunk(*self._wanted)
            self._wanted = None

    def show_notes(self, notes: Sequence[Note]) -> None:
        """What the hunks do, in place of what was shown of that before; the cursor stays on its row."""
        here = self.current if self._rows else None
        top, line = self.scroll_offset.y, self._line_of(self._cursor)
        self._notes = list(notes)
        self.show_again()
        if here is None or here not in self._rows:
            return
        row = self._rows.index(here)
        if top:
            # What one reads stays where it is; from the top on there is nothing above that would move it.
            self.scroll_to(y=top + self._line_of(row) - line, animate=False, immediate=True)
        self._put_cursor(row, margin=0)

    def go_to_hunk(self, file: int, hunk: int, *, shows_file: bool = False) -> None:
        """Put the cursor on a hunk's first changed line, or on its file's row.

        As much is seen of the hunk, and of what follows it in its file with `shows_file`, as the screen has room for.
        """
        self._folded.discard(file)
        if self._is_making_rows:
            self._wanted = (file, hunk)
            return
        wanted = [place for place, row in enumerate(self._rows) if row.file == file and row.hunk >= hunk]
        fitting = [place for place in wanted if self._rows[place].hunk == hunk]
        if not fitting:
            self._put_cursor(0)
            return
        changed = (place for place in fitting if self._rows[place].is_change or self._rows[place].kind == "note")
        self._show_whole(fitting[0], wanted[-1] if shows_file else fitting[-1])
        self._put_cursor(next(changed, fitting[0]), margin=0)

    def _show_whole(self, first: int, last: int) -> None:
        """Let the rows stand on the screen from the first one on; where all of them do already nothing moves."""
        height, top = self.scrollable_content_region.height, self.scroll_offset.y
        start, end = self._line_of(first), self._line_of(last + 1)
        if start < top or end > top + height:
            self.scroll_to(y=start, animate=False, immediate=True)

    def _line_of(self, row: int) -> int:
        """The line at which a row begins."""
        return self._lines.first_of(row) if self._lines else row

    def toggle_fold(self) -> None:
        """Fold or unfold the file under the cursor."""
        file = self.current.file
        self._folded ^= {file}
        self._cursor = next(place for place, row in enumerate(self._rows) if row.kind == "file" and row.file == file)
        self.show_again()

    def toggle_wrap(self) -> None:
        """Long lines go on below, or are reached by moving sideways."""
        self._is_wrapped = not self._is_wrapped
        self.show_again()

    def toggle_side_by_side(self) -> None:
        self._wants_side_by_side = not self.is_side_by_side
        self.show_again()

    # Moving.

    def action_move(self, rows: int) -> None:
        if not self._scrolls_inside_row(rows):
            self._put_cursor(self._cursor + rows)

    def _scrolls_inside_row(self, direction: int) -> bool:
        """Go on in a row that is higher than the screen, if more of it lies there."""
        height, top = self.scrollable_content_region.height, self.scroll_offset.y
        first, end = (self._line_of(self._cursor + each) for each in (0, 1))
        if end - first <= height or not (end > top + height if direction > 0 else first < top):
            return False
        wanted = min(top + height - 1, end - height) if direction > 0 else max(top - height + 1, first)
        self.scroll_to(y=wanted, animate=False, immediate=True)
        return True

    def action_move_page(self, pages: int) -> None:
        self._put_cursor(self._cursor + pages * max(self.scrollable_content_region.height - 1, 1))

    def action_move_to_end(self, direction: int) -> None:
        self._put_cursor(0 if direction < 0 else len(self._rows) - 1)

    def on_resize(self, _event: events.Resize) -> None:
        self.show_again()

    def watch_show_vertical_scrollbar(self) -> None:
        """It takes a column away, or gives it back."""
        self.call_later(self.show_again)

    def _put_cursor(self, row: int, margin: int = _MARGIN) -> None:
        """Keep it so many lines away from the edge that it moves to, if there is room for that."""
        direction = row - self._cursor
        self._cursor = min(max(row, 0), max(len(self._rows) - 1, 0))
        line = self._line_of(self._cursor)
        height = self.scrollable_content_region.height
        margin = min(margin, height // 4)
        above, below = margin * (direction < 0), margin * (direction > 0)
        top = self.scroll_offset.y
        if line < top + above:
            self.scroll_to(y=max(line - above, 0), animate=False, immediate=True)
        elif line >= top + height - below:
            self.scroll_to(y=line - height + below + 1, animate=False, immediate=True)
        self.refresh()
        self.post_message(self.Moved())

    # Drawing.

    def _columns_now(self) -> Columns:
        return Columns(max(self.scrollable_content_region.width, 4), len(str(self._all_rows.last_line + 1)))

    def _measure(self, notes: Sequence[Note]) -> None:
        """Count the lines on the screen; without wrapping only what is said about lines takes several."""
        width = self._columns.width
        self._lines = ScreenLines(self._heights(self._folded, notes, self._columns, is_wrapped=self._is_wrapped))
        if not self._is_wrapped:
            width = max(width, self._columns.gutter + self._widest())
        self.virtual_size = Size(width, self._lines.count)

    def _widest(self) -> int:
        """How wide the longest line is that moves sideways, as no side of a pair does; of very many the first count."""
        moving = _SIGNS if self.is_side_by_side else (*_SIGNS, "context")
        first = (row for row in self._rows[:2000] if row.kind in moving)
        return max((cell_len(self._text(row)) for row in first), default=0)

    def _heights(
        self, folded: Collection[int], notes: Sequence[Note], columns: Columns, *, is_wrapped: bool
    ) -> Iterator[int]:
        def height_of(row: Row) -> int:
            return self._height_of(row, columns) if is_wrapped or row.kind in _MARGIN_SIGNS else 1

        return self._all_rows.heights(folded, notes, (columns, is_wrapped), height_of)

    def _height_of(self, row: Row, columns: Columns) -> int:
        """How many lines of the screen it takes, wrapped."""
        if row.kind != "pair":
            return len(pieces_of(self._text(row), columns.room, by_words=row.kind in _MARGIN_SIGNS))
        sides = [is_new for line, is_new in ((row.old, False), (row.new, True)) if line is not None]
        return max(len(pieces_of(self._line_text(row, is_new), columns.half_room, by_words=False)) for is_new in sides)

    def render_line(self, y: int) -> Strip:
        line = y + self.scroll_offset.y
        width = self.scrollable_content_region.width
        place, part = self._lines.row_at(line) if self._lines else (line, 0)
        if place >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        strip = Strip(self._segments(self._rows[place], part, width, is_current=place == self._cursor))
        return strip.crop(0, width).extend_cell_length(width).apply_style(self.rich_style)

    def _segments(self, row: Row, part: int, width: int, *, is_current: bool) -> Iterator[Segment]:
        style, columns = self._style, self._columns
        cursor = style("cursor") if is_current and self.has_focus else style("muted")
        bar = "▌" if is_current else " "
        if row.kind == "file":
            file = self._review.files[row.file]
            fold = "▸" if row.file in self._folded else "▾"
            title = Strip([Segment(f"{bar}{fold} {self._file_title(file)}", style("file"))])
            yield from cut_text(title, 0, width, style("muted")).extend_cell_length(width, style("file"))
            return
        hunk = self._review.files[row.file].hunks[row.hunk]
        verdict = style({"accepted": "accepted", "rejected": "rejected"}.get(hunk.verdict, "muted"))
        is_marked = row.is_change or row.kind == "note"
        yield Segment(bar, cursor)
        yield Segment(_MARKS[hunk.verdict] if is_marked and part == 0 else " ", verdict)
        if row.kind in _MARGIN_STYLES:
            text, margin = self._text(row), style(_MARGIN_STYLES[row.kind])
            first, last = self._piece(text, part, columns.room, by_words=True)
            yield Segment(" " * (columns.gutter - 2), margin)
            yield from cut_text(Strip([Segment(text[first:last], margin)]), 0, columns.room, style("muted"))
        elif row.kind == "pair":
            yield from self._half(row, row.old, part, is_new=False)
            yield from self._half(row, row.new, part, is_new=True)
        else:
            yield Segment(self._numbers(row) if part == 0 else " " * (columns.gutter - 4), style("muted"))
            name = row.kind if row.kind in _SIGNS else "text"
            yield Segment(f"{_SIGNS.get(row.kind, ' ') if part == 0 else '↳'} ", style(name))
            yield from self._fitting(self._coloured(row, row.kind == "added", part, columns.room), width)

    def _fitting(self, text: Iterable[Segment], width: int) -> Strip:
        """What is seen behind the gutter; nothing is cut off there where long lines go on below."""
        start = 0 if self._is_wrapped else self.scroll_offset.x
        return cut_text(Strip(text), start, max(width - self._columns.gutter, 0), self._style("muted"))

    def _half(self, row: Row, line: int | None, part: int, *, is_new: bool) -> Iterator[Segment]:
        """One side of a pair, in so many cells."""
        number, room = self._columns.number_width, self._columns.half_room
        shown = "" if line is None or part else str(line + 1)
        yield Segment(f"{shown:>{number}} ", self._style("muted"))
        name = ("added" if is_new else "removed") if row.is_change and line is not None else "text"
        text = Strip(self._coloured(row, is_new, part, room) if line is not None else ())
        yield from cut_text(text, 0, room, self._style("muted")).extend_cell_length(room, self._style(name))
        yield Segment(" ", Style())

    def _piece(self, text: str, part: int, room: int, *, by_words: bool = False) -> tuple[int, int]:
        """Start and end of what stands on one line of the screen; nothing where only the other side goes on."""
        if not self._is_wrapped and not by_words:
            return 0, len(text)
        pieces = pieces_of(text, room, by_words=by_words)
        return pieces[part] if part < len(pieces) else (0, 0)

    def _coloured(self, row: Row, is_new: bool, part: int, room: int) -> Iterator[Segment]:
        """A line's text with the language's colours, what changed inside it marked."""
        raw = self._raw(row, is_new)
        text = _shown(raw)
        side = "added" if is_new else "removed"
        base = self._style(side if row.is_change else "text")
        path = self._review.files[row.file].change.path
        coloured = highlighted(path, text, is_dark=app_of(self).current_theme.dark)
        coloured.stylize_before(Style(bgcolor=base.bgcolor) if row.is_change else base)
        if row.is_change and (partner := self._partner(row, is_new)) is not None:
            for first, last in changed_parts(text, _shown(partner)):
                coloured.stylize(self._style(f"{side}-part"), first, last)
        if not raw.endswith(b"\n"):
            coloured.append(_NO_LINE_END, self._style("muted"))
        first, last = self._piece(coloured.plain, part, room)
        for segment in coloured[first:last].render(app_of(self).console):
            yield Segment(segment.text, base + segment.style if segment.style else base)

    def _partner(self, row: Row, is_new: bool) -> bytes | None:
        """The line of the other side that this one was or became."""
        other = (row.old if is_new else row.new) if row.kind == "pair" else row.other
        if other is None:
            return None
        file = self._review.files[row.file]
        return file.lines[other] if is_new else self._new_line(file, row.hunk, other)

    def _raw(self, row: Row, is_new: bool) -> bytes:
        file = self._review.files[row.file]
        if is_new and row.is_change and row.new is not None:
            return self._new_line(file, row.hunk, row.new)
        return file.lines[row.old] if row.old is not None else b""

    def _new_line(self, file: FileReview, hunk: int, line: int) -> bytes:
        found = file.hunks[hunk]
        return found.new[line - found.new_start]

    def _text(self, row: Row) -> str:
        """All that a row shows behind its gutter; nothing of those that are laid out in another way."""
        if row.kind in _MARGIN_SIGNS:
            return f"{_MARGIN_SIGNS[row.kind]}{safe_text(row.text, single_line=True)}"
        return self._line_text(row, row.kind == "added") if row.kind in ("context", "removed", "added") else ""

    def _line_text(self, row: Row, is_new: bool) -> str:
        raw = self._raw(row, is_new)
        return _shown(raw) + ("" if raw.endswith(b"\n") else _NO_LINE_END)

    def _numbers(self, row: Row) -> str:
        """Old and new line number, each where the row has one."""
        old = "" if row.old is None else str(row.old + 1)
        new = "" if row.new is None else str(row.new + 1)
        width = self._columns.number_width
        return f"{old:>{width}} {new:>{width}} "

    def _file_title(self, file: FileReview) -> str:
        decided = sum(hunk.verdict != "undecided" for hunk in file.hunks)
        before, after = file.change.before, file.change.after
        what = "new" if before is None else "deleted" if after is None else "renamed" if file.renamed_from else ""
        of_all = f"{decided} of {counted(len(file.hunks), 'hunk')} decided"
        told = ", ".join(part for part in (what, file.mode_told, of_all) if part)
        return safe_text(f"{file.shown_path}  {told}", single_line=True)

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"review--{name}", partial=True)


def _place_of(row: Row) -> tuple[int, int, bool]:
    return row.file, row.hunk, row.is_change


@lru_cache(maxsize=4096)
def _shown(line: bytes) -> str:
    """A line as it can be shown: no line end, no escapes, tabs as blanks."""
    return safe_text(spelled(line.removesuffix(b"\n")).expandtabs(_TAB), single_line=True)
