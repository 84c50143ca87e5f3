"""The approval panel: a call that waits, shown whole, and the keys that allow or deny it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import BindingType
from textual.message import Message
from textual.widgets import Input, Static

from punie_tools.revealed_text import revealed_text
from punie_tui.agent.approval import Always, ApprovalQuestion
from punie_tui.agent.trust import TRUST_QUESTION
from punie_tui.app.actions import Action, ActionGroup, ActionGroups, bindings_of
from punie_tui.app.key_map import key_shown
from punie_tui.app.screens.main_actions import STOP
from punie_tui.app.widgets.chat.asking_panel import SCROLLS, AskingPanel
from punie_tui.app.widgets.chat.detail_view import DetailView
from punie_tui.app.widgets.chat.patch_lines import Patch, patch_of
from punie_tui.app.widgets.key_row import KeyRow

if TYPE_CHECKING:
    from pathlib import Path

    from textual.app import ComposeResult

    from punie_tui.app.turn_runner import PendingApproval

_ROWS_AROUND_DETAIL = 4
# Such as ` 1,200–1,212 of 99,999`, or the words of the question.
_ROOM_FOR_POSITION = 16


_ONCE = Action("approval.once", "y", "decide('once')", "allow this call", "Allow")
_ALWAYS = Action(
    "approval.always", "a", "decide('always')", "always: edits, tests here, or just this command", "Always"
)
_DENY = Action("approval.deny", "n", "deny", "deny; say why, or Enter", "Deny")
_STEP_LABELS = {_ONCE: "Go on", _DENY: "Skip"}
_ALWAYS_LABELS = {
    Always.TRUST: "Trust folder",
    Always.EDITS: "Accept edits",
    Always.EXACTLY: "Always this",
    Always.UNPAUSED: "No pauses",
}
_REVIEW = Action("approval.review", "r", "decide('review')", "review an edit hunk by hunk", "Review")

APPROVAL_ACTIONS = ActionGroup(
    "When punie asks",
    (
        _ONCE,
        _ALWAYS,
        _DENY,
        _REVIEW,
        *SCROLLS,
        Action("approval.next_page", "space", "move_page(1)", "a page down", line="scroll what it is about"),
    ),
    about="A call that waits for you, shown whole; nothing of it has happened yet.",
)


class ApprovalPanel(AskingPanel):
    """Shows one pending approval at a time, above the prompt; hidden when there is none."""

    DEFAULT_CSS = """
    ApprovalPanel {
        display: none; height: auto; padding: 0 1;
        border: round $warning; background: $surface;
    }
    ApprovalPanel.-asks { display: block; }
    ApprovalPanel:focus-within { border: heavy $warning; }
    ApprovalPanel > Static { height: 1; text-wrap: nowrap; }
    ApprovalPanel > #approval-question { text-style: bold; }
    ApprovalPanel > #approval-keys { color: $secondary; }
    ApprovalPanel > Input, ApprovalPanel > Input:focus { display: none; height: 1; border: none; padding: 0; }
    ApprovalPanel.-denies > Input { display: block; }
    ApprovalPanel.-denies > #approval-keys { display: none; }
    """
    ACTIONS: ClassVar[ActionGroups] = (APPROVAL_ACTIONS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)

    @dataclass
    class Decided(Message):
        """`choice` is `once`, `always`, `review` or `no`, which may have a reason that the model gets."""

        pending: PendingApproval
        choice: str
        reason: str = ""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(clock, id=id)
        self._folder = folder
        self._waiting: list[PendingApproval] = []
        self._patch: Patch | None = None

    def compose(self) -> ComposeResult:
        yield Static(id="approval-question", markup=False)
        yield DetailView(id="approval-detail")
        yield Static(id="approval-keys", markup=False)
        yield Input(placeholder="why not? Enter denies", id="approval-reason")

    def show(self, pending: PendingApproval) -> None:
        """Add a question; the oldest is the one on the screen."""
        self._waiting.append(pending)
        if len(self._waiting) == 1:
            self._show_first()

    def settle(self, pending: PendingApproval) -> None:
        """The question is answered or its turn was stopped."""
        if pending not in self._waiting:
            return
        is_on_screen = self._waiting[0] is pending
        self._waiting.remove(pending)
        if is_on_screen:
            self._show_first()

    @property
    def shown_text(self) -> str:
        """What the person is asked about, empty when nothing is."""
        return self._detail.text if self._waiting else ""

    @property
    def body(self) -> DetailView:
        return self._detail

    @property
    def _detail(self) -> DetailView:
        return self.query_one(DetailView)

    def fit(self) -> None:
        """As high as the text needs; on a low screen as high as there is room for."""
        super().fit()
        if self._waiting:
            needed = self._detail.row_count(max(self.screen.size.width - 4, 1)) + _ROWS_AROUND_DETAIL
            self.styles.height = self.most_rows if self.screen.has_class("-low") else needed

    # What the person does.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is no "always" where nothing holds the command, and no review where nothing is edited."""
        if action == "decide" and parameters == ("always",):
            return bool(self._waiting and self._waiting[0].question.always)
        if action == "decide" and parameters == ("review",):
            return bool(self._waiting and self._waiting[0].question.can_be_reviewed)
        return True

    def action_decide(self, choice: str) -> None:
        if self._waiting:
            self.post_message(self.Decided(self._waiting[0], choice))

    def action_deny(self) -> None:
        """Ask why; Enter alone denies without a reason."""
        self.add_class("-denies")
        self.query_one(Input).focus()

    @on(Input.Submitted)
    def _deny(self, message: Input.Submitted) -> None:
        message.stop()
        if self._waiting:
            self.post_message(self.Decided(self._waiting[0], "no", message.value.strip()))

    def scroll_body_to(self, row: int) -> None:
        super().scroll_body_to(row)
        self._show_position()

    # What is shown.

    def _show_first(self) -> None:
        reason = self.query_one(Input)
        reason.clear()
        self.remove_class("-denies")
        self.set_asking(bool(self._waiting))
        if not self._waiting:
            return
        question = self._waiting[0].question
        reason.placeholder = "why? Enter skips it" if question.is_step else "why not? Enter denies"
        trust = TRUST_QUESTION.format(folder=self._folder) if question.always is Always.TRUST else ""
        decided = self._waiting[0].decided_in_review
        told = [line for line in (question.note, trust, decided) if line]
        # Only what is made of a tool's own changes is read as a patch: anything else is shown to the letter.
        self._patch = patch_of(question.detail) if question.can_be_reviewed else None
        if self._patch:
            self._detail.show_patch(told, self._patch, len(self._headline(self._patch)) + _ROOM_FOR_POSITION)
        else:
            self._detail.show("\n".join([*told, *[""] * bool(told), question.detail]))
        self._label_keys(question)
        self.fit()
        self.question_stands()

    def _label_keys(self, question: ApprovalQuestion) -> None:
        """Let the footer call the answers as the panel does, in fewer words."""
        footer = self.screen.query_one(KeyRow)
        for action in (_ONCE, _DENY):
            footer.label(action.call, _STEP_LABELS[action] if question.is_step else action.label)
        if question.always:
            footer.label(_ALWAYS.call, _ALWAYS_LABELS[question.always])

    def show_way_back(self) -> None:
        self._show_position()

    @on(DetailView.Folded)
    def _show_position(self) -> None:
        if not self._waiting:
            return
        question = self._waiting[0].question
        first, last, count = self._detail.position
        where = f"{first}–{last} of {count}" if count > last - first + 1 else ""
        name = self._headline(self._patch) if self._patch else f"{question.tool} {question.risk.value}"
        rows = f"  Rows {where}, Down for more" if where else ""
        before, after = ("Next: ", "") if question.is_step else ("", " Allow it?")
        asked = [f"{before}{name}.{after}{rows}"]
        if self._patch:
            asked += [f"{before}{name}.{after} {where}", f"{name} {where}"]
            asked.append(f"{question.tool} {self._patch.counts} {where}")
        asked.append(f"{before.lower()}{question.tool} {where}")
        self.query_one("#approval-question", Static).update(self._first_that_fits(asked))
        keys = self._step_keys(question) if question.is_step else self._keys_of(question)
        if back := self.way_back:
            keys = (*(f"{back}, then {each}" for each in keys), f"{back} answers")
        self.query_one("#approval-keys", Static).update(self._first_that_fits(keys))

    def _keys_of(self, question: ApprovalQuestion) -> tuple[str, ...]:
        """The answers that there are, from the whole words to the fewest."""
        y, a, n, r = (key_shown(self, action) for action in (_ONCE, _ALWAYS, _DENY, _REVIEW))
        always, can_be_reviewed = question.always, question.can_be_reviewed
        once = "all of it" if self._waiting[0].decided_in_review else "this once"
        return (
            f"{y} {once}   {f'{a} {always.value}   ' if always else ''}"
            f"{f'{r} review hunk by hunk   ' if can_be_reviewed else ''}{n} no, and why",
            f"{y} yes  {f'{a} all  ' if always else ''}{f'{r} review  ' if can_be_reviewed else ''}{n} no",
            f"{y} yes  {f'{a} all  ' if always else ''}{n} no",
        )

    def _step_keys(self, question: ApprovalQuestion) -> tuple[str, ...]:
        y, a, n, r, stop = (key_shown(self, action) for action in (_ONCE, _ALWAYS, _DENY, _REVIEW, STOP))
        long, short = (f"{r} review hunk by hunk   ", f"{r} review  ") if question.can_be_reviewed else ("", "")
        return (
            f"{y} go on   {a} {Always.UNPAUSED.value}   {long}{n} skip it, and why   {stop} end the turn",
            f"{y} go on   {a} no pauses   {long}{n} skip   {stop} end the turn",
            f"{y} go on  {a} no pauses  {short}{n} skip  {stop} end",
            f"{y} go {n} skip {stop} end",
        )

    def _headline(self, patch: Patch) -> str:
        """What the patch is of, and how large it is."""
        files = patch.paths[0] if patch.is_of_one_file else f"{len(patch.paths)} files"
        return revealed_text(f"{self._waiting[0].question.tool} {files}  {patch.counts}")

    def _first_that_fits(self, texts: Sequence[str]) -> str:
        width = self.scrollable_content_region.width
        return next((text for text in texts if len(text) <= width), texts[-1])
