"""A small editor for the arguments of a call, as JSON, held against the tool's schema while one types."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual import on
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static, TextArea

from punie_tools.errors import ToolError
from punie_tools.safe_text import safe_text
from punie_tui.app.actions import Action, ActionGroup, ActionGroups, bindings_of
from punie_tui.app.screens.confirm import leave_or_ask
from punie_tui.app.screens.left_once import Dialog
from punie_tui.app.widgets.key_row import KeyRow

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from punie_tools.tool import Tool


_LOSES_ARGUMENTS = "Drop the arguments that you wrote?"
ARGUMENTS_ACTIONS = ActionGroup(
    "The arguments of a call",
    (
        Action("arguments.run", "ctrl+s", "run", "run the call with these", "Run"),
        Action("arguments.leave", "escape", "leave", "leave, and run nothing", "Leave", has_priority=True),
    ),
)


class ArgumentsScreen(Dialog[dict[str, Any] | None]):
    """Gives the arguments to run the tool with, or None."""

    DEFAULT_CSS = """
    ArgumentsScreen { background: $background 60%; align: center middle; }
    ArgumentsScreen > Vertical {
        width: 90; max-width: 96%; height: 18; max-height: 90%;
        border: round $border; background: $surface;
    }
    ArgumentsScreen TextArea, ArgumentsScreen TextArea:focus { height: 1fr; border: none; padding: 0 1; }
    ArgumentsScreen Static { height: auto; max-height: 3; padding: 0 1; color: $text-muted; }
    ArgumentsScreen #arguments-problem { color: $text-error; }
    """
    ACTIONS: ClassVar[ActionGroups] = (ARGUMENTS_ACTIONS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)

    def __init__(self, tool: Tool, arguments: Mapping[str, Any]) -> None:
        super().__init__()
        self._tool = tool
        self._start = _spelled_out(json.dumps(dict(arguments), ensure_ascii=False, indent=2, default=str))

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = f"Run {self._tool.name} again"
            box.border_subtitle = "Ctrl+S run   Esc leave"
            yield TextArea(self._start, language="json", soft_wrap=True, theme="css", tab_behavior="focus")
            yield Static(safe_text(self._taken(), single_line=True), markup=False)
            yield Static(id="arguments-problem", markup=False)
        yield KeyRow()

    def on_mount(self) -> None:
        self.query_one(TextArea).focus()

    def action_run(self) -> None:
        """Unless the tool would refuse them; what is wrong stands below."""
        arguments, problem = read_arguments(self._tool, self.query_one(TextArea).text)
        if not problem:
            self.dismiss(arguments)

    def action_leave(self) -> None:
        """The person is asked where that drops what they wrote."""
        is_changed = self.query_one(TextArea).text != self._start
        leave_or_ask(self, _LOSES_ARGUMENTS if is_changed else "", "drop them", lambda: self.dismiss(None))

    @on(TextArea.Changed)
    def _check(self) -> None:
        _, problem = read_arguments(self._tool, self.query_one(TextArea).text)
        line = self.query_one("#arguments-problem", Static)
        line.display = bool(problem)
        line.update(Content(safe_text(problem, single_line=True)))

    def _taken(self) -> str:
        """What the tool takes, with the values that stand for what is not given."""
        fields = self._tool.arguments_type.model_fields
        told = [name if field.is_required() else f"{name}={field.default!r}" for name, field in fields.items()]
        return f"{self._tool.name}({', '.join(told)})"


def _spelled_out(text: str) -> str:
    """JSON that means the same, with what draws nothing as its numbers."""
    return "".join(letter if letter.isprintable() or letter == "\n" else json.dumps(letter)[1:-1] for letter in text)


def read_arguments(tool: Tool, text: str) -> tuple[dict[str, Any], str]:
    """The arguments that a text means, or in one sentence why it means none that the tool takes."""
    try:
        read = json.loads(text)
    except json.JSONDecodeError as error:
        return {}, f"Line {error.lineno}, column {error.colno}: {error.msg}."
    except RecursionError:
        return {}, "That is nested too deeply."
    if not isinstance(read, dict):
        return {}, "Arguments are one object, {…}, with a value for each name."
    arguments = cast("dict[str, Any]", read)
    try:
        tool.validate(arguments)
    except ToolError as error:
        return {}, str(error)
    return arguments, ""
