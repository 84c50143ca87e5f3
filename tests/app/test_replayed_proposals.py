"""Commits replayed as proposals of a model and reviewed by keyboard: the tree is what `git apply` makes of it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from app_driver import Drive

from punie_tools.changes.review import Verdict
from punie_tui.app.screens.review import ReviewScreen
from punie_tui.engine.protocol import TextDelta, ToolCall
from tests.tools.changes.edited_history import make_edited_history
from tests.tools.changes.patch_replays import Replay, git

VERDICTS: tuple[Verdict, ...] = ("accepted", "rejected")
SIZES = [(120, 40), (80, 24)]
KEYS = {"accepted": "a", "rejected": "r"}


@pytest.fixture
def replay(tmp_path: Path) -> Replay:
    """Three commits as one proposal."""
    (tmp_path / "history").mkdir()
    commits = make_edited_history(tmp_path / "history", seed=11, commits=3, is_plain=True)
    return Replay.of(tmp_path / "history", tmp_path, commits[0], commits[-1])


@pytest.mark.parametrize("size", SIZES)
async def test_what_is_accepted_by_key_stands_as_git_would_apply_it(
    drive: Drive, replay: Replay, size: tuple[int, int]
) -> None:
    expected = replay.begin()
    patch = git(replay.repository, "diff", "--no-renames", replay.before, replay.after).decode()
    propose = ToolCall("c1", "apply_patch", {"patch": patch})
    async with drive(replay.reviewed, [[propose], [TextDelta("done")]], size=size) as driven:
        await driven.ask("change it")
        await driven.asked()
        await driven.pilot.press("r")
        screen = await driven.shown(ReviewScreen)
        assert [file.change for file in sorted(screen.review.files, key=lambda each: each.change.path)] == [
            file.change for file in expected.files
        ]
        chance = random.Random(size[0])
        for place in screen.review.places:
            verdict = chance.choice(VERDICTS)
            path = screen.review.files[place[0]].change.path
            number = next(number for number, file in enumerate(expected.files) if file.change.path == path)
            expected.decide(verdict, number, place[1])
            await driven.pilot.press(KEYS[verdict])
        assert screen.review.undecided_count == 0
        await driven.pilot.press("enter")
        await driven.finished()
    assert len(expected.places) > 8
    replay.apply_with_git(expected)
    assert replay.difference() == ""
