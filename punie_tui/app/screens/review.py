"""The review of a proposal: what stands of it, hunk by hunk, by keyboard."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static, TextArea

from punie_tools.changes.review import Hunk, HunkPlace, Lines, Review, Verdict
from punie_tools.changes.review_lines import ReviewLine, line_in, place_of
from punie_tools.safe_text import safe_text
from punie_tools.sentences import counted
from punie_tui.app.actions import Action, ActionGroup, ActionGroups, bindings_of
from punie_tui.app.key_map import key_shown
from punie_tui.app.screens.confirm import leave_or_ask
from punie_tui.app.screens.general_actions import GENERAL
from punie_tui.app.screens.keys import show_keys
from punie_tui.app.screens.left_once import Dialog, Page
from punie_tui.app.screens.review_effects import EffectWatch
from punie_tui.app.screens.size_classes import set_size_classes
from punie_tui.app.textual_adapter import app_of
from punie_tui.app.widgets.key_row import KeyRow
from punie_tui.app.widgets.mode_in_heading import room_beside_mode, with_mode
from punie_tui.app.widgets.review.rows import CommentedLine, Note, Row
from punie_tui.app.widgets.review.view import ReviewView

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual import events
    from textual.app import ComposeResult
    from textual.await_complete import AwaitComplete

    from punie_tools.effects.effects import EffectFinder


_MOST_LINES_BEFORE = 100
_LOSES_REVIEW = "Leave the review? What you decided is lost."
_LOSES_COMMENT = "Drop what you wrote about the line?"
_LOSES_EDIT = "Drop what you changed in the hunk?"
_COMMENT_LABELS = {"apply": "Keep it", "leave": "Drop it"}
_ALL = "; on a file's row all of it"
_ABOUT = "A change hunk by hunk: nothing is done before you apply what you decided."
_ABOUT_GATE = (
    f"{_ABOUT} Below a hunk stands what it does to types, lint and tests; which tests reach it is read from the "
    "code. A hunk is green where types and tests are no worse with it."
)
_STEPS = "next and previous hunk"
_FILE_STEPS = "next and previous file"


def review_actions(
    title: str,
    accept: tuple[str, str],
    reject: tuple[str, str],
    enter: str,
    *,
    edit: tuple[Action, ...] = (),
    has_gate: bool = True,
) -> ActionGroup:
    """The actions of a review; accepting and rejecting have a word for the footer and one for the line of their key."""
    gate = Action(
        "review.take_green",
        "t",
        "green_gate",
        f"the green gate: {accept[1]} all hunks that leave types and tests no worse, as tried on a copy of the tree",
        f"{accept[0]} green",
    )
    return ActionGroup(
        title,
        (
            Action("review.accept_hunk", "a", "decide('accepted')", f"{accept[1]} the hunk{_ALL}", accept[0]),
            Action("review.reject_hunk", "r", "decide('rejected')", f"{reject[1]} the hunk{_ALL}", reject[0]),
            Action("review.next_hunk", "n,right_square_bracket", "next_hunk(1)", "next hunk", "Next", line=_STEPS),
            Action("review.previous_hunk", "p,left_square_bracket", "next_hunk(-1)", "previous hunk", line=_STEPS),
            Action("review.apply", "enter", "apply", enter, "Apply"),
            Action("review.keys", "question_mark,f1", "help", "these keys", "Keys"),
            Action(
                "review.leave",
                "escape,q",
                "leave",
                "leave, with nothing done; a review opened from a question leads back to it",
                "Leave",
            ),
            Action(
                "review.split",
                "s",
                "split",
                "split the hunk at equal lines, or by line where it only adds or deletes",
                "Split",
            ),
            *edit,
            Action("review.comment", "c", "comment", "comment on the line; the model reads it", "Comment"),
            Action("review.undo", "u", "undo", "undo", "Undo"),
            *((gate,) if has_gate else ()),
            Action("review.next_file", "N,right_curly_bracket", "next_file(1)", "next file", line=_FILE_STEPS),
            Action("review.previous_file", "P,left_curly_bracket", "next_file(-1)", "previous file", line=_FILE_STEPS),
            Action("review.accept_file", "A", "decide_file('accepted')", f"{accept[1]} all of the file"),
            Action("review.reject_file", "R", "decide_file('rejected')", f"{reject[1]} all of the file"),
            Action("review.redo", "U,ctrl+r", "redo", "redo"),
            Action("review.fold", "space", "fold", "fold the file"),
            Action("review.wrap", "w", "wrap", "fold long lines to the width"),
            Action("review.side_by_side", "v", "side_by_side", "side by side, or one below the other"),
        ),
        about=_ABOUT_GATE if has_gate else _ABOUT,
    )


REVIEW_ACTIONS = review_actions(
    "Review",
    ("Accept", "accept"),
    ("Reject", "reject"),
    "apply what is accepted",
    edit=(Action("review.edit", "e", "edit", "edit what the hunk puts there", "Edit"),),
)


COMMENT_ACTIONS = ActionGroup(
    "A comment that is written",
    (Action("comment.keep", "enter", "submit", "keep the comment; an empty one is taken back", "Keep it"),),
)


class CommentLine(Input):
    """Names in the footer what Enter does here."""

    ACTIONS: ClassVar[ActionGroups] = (COMMENT_ACTIONS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)


class ReviewScreen(Page[bool]):
    """Gives True when what is accepted shall stand, False when the review is left; the review itself is changed."""

    DEFAULT_CSS = """
    ReviewScreen > #review-place { height: 1; padding: 0 1; background: $surface; text-style: bold; text-wrap: nowrap; }
    ReviewScreen > #review-effect { display: none; height: 1; padding: 0 1; color: $text-muted; text-wrap: nowrap; }
    ReviewScreen.-effects > #review-effect { display: block; }
    ReviewScreen > Input, ReviewScreen > Input:focus {
        display: none; height: 2; border: none; border-top: solid $border; padding: 0 1;
    }
    ReviewScreen.-comments > Input { display: block; }
    ReviewScreen.-low > Input, ReviewScreen.-low > Input:focus { height: 1; border: none; }
    """
    ACTIONS: ClassVar[ActionGroups] = (REVIEW_ACTIONS, GENERAL)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)

    COUNTED: ClassVar[tuple[str, str]] = ("accepted", "rejected")
    """What the hunks are that were accepted, and those that were rejected."""
    IS_KEPT: ClassVar[bool] = False
    """Whether what was decided is there again when the review is opened anew, and none is lost by leaving."""

    def __init__(
        self,
        review: Review,
        title: str,
        finder: EffectFinder | None = None,
        notes: Sequence[Note] = (),
        *,
        leads_back: bool = False,
        begin_at: HunkPlace | None = None,
    ) -> None:
        """With a finder, which the screen closes, it tells what the hunks that are not rejected do.

        `notes` stand beside their hunks from the beginning; at the first of these it begins, or else at `begin_at`, or
        at the first hunk that is undecided. With `leads_back` whoever leaves comes to the question that it was opened
        from, and nothing that was decided is lost.
        """
        super().__init__()
        self._first_notes = notes
        undecided = (place for place in review.places if review.hunk(place).verdict == "undecided")
        self._first_place = begin_at or next(undecided, (0, 0))
        self.left_at: HunkPlace | None = None
        """The hunk that the cursor stood on when the screen was left."""
        self._first_told = ""
        self._review = review
        self._lines_of_notes = [self._line_of(note) for note in notes]
        self._effects = EffectWatch(self, review, finder) if finder else None
        self._title = title
        self._problem = ""
        self._problem_row: Row | None = None
        self._commented: tuple[int, CommentedLine] | None = None
        self._said_before = ""
        self._has_warned = False
        self._leads_back = leads_back

    @property
    def review(self) -> Review:
        """As the person has decided so far."""
        return self._review

    def compose(self) -> ComposeResult:
        yield Static(id="review-place", markup=False)
        yield Static(id="review-effect", markup=False)
        yield ReviewView(self._review)
        yield CommentLine(id="review-comment")
        yield KeyRow()

    def on_mount(self) -> None:
        self._view.focus()
        self._view.show_again()
        if self._first_notes:
            self._view.show_notes(self._notes)
        begin_at = next((note.place for note in self._first_notes if note.place), self._first_place)
        self._view.go_to_hunk(*begin_at)
        if self._first_told:
            # Once the rows are laid out by the width: until then the cursor has yet to come to stand on one.
            self.call_after_refresh(self.tell, self._first_told)
        if self._leads_back:
            self.query_one(KeyRow).label("leave", self._leave_label)
        if self._effects:
            self.add_class("-effects")
            self._effects.look()

    def on_resize(self, event: events.Resize) -> None:
        """On few rows what the comment is about stands in its line alone, until something is written."""
        set_size_classes(self, event.size)

    def on_unmount(self) -> None:
        if self._effects:
            self._effects.close()

    def dismiss(self, result: bool | None = None) -> AwaitComplete:
        if self._view.rows:
            self.left_at = self._view.current.file, self._view.current.hunk
        return super().dismiss(result)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if self.is_mounted and self._view.is_making_rows and action not in ("leave", "help"):
            return False
        if self.has_class("-comments") and action not in ("apply", "comment", "help", "leave"):
            return False
        return self._effects is not None if action == "green_gate" else True

    def action_green_gate(self) -> None:
        """Accept the hunks that leave types and tests no worse."""
        if self._effects:
            self._effects.run_green_gate()

    def on_effect_watch_told(self, message: EffectWatch.Told) -> None:
        """What is being looked at, or what was found."""
        self.query_one("#review-effect", Static).update(safe_text(message.text, single_line=True))

    def on_effect_watch_found(self, message: EffectWatch.Found) -> None:
        if self._effects:
            self._effects.take(message)
            self._view.show_notes(self._notes)

    @property
    def _notes(self) -> list[Note]:
        """What stands beside the hunks as they are cut now."""
        found = self._effects.notes if self._effects else None
        if found is not None:
            return found
        lines = zip(self._first_notes, self._lines_of_notes, strict=True)
        return [replace(note, place=place_of(self._review, line)) if line else note for note, line in lines]

    def _line_of(self, note: Note) -> ReviewLine | None:
        """By which its hunk is found again; a hunk without lines stays where it is."""
        if note.place is None:
            return None
        return next(filter(None, (line_in(self._review, note.place, is_new=is_new) for is_new in (True, False))), None)

    def on_effect_watch_chosen(self, message: EffectWatch.Chosen) -> None:
        """The green gate came to its end."""
        new = sum(self._review.hunk(place).verdict != "accepted" for place in message.places)
        self._review.accept(message.places)
        self._changed()
        left = self._review.undecided_count
        rest = f"; {left} left to you" if left else ""
        more = "more " if len(message.places) > new else ""
        self.tell(
            f"Green, types and tests no worse: {new} {more}{'hunk' if new == 1 else 'hunks'} {self.COUNTED[0]}{rest}."
            if new
            else f"No {'further ' if message.places else ''}hunk is green{rest}."
        )

    @property
    def _view(self) -> ReviewView:
        return self.query_one(ReviewView)

    @on(ReviewView.Moved)
    def _show_place(self) -> None:
        if self._view.is_making_rows:
            waiting = safe_text(f"{self._title}: many lines, one moment …", single_line=True)
            self.query_one("#review-place", Static).update(waiting)
            return
        row = self._view.current
        if self._problem and self._problem_row not in (None, row):
            self._problem = ""
        self._problem_row = row
        hunks = [self._review.hunk(place) for place in self._review.places]
        counts = {verdict: sum(hunk.verdict == verdict for hunk in hunks) for verdict in ("accepted", "rejected")}
        file = self._review.files[row.file]
        files = f" ({row.file + 1}/{len(self._review.files)})" if len(self._review.files) > 1 else ""
        path, hunk = f"{file.shown_path}{files}", f"hunk {row.hunk + 1}/{len(file.hunks)}"
        left = self._review.undecided_count
        accepted, rejected = self.COUNTED
        told = f"{counts['accepted']} {accepted}, {counts['rejected']} {rejected}, {left} left"
        short = f"✓{counts['accepted']} ✗{counts['rejected']} ·{left}"
        title = self._title
        forms = [(title, path, hunk, told), (title, path, hunk, short), (path, hunk, short), (hunk, short)]
        texts = [self._problem] if self._problem else ["  ·  ".join(form) for form in forms]
        room = self.size.width - 2
        # Counts are told shorter so that the mode stands beside them; the title is not left out for it.
        beside_mode = [text for text in texts[:2] if len(text) <= room_beside_mode(self)]
        fitting = [text for text in texts if len(text) <= room]
        text = (*beside_mode, *fitting, texts[-1])[0]
        self.query_one("#review-place", Static).update(with_mode(Content(safe_text(text, single_line=True)), self))

    # What the person does.

    def action_decide(self, verdict: Verdict) -> None:
        """About the hunk under the cursor, and on to the next one that is undecided."""
        row = self._view.current
        if row.kind == "file":
            self._review.decide(verdict, row.file)
        else:
            self._review.decide(verdict, row.file, row.hunk)
        self._changed()
        self._go_to_undecided(row.file, row.hunk)

    def action_decide_file(self, verdict: Verdict) -> None:
        file = self._view.current.file
        self._review.decide(verdict, file)
        self._changed()
        self._go_to_undecided(file, len(self._review.files[file].hunks) - 1)

    def action_next_hunk(self, step: int) -> None:
        """The next or previous one, over the ends of files."""
        row = self._view.current
        places = self._review.places
        self._go_to(places[min(max(places.index((row.file, row.hunk)) + step, 0), len(places) - 1)])

    def action_next_file(self, step: int) -> None:
        file = self._view.current.file + step
        if 0 <= file < len(self._review.files):
            self._go_to((file, 0), shows_file=True)

    def action_split(self) -> None:
        row = self._view.current
        if not self._review.split(row.file, row.hunk):
            is_whole = self._review.files[row.file].is_whole
            what = "This file is decided on as a whole" if is_whole else "This hunk holds one change"
            self.tell(f"{what} and cannot be split.")
            return
        self._changed()

    def action_edit(self) -> None:
        """Write the hunk's new lines otherwise."""
        row = self._view.current
        file = self._review.files[row.file]
        hunk = file.hunks[row.hunk]
        text = _editable(hunk.new)
        if file.is_binary or file.is_rename(row.hunk) or file.change.after is None or text is None:
            self.tell("This is no text that can be edited; accept or reject it.")
            return

        def keep(edited: str | None) -> None:
            if edited is not None:
                self._review.edit(row.file, row.hunk, _as_bytes(edited, hunk))
                self._changed(problem := _syntax_problem(self._review, row.file))
                if not problem:
                    self._go_to_undecided(row.file, row.hunk)

        app_of(self).push_screen(
            HunkEditor(text, _editable(hunk.old) or "", f"{file.shown_path}, hunk {row.hunk + 1}"), keep
        )

    def action_comment(self) -> None:
        """Say something about the line under the cursor; the model gets to read it."""
        said = self.query_one(Input)
        if self.has_class("-comments"):
            said.focus()
            return
        line = self._view.current_line
        if line is None:
            self.tell("Put the cursor on a line first: a comment is about one.")
            return
        # While the person writes, effects that come in may lay out the rows anew.
        self._commented = (self._view.current.file, line)
        self._said_before = said.value = self._comment_here()
        said.border_title = f"Comment on {line}: the model reads it"
        said.placeholder = f"about {line}; an empty one is taken back"
        self._set_commenting(True)
        said.focus()

    @on(Input.Submitted)
    def _keep_comment(self) -> None:
        if self._commented is not None:
            file, (line, is_removed) = self._commented
            self._review.comment(file, line, self.query_one(Input).value.strip(), is_removed=is_removed)
        self._close_comment()
        self._changed()

    def action_undo(self) -> None:
        self._go_through_steps(self._review.undo, "There is nothing to undo in this review.")

    def action_redo(self) -> None:
        self._go_through_steps(self._review.redo, "There is nothing to redo in this review.")

    def _go_through_steps(self, step: Callable[[], bool], nothing: str) -> None:
        """The cursor follows to what is otherwise than before."""
        before = [file.hunks for file in self._review.files]
        if not step():
            self.tell(nothing)
            return
        self._changed()
        for place, (was, file) in enumerate(zip(before, self._review.files, strict=True)):
            if was != file.hunks:
                differs = (hunk for hunk, (old, new) in enumerate(zip(was, file.hunks, strict=False)) if old != new)
                self._go_to((place, next(differs, 0)))
                return

    def action_fold(self) -> None:
        self._view.toggle_fold()

    def action_wrap(self) -> None:
        self._view.toggle_wrap()

    def action_side_by_side(self) -> None:
        self._view.toggle_side_by_side()

    def action_apply(self) -> None:
        """Keep the comment that is being written; or else what was decided is carried out."""
        if self.has_class("-comments"):
            self._keep_comment()
        else:
            self.apply()

    def apply(self) -> None:
        """What is undecided does not stand, so the person is told of it once."""
        if self._review.undecided_count and not self._has_warned:
            self._has_warned = True
            count = self._review.undecided_count
            self.tell(f"Undecided: {counted(count, 'hunk')}, which will not stand. Enter again applies the rest.")
            return
        self.dismiss(True)

    def action_help(self) -> None:
        show_keys(self)

    def action_leave(self) -> None:
        """Out of the comment, or out of the review; the person is asked where that loses what they did."""
        if self.has_class("-comments"):
            is_changed = self.query_one(Input).value.strip() != self._said_before
            leave_or_ask(self, _LOSES_COMMENT if is_changed else "", "drop it", self._close_comment)
        else:
            loses = self._review.is_begun and not self._leads_back and not self.IS_KEPT
            leave_or_ask(self, _LOSES_REVIEW if loses else "", "leave", lambda: self.dismiss(False))

    @property
    def _leave_label(self) -> str:
        return "Back" if self._leads_back else "Leave"

    def _close_comment(self) -> None:
        self._set_commenting(False)
        self._view.focus()

    def _set_commenting(self, is_commenting: bool) -> None:
        """Nothing is decided meanwhile, and leaving means leaving the comment."""
        self.set_class(is_commenting, "-comments")
        for call, label in (("apply", "Apply"), ("leave", self._leave_label)):
            self.query_one(KeyRow).label(call, _COMMENT_LABELS[call] if is_commenting else label)
        self.refresh_bindings()

    def _comment_here(self) -> str:
        here = self._review.files[self._view.current.file].shown_path, self._view.current_line
        said = self._review.comments
        return next((each.text for each in said if (each.path, (each.line, each.is_removed)) == here), "")

    def _go_to_undecided(self, file: int, hunk: int) -> None:
        places = self._review.places
        here = places.index((file, min(hunk, len(self._review.files[file].hunks) - 1)))
        ahead = [*places[here + 1 :], *places[:here]]
        undecided = (place for place in ahead if self._review.hunk(place).verdict == "undecided")
        self._go_to(next(undecided, places[here]))

    def _go_to(self, place: HunkPlace, *, shows_file: bool = False) -> None:
        self._problem = ""
        self._view.go_to_hunk(*place, shows_file=shows_file)

    def _changed(self, problem: str = "") -> None:
        self._has_warned = False
        self._problem, self._problem_row = problem, None
        self._view.show_notes(self._notes)
        if self._effects:
            self._effects.look()

    def tell(self, problem: str) -> None:
        """Say something in the line above, until the cursor moves."""
        self._problem, self._problem_row = problem, None
        self._show_place()


_KEEP = Action("hunk.keep", "ctrl+s", "save", "keep what is written", "Keep")
_LEAVE_HUNK = Action(
    "hunk.leave",
    "escape",
    "leave",
    "leave it as it was; asks first where you changed it",
    "Leave as it was",
    has_priority=True,
)
_PUT_BACK = Action(
    "hunk.put_back", "ctrl+r", "put_back", "put the lines before the change back, above the cursor's", "Put lines back"
)
HUNK_EDITOR_ACTIONS = ActionGroup("The hunk", (_KEEP, _PUT_BACK, _LEAVE_HUNK))


class HunkEditor(Dialog[str | None]):
    """Gives the new text of a hunk; None where nothing shall change. What it takes away stands above."""

    DEFAULT_CSS = """
    HunkEditor { background: $background 60%; align: center middle; }
    HunkEditor > Vertical { width: 96%; height: 80%; }
    HunkEditor #hunk-before {
        display: none; height: auto; max-height: 40%; padding: 0 1; border: round $border-blurred;
        color: $text-muted; background: $surface; text-wrap: nowrap; text-overflow: ellipsis;
    }
    HunkEditor.-replaces #hunk-before { display: block; }
    HunkEditor.-low #hunk-before { display: none; }
    HunkEditor TextArea, HunkEditor TextArea:focus { height: 1fr; border: round $border; }
    """
    ACTIONS: ClassVar[ActionGroups] = (HUNK_EDITOR_ACTIONS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)

    def __init__(self, text: str, before: str, title: str) -> None:
        """`before` is the text that the hunk takes away, if it does and can be shown."""
        super().__init__()
        self._text, self._before, self._title_text = text, before, title

    def compose(self) -> ComposeResult:
        lines = self._before.splitlines()
        before = Static(Content("\n".join(lines[:_MOST_LINES_BEFORE]).expandtabs(4)), id="hunk-before", markup=False)
        before.border_title = f"Before: {counted(len(lines), 'line')}"
        area = TextArea(self._text, show_line_numbers=True, soft_wrap=False, theme="css", tab_behavior="indent")
        area.border_title = Content(safe_text(self._title_text, single_line=True))
        with Vertical():
            yield before
            yield area
        yield KeyRow()

    def on_mount(self) -> None:
        self.set_class(bool(self._before), "-replaces")
        self.query_one(TextArea).focus()
        self._tell_keys()

    def on_resize(self, event: events.Resize) -> None:
        """On few rows the editor has them all."""
        set_size_classes(self, event.size)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        del parameters
        return bool(self._before) if action == "put_back" else True

    @on(TextArea.Changed)
    def _tell_keys(self) -> None:
        keep, put_back, leave = (key_shown(self, action) for action in (_KEEP, _PUT_BACK, _LEAVE_HUNK))
        label = "Drop the changes" if self._is_changed else _LEAVE_HUNK.label
        offered = f"{put_back} {_PUT_BACK.label.lower()}   " if self._before else ""
        self.query_one(TextArea).border_subtitle = f"{keep} keep   {offered}{leave} {label.lower()}"
        self.query_one(KeyRow).label(_LEAVE_HUNK.call, label)

    @property
    def _is_changed(self) -> bool:
        return self.query_one(TextArea).text != self._text

    def action_put_back(self) -> None:
        """Write them above the line of the cursor, which then stands on the first of them."""
        area = self.query_one(TextArea)
        row, _ = area.cursor_location
        needs_end = bool(area.text) and not self._before.endswith("\n")
        area.insert(self._before + ("\n" if needs_end else ""), (row, 0))
        area.move_cursor((row, 0))

    def action_save(self) -> None:
        self.dismiss(self.query_one(TextArea).text)

    def action_leave(self) -> None:
        """The person is asked where that drops what they wrote."""
        leave_or_ask(self, _LOSES_EDIT if self._is_changed else "", "drop it", lambda: self.dismiss(None))


def _editable(lines: Lines) -> str | None:
    """Lines of a hunk as text with plain line ends; None where they are no text, or text that would deceive."""
    try:
        text = b"".join(lines).decode("utf-8")
    except UnicodeDecodeError:
        return None
    plain = text.replace("\r\n", "\n")
    return plain if safe_text(plain) == plain else None


def _as_bytes(text: str, hunk: Hunk) -> bytes:
    """As the hunk's lines end, or those that it replaces."""
    lines = hunk.new or hunk.old
    has_carriage_returns = bool(lines) and all(line.endswith(b"\r\n") for line in lines if line.endswith(b"\n"))
    ends = "\r\n" if has_carriage_returns and lines[0].endswith(b"\n") else "\n"
    return text.replace("\n", ends).encode("utf-8", "surrogateescape")


def _syntax_problem(review: Review, file: int) -> str:
    """What Python would say about an edited file as it would stand; nothing for others."""
    found = review.files[file]
    image = found.stands
    if image is None or not found.change.path.endswith((".py", ".pyi")):
        return ""
    try:
        ast.parse(image.data)
    except SyntaxError as error:
        return f"{found.shown_path}:{error.lineno} would no longer be Python: {error.msg}. It can still be applied."
    except (ValueError, RecursionError, MemoryError):
        return ""
    return ""
