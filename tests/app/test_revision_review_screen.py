"""A revision reviewed from the prompt: its hunks are read, commented on and taken back, by keyboard alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from app_driver import Drive, Driven

from punie_tui.app.screens.main import MainScreen
from punie_tui.app.screens.review import ReviewScreen
from punie_tui.app.screens.tree_review import PastReviewScreen, TreeReviewScreen
from punie_tui.app.widgets.review.view import ReviewView
from punie_tui.engine.protocol import TextDelta
from tests.conftest import git

NUMBERS = "".join(f"number_{number} = {number}\n" for number in range(40))
THIRD = NUMBERS.replace("number_3 = 3\n", "number_3 = 33\n")
BOTH = THIRD.replace("number_30 = 30\n", "number_30 = 300\n# more\n")
SIZES = [(120, 40), (80, 24), (20, 5)]


@pytest.fixture
def repository(make_repository: Callable[..., Path]) -> Path:
    root = make_repository({"numbers.py": NUMBERS})
    (root / "numbers.py").write_text(BOTH)
    git(root, "commit", "-q", "-am", "Make them larger")
    return root


async def open_screen(driven: Driven, kind: type[ReviewScreen]) -> ReviewScreen:
    await driven.until(lambda: type(driven.app.screen) is kind, "the review")
    screen = driven.app.screen
    assert isinstance(screen, kind)
    await driven.until(lambda: any(view.has_focus for view in screen.query(ReviewView)), "its focus")
    return screen


@pytest.mark.parametrize("size", SIZES)
async def test_a_hunk_of_a_commit_is_commented_on_and_another_taken_back(
    drive: Drive, repository: Path, size: tuple[int, int]
) -> None:
    (repository / "numbers.py").write_text(f"# mine\n{BOTH}")
    async with drive(repository, [[TextDelta("because")]], size=size, writes_answers=True) as driven:
        await driven.ask("/review")
        screen = await open_screen(driven, PastReviewScreen)
        assert "e" not in screen.active_bindings
        await driven.pilot.press("c", *"why so", "enter", "n", "r", "enter")
        proposal = await open_screen(driven, ReviewScreen)
        assert [hunk.old_start for hunk in proposal.review.files[0].hunks] == [31]
        await driven.pilot.press("a", "enter")
        await driven.finished()
        await driven.said("/undo makes it again")
        asked = driven.engine.requests[-1].messages[-1].content
        assert f"I reviewed {git(repository, 'rev-parse', 'HEAD')[:10]} Make them larger" in asked
        # One below the other, the cursor stands on the line that goes.
        place = "numbers.py:4" if size[0] >= 120 else "numbers.py, line 4 before the change"
        assert f"{place}: why so\n-number_3 = 3\n+number_3 = 33\n" in asked
        assert (repository / "numbers.py").read_text() == f"# mine\n{THIRD}"
        await driven.ask("/undo")
        await driven.said("Took back: numbers.py")
        assert (repository / "numbers.py").read_text() == f"# mine\n{BOTH}"


async def test_what_nobody_changed_since_is_taken_back_without_another_question(drive: Drive, repository: Path) -> None:
    async with drive(repository, begin_with="/review HEAD~1..HEAD") as driven:
        await open_screen(driven, PastReviewScreen)
        await driven.pilot.press("R", "enter")
        await driven.said("Taken back in 1 file")
        assert (repository / "numbers.py").read_text() == NUMBERS
        # Where edits are accepted, nothing is asked about a file that was changed either.
        (repository / "numbers.py").write_text(f"# mine\n{BOTH}")
        await driven.ask("/mode accept edits")
        await driven.ask("/review HEAD~1..HEAD")
        await open_screen(driven, PastReviewScreen)
        await driven.pilot.press("R", "enter")
        await driven.until(lambda: driven.transcript.plain_text.count("Taken back in 1 file") == 2, "the second one")
        assert (repository / "numbers.py").read_text() == f"# mine\n{NUMBERS}"


async def test_what_cannot_be_shown_or_taken_back_is_said(drive: Drive, repository: Path) -> None:
    async with drive(repository) as driven:
        await driven.ask("/review nowhere")
        await driven.said("There is no revision 'nowhere'")
        await driven.ask("/review HEAD..HEAD")
        await driven.said("no file differs")
        (repository / "numbers.py").write_text("mine = 1\n")
        await driven.ask("/review")
        await open_screen(driven, PastReviewScreen)
        await driven.pilot.press("R", "enter")
        await driven.said("Nothing can be taken back: numbers.py:4 and 1 more changed since")
        assert (repository / "numbers.py").read_text() == "mine = 1\n"


async def test_the_app_can_be_closed_while_the_proposal_waits(drive: Drive, repository: Path) -> None:
    (repository / "numbers.py").write_text(f"# mine\n{BOTH}")
    async with drive(repository) as driven:
        await driven.ask("/review")
        await open_screen(driven, PastReviewScreen)
        await driven.pilot.press("R", "enter")
        await open_screen(driven, ReviewScreen)
    assert (repository / "numbers.py").read_text() == f"# mine\n{BOTH}"


async def test_a_review_is_limited_to_a_path(drive: Drive, repository: Path) -> None:
    (repository / "other file.py").write_text("x = 1\n")
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "--amend", "-m", "Two files")
    async with drive(repository) as driven:
        await driven.ask("/review HEAD@{0 days ago} other file.py")
        screen = await open_screen(driven, PastReviewScreen)
        assert [file.shown_path for file in screen.review.files] == ["other file.py"]


async def test_a_model_that_only_routes_is_not_sent_the_comments(drive: Drive, repository: Path) -> None:
    (repository / "numbers.py").write_text(BOTH.replace("number_9 = 9\n", "number_9 = 99\n"))
    async with drive(repository) as driven:
        await driven.ask("/diff")
        await open_screen(driven, TreeReviewScreen)
        await driven.pilot.press("c", *"add 408", "enter", "enter")
        await driven.said("Your comment: numbers.py:10: add 408.")
        await driven.said("acts on no comment; a bigger model does.")
        assert driven.engine.requests == []


async def test_comments_on_the_working_tree_reach_the_model_too(drive: Drive, repository: Path) -> None:
    (repository / "numbers.py").write_text(BOTH.replace("number_9 = 9\n", "number_9 = 99\n"))
    async with drive(repository, [[TextDelta("because")]], writes_answers=True) as driven:
        await driven.ask("/diff")
        await open_screen(driven, TreeReviewScreen)
        await driven.pilot.press("c", *"and why this", "enter", "enter")
        await driven.finished()
        asked = driven.engine.requests[-1].messages[-1].content
        assert "I reviewed the working tree" in asked
        assert "numbers.py:10: and why this\n-number_9 = 9\n+number_9 = 99\n" in asked
        assert isinstance(driven.app.screen, MainScreen)
        assert git(repository, "status", "--porcelain") == " M numbers.py\n"
