"""The trace pane: every call of the session as a tree, each typed result drawn by its type."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.style import Style
from rich.text import Text
from textual.binding import BindingType
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from punie_tools.safe_text import safe_text
from punie_tui.app.actions import TREE_CALLS, Action, ActionGroup, ActionGroups, bindings_of, movement
from punie_tui.app.widgets.messages import OpenFile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from punie_tui.agent.events import Event, ToolDenied, ToolFailed, ToolFinished, ToolProgressed, ToolRequested
    from punie_tui.app.widgets.trace.rows import Row

_BAR_CELLS = 10
_EMPTY = ("Tool calls and their results", "will stand here.")


@dataclass
class _Target:
    """Where Enter on a row leads."""

    path: str = ""
    line: int | None = None
    rows_when_unfolded: ToolFinished | None = None


@dataclass
class _Call:
    """A call as far as it is known; `seconds` is None while it runs."""

    node: TreeNode[_Target]
    title: str
    started: float
    state: str = "waiting"
    progress: str = ""
    seconds: float | None = None
    summary: str = ""


TRACE_ACTIONS = ActionGroup(
    "Trace",
    (
        Action("trace.open", "enter", "select_cursor", "open the file at that line", "Open"),
        Action("trace.fold", "space", "toggle_node", "fold and unfold", "Fold"),
        *movement(TREE_CALLS),
    ),
)


class TracePane(Tree[_Target]):
    """One node a call, newest last; a finished call folds its result's rows under it."""

    DEFAULT_CSS = """
    TracePane { background: $background; padding: 0 1; scrollbar-size: 1 1; }
    TracePane > .trace--good { color: $text-success; }
    TracePane > .trace--bad { color: $text-error; }
    TracePane > .trace--muted { color: $secondary; }
    """
    ACTIONS: ClassVar[ActionGroups] = (TRACE_ACTIONS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)
    COMPONENT_CLASSES: ClassVar[set[str]] = {"trace--good", "trace--bad", "trace--muted"}

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(Text("trace"), id=id)
        self.show_root = False
        self.show_guides = False
        self.guide_depth = 2
        self.auto_expand = False
        self._calls: dict[str, _Call] = {}
        self._ticker = None

    def on_mount(self) -> None:
        self.root.expand()
        self._hints = [self.root.add_leaf(Text(line, style="italic"), _Target()) for line in _EMPTY]
        self._ticker = self.set_interval(0.5, self._tick, pause=True)

    def handle(self, event: Event) -> None:
        """Show what an event means for the calls."""
        match event.kind:
            case "turn_started":
                self._fold_earlier()
            case "tool_requested":
                self._add(event)
            case "approval_requested":
                self._change(event.call_id, "asks")
            case "tool_started":
                self._start(event.call_id)
            case "tool_progressed":
                self._progress(event)
            case "tool_finished":
                self._finish(event)
            case "tool_failed":
                self._end(event.call_id, "failed", event.error, event.seconds)
            case "tool_denied":
                self._end(event.call_id, "denied", event.reason, 0.0)
            case "turn_finished":
                self._end_all()
            case _:
                pass

    def forget_calls(self) -> None:
        """Show nothing, as before the first call."""
        self.clear()
        self._calls.clear()
        self._hints = [self.root.add_leaf(Text(line, style="italic"), _Target()) for line in _EMPTY]

    def show_earlier(self, events: Sequence[Event]) -> None:
        """Calls before all that stand here, folded; the rows of their results are made when they are unfolded."""
        ends: dict[str, ToolFinished | ToolFailed | ToolDenied] = {}
        for event in events:
            if event.kind == "tool_finished" or event.kind == "tool_failed" or event.kind == "tool_denied":
                ends[event.call_id] = event
        calls: dict[str, _Call] = {}
        place = 0
        was_at_end = self.scroll_y >= self.max_scroll_y
        for event in events:
            if event.kind != "tool_requested":
                continue
            self._drop_hints()
            parent = calls.get(event.parent_call_id or "")
            node = parent.node.add("", _Target()) if parent else self.root.add("", _Target(), before=place)
            place += parent is None
            calls[event.call_id] = call = _Call(node, _title(event), 0.0, "stopped", seconds=0.0)
            self._show_end(call, ends.get(event.call_id))
        if was_at_end:
            self.call_after_refresh(self.scroll_end, animate=False)

    def _show_end(self, call: _Call, end: ToolFinished | ToolFailed | ToolDenied | None) -> None:
        if end is None:
            call.node.allow_expand = False
        elif end.kind == "tool_finished":
            call.state, call.seconds = "done", end.seconds
            call.node.data = _Target(rows_when_unfolded=end)
        else:
            call.state = "failed" if end.kind == "tool_failed" else "denied"
            call.summary = safe_text(end.error if end.kind == "tool_failed" else end.reason)
            self._add_texts(call)
        self._label(call)

    def on_tree_node_expanded(self, message: Tree.NodeExpanded[_Target]) -> None:
        from punie_tui.app.widgets.trace.results import rows_of

        target = message.node.data
        if target and (end := target.rows_when_unfolded):
            target.rows_when_unfolded = None
            self._add_rows(message.node, rows_of(end.tool, end.result, self._row_width))

    def on_tree_node_selected(self, message: Tree.NodeSelected[_Target]) -> None:
        message.stop()
        if message.node.data and message.node.data.path:
            self.post_message(OpenFile(message.node.data.path, message.node.data.line))
        else:
            message.node.toggle()

    def _fold_earlier(self) -> None:
        for call in self._calls.values():
            call.node.collapse()

    def _add(self, event: ToolRequested) -> None:
        self._drop_hints()
        parent = self._calls.get(event.parent_call_id or "")
        node = (parent.node if parent else self.root).add("", _Target(), expand=True)
        self._calls[event.call_id] = _Call(node, _title(event), time.monotonic())
        self._label(self._calls[event.call_id])
        self.scroll_end(animate=False)

    def _drop_hints(self) -> None:
        while self._hints:
            self._hints.pop().remove()

    def _start(self, call_id: str) -> None:
        if call := self._calls.get(call_id):
            call.started, call.state = time.monotonic(), "runs"
            self._label(call)
            if self._ticker:
                self._ticker.resume()

    def _change(self, call_id: str, state: str) -> None:
        if call := self._calls.get(call_id):
            call.state = state
            self._label(call)

    def _progress(self, event: ToolProgressed) -> None:
        if call := self._calls.get(event.call_id):
            call.progress = _bar(event.done, event.total) + " " + safe_text(event.text, single_line=True)
            self._label(call)

    def _finish(self, event: ToolFinished) -> None:
        from punie_tui.app.widgets.trace.results import rows_of

        self._end(event.call_id, "done", event.summary, event.seconds)
        if call := self._calls.get(event.call_id):
            self._add_rows(call.node, rows_of(event.tool, event.result, self._row_width))

    def _end(self, call_id: str, state: str, summary: str, seconds: float) -> None:
        if call := self._calls.get(call_id):
            call.state, call.seconds = state, seconds
            call.summary = safe_text(summary)
            self._label(call)
            if state != "done":
                self._add_texts(call)

    def _end_all(self) -> None:
        for call in self._calls.values():
            if call.seconds is None:
                call.state, call.seconds = "stopped", time.monotonic() - call.started
                self._label(call)
        if self._ticker:
            self._ticker.pause()

    def _add_texts(self, call: _Call) -> None:
        from punie_tui.app.widgets.trace.rows import wrapped

        self._add_rows(call.node, wrapped(call.summary, self._row_width))

    @property
    def _row_width(self) -> int:
        """Cells for a row's text; a pane behind a tab has no width of its own and will get the screen's."""
        return max((self.size.width or self.screen.size.width) - 6, 20)

    def _add_rows(self, node: TreeNode[_Target], rows: list[Row]) -> None:
        for row in rows:
            target = _Target(row.path, row.line)
            text = _themed(row.parts, self._part_styles())
            if row.children:
                child = node.add(text, target, expand=row.is_expanded)
                self._add_rows(child, row.children)
            else:
                node.add_leaf(text, target)

    def _part_styles(self) -> dict[str, Style]:
        return {
            "good": self.get_component_rich_style("trace--good", partial=True),
            "bad": self.get_component_rich_style("trace--bad", partial=True),
            "muted": self.get_component_rich_style("trace--muted", partial=True),
            "strong": Style(bold=True),
        }

    def _label(self, call: _Call) -> None:
        mark, style = {
            "waiting": ("·", "muted"),
            "runs": ("●", "strong"),
            "asks": ("?", "strong"),
            "done": ("✓", "good"),
            "failed": ("✗", "bad"),
            "denied": ("–", "bad"),
            "stopped": ("–", "muted"),
        }[call.state]
        seconds = call.seconds if call.seconds is not None else time.monotonic() - call.started
        timing = f" {seconds:.1f} s" if call.state not in ("waiting", "asks") else ""
        progress = f" {call.progress}" if call.seconds is None and call.progress else ""
        parts = [(f"{mark} ", style), (call.title, "strong"), (timing + progress, "muted")]
        call.node.set_label(_themed(parts, self._part_styles()))

    def _tick(self) -> None:
        for call in self._calls.values():
            if call.state == "runs":
                self._label(call)


def _title(event: ToolRequested) -> str:
    arguments = ", ".join(f"{name}={value!r}" for name, value in event.arguments.items())
    return safe_text(f"{event.tool}({arguments})", single_line=True)


def _themed(parts: list[tuple[str, str]], styles: dict[str, Style]) -> Text:
    text = Text(no_wrap=True, end="")
    for part, name in parts:
        text.append(part, styles.get(name))
    return text


def _bar(done: int, total: int | None) -> str:
    if not total:
        return f"{done}"
    filled = min(_BAR_CELLS * done // total, _BAR_CELLS)
    return f"{'━' * filled}{'─' * (_BAR_CELLS - filled)} {done}/{total}"
