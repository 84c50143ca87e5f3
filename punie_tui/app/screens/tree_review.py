"""Diffs of git hunk by hunk: stage, take back, unstage, comment; and then the commit's message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Static, TextArea

from punie_tui.app.actions import Action, ActionGroup, ActionGroups, bindings_of
from punie_tui.app.key_map import key_shown, keys_of
from punie_tui.app.screens.general_actions import GENERAL
from punie_tui.app.screens.left_once import Dialog
from punie_tui.app.screens.review import ReviewScreen, review_actions
from punie_tui.app.textual_adapter import app_of, hand_key
from punie_tui.app.widgets.key_row import KeyRow

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.app import ComposeResult

    from punie_tools.changes.review import HunkPlace, Review
    from punie_tools.effects.effects import EffectFinder
    from punie_tui.app.widgets.review.rows import Note


_TO_THE_COMMIT = "do so, and go on to the commit if anything is staged"

TREE_REVIEW_ACTIONS = review_actions("The working tree", ("Stage", "stage"), ("Take back", "take back"), _TO_THE_COMMIT)
STAGED_REVIEW_ACTIONS = review_actions("What is staged", ("Keep", "keep"), ("Unstage", "unstage"), _TO_THE_COMMIT)
PAST_REVIEW_ACTIONS = review_actions(
    "A revision or a turn",
    ("Keep", "keep"),
    ("Take back", "take back"),
    "take back what is marked so; it is shown first where a file was changed since",
    has_gate=False,
)


class DiffReviewScreen(ReviewScreen):
    """Gives True when the decisions shall be carried out. A file is edited where files are, not here."""

    def __init__(
        self,
        review: Review,
        title: str,
        left_out: Sequence[str] = (),
        *,
        finder: EffectFinder | None = None,
        notes: Sequence[Note] = (),
        begin_at: HunkPlace | None = None,
        go_on: Callable[[], None] | None = None,
        problem: str = "",
    ) -> None:
        """`left_out` names what no hunk can show. It begins at the first note, or at the hunk `begin_at`.

        `problem` is told at first: why nothing was done of what was decided before.
        `go_on` is called at the moment in which the decisions shall be carried out: what it shows gets the next key.
        """
        super().__init__(review, title, finder, notes, begin_at=begin_at)
        self._go_on = go_on
        self._first_told = problem
        if left_out and not problem:
            first, *others = left_out
            self._first_told = f"Not shown here: {first}{f' and {len(others)} more' if others else ''}."

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action != "edit" and super().check_action(action, parameters)

    def apply(self) -> None:
        self.dismiss(True)
        if self._go_on:
            self._go_on()


class TreeReviewScreen(DiffReviewScreen):
    """Of the working tree: what is accepted is staged; what is undecided stays as it is."""

    ACTIONS: ClassVar[ActionGroups] = (TREE_REVIEW_ACTIONS, GENERAL)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)
    COUNTED: ClassVar[tuple[str, str]] = ("to stage", "to take back")
    IS_KEPT: ClassVar[bool] = True


class StagedReviewScreen(DiffReviewScreen):
    """Of the index: what is accepted stays staged."""

    ACTIONS: ClassVar[ActionGroups] = (STAGED_REVIEW_ACTIONS, GENERAL)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)
    COUNTED: ClassVar[tuple[str, str]] = ("kept", "to unstage")
    IS_KEPT: ClassVar[bool] = True


class PastReviewScreen(DiffReviewScreen):
    """Of what a revision or a turn changed: read, comment, and choose what to take back in the working tree."""

    ACTIONS: ClassVar[ActionGroups] = (PAST_REVIEW_ACTIONS, GENERAL)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)
    COUNTED: ClassVar[tuple[str, str]] = ("kept", "to take back")


_COMMIT = Action("commit.commit", "ctrl+s", "commit", "commit with this message", "Commit")
_LATER = Action(
    "commit.leave", "escape", "leave", "commit later, and keep what you wrote until then", "Later", has_priority=True
)
COMMIT_ACTIONS = ActionGroup("The commit's message", (_COMMIT, _LATER))


_NO_SUBJECT = "The first line is empty: write the subject there."


@dataclass(frozen=True)
class WrittenMessage:
    """What the person wrote, to commit with or to go on with later."""

    text: str
    is_ready: bool


_WAITS = "One moment … What you type now goes into the commit's message."


class CommitScreen(Dialog[None]):
    """Stands there before it is known whether there is anything to commit: what is typed meanwhile is for the message.

    A commit is none of that: nobody commits what they have not seen.
    """

    DEFAULT_CSS = """
    CommitScreen { background: $background 60%; align: center middle; }
    CommitScreen > TextArea { width: 80; max-width: 96%; height: 16; max-height: 80%; border: round $border; }
    CommitScreen > TextArea:focus { border: round $border; }
    CommitScreen > Static { display: none; width: auto; max-width: 96%; height: auto; border: round $border; }
    CommitScreen.-waits { background: $background 0%; }
    CommitScreen.-waits > Static { display: block; }
    CommitScreen.-waits > TextArea { display: none; }
    """
    ACTIONS: ClassVar[ActionGroups] = (COMMIT_ACTIONS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)

    AUTO_FOCUS = ""
    """The message has the keys only once it is there."""

    def __init__(self, take: Callable[[WrittenMessage], None]) -> None:
        """`take` gets the message, also when it is left."""
        super().__init__(classes="-waits")
        self._take = take
        self._keep: Callable[[str], None] = lambda _text: None
        self._held: list[events.Key] = []
        self._is_open = False

    def compose(self) -> ComposeResult:
        yield Static(_WAITS, markup=False)
        yield TextArea(soft_wrap=True, theme="css", tab_behavior="focus")
        yield KeyRow()

    def offer(self, draft: str, staged: str, keep: Callable[[str], None]) -> None:
        """Let the person write: what is known now ends the waiting, unless they left meanwhile.

        `staged` says what the commit will hold; both are safe text. `keep` is told each change, so that nothing is
        lost where punie ends.
        """
        if not self.is_attached:
            return
        self._keep = keep
        self.remove_class("-waits")
        area = self.query_one(TextArea)
        area.border_title = Content(f"Commit: {staged}")
        area.text = draft
        area.move_cursor((0, len(area.document.get_line(0))))
        area.focus()
        self._show_keys()

    def give_up(self) -> None:
        """There is nothing to commit; what was typed for it is dropped."""
        if self.has_class("-waits"):
            self.dismiss()

    def hold(self, key: events.Key) -> bool:
        """Until the message has the keys."""
        if not self._is_open:
            self._held.append(key)
        return not self._is_open

    def on_descendant_focus(self) -> None:
        if self._is_open:
            return
        self._is_open = True
        # Those that another screen handed on may have come later than the ones typed after them.
        for key in sorted(self._held, key=lambda each: each.time):
            if key.key not in keys_of(self, _COMMIT):
                hand_key(self.query_one(TextArea), key)

    def action_commit(self) -> None:
        """Unless there is no subject: what stands below would become one."""
        area = self.query_one(TextArea)
        if self._has_subject:
            self._leave_with(WrittenMessage(f"{area.text.strip()}\n", is_ready=True))
        else:
            area.border_subtitle = _NO_SUBJECT

    def action_leave(self) -> None:
        if self.has_class("-waits"):
            self.dismiss()
        else:
            self._leave_with(WrittenMessage(self.query_one(TextArea).text, is_ready=False))

    def _leave_with(self, written: WrittenMessage) -> None:
        if self in app_of(self).screen_stack:
            self.dismiss()
            self._take(written)

    @on(TextArea.Changed)
    def _text_changed(self) -> None:
        if not self.has_class("-waits"):
            self._keep(self.query_one(TextArea).text)
            self._show_keys()

    def _show_keys(self) -> None:
        if self._has_subject:
            keys = f"{key_shown(self, _COMMIT)} commit   {key_shown(self, _LATER)} later"
            self.query_one(TextArea).border_subtitle = keys

    @property
    def _has_subject(self) -> bool:
        return bool(self.query_one(TextArea).document.get_line(0).strip())
