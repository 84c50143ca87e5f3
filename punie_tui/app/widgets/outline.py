"""A long outline of rows that fold, with a cursor: a Line API widget, so that drawing costs what is on the screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from punie_tui.app.actions import Action, ActionGroup, ActionGroups, bindings_of, movement

if TYPE_CHECKING:
    from textual import events

    from punie_tui.app.widgets.trace.rows import Role

_INDENT = 2


@dataclass(frozen=True)
class OutlineRow:
    """One line. `parts` are safe texts with their roles; `right` stands at the right edge, if it fits.

    `is_folded` is None where there is nothing to fold. `key` names the row in messages, and is its alone.
    """

    key: str
    depth: int
    parts: tuple[tuple[str, Role], ...]
    right: str = ""
    is_folded: bool | None = None


FOLDS_BY_ARROWS = (
    Action("move.left", "left", "leave", "fold, or to what it is below", line="fold, unfold"),
    Action("move.right", "right", "unfold", "unfold", line="fold, unfold"),
)


def outline_actions(title: str, enter: Action) -> ActionGroup:
    """What the rows can do by key; `enter` says what Enter does there."""
    fold = Action("outline.fold", "space", "fold", "fold, unfold", line="fold, unfold")
    return ActionGroup(title, (enter, *movement(), fold, *FOLDS_BY_ARROWS))


OUTLINE_ACTIONS = outline_actions(
    "The tree", Action("outline.choose", "enter", "choose", "open what is under the cursor")
)


class Outline(ScrollView, can_focus=True):
    """It only shows: whoever owns what the rows stand for folds it, and calls `show` with the new rows."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "outline--text",
        "outline--strong",
        "outline--good",
        "outline--bad",
        "outline--muted",
        "outline--cursor",
    }
    DEFAULT_CSS = """
    Outline { background: $background; scrollbar-size-vertical: 1; overflow-x: hidden; }
    Outline > .outline--text { color: $foreground; }
    Outline > .outline--strong { color: $foreground; text-style: bold; }
    Outline > .outline--good { color: $text-success; }
    Outline > .outline--bad { color: $text-error; }
    Outline > .outline--muted { color: $secondary; }
    Outline > .outline--cursor {
        background: $block-cursor-blurred-background; text-style: $block-cursor-blurred-text-style;
    }
    Outline:focus > .outline--cursor {
        background: $block-cursor-background; text-style: $block-cursor-text-style;
    }
    """
    ACTIONS: ClassVar[ActionGroups] = (OUTLINE_ACTIONS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)

    @dataclass
    class Moved(Message):
        """The cursor stands on another row."""

        key: str

    @dataclass
    class Chosen(Message):
        """Enter was pressed on a row."""

        key: str

    @dataclass
    class FoldWanted(Message):
        """A row shall be folded, or unfolded."""

        key: str
        is_folded: bool

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._rows: Sequence[OutlineRow] = ()
        self._cursor = 0

    @property
    def rows(self) -> Sequence[OutlineRow]:
        return self._rows

    @property
    def current(self) -> OutlineRow | None:
        """The row under the cursor; None where there are no rows."""
        return self._rows[self._cursor] if self._rows else None

    def show(self, rows: Sequence[OutlineRow]) -> None:
        """Show other rows. The cursor stays on its row, or where that was."""
        here = self.current
        self._rows = rows
        self.virtual_size = Size(self.scrollable_content_region.width, len(rows))
        if here is not None:
            same = (place for place, row in enumerate(rows) if row.key == here.key)
            self._cursor = next(same, self._cursor)
        self._cursor = min(self._cursor, max(len(rows) - 1, 0))
        self.refresh()
        now = self.current
        if now is not None and (here is None or now.key != here.key):
            self._put_cursor(self._cursor)

    def go_to(self, key: str) -> bool:
        """Put the cursor on a row; False where there is none of that key."""
        place = next((place for place, row in enumerate(self._rows) if row.key == key), None)
        if place is None:
            return False
        self._put_cursor(place)
        return True

    def show_below(self, key: str) -> None:
        """Let a row and what stands below it be seen, as far as there is room; the cursor stays."""
        place = next((place for place, row in enumerate(self._rows) if row.key == key), None)
        if place is not None:
            self.scroll_to(y=place, animate=False, immediate=True)

    def action_move(self, rows: int) -> None:
        self._put_cursor(self._cursor + rows)

    def action_move_page(self, pages: int) -> None:
        self._put_cursor(self._cursor + pages * max(self.scrollable_content_region.height - 1, 1))

    def action_move_to_end(self, direction: int) -> None:
        self._put_cursor(0 if direction < 0 else len(self._rows) - 1)

    def action_choose(self) -> None:
        if row := self.current:
            self.post_message(self.Chosen(row.key))

    def action_fold(self) -> None:
        row = self.current
        if row is not None and row.is_folded is not None:
            self.post_message(self.FoldWanted(row.key, not row.is_folded))

    def action_unfold(self) -> None:
        row = self.current
        if row is not None and row.is_folded:
            self.post_message(self.FoldWanted(row.key, False))

    def action_leave(self) -> None:
        """Fold an open row; from any other go to the one that it is below."""
        row = self.current
        if row is None:
            return
        if row.is_folded is False:
            self.post_message(self.FoldWanted(row.key, True))
            return
        above = (place for place in range(self._cursor - 1, -1, -1) if self._rows[place].depth < row.depth)
        self._put_cursor(next(above, self._cursor))

    def on_resize(self, _event: events.Resize) -> None:
        self.virtual_size = Size(self.scrollable_content_region.width, len(self._rows))
        self._scroll_to_cursor()

    def _put_cursor(self, place: int) -> None:
        self._cursor = min(max(place, 0), max(len(self._rows) - 1, 0))
        self._scroll_to_cursor()
        self.refresh()
        if row := self.current:
            self.post_message(self.Moved(row.key))

    def _scroll_to_cursor(self) -> None:
        height = self.scrollable_content_region.height
        if not height:
            return
        margin = min(2, (height - 1) // 2)
        top = self.scroll_offset.y
        if self._cursor < top + margin:
            self.scroll_to(y=max(self._cursor - margin, 0), animate=False, immediate=True)
        elif self._cursor >= top + height - margin:
            self.scroll_to(y=self._cursor - height + margin + 1, animate=False, immediate=True)

    def render_line(self, y: int) -> Strip:
        place = y + self.scroll_offset.y
        width = self.scrollable_content_region.width
        if place >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        strip = Strip(_segments(self._rows[place], width, self._styles())).crop(0, width).extend_cell_length(width)
        if place == self._cursor:
            strip = strip.apply_style(self.get_component_rich_style("outline--cursor", partial=True))
        return strip.apply_style(self.rich_style)

    def _styles(self) -> dict[str, Style]:
        names = {"": "text", "strong": "strong", "good": "good", "bad": "bad", "muted": "muted"}
        return {role: self.get_component_rich_style(f"outline--{name}", partial=True) for role, name in names.items()}


def _segments(row: OutlineRow, width: int, styles: dict[str, Style]) -> list[Segment]:
    """What does not fit is cut and says so; a wide right text gives way first."""
    fold = {None: "  ", True: "▸ ", False: "▾ "}[row.is_folded]
    segments = [Segment(" " * (row.depth * _INDENT + 1) + fold, styles["muted"])]
    right = f" {row.right} " if row.right else ""
    room = width - segments[0].cell_length - cell_len(right)
    if cell_len(right) > width // 3 and sum(cell_len(text) for text, _ in row.parts) > room:
        room += cell_len(right)
        right = ""
    for text, role in row.parts:
        if cell_len(text) > room:
            shown = f"{set_cell_size(text, max(room - 1, 0))}…" if room > 0 else ""
            segments.append(Segment(shown, styles[role]))
            room = 0
            break
        segments.append(Segment(text, styles[role]))
        room -= cell_len(text)
    if right:
        segments += [Segment(" " * max(room, 0), styles[""]), Segment(right, styles["muted"])]
    return segments
