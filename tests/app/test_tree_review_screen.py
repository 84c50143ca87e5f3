"""The working tree reviewed from the repo panel: stage, take back, unstage and commit, by keyboard alone."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from app_driver import Drive, Driven
from textual.widgets import TextArea
from textual.widgets._toast import Toast

from punie_tui.app.screens.main import MainScreen
from punie_tui.app.screens.review import ReviewScreen
from punie_tui.app.screens.tree_review import CommitScreen, StagedReviewScreen, TreeReviewScreen, WrittenMessage
from punie_tui.app.session_page import session_page
from punie_tui.app.widgets.review.view import ReviewView
from punie_tui.engine.protocol import TextDelta, ToolCall

NUMBERS = "".join(f"number_{number} = {number}\n" for number in range(40))
THIRD = NUMBERS.replace("number_3 = 3\n", "number_3 = 33\n")
BOTH = THIRD.replace("number_30 = 30\n", "number_30 = 300\n# more\n")
SIZES = [(120, 40), (80, 24), (20, 5)]


def git(root: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def repository(make_repository: Callable[..., Path]) -> Path:
    root = make_repository({"numbers.py": NUMBERS})
    (root / "numbers.py").write_text(BOTH)
    return root


async def press_in_repo(driven: Driven, key: str, kind: type[TreeReviewScreen]) -> ReviewScreen:
    await driven.until(lambda: driven.main.has_repo_state, "the repo panel")
    await driven.pilot.press("f4", key)
    screen = await driven.shown(kind)
    await driven.until(lambda: any(view.has_focus for view in screen.query(ReviewView)), "its focus")
    return screen


async def commit_screen(driven: Driven) -> CommitScreen:
    screen = await driven.shown(CommitScreen)
    await driven.until(lambda: any(area.has_focus for area in screen.query(TextArea)), "its focus")
    assert screen.query_one(TextArea).styles.border_top[0] == "round"
    return screen


@pytest.mark.parametrize("size", SIZES)
async def test_one_hunk_is_staged_and_committed_the_other_taken_back(
    drive: Drive, repository: Path, size: tuple[int, int]
) -> None:
    async with drive(repository, size=size) as driven:
        await press_in_repo(driven, "r", TreeReviewScreen)
        await driven.pilot.press("a", "r", "enter")
        screen = await commit_screen(driven)
        area = screen.query_one(TextArea)
        assert area.text == "Change numbers.py\n"
        # One Enter more, as for the hunks, goes on below the draft.
        await driven.pilot.press("enter")
        assert area.text == "Change numbers.py\n\n"
        # Twice, as the subject may take two rows.
        await driven.pilot.press("backspace", "ctrl+u", "ctrl+u", "down", *"Why", "ctrl+s")
        assert "The first line is empty" in str(area.border_subtitle)
        await driven.pilot.press("up")
        await driven.press_at_once(*"Thirty", "ctrl+s")
        await driven.said("Committed")
    assert git(repository, "show", "HEAD:numbers.py") == THIRD
    assert git(repository, "log", "-1", "--format=%B") == "Thirty\nWhy\n\n"
    assert git(repository, "status", "--porcelain") == ""


async def test_what_is_typed_before_the_message_can_be_written_is_for_it_and_commits_nothing(
    drive: Drive, repository: Path
) -> None:
    async with drive(repository) as driven:
        await press_in_repo(driven, "r", TreeReviewScreen)
        await driven.press_at_once("a", "enter", *" as Crock wants", "ctrl+s", "!")
        screen = await commit_screen(driven)
        area = screen.query_one(TextArea)
        await driven.until(lambda: "!" in area.text, "what was typed")
        assert area.text == "Change numbers.py as Crock wants!\n"
        await driven.pilot.press("escape")
        await driven.said("Your message is kept until you commit.")
        await driven.pilot.press("c")
        await driven.press_at_once("?")
        area = (await commit_screen(driven)).query_one(TextArea)
        await driven.until(lambda: "wants!?" in area.text, "what was typed behind c")
    assert git(repository, "log", "--format=%s").count("\n") == 1
    assert (repository / "numbers.py").read_text() == BOTH


async def test_the_dialog_stands_there_before_the_next_key_and_takes_all_of_them(
    drive: Drive, repository: Path
) -> None:
    async with drive(repository) as driven:
        screen = await press_in_repo(driven, "r", TreeReviewScreen)
        await driven.pilot.press("a")
        screen.action_apply()
        assert isinstance(driven.app.screen, CommitScreen)
        await driven.pilot.press("escape")
        await driven.said("Staged 1 hunk of 1 file.")
        written: list[WrittenMessage] = []
        dialog = CommitScreen(written.append)
        driven.app.push_screen(dialog)
        await driven.press_at_once(*"one ", "ctrl+s")
        assert dialog.has_class("-waits")
        dialog.offer("Draft, \n", "1 file", lambda _text: None)
        await commit_screen(driven)
        await driven.press_at_once("!")
        assert dialog.query_one(TextArea).text == "Draft, one !\n"
        assert not written


async def test_what_is_typed_for_a_commit_of_nothing_does_nothing(drive: Drive, repository: Path) -> None:
    async with drive(repository) as driven:
        await press_in_repo(driven, "r", TreeReviewScreen)
        await driven.press_at_once("r", "enter", *"Rcs")
        await driven.said("Discarded 1 hunk of 1 file.")
        await driven.shown(MainScreen)
        await driven.pilot.pause()
        assert driven.app.screen is driven.main
        assert not driven.prompt.text


@pytest.mark.parametrize("keys", [["escape"], ["q"], ["a", "escape"]])
async def test_who_leaves_changes_nothing(drive: Drive, repository: Path, keys: list[str]) -> None:
    async with drive(repository) as driven:
        await press_in_repo(driven, "r", TreeReviewScreen)
        await driven.pilot.press(*keys)
        await driven.shown(MainScreen)
    assert git(repository, "status", "--porcelain") == " M numbers.py\n"
    assert (repository / "numbers.py").read_text() == BOTH


async def test_a_review_of_the_tree_is_opened_again_near_where_it_was_left(drive: Drive, repository: Path) -> None:
    (repository / "aaa.py").write_text("x = 1\n")
    async with drive(repository) as driven:
        await press_in_repo(driven, "r", TreeReviewScreen)
        await driven.pilot.press("n", "n", "escape")
        await driven.shown(MainScreen)
        view = (await press_in_repo(driven, "r", TreeReviewScreen)).query_one(ReviewView)
        assert (view.current.file, view.current.hunk) == (1, 1)
        await driven.pilot.press("p", "a", "enter")
        await commit_screen(driven)
        await driven.pilot.press("escape")
        await driven.shown(MainScreen)
        view = (await press_in_repo(driven, "r", TreeReviewScreen)).query_one(ReviewView)
        assert (view.current.file, view.current.hunk) == (1, 0)


async def test_what_was_decided_of_the_tree_is_there_again_where_the_files_are_the_same(
    drive: Drive, repository: Path
) -> None:
    (repository / "aaa.py").write_text("x = 1\n")
    async with drive(repository) as driven:
        await press_in_repo(driven, "r", TreeReviewScreen)
        await driven.pilot.press("a", "r", "c", *"why", "enter", "escape")
        await driven.shown(MainScreen)
        screen = await press_in_repo(driven, "r", TreeReviewScreen)
        verdicts = [screen.review.hunk(place).verdict for place in screen.review.places]
        assert verdicts == ["accepted", "rejected", "undecided"]
        assert [said.text for said in screen.review.comments] == ["why"]
        await driven.pilot.press("escape")
        await driven.shown(MainScreen)
        driven.main.note("seen before")
        driven.main.start_anew()
        await driven.until(lambda: "seen before" not in driven.transcript.plain_text, "another session")
        screen = await press_in_repo(driven, "r", TreeReviewScreen)
        verdicts = [screen.review.hunk(place).verdict for place in screen.review.places]
        assert verdicts == ["accepted", "rejected", "undecided"]
        await driven.pilot.press("escape")
        await driven.shown(MainScreen)
        (repository / "numbers.py").write_text(BOTH + "more = 1\n")
        screen = await press_in_repo(driven, "r", TreeReviewScreen)
        verdicts = [screen.review.hunk(place).verdict for place in screen.review.places]
        # A hunk that is still the same is decided as before, another one is not.
        assert verdicts == ["accepted", "rejected", "undecided", "undecided"]
        assert [said.text for said in screen.review.comments] == ["why"]
        await driven.pilot.press("enter")
        await commit_screen(driven)
    assert git(repository, "diff", "--cached", "--name-only") == "aaa.py\n"


async def test_a_commit_can_wait_and_be_asked_for_later(drive: Drive, repository: Path) -> None:
    git(repository, "add", "numbers.py")
    async with drive(repository) as driven:
        screen = await press_in_repo(driven, "s", StagedReviewScreen)
        assert screen.review.undecided_count == 2
        await driven.pilot.press("n", "r", "enter")
        await driven.said("Unstaged 1 hunk of 1 file.")
        await commit_screen(driven)
        await driven.pilot.press("escape", "f4", "c")
        await commit_screen(driven)
        await driven.pilot.press("ctrl+s")
        await driven.said("Committed")
    assert git(repository, "show", "HEAD:numbers.py") == THIRD
    assert (repository / "numbers.py").read_text() == BOTH


async def test_a_message_that_was_begun_is_there_when_the_commit_is_asked_for_again(
    drive: Drive, repository: Path
) -> None:
    git(repository, "add", "numbers.py")
    async with drive(repository) as driven:
        await driven.until(lambda: driven.main.has_repo_state, "the repo panel")
        await driven.pilot.press("f4", "c")
        await commit_screen(driven)
        await driven.pilot.press("!", "escape")
        await driven.said("Your message is kept until you commit.")
        driven.main.start_anew()
        await driven.until(lambda: "Your message" not in driven.transcript.plain_text, "another session")
        await driven.pilot.press("c")
        area = (await commit_screen(driven)).query_one(TextArea)
        assert area.text == "Change numbers.py!\n"
        area.clear()
        await driven.pilot.press("escape", "c")
        area = (await commit_screen(driven)).query_one(TextArea)
        assert area.text == "Change numbers.py\n", "an empty one is a draft again"


async def test_the_draft_tells_a_renamed_file_as_one_file(drive: Drive, repository: Path) -> None:
    git(repository, "mv", "numbers.py", "figures.py")
    async with drive(repository) as driven:
        await driven.until(lambda: driven.main.has_repo_state, "the repo panel")
        await driven.pilot.press("f4", "c")
        area = (await commit_screen(driven)).query_one(TextArea)
        assert area.text == "Rename numbers.py to figures.py\n"


@pytest.mark.parametrize("leave", ["escape", "ctrl+q"])
async def test_a_message_that_was_begun_is_there_in_the_next_run_until_it_is_committed(
    drive: Drive, repository: Path, leave: str
) -> None:
    git(repository, "add", "numbers.py")

    async def ask_message(driven: Driven) -> TextArea:
        await driven.until(lambda: driven.main.has_repo_state, "the repo panel")
        await driven.pilot.press("f4", "c")
        return (await commit_screen(driven)).query_one(TextArea)

    async with drive(repository) as driven:
        await ask_message(driven)
        await driven.pilot.press("exclamation_mark", leave)
        if leave == "escape":
            await driven.said("Your message is kept until you commit.")
    async with drive(repository) as driven:
        assert (await ask_message(driven)).text == "Change numbers.py!\n"
        await driven.pilot.press("ctrl+s")
        await driven.said("Committed")
    (repository / "numbers.py").write_text(NUMBERS)
    git(repository, "add", "numbers.py")
    async with drive(repository) as driven:
        assert (await ask_message(driven)).text == "Change numbers.py\n"


async def test_what_was_done_is_told_at_its_place_when_the_session_goes_on(drive: Drive, repository: Path) -> None:
    write = ToolCall("c1", "write_file", {"path": "new.py", "content": "x = 1\n"})
    async with drive(repository, [[write], [TextDelta("Written.")]], allow_all=True, writes_answers=True) as driven:
        await driven.ask("write it")
        await driven.finished()
        await driven.ask("/undo")
        await driven.said("Took back: new.py. That was done for “write it”.")
        await press_in_repo(driven, "r", TreeReviewScreen)
        await driven.pilot.press("a", "r", "enter")
        await commit_screen(driven)
        await driven.pilot.press("ctrl+s")
        await driven.said("Committed")
    async with drive(repository) as driven:
        driven.main.change_session("last")
        await driven.said("Committed")
        told = [part.strip() for part in driven.transcript.plain_text.split("\n\n")]
        said = [
            "Written.",
            "Took back: new.py. That was done for “write it”.",
            "Staged 1 hunk of 1 file, discarded 1 hunk of 1 file.",
        ]
        assert told[-4:-1] == said
        assert driven.main.session
        page = session_page(driven.main.session.record(), "title")
        assert [each for each in said if each in page] == said


async def test_the_message_of_a_commit_that_failed_is_there_again(drive: Drive, repository: Path) -> None:
    git(repository, "add", "numbers.py")
    (repository / ".git" / "index.lock").touch()
    async with drive(repository) as driven:
        await driven.until(lambda: driven.main.has_repo_state, "the repo panel")
        await driven.pilot.press("f4", "c")
        await commit_screen(driven)
        await driven.pilot.press("!", "ctrl+s")
        await driven.said("index.lock")
        (repository / ".git" / "index.lock").unlink()
        await driven.pilot.press("c")
        assert (await commit_screen(driven)).query_one(TextArea).text.startswith("Change numbers.py!")
        await driven.pilot.press("ctrl+s")
        await driven.said("Committed")
        assert driven.main.session
        assert not driven.main.session.commit_message.read()
    assert git(repository, "log", "-1", "--format=%B") == "Change numbers.py!\n\n"


async def test_nothing_to_review_or_to_commit_is_said(drive: Drive, repository: Path) -> None:
    git(repository, "checkout", "-q", ".")
    async with drive(repository) as driven:
        await driven.until(lambda: driven.main.has_repo_state, "the repo panel")
        await driven.pilot.press("f4", "r")
        await driven.said("holds nothing that is not staged")
        await driven.pilot.press("s")
        await driven.said("Nothing is staged.")
        await driven.pilot.press("c")
        await driven.said("r in the repo panel stages")


@pytest.mark.parametrize(("size", "is_told_here"), [((80, 24), True), ((120, 40), False)])
async def test_where_the_chat_is_not_seen_a_sentence_stands_above_the_prompt_too(
    drive: Drive, repository: Path, size: tuple[int, int], is_told_here: bool
) -> None:
    async with drive(repository, size=size) as driven:
        await driven.until(lambda: driven.main.has_repo_state, "the repo panel")
        await driven.pilot.press("f4", "s")
        await driven.said("Nothing is staged.")
        await driven.pilot.pause()
        assert bool(driven.main.query(Toast)) == is_told_here


async def test_a_folder_without_git_says_so(drive: Drive, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    async with drive(tmp_path / "plain") as driven:
        await driven.until(lambda: driven.main.has_repo_state, "the repo panel")
        await driven.pilot.press("f4", "r")
        await driven.said("not in a git repository")


async def test_what_changed_under_the_review_is_not_written_over(drive: Drive, repository: Path) -> None:
    async with drive(repository) as driven:
        await press_in_repo(driven, "r", TreeReviewScreen)
        (repository / "numbers.py").write_text("mine = 1\n")
        await driven.pilot.press("R", "enter")
        await driven.said("somebody else meanwhile")
        # What still stands could be gone on from.
        screen = await driven.shown(TreeReviewScreen)
        place = screen.query_one("#review-place")
        await driven.until(lambda: "somebody else meanwhile; nothing was done" in str(place.render()))
        assert screen.review.undecided_count == len(screen.review.places)
    assert (repository / "numbers.py").read_text() == "mine = 1\n"


async def test_what_could_not_be_carried_out_stays_decided_where_it_still_stands(
    drive: Drive, repository: Path
) -> None:
    (repository / "aaa.py").write_text("x = 1\n")
    async with drive(repository) as driven:
        await press_in_repo(driven, "r", TreeReviewScreen)
        await driven.pilot.press("a", "r", "c", *"why", "enter")
        (repository / "numbers.py").write_text(f"first = 1\n{BOTH}")
        await driven.pilot.press("enter")
        await driven.until(
            lambda: isinstance(driven.app.screen, TreeReviewScreen) and len(driven.app.screen.review.places) == 4
        )
        screen = await driven.shown(TreeReviewScreen)
        await driven.until(lambda: "nothing was done" in str(screen.query_one("#review-place").render()))
        verdicts = [screen.review.hunk(place).verdict for place in screen.review.places]
        assert verdicts == ["accepted", "undecided", "rejected", "undecided"]
        assert [said.text for said in screen.review.comments] == ["why"]
        assert git(repository, "diff", "--cached", "--name-only") == ""
        await driven.pilot.press("enter")
        await driven.said("Staged 1 hunk of 1 file, discarded 1 hunk of 1 file.")
        await commit_screen(driven)
    assert (repository / "numbers.py").read_text() == "first = 1\n" + BOTH.replace("number_3 = 33\n", "number_3 = 3\n")


MARKED = "<<<<<<< HEAD\nours = 1\n=======\ntheirs = 2\n>>>>>>> other\n"


async def test_a_file_in_conflict_is_named_and_conflict_marks_elsewhere_are_text(
    drive: Drive, make_repository: Callable[..., Path]
) -> None:
    root = make_repository({"both.py": "x = 0\n", "marked.py": "y = 0\n"})
    git(root, "branch", "other")
    for branch, number in (("other", 1), ("main", 2)):
        git(root, "checkout", "-q", branch)
        (root / "both.py").write_text(f"x = {number}\n")
        git(root, "commit", "-qam", branch)
    subprocess.run(["git", "merge", "-q", "other"], cwd=root, check=False, capture_output=True)
    in_conflict = (root / "both.py").read_text()
    assert in_conflict.startswith("<<<<<<<")
    (root / "marked.py").write_text(MARKED)
    async with drive(root, size=(80, 24)) as driven:
        screen = await press_in_repo(driven, "r", TreeReviewScreen)
        await driven.pilot.pause()
        drawn = [strip.text for strip in screen._compositor.render_strips()]
        assert drawn[0].strip().startswith("Not shown here: both.py is in conflict.  ")
        for line in MARKED.splitlines():
            assert any(row.rstrip().endswith(f"+ {line}") for row in drawn), line
        await driven.pilot.press("a", "enter")
        await driven.said("Staged 1 hunk of 1 file.")
        # No message is asked for where no commit can be made.
        await driven.said("both.py is in conflict already; solve that first, and stage it.")
        await driven.shown(MainScreen)
    assert git(root, "show", ":marked.py") == MARKED
    assert git(root, "ls-files", "--unmerged").count("both.py") == 3
    assert (root / "both.py").read_text() == in_conflict


async def test_edits_are_not_offered(drive: Drive, repository: Path) -> None:
    async with drive(repository) as driven:
        screen = await press_in_repo(driven, "r", TreeReviewScreen)
        await driven.pilot.press("e")
        assert driven.app.screen is screen
        assert screen.query_one(ReviewView).has_focus
