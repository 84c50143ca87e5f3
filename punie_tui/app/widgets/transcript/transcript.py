"""The transcript under the person's hands: a cursor, selections to copy, search, folds, turns, links to files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from textual import work
from textual.binding import BindingType
from textual.message import Message

from punie_tools.sentences import counted
from punie_tui.app.actions import Action, ActionGroup, ActionGroups, bindings_of, movement
from punie_tui.app.key_map import key_shown, keys_of
from punie_tui.app.text_search import Match, TextSearch
from punie_tui.app.textual_adapter import app_of, is_worker_cancelled
from punie_tui.app.widgets.messages import OpenFile
from punie_tui.app.widgets.transcript.block_list import Place
from punie_tui.app.widgets.transcript.block_rows import letter_at, row_of
from punie_tui.app.widgets.transcript.copied_text import text_of_answer, text_of_part, text_of_rows
from punie_tui.app.widgets.transcript.transcript_view import TranscriptView

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.style import Style
    from textual import events

    from punie_tui.app.widgets.search_row import SearchRow
    from punie_tui.app.widgets.transcript.block_rows import Mark
    from punie_tui.app.widgets.transcript.file_links import FileLink, FileLinks


_MOST_COPIED = 70_000
"""Bytes that every terminal takes that lets programs copy (OSC 52)."""
_MATCHES = "next match, match before"
_TURNS = "turn before, next turn"
_LINKS = "choose among several places of the line"
_LINES = "select lines, one more or less; so does the mouse"
_OPEN = Action("transcript.open", "enter", "open", "open the place in a file that the line names", "Open")
_FOLD = Action("transcript.fold", "space", "fold", "fold or unfold the long block, else the turn", "Fold")
_FOLD_TURN = Action("transcript.fold_turn", "z", "fold_turn", "fold or unfold the turn")
_SEARCH = Action("transcript.search", "slash", "search", "search as you type", "Search")
_NEXT_MATCH = Action("transcript.next_match", "n", "match(1)", "next match", line=_MATCHES)
_MATCH_BEFORE = Action("transcript.match_before", "N", "match(-1)", "match before", line=_MATCHES)
_COPY = Action("transcript.copy", "y,ctrl+c", "copy", "copy what is selected, or the block", "Copy")
_LEAVE = Action("transcript.leave", "escape", "leave", "end the selection, then the search")

TRANSCRIPT_ACTIONS = ActionGroup(
    "Chat",
    (
        *movement(),
        _OPEN,
        Action("transcript.link_before", "left", "choose_link(-1)", "the place before", line=_LINKS),
        Action("transcript.next_link", "right", "choose_link(1)", "the next place", line=_LINKS),
        _FOLD,
        _FOLD_TURN,
        Action("transcript.fold_turns", "Z", "fold_turns", "fold or unfold all turns"),
        _SEARCH,
        _NEXT_MATCH,
        _MATCH_BEFORE,
        Action("transcript.turn_before", "left_square_bracket", "turn(-1)", "turn before", line=_TURNS),
        Action("transcript.next_turn", "right_square_bracket", "turn(1)", "next turn", line=_TURNS),
        Action("transcript.select", "v", "select", "select lines as you move", "Select"),
        Action("transcript.select_more", "shift+down", "extend(1)", "select one line more", line=_LINES),
        Action("transcript.select_less", "shift+up", "extend(-1)", "select one line less", line=_LINES),
        Action("transcript.select_block", "b", "select_block", "select the code, table, paragraph or result"),
        _COPY,
        Action("transcript.copy_answer", "Y", "copy_answer", "copy the whole answer or prompt as it was written"),
        _LEAVE,
    ),
    about="What you asked and what was answered, of the whole session.",
)


class Transcript(TranscriptView, can_focus=True):
    """Follows the end unless the person has scrolled up, moved the cursor up, or selects."""

    ACTIONS: ClassVar[ActionGroups] = (TRANSCRIPT_ACTIONS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)

    @dataclass
    class Told(Message):
        """A sentence on the selection, the copy or the search; safe text, empty where there is nothing to say."""

        sentence: str

    def __init__(self, search_row: SearchRow, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._search_row = search_row
        self.links: FileLinks | None = None
        # None is the last line, whatever comes.
        self._cursor: Place | None = None
        self._anchor: Place | None = None
        self._is_selecting = False
        self._is_dragging = False
        self._link = 0
        self._looks_up_links = False
        self._search: TextSearch | None = None
        self._match: int | None = None
        self._first_unsearched = 0

    def follow_end(self) -> None:
        self._cursor = None
        self._drop_selection()
        self._forget_told()
        super().follow_end()

    def clear(self) -> None:
        self._cursor = None
        self._drop_selection()
        self.end_search()
        self._forget_told()
        super().clear()

    def _blocks_came(self, first: int) -> None:
        self._first_unsearched = min(self._first_unsearched, first)
        if self._search and self._search.is_done:
            self._search_rest(self._search)
            self._tell_match()

    def _blocks_came_before(self, count: int) -> None:
        self._cursor, self._anchor = _further(self._cursor, count), _further(self._anchor, count)
        if self._search:
            self._search_all(self._search)

    def _blocks_moved(self, first: int, count: int) -> None:
        self._cursor, self._anchor = _further(self._cursor, count, first), _further(self._anchor, count, first)

    @property
    def _holds_view(self) -> bool:
        return self.has_focus and (self._cursor is not None or self._anchor is not None)

    def _unfold_hint(self, *, is_turn: bool) -> str:
        key = key_shown(self, _FOLD_TURN if is_turn else _FOLD)
        return f" ({key} in the chat unfolds)" if key else ""

    # What a line looks like.

    def _row_look(self, line: int) -> tuple[Segment | None, Style]:
        first, last = self._selected_lines()
        is_selected = first <= line <= last
        is_cursor = self.has_focus and line == self._cursor_line
        if not is_cursor and not is_selected:
            return super()._row_look(line)
        style = self._ground + self._style_of("selected" if is_selected else "cursor")
        return Segment("▌" if is_cursor else "▏", self._style_of("person")), style

    def _marks_in(self, text: str) -> Iterator[Mark]:
        if self.links:
            for link in self.links.links_in(text):
                yield link.start, link.end, "link"
            if self.links.unknown and not self._looks_up_links:
                self._looks_up_links = True
                self.call_later(self._look_up_links)
        if self._search:
            for start, end in self._search.spans(text):
                yield start, end, "match"

    # The cursor and what is selected.

    @property
    def _last_line(self) -> int:
        return max(self.blocks.line_count - 1, 0)

    @property
    def _cursor_line(self) -> int:
        if not self.blocks.blocks:
            # Of the empty state the first line that is seen: who has the keys shows also where no frame says so.
            return self.scroll_offset.y
        return self._last_line if self._cursor is None else self.blocks.line_of(self._cursor)

    def _selected_lines(self) -> tuple[int, int]:
        """The first and the last; an empty range where nothing is selected."""
        if self._anchor is None:
            return 0, -1
        ends = self.blocks.line_of(self._anchor), self._cursor_line
        return min(ends), max(ends)

    @property
    def takes_escape(self) -> bool:
        """Whether Escape ends something here."""
        return self.has_focus and (self._anchor is not None or self.is_searched)

    @property
    def is_searched(self) -> bool:
        """Whether words are marked here."""
        return self._search is not None

    def on_focus(self) -> None:
        line = self._cursor_line
        if self.blocks.blocks and not self.scroll_offset.y <= line < self.scroll_offset.y + self.size.height:
            self._set_cursor(min(self.scroll_offset.y + self.size.height - 1, self._last_line))
        self.refresh_lines(self._cursor_line)

    def on_blur(self) -> None:
        self.refresh_lines(self._cursor_line)

    def action_move(self, step: int) -> None:
        """Move the cursor; what is selected goes along where `v` began it, and is forgotten otherwise."""
        if not self._is_selecting:
            self._drop_selection()
        self._move_to(self._cursor_line + step)

    def action_extend(self, step: int) -> None:
        """Select one line more, or one less."""
        if not self.blocks.blocks:
            return
        self._anchor = self._anchor or self._cursor or self.blocks.place_of(self._last_line)
        self._move_to(self._cursor_line + step)

    def action_move_page(self, step: int) -> None:
        self.action_move(step * max(self.size.height - 1, 1))

    def action_move_to_end(self, direction: int) -> None:
        self.action_move(direction * self._shown.line_count)

    def action_turn(self, step: int) -> None:
        """To the beginning of the next turn, or of this one, or of the one before."""
        if not self.blocks.blocks:
            return
        starts = [
            self.blocks.line_of(Place(index, self.blocks.blocks[index].gap)) for index in self.blocks.turn_starts()
        ]
        if step > 0:
            target = next((line for line in starts if line > self._cursor_line), self._last_line)
        else:
            target = next((line for line in reversed(starts) if line < self._cursor_line), 0)
        self.action_move(target - self._cursor_line)
        self.scroll_to(y=max(target - 1, 0), animate=False, immediate=True)

    def action_select(self) -> None:
        """Begin to select lines; again: end it, with nothing selected."""
        if self._is_selecting or not self.blocks.blocks:
            self._drop_selection()
            return
        self._is_selecting = True
        self._anchor = self.blocks.place_of(self._cursor_line)
        self._tell_selection()

    def action_select_block(self) -> None:
        """Select what stands together under the cursor: a fence, a table, a paragraph, a result."""
        if not self.blocks.blocks:
            return
        index = self.blocks.place_of(self._cursor_line).index
        part = self.blocks.blocks[index].part
        first = last = index
        if part.kind != "words" or part.said.speaker != "punie":
            first, last = self.blocks.span_of(index, lambda block: block.part is part)
        while last > index and not self.blocks.blocks[last].shown_rows:
            last -= 1
        while first < index and not self.blocks.blocks[first].shown_rows:
            first += 1
        self._anchor = Place(first, self.blocks.blocks[first].gap)
        self._move_to(self.blocks.line_of(Place(last, self.blocks.blocks[last].height)))
        self._tell_selection()

    def action_copy(self) -> None:
        """Copy what is selected, or what stands together under the cursor."""
        if not self.blocks.blocks:
            return
        first, last = self._selected_lines()
        if self._anchor is None:
            self._copy(text_of_part(self.blocks, self.blocks.place_of(self._cursor_line).index))
        else:
            self._copy(text_of_rows(self.blocks, self.blocks.place_of(first), self.blocks.place_of(last)))

    def action_copy_answer(self) -> None:
        """Copy the whole answer, prompt or result under the cursor, as it was written."""
        if self.blocks.blocks:
            self._copy(text_of_answer(self.blocks, self.blocks.place_of(self._cursor_line).index))

    def copy_last_answer(self) -> bool:
        """Copy what punie said last, wherever the cursor is; whether it said anything."""
        answers = (place for place, block in enumerate(self.blocks.blocks) if block.speaker == "punie")
        last = max(answers, default=-1)
        if last >= 0:
            self._copy(text_of_answer(self.blocks, last))
        return last >= 0

    def action_leave(self) -> None:
        """Out of the selection, else out of the search."""
        if self._anchor is not None:
            self._drop_selection()
        else:
            self.end_search()

    def _copy(self, text: str) -> None:
        app_of(self).copy_to_clipboard(text)
        self._drop_selection()
        lines = text.count("\n") + 1
        is_long = len(text.encode("utf-8", "replace")) > _MOST_COPIED
        doubt = "; many terminals take no more than 70 KB at once, so look at what is pasted" if is_long else ""
        self.post_message(self.Told(f"Copied {counted(lines, 'line')}{doubt}."))

    def _forget_told(self) -> None:
        """What was told, as of a copy, is over; a search is told as long as it lasts."""
        if self._search is None:
            self.post_message(self.Told(""))
        elif self._search.is_done:
            self._tell_match()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Escape is the screen's where it ends nothing here."""
        return self.takes_escape if action == "leave" else True

    def _set_cursor(self, line: int) -> None:
        self._cursor = None if line >= self._last_line else self.blocks.place_of(max(line, 0))
        self._link = 0

    def _move_to(self, line: int) -> None:
        if not self.blocks.blocks:
            self.scroll_to(y=line, animate=False, immediate=True)
            return
        before = self._cursor_line
        self._set_cursor(line)
        line = self._cursor_line
        self.refresh_lines(min(before, line), abs(before - line) + 1)
        self._show_line(line)
        if self._anchor is not None:
            self._tell_selection()

    def _show_line(self, line: int) -> None:
        if line < self.scroll_offset.y:
            self.scroll_to(y=line, animate=False, immediate=True)
        elif line >= self.scroll_offset.y + self.size.height:
            self.scroll_to(y=line - self.size.height + 1, animate=False, immediate=True)

    def _drop_selection(self) -> None:
        self._is_selecting = False
        if self._anchor is not None:
            self._anchor = None
            self.post_message(self.Told(""))
            self.refresh()
            self.screen.refresh_bindings()

    def _tell_selection(self) -> None:
        first, last = self._selected_lines()
        lines = counted(last - first + 1, "line")
        copy, leave = key_shown(self, _COPY), key_shown(self, _LEAVE)
        self.post_message(self.Told(f"{lines} selected: {copy} copies, {leave} leaves"))
        self.refresh()
        self.screen.refresh_bindings()

    # The mouse.

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """The cursor goes where the button is pressed; what is drawn over until it is released is selected."""
        if event.button != 1 or not self.blocks.blocks:
            return
        self._drop_selection()
        self._move_to(event.y + self.scroll_offset.y)
        self._is_dragging = True
        self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        line = event.y + self.scroll_offset.y
        if self._is_dragging and line != self._cursor_line:
            self._anchor = self._anchor or self.blocks.place_of(self._cursor_line)
            self._move_to(line)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        if not self._is_dragging:
            return
        self._is_dragging = False
        self.release_mouse()
        if self._anchor is None and (link := self._link_at(event.x)):
            self.post_message(OpenFile(link.path, link.line))

    def on_click(self, event: events.Click) -> None:
        """A double click selects what stands together."""
        if event.chain == 2:
            self.action_select_block()

    # Folding.

    def action_fold(self) -> None:
        """Fold or unfold the long block under the cursor, or its turn where it is not long."""
        if not self.blocks.blocks:
            return
        place = self.blocks.place_of(self._cursor_line)
        if self.blocks.blocks[place.index].turn.is_folded or not self.blocks.fold_part(place.index):
            self.blocks.fold_turn(place.index)
        self._folds_changed(place)

    def action_fold_turn(self) -> None:
        """Fold or unfold the turn under the cursor."""
        if self.blocks.blocks:
            place = self.blocks.place_of(self._cursor_line)
            self.blocks.fold_turn(place.index)
            self._folds_changed(place)

    def action_fold_turns(self) -> None:
        """Fold all turns, or unfold them where all are folded."""
        if self.blocks.blocks:
            place = self.blocks.place_of(self._cursor_line)
            self.blocks.fold_all_turns()
            self._folds_changed(place)

    def _folds_changed(self, place: Place) -> None:
        """The cursor stays on its block, or where that is folded into."""
        self._drop_selection()
        seen = next((index for index in range(place.index, -1, -1) if self.blocks.blocks[index].height), 0)
        row = place.row if seen == place.index else self.blocks.blocks[seen].height - 1
        self._cursor = Place(seen, max(min(row, self.blocks.blocks[seen].height - 1), 0))
        self._set_cursor(self._cursor_line)
        top = self.blocks.place_of(min(self.scroll_offset.y, self._last_line))
        self._look_at(top)
        self._lines_changed(0, top)
        self._show_line(self._cursor_line)

    # Links.

    def action_choose_link(self, step: int) -> None:
        """Another link of the line."""
        links = self.links_of_line()
        if links:
            self._link = (self._link + step) % len(links)
            self._tell_link(links[self._link])

    def action_open(self) -> None:
        """Open the place in a file that the line names."""
        links = self.links_of_line()
        if links:
            link = links[min(self._link, len(links) - 1)]
            self.post_message(OpenFile(link.path, link.line))

    def forget_missing_files(self) -> None:
        """Files came or went: names that were none are looked up again when they are drawn next."""
        if self.links:
            self.links.forget_missing()

    def _tell_link(self, link: FileLink) -> None:
        place = f"{link.path}:{link.line}" if link.line else link.path
        self.post_message(self.Told(f"{key_shown(self, _OPEN)} opens {place}"))

    def links_of_line(self) -> list[FileLink]:
        """The places in files that the cursor's line names."""
        if self.links is None or not self.blocks.blocks:
            return []
        place = self.blocks.place_of(self._cursor_line)
        block = self.blocks.blocks[place.index]
        return [
            link
            for link in self.links.links_in(block.shown)
            if row_of(block, self.blocks.width, link.start)
            <= place.row - block.gap
            <= row_of(block, self.blocks.width, link.end - 1)
        ]

    def _link_at(self, column: int) -> FileLink | None:
        place = self.blocks.place_of(self._cursor_line)
        block = self.blocks.blocks[place.index]
        letter = letter_at(block, self.blocks.width, place.row - block.gap, column - 1)
        return next((link for link in self.links_of_line() if link.start <= letter < link.end), None)

    @work(thread=True, group="links")
    def _look_up_links(self) -> None:
        if self.links is None:
            return
        names, self.links.unknown = self.links.unknown, set()
        app_of(self).call_later(self._links_found, self.links.look_up(names))

    def _links_found(self, files: dict[str, bool]) -> None:
        self._looks_up_links = False
        if self.links and self.links.learn(files):
            self.drawn.forget_all()
            self.refresh()

    # Search.

    def action_search(self) -> None:
        """Type what to search for."""
        self._search_row.begin()

    def on_key(self, event: events.Key) -> None:
        self._search_row.hear(event, keys_of(self, _SEARCH), self.action_search)

    def search(self, words: str) -> None:
        """Mark the words wherever they stand, and go to those that stand last above the cursor."""
        if not words:
            self.end_search()
            return
        self._search = TextSearch(words)
        self._match = None
        self.drawn.forget_all()
        self.refresh()
        self._search_all(self._search)
        self.screen.refresh_bindings()

    def end_search(self) -> None:
        """Mark nothing any more."""
        if self._search is not None:
            self._search = self._match = None
            self.drawn.forget_all()
            self.refresh()
            self.post_message(self.Told(""))
            self.screen.refresh_bindings()

    def _search_all(self, search: TextSearch) -> None:
        self._first_unsearched = len(self.blocks.blocks)
        self._find_all(search)

    @work(thread=True, exclusive=True, group="search")
    def _find_all(self, search: TextSearch) -> None:
        matches = search.find([block.shown for block in self.blocks.blocks], is_worker_cancelled)
        if not is_worker_cancelled():
            app_of(self).call_later(self._found, search, matches)

    def _found(self, search: TextSearch, matches: Sequence[Match]) -> None:
        if self._search is not search:
            return
        search.matches, search.is_done = [*matches], True
        self._search_rest(search)
        if self._match is None and self.blocks.blocks:
            place = self.blocks.place_of(self._cursor_line)
            self._match = search.near(Match(place.index, len(self.blocks.blocks[place.index].shown)))
            self._show_match()
        self._tell_match()

    def _search_rest(self, search: TextSearch) -> None:
        """Look into what came since the search began, or since this was done last."""
        search.forget_from(self._first_unsearched)
        for index in range(self._first_unsearched, len(self.blocks.blocks)):
            search.add(index, self.blocks.blocks[index].shown)
        self._first_unsearched = len(self.blocks.blocks)

    def action_match(self, step: int) -> None:
        """Go to the next match, or to the one before."""
        if self._search and self._search.matches:
            self._match = self._search.step(self._match or 0, step)
            self._show_match()
            self._tell_match()

    def _show_match(self) -> None:
        if self._search is None or self._match is None or self._match >= len(self._search.matches):
            return
        match = self._search.matches[self._match]
        block = self.blocks.blocks[match.index]
        row = row_of(block, self.blocks.width, match.start)
        # Its rows are counted before the line is looked for.
        self.blocks.settle(match.index, 1)
        if row >= block.shown_rows:
            self.blocks.unfold(match.index, row)
            self.blocks.settle(match.index, 1)
            self._lines_changed(0, self.blocks.place_of(min(self.scroll_offset.y, self._last_line)))
        self._move_to(self.blocks.line_of(Place(match.index, row + block.gap)))

    def _tell_match(self) -> None:
        if self._search is None:
            return
        following, before, leave = (key_shown(self, action) for action in (_NEXT_MATCH, _MATCH_BEFORE, _LEAVE))
        told = self._search.told(self._match, f"{following} next, {before} before", f"{leave} ends")
        self.post_message(self.Told(told))


def _further(place: Place | None, count: int, first: int = 0) -> Place | None:
    """A place whose block has moved so far, if it is one from the first on."""
    return Place(place.index + count, place.row) if place and place.index >= first else place
