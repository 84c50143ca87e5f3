"""The repo panel by keyboard: branch, lines, commits, marks, blame and history, kept true while files change."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from app_driver import Drive, Driven, refused_watch
from drawn_cells import drawn_strips
from textual.app import App, ComposeResult
from textual.widgets import Static

from punie_tui.agent.approval import Policy
from punie_tui.app.screens.file_history import FileHistoryScreen
from punie_tui.app.screens.tree_review import PastReviewScreen
from punie_tui.app.screens.viewer import FileViewerScreen
from punie_tui.app.widgets.key_row import KeyRow
from punie_tui.app.widgets.messages import OpenFile, WorkspaceChanged
from punie_tui.app.widgets.outline import Outline
from punie_tui.app.widgets.repo.panel import RepoPanel
from punie_tui.app.widgets.repo.touched import changed_paths
from punie_tui.app.widgets.status import StatusLine
from punie_tui.engine.protocol import TextDelta, ToolCall

FILES = {"src/app.py": "x = 1\ny = 2\n", "README.md": "# Project\n"}


def git(root: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=Ada [b]Example", "-c", "user.email=ada@example.org"]
    subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True)


@pytest.fixture
def repository(make_repository: Callable[..., Path], tmp_path: Path) -> Path:
    """One commit ahead of its upstream and one behind, with a staged, a changed and a new file."""
    root = make_repository(FILES)
    git(tmp_path, "clone", "-q", "--bare", str(root), "upstream.git")
    git(root, "remote", "add", "origin", str(tmp_path / "upstream.git"))
    git(root, "commit", "-q", "--allow-empty", "-m", "Theirs")
    git(root, "push", "-q", "origin", "HEAD:main")
    git(root, "reset", "-q", "--hard", "HEAD~1")
    (root / "src" / "app.py").write_text("x = 1\ny = 3\n")
    git(root, "commit", "-q", "-am", "Change y [bold]now")
    git(root, "fetch", "-q", "origin")
    git(root, "branch", "-q", "--set-upstream-to", "origin/main")
    (root / "README.md").write_text("# Project\n\nMore.\n")
    git(root, "add", "README.md")
    (root / "src" / "app.py").write_text("x = 1\nz = 3\nw = 4\n")
    (root / "new.txt").write_text("new\n")
    return root


def labels(driven: Driven) -> list[str]:
    return [str(line.node.label) for line in driven.repo._tree_lines]


async def go_to(driven: Driven, label: str) -> None:
    """Move the panel's cursor down to a row."""
    await driven.pilot.press("f4", "home")
    for _ in range(30):
        if driven.repo.cursor_node and str(driven.repo.cursor_node.label).startswith(label):
            return
        await driven.pilot.press("down")
    raise AssertionError(f"no row {label!r} in {labels(driven)}")


async def test_branch_lines_commits_and_what_the_model_touched(drive: Drive, repository: Path) -> None:
    read = ToolCall("c1", "read_file", {"path": "src/app.py"})
    edit = ToolCall("c2", "edit_file", {"path": "README.md", "old": "More.", "new": "Less.\nMuch less."})
    async with drive(repository, [[read], [edit], [TextDelta("done")]], writes_answers=True) as driven:
        assert driven.main.session
        driven.main.session.policy = Policy.ACCEPT_EDITS
        await driven.until(lambda: "↑1 ↓1  3 changed" in labels(driven)[0], "the branch")
        assert labels(driven)[1:4] == ["M README.md  +2 -0  staged", "M src/app.py  +2 -1", "? new.txt"]
        await go_to(driven, "files")
        await driven.pilot.press("space")
        await driven.until(lambda: "src/" in labels(driven), "the folder")
        await driven.pilot.press("f2")
        await driven.ask("go")
        await driven.finished()
        await driven.until(lambda: "src/  1 read" in labels(driven), "the mark of the folder")
        assert "README.md  changed" in labels(driven)
        await driven.until(lambda: "M README.md  +2 -1  changed" in labels(driven), "the lines of the edit")
        await driven.until(lambda: "M src/app.py  +2 -1  read" in labels(driven), "the mark of the change")

        await go_to(driven, "recent commits")
        await driven.pilot.press("space", "down")
        assert str(driven.repo.cursor_node.label).endswith("Change y [bold]now")  # type: ignore[union-attr]
        await driven.pilot.press("enter")
        await driven.shown(PastReviewScreen)
        await driven.pilot.press("escape")

        git(repository, "commit", "-qam", "All of it")
        await driven.until(lambda: "↑2 ↓1  1 changed" in labels(driven)[0], "the new commit")
        assert any(label.endswith("All of it") for label in labels(driven))


def cursor_label(driven: Driven) -> str:
    return str(driven.repo.cursor_node.label) if driven.repo.cursor_node else ""


async def test_the_cursor_stays_on_its_file_and_its_commit_while_others_come_and_go(
    drive: Drive, repository: Path
) -> None:
    async with drive(repository) as driven:
        await driven.until(lambda: "3 changed" in labels(driven)[0], "the branch")
        await go_to(driven, "files")
        await driven.pilot.press("space")
        await driven.until(lambda: "src/" in labels(driven), "the folder")
        await go_to(driven, "src/")
        await driven.pilot.press("space")
        await driven.until(lambda: "app.py" in labels(driven), "its files")
        for folder in ("", "src/"):
            (repository / f"{folder}aaa.txt").write_text("new\n")
        await driven.until(lambda: labels(driven).count("aaa.txt") == 2, "the new files")
        assert cursor_label(driven) == "src/"
        await go_to(driven, "app.py")
        (repository / "src/aa.txt").write_text("new\n")
        await driven.until(lambda: "aa.txt" in labels(driven), "the new file")
        assert cursor_label(driven) == "app.py"

        await go_to(driven, "? new.txt")
        git(repository, "checkout", "-q", "HEAD", "--", "README.md", "src/app.py")
        await driven.until(lambda: not any(label.startswith("M ") for label in labels(driven)), "what is as it was")
        assert cursor_label(driven) == "? new.txt"
        (repository / "README.md").write_text("another\n")
        await driven.until(lambda: labels(driven)[1].startswith("M README.md"), "the change")
        assert cursor_label(driven) == "? new.txt"

        await go_to(driven, "recent commits")
        await driven.pilot.press("space", "down")
        assert cursor_label(driven).endswith("Change y [bold]now")
        git(repository, "commit", "-qam", "All of it")
        await driven.until(lambda: any(label.endswith("All of it") for label in labels(driven)), "the new commit")
        assert cursor_label(driven).endswith("Change y [bold]now")


async def test_a_file_with_a_staged_and_another_change_is_one_and_its_rows_fit(drive: Drive, repository: Path) -> None:
    (repository / "README.md").write_text("# Project\n\nMore.\nAnd more.\n")
    edit = ToolCall("c1", "edit_file", {"path": "README.md", "old": "And more.", "new": "Less."})
    async with drive(repository, [[edit], [TextDelta("done")]], writes_answers=True) as driven:
        assert driven.main.session
        driven.main.session.policy = Policy.ACCEPT_EDITS
        await driven.until(lambda: "  3 changed" in labels(driven)[0], "three files in four rows")
        await driven.ask("go")
        await driven.finished()
        staged = "M README.md  +2 -0  staged"
        await driven.until(lambda: labels(driven)[1] == f"{staged}  changed", "the mark")
        for width, shown in ((25, "M README.md  staged"), (34, staged), (60, f"{staged}  changed")):
            driven.repo.styles.width = width
            await driven.until(lambda shown=shown: labels(driven)[1] == shown, shown)


async def test_blame_and_history_of_a_file_lead_to_its_commits(drive: Drive, repository: Path) -> None:
    async with drive(repository) as driven:
        await driven.until(lambda: "3 changed" in labels(driven)[0], "the branch")
        await go_to(driven, "M src/app.py")
        await driven.pilot.press("b")
        screen = await driven.shown(FileHistoryScreen)
        await driven.until(lambda: screen.is_read, "the lines")
        rows = ["".join(text for text, _ in row.parts) for row in screen.query_one(Outline).rows]
        assert [row[-5:] for row in rows] == ["x = 1", "z = 3", "w = 4"]
        assert [row.startswith("not committed         2") for row in rows] == [False, True, True]
        assert str(screen.query_one(KeyRow).render()).startswith("⏎ Show  ")
        await driven.pilot.press("end", "enter")
        heading = screen.query_one("#history-heading", Static)
        await driven.until(lambda: "not committed yet" in str(heading.render()), "the heading")

        await driven.pilot.press("H")
        await driven.until(lambda: screen.is_read, "the commits")
        subjects = [row.parts[1][0] for row in screen.query_one(Outline).rows]
        assert subjects[0] == "Change y [bold]now"
        assert len(subjects) == 2
        await driven.pilot.press("end", "enter")
        review = await driven.shown(PastReviewScreen)
        assert review.review.files[0].shown_path != "src/app.py"
        place = review.query_one("#review-place", Static)
        await driven.until(lambda: "src/app.py (" in str(place.render()), "the file whose history it was")
        await driven.pilot.press("escape", "escape")
        assert driven.app.screen is driven.main

        # The same keys in the viewer; a file that git does not know says so.
        await go_to(driven, "? new.txt")
        await driven.pilot.press("enter")
        await driven.shown(FileViewerScreen)
        await driven.pilot.press("b")
        await driven.shown(FileHistoryScreen)
        last = driven.app.screen
        await driven.until(lambda: last.is_read, "the answer")  # type: ignore[attr-defined]
        assert "new.txt" in str(last.query_one("#history-heading", Static).render())


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_a_key_that_can_do_nothing_on_a_row_says_why(
    drive: Drive, repository: Path, size: tuple[int, int]
) -> None:
    async with drive(repository, size=size) as driven:

        async def said(sentence: str) -> None:
            await driven.until(lambda: sentence in " ".join(driven.transcript.plain_text.split()), sentence)

        await driven.until(lambda: driven.main.has_repo_state, "the state")
        await driven.pilot.press("f4", "home", "b")
        await said("Blame tells each line of a file; the cursor is on no file.")
        await go_to(driven, "recent commits")
        await driven.pilot.press("space", "down", "H")
        await said("History tells the commits of a file; the cursor is on a commit: Enter shows what it")
        await driven.pilot.press("space")
        await said("There is nothing to fold: only folders and headings hold rows.")


async def test_blame_begins_at_the_line_where_the_viewer_stands(
    drive: Drive, make_repository: Callable[..., Path]
) -> None:
    root = make_repository({"a.py": "".join(f"x{number} = {number}\n" for number in range(1, 60))})
    async with drive(root) as driven:
        driven.main.post_message(OpenFile("a.py", 40))
        await driven.shown(FileViewerScreen)
        await driven.pilot.press("down", "b")
        screen = await driven.shown(FileHistoryScreen)
        await driven.until(lambda: screen.is_read, "the lines")
        current = screen.query_one(Outline).current
        assert current is not None
        assert current.key == "41"


def newest_subject(driven: Driven) -> str:
    return driven.repo.state.commits[0].subject if driven.repo.state else ""


async def test_blame_and_history_follow_a_commit_made_outside_and_the_cursor_stays(
    drive: Drive, repository: Path
) -> None:
    async with drive(repository) as driven:
        await driven.until(lambda: "3 changed" in labels(driven)[0], "the branch")
        await go_to(driven, "M src/app.py")
        await driven.pilot.press("b")
        screen = await driven.shown(FileHistoryScreen)
        await driven.until(lambda: screen.is_read, "the lines")
        outline = screen.query_one(Outline)
        await driven.pilot.press("down")
        assert outline.current
        assert outline.current.parts[0][0].startswith("not committed")
        git(repository, "commit", "-q", "-am", "Change it again")
        await driven.until(lambda: "not committed" not in outline.rows[1].parts[0][0], "who wrote the line")
        assert outline.current.key == "2"

        await driven.pilot.press("H")
        await driven.until(lambda: screen.is_read and len(outline.rows) == 3, "the commits")
        await driven.pilot.press("down")
        here = outline.current
        (repository / "src" / "app.py").write_text("x = 5\n")
        git(repository, "commit", "-q", "-am", "And once more")
        await driven.until(lambda: len(outline.rows) == 4, "the new commit")
        assert outline.current == here

        await driven.pilot.press("enter")
        await driven.shown(PastReviewScreen)
        (repository / "src" / "app.py").write_text("x = 6\n")
        git(repository, "commit", "-q", "-am", "The last one")
        await driven.until(lambda: newest_subject(driven) == "The last one", "the panel's reading")
        await driven.pilot.press("escape")
        await driven.until(lambda: len(outline.rows) == 5, "what was committed meanwhile")
        assert outline.current == here


def shown_lines(driven: Driven) -> list[str]:
    return [strip.text for strip in driven.app.screen._compositor.render_strips()]


async def test_in_twenty_by_five_cells_trace_repo_and_history_show_what_the_cursor_is_on(
    drive: Drive, repository: Path
) -> None:
    read = ToolCall("c1", "read_file", {"path": "src/app.py"})
    async with drive(repository, [[read], [TextDelta("done")]], writes_answers=True, size=(20, 5)) as driven:
        await driven.until(lambda: "3 changed" in labels(driven)[0], "the branch")
        await driven.ask("go")
        await driven.finished()
        await driven.pilot.press("f3", "home")
        await driven.until(lambda: any("read_file" in line for line in shown_lines(driven)), "the call")
        for label in ("M README.md", "M src/app.py", "recent commits", "files"):
            await go_to(driven, label)
            await driven.pilot.pause()
            assert any(label in line for line in shown_lines(driven)), label
        await go_to(driven, "M src/app.py")
        await driven.pilot.press("b")
        screen = await driven.shown(FileHistoryScreen)
        await driven.until(lambda: screen.is_read, "the lines")
        await driven.pilot.press("end")
        await driven.until(lambda: "not committed" in shown_lines(driven)[3], "the last line")
        await driven.pilot.press("H")
        await driven.until(lambda: screen.is_read and "Change" in shown_lines(driven)[1], "the commits")
        await driven.pilot.press("down", "enter")
        await driven.shown(PastReviewScreen)


async def test_that_git_is_polled_is_said_before_anything_changes(drive: Drive, repository: Path) -> None:
    async with drive(repository, open_watch=refused_watch(3600)) as driven:
        status = driven.main.query_one(StatusLine)
        await driven.until(lambda: "polling git" in str(status.render()), "the word of it")
        await driven.until(lambda: "3 changed" in labels(driven)[0], "the branch")


class Polled(App[None]):
    """The panel, with a watch that the system refuses."""

    def __init__(self, root: Path) -> None:
        super().__init__()
        self._folder = root
        self.told: list[frozenset[str]] = []

    def compose(self) -> ComposeResult:
        yield RepoPanel(self._folder, open_watch=refused_watch(0.05))

    def on_workspace_changed(self, message: WorkspaceChanged) -> None:
        self.told.append(message.paths)


async def test_where_nothing_can_be_watched_a_change_is_told_without_its_path(repository: Path) -> None:
    app = Polled(repository)
    async with app.run_test(size=(100, 20)) as pilot:
        panel = app.query_one(RepoPanel)
        panel.begin()
        while panel.state is None or not panel.is_polling:
            await pilot.pause(0.01)
        (repository / "another.txt").write_text("x")
        while "4 changed" not in panel.state.headline or not app.told:
            await pilot.pause(0.01)
        assert set(app.told) == {frozenset()}


async def test_a_large_folder_says_what_it_leaves_out(drive: Drive, make_repository: Callable[..., Path]) -> None:
    root = make_repository({f"{number:04}.txt": "" for number in range(502)})
    async with drive(root) as driven:
        await driven.until(lambda: "clean" in labels(driven)[0], "the branch")
        await go_to(driven, "files")
        await driven.pilot.press("space")
        await driven.until(lambda: labels(driven)[-1] == "… 2 more", "what is left out")
        assert len(labels(driven)) == 3 + 500 + 1


def test_only_what_was_changed_counts_as_changed() -> None:
    diff = "--- /dev/null\n+++ b/new.py\n@@ -0,0 +1 @@\n+x\n--- a/old.py\n+++ /dev/null\n"
    assert set(changed_paths({"diff": diff})) == {"new.py", "old.py"}
    assert set(changed_paths({"changed_files": ["a.py", {"path": "b.py", "status": "added"}]})) == {"a.py", "b.py"}
    assert set(changed_paths({"path": "a.py", "patch": diff})) == set()


def first_row(driven: Driven) -> str:
    return drawn_strips(driven.main)[0].text.rstrip()


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_branch_is_in_sight_beside_the_chat_and_stays_true(
    drive: Drive, repository: Path, size: tuple[int, int]
) -> None:
    def is_seen(branch: str) -> bool:
        return any(branch in strip.text for strip in drawn_strips(driven.main))

    async with drive(repository, size=size) as driven:
        for branch in ("quiet-branch", "another-one"):
            git(repository, "checkout", "-q", "-b", branch)
            await driven.until(lambda name=branch: is_seen(name), branch)
        git(repository, "checkout", "-q", "--detach")
        await driven.until(lambda: is_seen("detached at "), "the commit")
        assert not is_seen("another-one")


async def test_a_long_branch_is_cut_in_the_row_of_tabs(drive: Drive, repository: Path) -> None:
    git(repository, "checkout", "-q", "-b", "feature/" + "long-" * 30 + "ends")
    async with drive(repository, size=(80, 24)) as driven:
        await driven.until(lambda: "feature/long-" in first_row(driven), "the branch")
        assert "F4 Repo" in first_row(driven)
        # Its end tells more than its middle.
        assert "…" in first_row(driven)
        assert first_row(driven).endswith("-long-ends")
        await driven.pilot.resize_terminal(36, 24)
        await driven.until(lambda: "F4 Repo" in first_row(driven) and "feature" not in first_row(driven), "the tabs")


async def test_without_a_repository_the_row_of_tabs_holds_the_tabs_alone(drive: Drive, tmp_path: Path) -> None:
    async with drive(tmp_path, size=(80, 24)) as driven:
        await driven.until(lambda: driven.main.has_repo_state, "a reading")
        await driven.pilot.pause()
        assert first_row(driven).split() == ["F2", "Chat", "F3", "Trace", "F4", "Repo"]
