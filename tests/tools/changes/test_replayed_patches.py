"""Commits replayed as proposals: what is accepted stands as `git apply` makes it stand, byte by byte.

`PUNIE_TEST_REPLAYS` asks for more commits, `PUNIE_TEST_REPLAYED_REPOSITORY` for those of a repository of one's own.
"""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import pytest
from patch_replays import Replay, decide_at_random, git, is_mode_changed, is_renamed_with_edits

from punie_tools.changes.review import FileReview
from tests.tools.changes.edited_history import make_edited_history

COMMITS = int(os.environ.get("PUNIE_TEST_REPLAYS", "8"))
OWN = os.environ.get("PUNIE_TEST_REPLAYED_REPOSITORY", "")


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    root = tmp_path_factory.mktemp("history")
    if not OWN:
        return root, make_edited_history(root, seed=3, commits=COMMITS)
    git(root, "clone", "--quiet", OWN, ".")
    return root, git(root, "rev-list", "--first-parent", "--reverse", f"-{COMMITS + 1}", "HEAD").decode().split()


@pytest.mark.parametrize("seed", [1, 2])
def test_any_part_of_a_commit_stands_as_git_would_apply_it(
    history: tuple[Path, list[str]], tmp_path: Path, seed: int
) -> None:
    root, commits = history
    hunks = cut_by_git = 0
    for number, (before, after) in enumerate(pairwise(commits)):
        replay = Replay.of(root, tmp_path, before, after)
        review = replay.begin()
        decide_at_random(review, seed * 1000 + number)
        replay.apply_reviewed(review)
        cut_by_git += replay.apply_with_git(review)
        assert replay.difference() == "", (before, after, seed)
        hunks += sum(hunk.verdict == "accepted" for file in review.files for hunk in file.hunks)
    assert cut_by_git > hunks // 2, "git's own hunks are what counts"


def test_all_of_a_commit_is_the_commit_and_nothing_of_it_is_its_parent(
    history: tuple[Path, list[str]], tmp_path: Path
) -> None:
    root, commits = history
    files: list[FileReview] = []
    for before, after in pairwise(commits):
        replay = Replay.of(root, tmp_path, before, after)
        for verdict, expected in (("accepted", after), ("rejected", before)):
            review = replay.begin()
            for file in range(len(review.files)):
                review.decide(verdict, file)
            files += review.files
            replay.apply_reviewed(review)
            git(replay.reviewed, "add", "--all")
            assert git(replay.reviewed, "diff", "--cached", "--raw", expected) == b"", (before, after, verdict)
    # Of one's own repository nobody knows what it holds.
    assert OWN or (any(map(is_renamed_with_edits, files)) and any(map(is_mode_changed, files)))
