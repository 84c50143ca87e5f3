"""Commits replayed as proposals of a model and reviewed by keyboard: the tree is what `git apply` makes of it.

`PUNIE_TEST_REPLAYED_REPOSITORY` asks for the commits of a repository of one's own, `PUNIE_TEST_REPLAYS` for how many.
"""

from __future__ import annotations

import logging
import os
import random
from itertools import pairwise
from pathlib import Path

import pytest
from app_driver import Drive

from punie_tools.changes.review import FileReview, Review
from punie_tui.app.screens.review import ReviewScreen
from punie_tui.app.widgets.review.view import ReviewView
from punie_tui.engine.protocol import TextDelta, ToolCall
from tests.tools.changes.edited_history import make_edited_history
from tests.tools.changes.patch_replays import Replay, git, is_mode_changed, is_renamed_with_edits

OWN = os.environ.get("PUNIE_TEST_REPLAYED_REPOSITORY", "")
COMMITS = int(os.environ.get("PUNIE_TEST_REPLAYS", "8"))
SIZES = [(120, 40), (80, 24)]
LEFT_UNDECIDED = 2
_LOG = logging.getLogger(__name__)


@pytest.fixture
def replays(tmp_path: Path) -> list[Replay]:
    """Three commits as one proposal; of one's own repository each commit as one."""
    history = tmp_path / "history"
    history.mkdir()
    if not OWN:
        commits = make_edited_history(history, seed=11, commits=3, is_plain=True)
        return [Replay.of(history, tmp_path, commits[0], commits[-1])]
    git(history, "clone", "--quiet", OWN, ".")
    revisions = git(history, "rev-list", "--first-parent", "--reverse", f"-{COMMITS + 1}", "HEAD").decode().split()
    return [Replay.of(history, tmp_path, before, after) for before, after in pairwise(revisions)]


@pytest.mark.parametrize("size", SIZES)
async def test_what_is_accepted_by_key_stands_as_git_would_apply_it(
    drive: Drive, replays: list[Replay], size: tuple[int, int]
) -> None:
    hunks = accepted = 0
    files: list[FileReview] = []
    for replay in replays:
        expected = in_text(replay.begin())
        await review_by_keyboard(drive, replay, expected, random.Random(size[0]), size)
        replay.apply_with_git(expected)
        assert replay.difference() == "", replay.after
        files += expected.files
        hunks += len(expected.places)
        accepted += sum(expected.hunk(place).verdict == "accepted" for place in expected.places)
    _LOG.info("%d proposals at %s: %d hunks, %d of them accepted", len(replays), size, hunks, accepted)
    # How many they are hangs on our own sources, which are the material.
    assert 0 < accepted < hunks
    assert OWN or (any(map(is_renamed_with_edits, files)) and any(map(is_mode_changed, files)))


def in_text(review: Review) -> Review:
    """Without the files that no patch in text can hold, and so no model can write."""
    return Review([change for file in review.files if is_text(file) for change in file.proposed])


def is_text(file: FileReview) -> bool:
    try:
        "".join(image.data.decode() for image in (file.change.before, file.change.after) if image)
    except UnicodeDecodeError:
        return False
    return not file.is_binary


async def review_by_keyboard(
    drive: Drive, replay: Replay, expected: Review, chance: random.Random, size: tuple[int, int]
) -> None:
    """Accept, reject and split by chance, leave the last hunks undecided; and do the same to what is expected."""
    paths = [change.path for change in expected.proposed_changes]
    patch = git(replay.repository, "diff", "--no-renames", replay.before, replay.after, "--", *paths).decode()
    propose = ToolCall("c1", "apply_patch", {"patch": patch})
    async with drive(replay.reviewed, [[propose], [TextDelta("done")]], size=size) as driven:
        await driven.ask("change it")
        await driven.asked()
        await driven.pilot.press("r")
        screen = await driven.shown(ReviewScreen)
        view = screen.query_one(ReviewView)
        await driven.until(lambda: bool(view.rows), "the rows, which a thread makes where they are many")
        assert [file.change for file in sorted(screen.review.files, key=lambda each: each.change.path)] == [
            file.change for file in expected.files
        ]
        numbers = {file.change.path: number for number, file in enumerate(expected.files)}
        while screen.review.undecided_count > LEFT_UNDECIDED:
            file, hunk = numbers[screen.review.files[view.current.file].change.path], view.current.hunk
            match key := chance.choice("aarrs"):
                case "s":
                    expected.split(file, hunk)
                case _:
                    expected.decide("accepted" if key == "a" else "rejected", file, hunk)
            await driven.pilot.press(key)
        left = screen.review.undecided_count
        await driven.pilot.press(*["enter"] * (2 if left else 1))
        await driven.finished()
