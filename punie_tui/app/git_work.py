"""What the person does with git in the app: reviews by hunk and commits, read and carried out off the UI thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from punie_tools.errors import ToolError
from punie_tools.safe_text import safe_text
from punie_tools.sentences import counted
from punie_tui.app.screen_work import ScreenWork
from punie_tui.app.textual_adapter import app_of

if TYPE_CHECKING:
    from textual.screen import Screen

    from punie_tools.changes.review import HunkPlace, Review
    from punie_tools.effects.effects import EffectFinder
    from punie_tools.git.tree_review import ReviewedPart, TreeReview
    from punie_tools.tool import ToolContext
    from punie_tui.agent.session import Session
    from punie_tui.app.screens.tree_review import CommitScreen, WrittenMessage
    from punie_tui.app.widgets.review.rows import Note

_GROUP = "git"
_GROUP_OF_MESSAGE = "commit-message"
_TITLES: dict[ReviewedPart, str] = {"unstaged": "working tree", "staged": "staged changes"}


class GitWork(ScreenWork):
    """One for a screen. `note` shows a sentence; `changed` is called when the repository is no longer as it was.

    `send` hands a request to the model.
    """

    def __init__(
        self,
        screen: Screen[None],
        session: Session,
        note: Callable[[str], None],
        changed: Callable[[], None],
        send: Callable[[str], None],
    ) -> None:
        super().__init__(screen, _GROUP, note, session.keep_act)
        self._session = session
        self._changed = changed
        self._send = send
        self._message = session.commit_message
        self._left_at: dict[ReviewedPart, tuple[str, int]] = {}
        self._left: dict[ReviewedPart, Review] = {}
        """What was decided and not carried out, for as long as punie runs."""
        self._closing = threading.Event()

    def close(self) -> None:
        """End what waits for the person."""
        self._closing.set()

    def review(self, part: ReviewedPart) -> None:
        """Show what is there to review, if anything is."""
        self._begin(lambda: self._read(part))

    def review_revision(self, revision: str, path: str = "", *, within: str = "") -> None:
        """Show what a revision changed, or what lies between two, in the file or folder `within`, or in all.

        It begins at the file `path` where that is there.
        """
        self._begin(lambda: self._read_revision(revision, path, within))

    def review_past(
        self,
        review: Review,
        title: str,
        *,
        left_out: Sequence[str] = (),
        notes: Sequence[Note] = (),
        begin_at: str = "",
    ) -> None:
        """Show changes that were made: what the person rejects of them is taken back in the working tree.

        Notes stand beside their hunks; the first one is where it begins, or else the file `begin_at`.
        """
        from punie_tui.app.screens.tree_review import PastReviewScreen

        def carry_out(is_wanted: bool | None) -> None:
            if is_wanted:
                self._begin(lambda: self._take_back(review, title))

        app_of(self._screen).push_screen(
            PastReviewScreen(review, title, left_out, notes=notes, begin_at=_place_near(review, begin_at)), carry_out
        )

    def commit(self) -> None:
        """Ask for the message of what is staged, with a draft of it."""
        self._begin_to_commit(lambda dialog: self._draft(dialog, says_nothing=False))

    def _read(self, part: ReviewedPart) -> None:
        from punie_tools.git.tree_review import read_tree_review

        reviewed = read_tree_review(self._open_context(), part)
        if reviewed.review.files:
            self._on_screen(lambda: self._show(reviewed))
            return
        nothing = "Nothing is staged." if part == "staged" else "The working tree holds nothing that is not staged."
        left_out = f" Not shown: {'; '.join(reviewed.left_out[:3])}." if reviewed.left_out else ""
        self._tell(nothing + left_out)

    def _read_revision(self, revision: str, path: str, within: str) -> None:
        from punie_tools.git.revision_review import read_revision_review

        found = read_revision_review(self._open_context(), revision, within)
        if found.review.files:
            self._on_screen(lambda: self.review_past(found.review, found.title, left_out=found.left_out, begin_at=path))
            return
        left_out = f" Not shown: {'; '.join(found.left_out[:3])}." if found.left_out else ""
        self._tell(f"{found.title}: no file differs.{left_out}")

    def _take_back(self, review: Review, title: str) -> None:
        from punie_tools.changes.taking_back_tool import taking_back
        from punie_tui.agent.person_calls import CallWatch

        rejected = [place for place in review.places if review.hunk(place).verdict == "rejected"]
        if rejected:
            outcome = self._session.person_calls.run(taking_back(review, rejected), {}, CallWatch(self._closing))
            if outcome.result:
                self._tell_done(f"{outcome.result.summary} /undo makes it again.")
            else:
                self._tell(outcome.error)
            self._on_screen(self._changed)
        self._hand_over(review, title)

    def _hand_over(self, review: Review, title: str) -> None:
        """What the person said of lines goes to the model; one that only routes would take it for an order."""
        from punie_tools.changes.review_request import comments_request
        from punie_tui.app.widgets.chat.chat import told_comments

        if review.comments and not self._session.engine.writes_answers:
            told = told_comments([each.told for each in review.comments])
            self._tell(f"{told} {self._session.engine.model_name} acts on no comment; a bigger model does.")
        elif request := comments_request(review, title):
            self._on_screen(lambda: self._send(request))

    def _open_context(self) -> ToolContext:
        return self._session.context_of_person()

    def _finder(self, reviewed: TreeReview) -> EffectFinder | None:
        if not self._session.settings.check_reviews:
            return None
        from punie_tools.effects.effects import EffectFinder

        return EffectFinder(self._open_context(), reviewed.review.proposed_changes, is_made=True)

    def _show(self, reviewed: TreeReview, problem: str = "") -> None:
        """With what was decided before of what is still the same; `problem` is why that was not carried out."""
        from punie_tui.app.screens.tree_review import StagedReviewScreen, TreeReviewScreen

        def carry_out() -> None:
            self._begin_to_commit(lambda dialog: self._apply(reviewed, dialog))

        if reviewed.part in self._left:
            reviewed.review.go_on_from(self._left[reviewed.part])

        def keep(_is_wanted: bool | None) -> None:
            self._left[reviewed.part] = reviewed.review
            if shown.left_at:
                path = reviewed.review.files[shown.left_at[0]].shown_path
                self._left_at[reviewed.part] = path, reviewed.review.hunk(shown.left_at).new_start

        screen = TreeReviewScreen if reviewed.part == "unstaged" else StagedReviewScreen
        title = _TITLES[reviewed.part]
        begin_at = _place_near(reviewed.review, *self._left_at.get(reviewed.part, ("", 0)))
        shown = screen(
            reviewed.review,
            title,
            reviewed.left_out,
            finder=self._finder(reviewed),
            begin_at=begin_at,
            go_on=carry_out,
            problem=problem,
        )
        app_of(self._screen).push_screen(shown, keep)

    def _begin_to_commit(self, work: Callable[[CommitScreen], None]) -> None:
        """The dialog is there at once, so that no key goes elsewhere; it goes where the work does not open it."""
        from punie_tui.app.screens.tree_review import CommitScreen

        dialog = CommitScreen(self._take_message)
        app_of(self._screen).push_screen(dialog)

        def work_for_dialog() -> None:
            try:
                work(dialog)
            finally:
                self._on_screen(dialog.give_up)

        self._begin(work_for_dialog)

    def _apply(self, reviewed: TreeReview, dialog: CommitScreen) -> None:
        try:
            done = reviewed.apply()
        except ToolError as error:
            self._on_screen(dialog.give_up)
            self._show_what_still_stands(reviewed.part, str(error))
            return
        self._on_screen(lambda: self._left.pop(reviewed.part, None))
        self._tell_done(done)
        self._on_screen(self._changed)
        self._hand_over(reviewed.review, f"the {_TITLES[reviewed.part]}")
        self._draft(dialog, says_nothing=True)

    def _show_what_still_stands(self, part: ReviewedPart, problem: str) -> None:
        """The review anew, where nothing of it was done: the person goes on from what they had decided."""
        from punie_tools.git.tree_review import read_tree_review

        self._tell(problem)
        reviewed = read_tree_review(self._open_context(), part)
        if reviewed.review.files:
            self._on_screen(lambda: self._show(reviewed, problem))

    def _draft(self, dialog: CommitScreen, *, says_nothing: bool) -> None:
        from punie_tools.git.commit_message import draft_message
        from punie_tools.git.conflicts import refuse_conflicts
        from punie_tools.git.repository import Repository
        from punie_tools.git.tree_review import read_tree_review

        context = self._open_context()
        # Else a message would be asked for, and the commit refused.
        refuse_conflicts(Repository.of(context))
        staged = read_tree_review(context, "staged")
        files = staged.review.files
        if not files and not staged.left_out:
            if not says_nothing:
                self._tell("Nothing is staged: r in the repo panel stages by hunk.")
            return
        renamed = {file.change.path: file.renamed_from for file in files if file.renamed_from}
        drafted = draft_message([file.change for file in files], renamed)
        count = len(files) + len(staged.left_out)
        draft, kept = safe_text(drafted), safe_text(self._message.read())
        self._on_screen(lambda: self._ask_message(dialog, draft, kept, f"{counted(count, 'file')} staged"))

    def _ask_message(self, dialog: CommitScreen, draft: str, kept: str, staged: str) -> None:
        def keep(text: str) -> None:
            is_own = text.strip() not in ("", draft.strip())
            self._message.keep(text if is_own else "")

        dialog.offer(kept or draft, staged, keep)

    def _take_message(self, written: WrittenMessage) -> None:
        if written.is_ready:
            self._begin(lambda: self._commit(written.text))
        else:
            # Not in the group of the other work, of which the newest alone is sure to be done.
            self._screen.run_worker(self._keep_message, thread=True, group=_GROUP_OF_MESSAGE)

    def _keep_message(self) -> None:
        problem, is_own = self._message.write(), bool(self._message.read())
        if problem or is_own:
            self._tell(problem or "Your message is kept until you commit.")

    def _commit(self, message: str) -> None:
        from punie_tools.git.git_commit import git_commit

        self._message.write()
        self._tell_done(git_commit(self._open_context(), message).summary)
        self._message.keep("")
        self._message.write()
        self._on_screen(self._changed)


def _place_near(review: Review, path: str, line: int = 0) -> HunkPlace:
    """The first hunk of a file from a line of the file after on; the very first one where the file is not there."""
    for number, file in enumerate(review.files):
        if file.shown_path == path:
            ahead = (hunk for hunk, found in enumerate(file.hunks) if found.new_start >= line)
            return number, next(ahead, len(file.hunks) - 1)
    return 0, 0
