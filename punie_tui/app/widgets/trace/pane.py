"""The trace pane: every call of the session with its result, to filter, copy, put into the prompt or run again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on, work
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from punie_tui.app.actions import Action, ActionGroup, ActionGroups, bindings_of, movement
from punie_tui.app.textual_adapter import app_of, is_worker_cancelled
from punie_tui.app.widgets.messages import OpenFile
from punie_tui.app.widgets.outline import FOLDS_BY_ARROWS, Outline, OutlineRow
from punie_tui.app.widgets.trace.call_rows import ShownRow, make_rows, rows_of_calls
from punie_tui.app.widgets.trace.calls import CallParts, TracedCall, TracedCalls

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult

    from punie_tui.agent.attachment import Attachment
    from punie_tui.agent.events import Event

_EMPTY = [
    OutlineRow("empty", 0, (("Tool calls and their results", "muted"),)),
    OutlineRow("empty 2", 0, (("will stand here.", "muted"),)),
]
FILTER_ID = "trace-filter"
_MADE_AT_ONCE = 20
_MOST_COPIED = 70_000


TRACE_ACTIONS = ActionGroup(
    "Trace",
    (
        Action("trace.open", "enter", "choose", "open the file at that line", "Open"),
        Action("trace.fold", "space", "fold", "fold, unfold", "Fold", line="fold, unfold"),
        *FOLDS_BY_ARROWS,
        *movement(),
    ),
    about="Every call of a tool with its typed result; a row leads to the place that it is about.",
)
CALL_ACTIONS = ActionGroup(
    "A call of the trace",
    (
        Action("trace.filter", "slash", "filter", "filter as you type; Enter keeps it, Esc ends it", "Filter"),
        Action("trace.end_filter", "escape", "end_filter", "out of the filter"),
        Action("trace.copy", "c", "copy", "copy the row, or the call's whole result", "Copy"),
        Action("trace.to_prompt", "p", "to_prompt", "let the next prompt bring it along", "To the prompt"),
        Action("trace.run_again", "r", "run_again", "run the call again, with other arguments", "Run again"),
    ),
)


class CallOutline(Outline):
    """The rows of the pane, whose keys the footer names."""

    ACTIONS: ClassVar[ActionGroups] = (TRACE_ACTIONS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)


class TracePane(Vertical):
    """One row a call, newest last; its result folds under it, and a program's calls stand under it too."""

    DEFAULT_CSS = """
    TracePane { background: $background; }
    TracePane > #trace-told { display: none; height: auto; max-height: 4; padding: 0 1; background: $surface; }
    TracePane > Input, TracePane > Input:focus { display: none; height: 1; border: none; padding: 0 1; }
    TracePane.-filters > Input { display: block; }
    """
    ACTIONS: ClassVar[ActionGroups] = (CALL_ACTIONS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)

    @dataclass
    class BringWanted(Message):
        """The next prompt shall bring this along."""

        attachment: Attachment

    @dataclass
    class RunWanted(Message):
        """The person wants to run a call like this one."""

        tool: str
        arguments: Mapping[str, Any]

    @dataclass
    class RowsMade(Message):
        """Rows that a filter may look into."""

        made: Sequence[tuple[TracedCall, int, CallParts]]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._calls = TracedCalls()
        self._calls_shown = 0
        self._shown: dict[str, ShownRow] = {}
        self._told, self._told_at = "", ""
        self._made_for = 0
        self._is_stale = False
        self._follows_newest = True
        self._is_searching = False
        self._ticker = None

    def compose(self) -> ComposeResult:
        yield CallOutline(id="trace-outline")
        yield Static(id="trace-told", markup=False)
        yield Input(placeholder="words to find; Enter keeps, Esc ends", id=FILTER_ID)

    def on_mount(self) -> None:
        self._ticker = self.set_interval(0.5, self._show, pause=True)
        self._outline.show(_EMPTY)

    def on_resize(self, _event: events.Resize) -> None:
        if self._made_for != self._row_width:
            self._made_for = self._row_width
            for call in self._calls:
                call.rows = None
            if self.has_class("-filters"):
                self._search()
        self._show()

    @property
    def lines(self) -> list[str]:
        """What its rows say, from top to bottom."""
        return ["".join(text for text, _ in row.parts) for row in self._outline.rows]

    @property
    def told(self) -> str:
        """What stands below the rows."""
        return self._told

    @property
    def is_searching(self) -> bool:
        """Whether rows are made yet that the filter will look into."""
        return self._is_searching

    # What the session tells.

    def handle(self, event: Event, *, is_of_person: bool = False) -> None:
        """Show what an event means for the calls; those of the person are run beside the turns."""
        if not self._is_stale:
            self._follows_newest = self._follows()
        if is_of_person and event.kind == "tool_requested" and event.parent_call_id is None:
            # Whoever runs a call wants to see it, wherever they are.
            self._follows_newest = True
        call = self._calls.handle(event, is_of_person=is_of_person)
        if (call or event.kind in ("turn_started", "turn_finished")) and not self._is_stale:
            # A program may make a thousand calls in a second; they are shown at once.
            self._is_stale = True
            self.call_next(self._catch_up)

    def _catch_up(self) -> None:
        self._is_stale = False
        self._show()
        if self._follows_newest and self._calls.outer:
            newest, current = self._calls.outer[-1], self._current()
            if current is None or current.call is not newest:
                self._outline.go_to(newest.key)
            if current is None or current.row is None:
                self._outline.show_below(newest.key)
        if self._ticker:
            (self._ticker.resume if self._calls.is_any_running else self._ticker.pause)()

    def forget_calls(self) -> None:
        """Show nothing, as before the first call."""
        self._calls.forget()
        self._calls_shown = 0
        self._outline.show(_EMPTY)

    def show_earlier(self, events: Sequence[Event]) -> None:
        """Calls before all that stand here, folded; the rows of their results are made when they are unfolded.

        They are seen once they double what stands here, or with `show_all`: showing takes work for every call there is,
        and with each part of a long session it would take that for each call.
        """
        self._calls.add_earlier(events)
        if len(self._calls.outer) >= 2 * self._calls_shown:
            self.show_all()

    def show_all(self) -> None:
        """No earlier calls come after these."""
        follows = self._follows()
        self._show()
        if follows and self._calls.outer:
            self._outline.go_to(self._calls.outer[-1].key)
            self._outline.show_below(self._calls.outer[-1].key)

    def _follows(self) -> bool:
        """Whether the newest call takes the cursor: unless the person looks at another one."""
        current = self._current()
        is_at_newest = current is None or (bool(self._calls.outer) and current.call is self._calls.outer[-1])
        return is_at_newest or not self.has_focus_within

    # What the person does.

    @on(Outline.Chosen)
    def _open(self, message: Outline.Chosen) -> None:
        message.stop()
        shown = self._current()
        if shown and shown.row and shown.row.path:
            self.post_message(OpenFile(shown.row.path, shown.row.line))
        elif shown and shown.outline.is_folded is not None:
            self._set_fold(shown, is_folded=not shown.outline.is_folded)

    @on(Outline.FoldWanted)
    def _fold(self, message: Outline.FoldWanted) -> None:
        message.stop()
        if shown := self._shown.get(message.key):
            self._set_fold(shown, is_folded=message.is_folded)

    def _set_fold(self, shown: ShownRow, *, is_folded: bool) -> None:
        if shown.row is None:
            shown.call.is_folded = is_folded
        else:
            shown.call.folds[shown.outline.key] = is_folded
        self._show()

    @on(Outline.Moved)
    def _moved(self, message: Outline.Moved) -> None:
        message.stop()
        if message.key != self._told_at:
            self._told = ""
        self._show_told()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self.has_class("-filters") if action == "end_filter" else True

    def action_filter(self) -> None:
        """Show only what holds the words that are typed; what is folded is looked into as well."""
        self.add_class("-filters")
        self.query_one(Input).focus()
        self._search()

    @on(Input.Changed)
    def _filter(self, message: Input.Changed) -> None:
        message.stop()
        self._show()

    @on(Input.Submitted)
    def _keep_filter(self, message: Input.Submitted) -> None:
        message.stop()
        self._outline.focus()

    def action_end_filter(self) -> None:
        self.remove_class("-filters")
        self.query_one(Input).value = ""
        self._outline.focus()
        self._show()

    def action_copy(self) -> None:
        """Hand the row, or the whole result of the call, to the terminal's clipboard."""
        shown = self._current()
        if shown is None:
            self._tell("There is nothing to copy here: put the cursor on a call, or on a row of its result.")
        else:
            text = _text_of(shown)
            cut = text.encode("utf-8", "replace")[:_MOST_COPIED].decode("utf-8", "ignore")
            app_of(self).copy_to_clipboard(cut)
            left_out = f", of {len(text):,}: terminals take no more" if len(cut) < len(text) else ""
            self._tell(f"Copied {len(cut):,} characters to the clipboard{left_out}.")

    def action_to_prompt(self) -> None:
        """Let the next prompt bring the row, or the whole result of the call."""
        from punie_tui.agent.attachment import Attachment
        from punie_tui.agent.session_markdown import call_text

        shown = self._current()
        if shown is None or shown.call.end is None:
            self._tell("Put the cursor on a call that has ended.")
            return
        text = _text_of(shown)
        attachment = Attachment(kind="output", name=call_text(shown.call.tool, shown.call.arguments), text=text)
        self._tell(f"The next prompt brings it along: about {attachment.tokens:,} tokens. Backspace there drops it.")
        self.post_message(self.BringWanted(attachment))

    def action_run_again(self) -> None:
        """Change the arguments and run the call as the person's own."""
        shown = self._current()
        if shown is None:
            self._tell("There is nothing to run again here: put the cursor on a call.")
        else:
            self.post_message(self.RunWanted(shown.call.tool, shown.call.arguments))

    # What is shown.

    @property
    def _outline(self) -> CallOutline:
        return self.query_one(CallOutline)

    def _current(self) -> ShownRow | None:
        row = self._outline.current
        return self._shown.get(row.key) if row else None

    @property
    def _row_width(self) -> int:
        """Cells for a row's text; a pane behind a tab has no width of its own and will get the screen's."""
        return max((self.size.width or self.screen.size.width) - 6, 20)

    def _show(self) -> None:
        words = self.query_one(Input).value.lower().split()
        self._make_unfolded(self._calls.outer, self._row_width)
        shown = rows_of_calls(self._calls.outer, words)
        self._calls_shown = len(self._calls.outer)
        self._shown = {each.outline.key: each for each in shown}
        nothing = [OutlineRow("nothing", 0, (("Nothing holds these words.", "muted"),))]
        self._outline.show([each.outline for each in shown] or (nothing if self._calls.outer else _EMPTY))
        self._show_told()

    def _make_unfolded(self, calls: Sequence[TracedCall], width: int) -> None:
        for call in calls:
            if not call.is_folded:
                call.rows = call.rows or make_rows(call, width)
                self._make_unfolded(call.inner, width - 2)

    def _search(self) -> None:
        self._is_searching = True
        self._make_missing_rows([call for call in self._calls if call.rows is None])

    @work(thread=True, exclusive=True, group="trace-rows")
    def _make_missing_rows(self, calls: Sequence[TracedCall]) -> None:
        width = self._row_width
        made: list[tuple[TracedCall, int, CallParts]] = []
        for call in calls:
            if is_worker_cancelled():
                return
            made.append((call, width, make_rows(call, width)))
            if len(made) == _MADE_AT_ONCE:
                self.post_message(self.RowsMade(made))
                made = []
        self.post_message(self.RowsMade(made))
        app_of(self).call_later(self._end_search)

    @on(RowsMade)
    def _take_rows(self, message: RowsMade) -> None:
        message.stop()
        for call, width, parts in message.made:
            if call.rows is None and width == self._row_width:
                call.rows = parts
        self._show()

    def _end_search(self) -> None:
        self._is_searching = False

    def _tell(self, sentence: str) -> None:
        self._told, self._told_at = sentence, row.key if (row := self._outline.current) else ""
        self._show_told()

    def _show_told(self) -> None:
        """What was done, or the whole of a row that is cut."""
        shown = self._current()
        told = self._told or (self._cut_text(shown) if shown else "")
        line = self.query_one("#trace-told", Static)
        line.display = bool(told)
        line.update(Content(told))

    def _cut_text(self, shown: ShownRow) -> str:
        """All that the row under the cursor tells, where it does not fit."""
        if not self.has_focus_within:
            return ""
        width = self._outline.scrollable_content_region.width
        room = width - 2 * shown.outline.depth - 3
        told = sum(len(text) for text, _ in shown.outline.parts)
        if shown.row is not None:
            return shown.row.text if told > room else ""
        is_cut = told > room - len(shown.outline.right) - 2
        return f"{shown.call.title}  {shown.outline.right}" if is_cut else ""


def _text_of(shown: ShownRow) -> str:
    """The row and what is below it; of a call its whole result as a person reads it, or why there is none."""
    from punie_tools.errors import ToolError
    from punie_tools.registry import find_tool
    from punie_tools.result_text import result_as_text
    from punie_tui.app.widgets.trace.rows import text_of_rows

    end = shown.call.end
    if shown.row is not None:
        return text_of_rows([shown.row])
    if end is None:
        return shown.call.title
    if end.kind != "tool_finished":
        return f"{shown.call.title}\n{end.error if end.kind == 'tool_failed' else end.reason}"
    try:
        tool = find_tool(end.tool)
        return result_as_text(tool, tool.revive(end.result)).rstrip("\n")
    except (ToolError, ValueError):
        return end.summary
