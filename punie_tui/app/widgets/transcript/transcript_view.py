"""What was said, drawn: a Line API widget over blocks that are drawn once; only the streaming tail is drawn again.

Cost grows with what is new and what is seen, not with what was said before, so a long conversation stays as quick as
a short one.
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollBar
from textual.strip import Strip

from punie_tui.app.textual_adapter import app_of
from punie_tui.app.widgets.transcript.block import Block, Said, Speaker
from punie_tui.app.widgets.transcript.block_list import BlockList, Place
from punie_tui.app.widgets.transcript.block_rows import MARKS, Mark, draw, end_of_row
from punie_tui.app.widgets.transcript.drawn_blocks import DrawnBlocks
from punie_tui.app.widgets.transcript.markdown_pieces import MarkdownStream, pieces_of, source_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from textual import events

_GUTTER = Segment(" ")
_EMPTY = Strip([_GUTTER])
_SECONDS_BETWEEN_SLICES = 0.016
_BLOCKS_IN_SLICE = 60
_LOOKS = (
    *MARKS,
    "title",
    "heading",
    "quote",
    "muted",
    "added",
    "removed",
    "strong",
    "emphasis",
    "struck",
    "code",
    "link",
    "keyword",
    "name",
    "string",
    "number",
    "comment",
    "match",
    "cursor",
    "selected",
)


class TranscriptView(ScrollView):
    """Who said what, newest below. Follows the end unless the person has scrolled up.

    `blocks`, `drawn` and `painted_lines` count what is done, for tests of what a change costs.
    """

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"transcript--{look}" for look in _LOOKS}
    DEFAULT_CSS = """
    TranscriptView {
        height: 1fr; padding: 0 1 0 0; overflow-x: hidden; scrollbar-size-vertical: 1; background: $background;
    }
    TranscriptView > .transcript--person { color: $primary; text-style: bold; }
    TranscriptView > .transcript--steering { color: $primary; }
    TranscriptView > .transcript--call { color: $secondary; }
    TranscriptView > .transcript--note { color: $secondary; }
    TranscriptView > .transcript--attached { color: $secondary; }
    TranscriptView > .transcript--change { color: $foreground; }
    TranscriptView > .transcript--added { color: $text-success; }
    TranscriptView > .transcript--removed { color: $text-error; }
    TranscriptView > .transcript--muted { color: $secondary; }
    TranscriptView > .transcript--error { color: $text-error; }
    TranscriptView > .transcript--title { text-style: bold underline; }
    TranscriptView > .transcript--heading { text-style: bold; }
    TranscriptView > .transcript--quote { text-style: italic; }
    TranscriptView > .transcript--strong { text-style: bold; }
    TranscriptView > .transcript--emphasis { text-style: italic; }
    TranscriptView > .transcript--struck { text-style: strike; }
    TranscriptView > .transcript--code { text-style: bold; }
    TranscriptView > .transcript--link { text-style: underline; }
    TranscriptView > .transcript--keyword { color: $primary; }
    TranscriptView > .transcript--name { text-style: bold; }
    TranscriptView > .transcript--string { color: $text-success; }
    TranscriptView > .transcript--number { color: $text-warning; }
    TranscriptView > .transcript--comment { color: $secondary; text-style: italic; }
    TranscriptView > .transcript--match { text-style: reverse; }
    TranscriptView > .transcript--cursor { background: $block-cursor-background; }
    TranscriptView > .transcript--selected { background: $input-selection-background; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self.drawn = DrawnBlocks(self._draw)
        self.blocks = BlockList(self.drawn.forget)
        self._hint = BlockList(self.drawn.forget)
        self._stream: MarkdownStream | None = None
        self._unfinished = 0
        self._follows_end = True
        self._thumb = (0, 0)
        self.painted_lines = 0
        # Textual finds a style anew each time, which would cost more than all else of a line.
        self._styles: dict[str, Style] = {}

    def on_mount(self) -> None:
        super().on_mount()
        self._settler = self.set_interval(_SECONDS_BETWEEN_SLICES, self._settle_slice, pause=True)

    # What is said.

    def show_empty_state(self, text: str, hint: str) -> None:
        """What stands here as long as nothing was said: Markdown of safe text, and quietly a hint below it."""
        self._hint = BlockList(self.drawn.forget)
        self._hint.width = self._row_width
        self._hint.add_markdown(pieces_of(text))
        self._hint.add("note", hint)
        self._lines_changed(0)

    def add(self, speaker: Speaker, text: str) -> None:
        """Add what somebody says. `text` is safe text; `punie` speaks Markdown, all others plain text."""
        self._end_answer()
        first = len(self.blocks.blocks)
        if speaker == "punie":
            self.blocks.add_markdown(pieces_of(text))
            self.blocks.end_answer()
        else:
            self.blocks.add(speaker, text)
        self._added(first)

    def begin_aside(self, speaker: Speaker, text: str) -> Said:
        """Add what may get something below it later, whatever else was said by then; returns what it is known by."""
        self._end_answer()
        first = len(self.blocks.blocks)
        said = self.blocks.add(speaker, text)
        self._added(first)
        return said

    def holds(self, said: Said) -> bool:
        """Whether something that was said stands here still."""
        return self.blocks.place_of_said(said) is not None

    def put_below(self, said: Said, speaker: Speaker, text: str, in_place_of: Said | None = None) -> Said:
        """Let somebody say something right below what is held, or in place of what stands there; returns as above."""
        place = self.blocks.place_of_said(in_place_of or said)
        assert place is not None
        first, count = place if in_place_of else (sum(place), 0)
        top = self._top
        put, came = self.blocks.put(first, count, speaker, text)
        self._replaced(first, count, came, top)
        return put

    def grow(self, said: Said, lines: Sequence[str], instead_of: int) -> None:
        """Let what is held go on with these lines, in place of so many that stand there last."""
        top = self._top
        first, came, count = self.blocks.grow(said, lines, instead_of)
        self._replaced(first, count, came, top)

    def _replaced(self, first: int, count: int, came: int, top: Place | None) -> None:
        """So many blocks came in place of others, wherever they stand; what stood in the first row stays there."""
        self._blocks_moved(first + count, came - count)
        self._blocks_came(first)
        if top and top.index >= first + count:
            top = Place(top.index + came - count, top.row)
        self._look_at(top)
        self._lines_changed(first, top)

    def _look_at(self, top: Place | None) -> None:
        """Break into rows what is seen where this stands in the first one."""
        if top:
            self.blocks.settle(top.index, self.size.height + top.row)

    def stream(self, text: str) -> None:
        """Add to what punie is saying. What is whole stays as it is drawn; only the rest is drawn again."""
        self._stream = self._stream or MarkdownStream()
        finished, rest = self._stream.feed(text)
        self.blocks.drop_last(self._unfinished)
        first = len(self.blocks.blocks)
        self.blocks.add_markdown(finished)
        self.blocks.add_markdown(rest)
        self._unfinished = len(rest)
        self._added(first)

    def add_before(self, parts: Sequence[tuple[Speaker, str]]) -> None:
        """Add what was said before all that stands here; what the person sees stays where it is."""
        top = self._top
        count = self.blocks.add_before(parts)
        self._blocks_came_before(count)
        self._lines_changed(0, top and Place(top.index + count, top.row))

    def follow_end(self) -> None:
        """Go to the end, and stay there as more is said."""
        self._follows_end = True
        self._lines_changed(0)

    def clear(self) -> None:
        """Forget all that was said; the empty state stands here again."""
        self.drawn.forget_all()
        self.blocks = BlockList(self.drawn.forget)
        self.blocks.width = self._row_width
        self._stream, self._unfinished = None, 0
        self._follows_end = True
        self._lines_changed(0)

    @property
    def plain_text(self) -> str:
        """All that was said, without styles."""
        blocks = self.blocks.blocks
        said: list[str] = []
        index = 0
        while index < len(blocks):
            last = self.blocks.span_of(index, lambda block, one=blocks[index].part.said: block.part.said is one)[1]
            text = source_of(block.piece for block in blocks[index : last + 1])
            said.append(MARKS[blocks[index].speaker] + text)
            index = last + 1
        return "\n\n".join(said)

    @property
    def hint_text(self) -> str:
        """What stands here as long as nothing was said."""
        return source_of(block.piece for block in self._hint.blocks)

    def _end_answer(self) -> None:
        self.blocks.end_answer()
        self._stream, self._unfinished = None, 0

    def _added(self, first: int) -> None:
        self._blocks_came(first)
        self._lines_changed(first)

    def _blocks_came(self, first: int) -> None:
        """The blocks from the first on are new, or others than they were."""

    def _blocks_came_before(self, count: int) -> None:
        """All blocks stand so many places further down."""

    def _blocks_moved(self, first: int, count: int) -> None:
        """The blocks from the first on stand so many places further down."""

    # Lines.

    @property
    def _shown(self) -> BlockList:
        return self.blocks if self.blocks.blocks else self._hint

    @property
    def _row_width(self) -> int:
        """Without the cursor's and the scroll bar's column; the usual one until there is a place on the screen."""
        # The scroll bar comes without a resize, and all lines would have to be broken anew.
        width = self.content_region.width
        return max(width - 1 - self.styles.scrollbar_size_vertical, 4) if width else self.blocks.width

    @property
    def _top(self) -> Place | None:
        """What stands in the first row; None where the end is followed."""
        line = self.scroll_offset.y
        if (self._follows_end and not self._holds_view) or line >= self.blocks.line_count:
            return None
        return self.blocks.place_of(line)

    @property
    def _holds_view(self) -> bool:
        """Whether the person reads something from which the end must not take them away."""
        return False

    def _lines_changed(self, first: int, top: Place | None = None) -> None:
        """Blocks from the first on are others than they were; `top` shall stand in the first row, or else the end."""
        shown = self._shown
        self._take_length(shown.line_count)
        if top is not None:
            self._scroll_at_once(shown.line_of(top))
        elif self._follows_end and not self._holds_view and self.blocks.blocks:
            shown.settle(len(shown.blocks) - 1, self.size.height, -1)
            self._scroll_at_once(self.max_scroll_y)
            self._follows_end = True
        self._show_position()
        begin = shown.start_of(first) if first < len(shown.blocks) else 0
        if first and begin >= self.scroll_offset.y:
            # One line more: the cursor may have stood on what was the last one.
            self.refresh_lines(begin - 1, self.scroll_offset.y + self.size.height - begin + 1)
        else:
            self.refresh()

    def _take_length(self, lines: int) -> None:
        """For each line more Textual would lay out the screen anew; it need only where the scroll bar comes or goes."""
        size = Size(self.scrollable_content_region.width, lines)
        if size.width == self.virtual_size.width and (lines > self.size.height) == self.show_vertical_scrollbar:
            self.set_reactive(ScrollView.virtual_size, size)  # pyright: ignore[reportArgumentType]
            if self.scroll_y > self.max_scroll_y:
                self._scroll_at_once(self.max_scroll_y)
            return
        self.virtual_size = size
        # The scroll bar is otherwise found by a later layout, and until it is there nothing scrolls.
        self._scroll_update(size)

    def _scroll_at_once(self, line: int) -> None:
        if app_of(self).animator.is_being_animated(self, "scroll_y"):
            self.scroll_to(y=line, animate=False, immediate=True)
        else:
            self.scroll_target_y = self.scroll_y = line

    def _show_position(self) -> None:
        """Draw of the scroll bar the cells that look different: all of it costs as much as the lines beside it."""
        height, lines = self.size.height, self.virtual_size.height
        if not (self.show_vertical_scrollbar and height and lines):
            return
        bar = self.vertical_scrollbar
        bar.set_reactive(ScrollBar.window_virtual_size, lines)
        bar.set_reactive(ScrollBar.window_size, height)
        bar.set_reactive(ScrollBar.position, self.scroll_y)
        # Textual tells eighths of a cell apart.
        cells = max(1, height / (lines / height))
        start = int((height - cells) * (self.scroll_y / max(lines - height, 1)) * 8)
        ends, self._thumb = self._thumb, (start, start + ceil(cells * 8))
        for before, now in zip(ends, self._thumb, strict=True):
            if before != now:
                first, last = min(before, now) // 8, max(before, now) // 8
                bar.refresh(Region(0, first, 1, last - first + 1))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        self._show_position()
        if round(old_value) != round(new_value):
            self.refresh(self.size.region)
        self._follows_end = new_value >= self.max_scroll_y
        top = self.blocks.place_of(int(new_value)) if new_value < self.blocks.line_count else None
        if top and self.blocks.settle(top.index, self.size.height + top.row):
            self._lines_changed(0, None if self._follows_end else top)

    def on_resize(self, _event: events.Resize) -> None:
        top = self._top
        self._hint.set_width(self._row_width)
        self._hint.settle_some(len(self._hint.blocks))
        if self.blocks.set_width(self._row_width):
            self.drawn.forget_all()
            self._settler.resume()
        self._look_at(top)
        self._lines_changed(0, top)

    def _settle_slice(self) -> None:
        """What was not looked at since the width changed is broken into rows between the frames.

        What is seen was broken at once, so that nothing is drawn where no block became longer or shorter.
        """
        top, lines = self._top, self.blocks.line_count
        if not self.blocks.settle_some(_BLOCKS_IN_SLICE):
            self._settler.pause()
        # One above that became longer and one below that became shorter would move what is seen as well.
        if self.blocks.line_count != lines or (top and self._shown.line_of(top) != self.scroll_offset.y):
            self._lines_changed(0, top)

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles.clear()
        self.drawn.forget_all()
        self.refresh()

    def scroll_page(self, step: int) -> None:
        """Scroll by a page less a line."""
        self.scroll_to(y=self.scroll_offset.y + step * max(self.size.height - 1, 1), animate=False, immediate=True)

    # Drawing.

    def render_lines(self, crop: Region) -> list[Strip]:
        """Lines have no border and no opacity here, so that Textual's own strips of them can be kept and used again.

        To make them anew is the greater part of what it costs to paint a line that was painted before.
        """
        # Both are asked for once: Textual works them out anew each time.
        top, ground = self.scroll_offset.y, self.background_colors[1]
        strips = [self._line(top + y) for y in crop.line_range]
        for line_filter in self.get_line_filters():
            strips = [strip.apply_filter(line_filter, ground) for strip in strips]
        first, end = crop.column_span
        whole = (0, self.outer_size.width)
        return strips if (first, end) == whole else [strip.crop(first, end) for strip in strips]

    def render_line(self, y: int) -> Strip:
        return self._line(self.scroll_offset.y + y)

    def _line(self, line: int) -> Strip:
        self.painted_lines += 1
        width = self.outer_size.width
        inner = width - self.styles.padding.right
        shown = self._shown
        if line >= shown.line_count:
            return Strip.blank(inner, self._ground).adjust_cell_length(width, self._edge)
        place = shown.place_of(line)
        strip = self._row(shown.blocks[place.index], place.row)
        gutter, style = self._row_look(line)
        if gutter is not None:
            strip = Strip([gutter, *strip.crop(1)])
        # All of these are kept by the strip.
        return strip.adjust_cell_length(inner).apply_style(style).adjust_cell_length(width, self._edge)

    def _row(self, block: Block, row: int) -> Strip:
        row -= block.gap
        if row < 0:
            return _EMPTY
        if row >= block.shown_rows:
            return Strip([_GUTTER, Segment(f"  {self._fold_text(block)}", self._style_of("muted"))])
        strips = self.drawn.of(block)
        return strips[row] if row < len(strips) else _EMPTY

    def _row_look(self, line: int) -> tuple[Segment | None, Style]:
        """What stands left of a line if anything does, and what all of the line looks like."""
        return None, self._ground

    def _draw(self, block: Block) -> list[Strip]:
        drawn = draw(block, self._shown.width, self._style_of, self._marks_in)
        return [Strip([_GUTTER, *strip]) for strip in drawn]

    def _style_of(self, look: str) -> Style:
        style = self._styles.get(look)
        if style is None:
            style = self._styles[look] = self.get_component_rich_style(f"transcript--{look}", partial=True)
        return style

    @property
    def _ground(self) -> Style:
        """What a line looks like of which nothing is told."""
        style = self._styles.get("")
        if style is None:
            style = self._styles[""] = self.rich_style
        return style

    @property
    def _edge(self) -> Style:
        """What stands right of all lines."""
        style = self._styles.get("edge")
        if style is None:
            style = self._styles["edge"] = Style(bgcolor=self.background_colors[1].rich_color)
        return style

    def _marks_in(self, text: str) -> Iterator[Mark]:
        """What is marked in a text that is shown."""
        yield from ()

    def _unfold_hint(self, *, is_turn: bool) -> str:
        """What stands behind the number of lines that are folded away."""
        return ""

    def _fold_text(self, block: Block) -> str:
        blocks = self.blocks.blocks
        if block.turn.is_folded:
            index = next(place for place in reversed(range(len(blocks))) if blocks[place] is block)
            last = self.blocks.span_of(index, lambda other: other.turn is block.turn)[1]
            lines = sum(other.rows + other.gap for other in blocks[index + 1 : last + 1])
            return f"… {lines} more lines of this turn{self._unfold_hint(is_turn=True)}"
        rows = self.drawn.of(block)
        seen = (
            block.shown.count("\n", 0, end_of_row(block, self.blocks.width, min(len(rows), block.shown_rows) - 1)) + 1
        )
        return (
            f"… {block.part.line_count - block.part.tail_lines - seen:,} more lines{self._unfold_hint(is_turn=False)}"
        )
