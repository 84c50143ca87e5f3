"""The findings of pyright and ruff in the whole project: grouped, filtered, opened at their line, fixed by key."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from punie_tools.actions.code_actions import CodeAction, CodeActionsResult
from punie_tools.quality.ruff_check import RuffCheckResult
from punie_tools.quality.typecheck import TypeCheckResult
from punie_tools.safe_text import safe_text
from punie_tools.sentences import counted
from punie_tui.agent.person_calls import CallWatch
from punie_tui.app.actions import Action, ActionGroup, ActionGroups, bindings_of
from punie_tui.app.screens.general_actions import GENERAL
from punie_tui.app.screens.keys import show_keys
from punie_tui.app.screens.left_once import Page
from punie_tui.app.screens.size_classes import set_size_classes
from punie_tui.app.screens.viewer import FileViewerScreen
from punie_tui.app.textual_adapter import app_of
from punie_tui.app.widgets.findings.findings import (
    Finding,
    Grouping,
    filtered,
    findings_of,
    rows_of_findings,
    told_counts,
)
from punie_tui.app.widgets.key_row import KeyRow
from punie_tui.app.widgets.mode_in_heading import with_mode
from punie_tui.app.widgets.outline import Outline, OutlineRow, outline_actions

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult

    from punie_tui.agent.session import Session
    from punie_tui.agent.tool_step import Outcome

_SOURCES = {"typecheck": "pyright", "ruff_check": "ruff"}
_WORD = re.compile(r"\w+")
_QUOTED = re.compile(r"`([^`]+)`|\"([^\"]+)\"")


FINDINGS_LIST_ACTIONS = outline_actions(
    "The list", Action("findings.open", "enter", "choose", "open the file at the line", "Open")
)
FINDINGS_ACTIONS = ActionGroup(
    "Findings",
    (
        Action("findings.leave", "escape", "leave", "out of the filter, or back", "Back"),
        Action("findings.filter", "slash", "filter", "filter as you type; Enter keeps it, Esc clears it", "Filter"),
        Action(
            "findings.fix",
            "f",
            "fix",
            "make the fix that is offered, if it is safe; of several the one that you choose",
            "Fix",
        ),
        Action("findings.fix_file", "F", "fix_file", "make all safe fixes of ruff in this file", "Fix file"),
        Action("findings.group", "b", "group", "group by rule, or by file", "By rule"),
        Action("findings.hand_over", "x", "hand_over", "hand the finding to the model", "To the model"),
        Action("findings.check", "r", "check", "check again (a change of a file does, too)", "Check again"),
        Action("findings.close", "q", "leave", "back"),
        Action("findings.keys", "question_mark,f1", "help", "these keys", "Keys"),
    ),
    about="What pyright and ruff find in the whole project, kept true while files change.",
)


class FindingsOutline(Outline):
    """Names in the footer what Enter does here."""

    ACTIONS: ClassVar[ActionGroups] = (FINDINGS_LIST_ACTIONS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)


class FindingsScreen(Page[None]):
    """Stays alive while it is left; what changed meanwhile is checked again when it is seen again."""

    DEFAULT_CSS = """
    FindingsScreen > #findings-heading {
        height: 1; padding: 0 1; background: $surface; text-wrap: nowrap; text-overflow: ellipsis;
    }
    FindingsScreen > Outline { height: 1fr; }
    FindingsScreen > #findings-message { height: auto; max-height: 6; padding: 0 1; background: $surface; }
    FindingsScreen > Input, FindingsScreen > Input:focus { display: none; height: 1; border: none; padding: 0 1; }
    FindingsScreen.-filters > Input { display: block; }
    FindingsScreen.-low KeyRow, FindingsScreen.-low > #findings-message { display: none; }
    """
    ACTIONS: ClassVar[ActionGroups] = (FINDINGS_ACTIONS, GENERAL)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)

    @dataclass
    class Checked(Message):
        """One of the checkers has answered."""

        tool: str
        outcome: Outcome

    @dataclass
    class FixesOffered(Message):
        """There are several, of which the person takes one."""

        finding: Finding
        fixes: Sequence[CodeAction]

    @dataclass
    class FixEnded(Message):
        """A fix was made, or why it was not."""

        told: str
        has_changed: bool

    def __init__(self, session: Session, folder: Path, *, send: Callable[[str], None]) -> None:
        """`send` hands a request to the model."""
        super().__init__()
        self._session = session
        self._folder = folder
        self._send = send
        self._found: dict[str, list[Finding]] = {}
        self._problems: dict[str, str] = {}
        self._shown: list[Finding] = []
        self._rows: dict[OutlineRow, Finding | None] = {}
        self._grouping: Grouping = "file"
        self._folds: dict[str, bool] = {}
        self._told = ""
        self._asked: set[str] = set()
        self._is_fixing = False
        self._is_stale = False
        self._cancelled = threading.Event()
        self.checks_ended = 0
        self.fixes_ended = 0

    @property
    def shown(self) -> list[Finding]:
        """The findings that pass the filter, in order."""
        return self._shown

    def compose(self) -> ComposeResult:
        yield Static(id="findings-heading", markup=False)
        yield FindingsOutline(id="findings-outline")
        yield Static(id="findings-message", markup=False)
        yield Input(placeholder="words that must stand in a finding; Enter keeps, Esc clears", id="findings-filter")
        yield KeyRow()

    def on_mount(self) -> None:
        self._outline.focus()
        self.action_check()

    def on_unmount(self) -> None:
        self._cancelled.set()

    def on_resize(self, event: events.Resize) -> None:
        set_size_classes(self, event.size)
        self._show_heading()

    def on_screen_resume(self) -> None:
        self._show_heading()
        if self._is_stale:
            self.action_check()

    def workspace_changed(self) -> None:
        """Check again, at once if the person looks on."""
        if self.is_current and not self._is_fixing:
            self.action_check()
        else:
            self._is_stale = True

    @property
    def _outline(self) -> Outline:
        return self.query_one("#findings-outline", Outline)

    # Checking.

    def action_check(self) -> None:
        """Ask both checkers again; what they found last stays until they have answered."""
        if self._asked:
            self._is_stale = True
            return
        self._is_stale = False
        self._asked = set(_SOURCES)
        for tool in _SOURCES:
            self._check(tool)
        self._show_heading()

    @work(thread=True, group="check")
    def _check(self, tool: str) -> None:
        outcome = self._session.person_calls.run(tool, {}, CallWatch(self._cancelled))
        self.post_message(self.Checked(tool, outcome))

    @on(Checked)
    def _take(self, message: Checked) -> None:
        self._asked.discard(message.tool)
        result = message.outcome.result
        if isinstance(result, TypeCheckResult | RuffCheckResult):
            self._found[message.tool] = findings_of(result)
            cut = "more than are shown" if result.truncated else ""
            self._problems[message.tool] = cut or getattr(result, "note", "")
        else:
            self._problems[message.tool] = message.outcome.error
        self._show_findings()
        if not self._asked:
            self.checks_ended += 1
            if self._is_stale:
                self.action_check()

    # What the person does.

    @on(Outline.Chosen)
    def _open_chosen(self) -> None:
        """The file at the finding; on a file's row the file."""
        finding, row = self._current(), self._outline.current
        if finding is not None:
            self._show_file(finding.file, finding.line)
        elif row is not None and self._grouping == "file":
            self._show_file(row.key)

    def _show_file(self, path: str, line: int | None = None) -> None:
        open_context = self._session.context_of_person
        app_of(self).push_screen(FileViewerScreen(self._folder, path, line, open_context=open_context))

    def action_filter(self) -> None:
        self.add_class("-filters")
        self.query_one(Input).focus()

    @on(Input.Changed)
    def _filter(self) -> None:
        if not self._is_fixing:
            self._told = ""
        self._show_findings()
        first = next((row for row, finding in self._rows.items() if finding is not None), None)
        if first is not None and self.query_one(Input).value.strip():
            self._outline.go_to(first.key)

    @on(Input.Submitted)
    def _keep_filter(self) -> None:
        self._outline.focus()

    def action_group(self) -> None:
        """By file, or by rule."""
        self._grouping = "rule" if self._grouping == "file" else "file"
        finding = self._current()
        self._show_findings()
        if finding is not None:
            self._outline.go_to(finding.key)

    @on(Outline.FoldWanted)
    def _fold(self, message: Outline.FoldWanted) -> None:
        self._folds[message.key] = message.is_folded
        self._show_findings()

    @on(Outline.Moved)
    def _moved(self) -> None:
        self._told = ""
        self._show_message()
        self._show_heading()

    def action_fix(self) -> None:
        """Make the fix that is offered for the finding under the cursor, if it is safe."""
        finding = self._current()
        if finding is None:
            self._tell("Put the cursor on a finding to fix it; F fixes all that ruff can in a file.")
        elif not self._is_fixing:
            self._is_fixing = True
            self._tell("fixing …")
            self._fix(finding)

    def action_fix_file(self) -> None:
        """All safe fixes of ruff in the file under the cursor, those that the filter hides too; unsafe ones never."""
        finding, row = self._current(), self._outline.current
        file = finding.file if finding else row.key if row and self._grouping == "file" else ""
        found = (each for findings in self._found.values() for each in findings)
        if not any(each.is_fixable and each.file == file for each in found):
            self._tell("ruff has no safe fix in this file." if file else "Put the cursor on a finding or a file.")
        elif not self._is_fixing:
            self._is_fixing = True
            self._tell("fixing …")
            self._fix_file(file)

    @work(thread=True, group="fix")
    def _fix(self, finding: Finding) -> None:
        place = {"path": finding.file, "line": finding.line}
        offered = self._session.person_calls.run("code_actions", place, CallWatch(self._cancelled))
        if not isinstance(offered.result, CodeActionsResult):
            self.post_message(self.FixEnded(offered.error, False))
            return
        fixes, problem = _fixes_among(offered.result.actions, finding)
        if problem:
            self.post_message(self.FixEnded(problem, False))
        elif len(fixes) == 1:
            self._make(fixes[0])
        else:
            self.post_message(self.FixesOffered(finding, fixes))

    @on(FixesOffered)
    def _ask_which(self, message: FixesOffered) -> None:
        """What is chosen comes as a proposal, like a fix that is the only one."""
        from punie_tui.app.screens.fixes import FixesScreen

        def make(chosen: CodeAction | None) -> None:
            if chosen:
                self._begin_to_make(chosen)
            else:
                self.post_message(self.FixEnded("You took none of the fixes; nothing was done.", False))

        finding = message.finding
        about = f"{finding.file}:{finding.line} {finding.message}"
        app_of(self).push_screen(FixesScreen(about, message.fixes), make)

    @work(thread=True, group="fix")
    def _begin_to_make(self, action: CodeAction) -> None:
        self._make(action)

    def _make(self, action: CodeAction) -> None:
        watch = CallWatch(self._cancelled)
        self._tell_fixed(self._session.person_calls.run("apply_code_action", {"id": action.id}, watch))

    @work(thread=True, group="fix")
    def _fix_file(self, file: str) -> None:
        arguments = {"path": file, "fix": True}
        self._tell_fixed(self._session.person_calls.run("ruff_check", arguments, CallWatch(self._cancelled)))

    def _tell_fixed(self, outcome: Outcome) -> None:
        from punie_tui.agent.approval import reason_for_person

        made = f"{outcome.result.summary} `punie undo` takes it back." if outcome.result else ""
        told = made or reason_for_person(outcome.error)
        self.post_message(self.FixEnded(told, outcome.result is not None))

    @on(FixEnded)
    def _end_fix(self, message: FixEnded) -> None:
        self._is_fixing = False
        self.fixes_ended += 1
        if message.has_changed:
            self.action_check()
        self._tell(message.told)

    def action_hand_over(self) -> None:
        """Ask the model to mend it, and go where it answers."""
        finding = self._current()
        if finding is None:
            self._tell("Put the cursor on a finding, to hand it to the model.")
            return
        place = f"{finding.file}:{finding.line}:{finding.column}"
        self._send(f"Fix what {finding.source} finds at {place} ({finding.rule}): {finding.message}")
        self.dismiss()

    def action_leave(self) -> None:
        """Out of the filter, which is then empty, or back."""
        box = self.query_one(Input)
        if self.has_class("-filters"):
            self.remove_class("-filters")
            box.value = ""
            self._outline.focus()
        else:
            self.dismiss()

    def action_help(self) -> None:
        show_keys(self)

    def _current(self) -> Finding | None:
        row = self._outline.current
        return self._rows.get(row) if row else None

    # What is shown.

    def _show_findings(self) -> None:
        found = [finding for findings in self._found.values() for finding in findings]
        self._shown = filtered(found, self.query_one(Input).value)
        self._rows = rows_of_findings(self._shown, self._grouping, self._folds)
        self._outline.show(list(self._rows))
        self._show_message()
        self._show_heading()

    def _show_message(self) -> None:
        """The whole message of the finding under the cursor, which its row may cut."""
        finding = self._current()
        shown = self.query_one("#findings-message", Static)
        shown.display = finding is not None
        if finding is not None:
            head = f"{finding.source} {finding.rule}: "
            shown.update(Content.styled(safe_text(head), "bold") + Content(safe_text(finding.message)))

    def _tell(self, text: str) -> None:
        self._told = text
        self._show_heading()

    def _show_heading(self) -> None:
        text = safe_text(self._told or self._counts(), single_line=True)
        heading = Content.styled("Findings", "bold") + Content(f"  {text}")
        self.query_one("#findings-heading", Static).update(with_mode(heading, self))

    def _counts(self) -> str:
        files = len({finding.file for finding in self._shown})
        told = told_counts(self._shown, [_SOURCES[tool] for tool in self._found])
        filter_text = self.query_one(Input).value.strip()
        parts = [
            f"{', '.join(told)} in {counted(files, 'file')}" if told else "",
            f"with {filter_text!r}" if filter_text else "",
            f"{' and '.join(sorted(self._asked))} …" if self._asked else "",
            *(f"{tool}: {problem}" for tool, problem in self._problems.items() if problem),
        ]
        return "  ".join(part for part in parts if part)


def _fixes_among(actions: tuple[CodeAction, ...], finding: Finding) -> tuple[Sequence[CodeAction], str]:
    """The actions of which each would mend the finding, or why none shall be taken."""
    fixes = [each for each in actions if each.source == finding.source and each.kind != "quickfix.suppress"]
    safe = [each for each in fixes if each.is_safe is not False]
    if not safe and fixes:
        return (), f"Only an unsafe fix is offered ({fixes[0].title}); nothing was done."
    if not safe:
        return (), f"{finding.source} offers no fix for this; x hands it to the model."
    named = _names_in(finding.message)
    if finding.source == "pyright":
        # On the same line it may offer imports for other names.
        return [each for each in safe if named.intersection(_WORD.findall(each.title))] or safe, ""
    return [max(safe, key=lambda each: len(_names_in(each.title) & named))], ""


def _names_in(text: str) -> set[str]:
    """What stands in quotes: the names that a message and its fix share."""
    return {first or second for first, second in _QUOTED.findall(text)}
