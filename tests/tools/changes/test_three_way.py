"""What is told where a turn cannot be taken back: what punie left, what is there, and what undo would restore."""

from __future__ import annotations

from pathlib import Path

import pytest

from punie_tools.changes.change_set import FileChange
from punie_tools.changes.journal import Journal
from punie_tools.changes.three_way import ChangedSinceError
from punie_tools.changes.tree_access import FileImage

BEFORE, LEFT, MINE = b"one\ntwo\nthree\n", b"one\n2\nthree\n", b"one\n2\nthree\nmine\n"


def image(data: bytes | None) -> FileImage | None:
    return None if data is None else FileImage(data, 0o644)


@pytest.fixture
def journal(root: Path, tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal", root)


def change(root: Path, journal: Journal, before: bytes | None, after: bytes | None) -> None:
    if before is not None:
        (root / "a").write_bytes(before)
        (root / "a").chmod(0o644)
    journal.change("turn", [FileChange("a", image(before), image(after))])


def test_an_edit_since_is_shown_beside_what_undo_would_do(root: Path, journal: Journal) -> None:
    change(root, journal, BEFORE, LEFT)
    (root / "a").write_bytes(MINE)
    with pytest.raises(ChangedSinceError) as caught:
        journal.undo()
    (view,) = caught.value.views
    assert (view.path, view.move, view.difference) == ("a", "undo", "edited")
    assert (view.base, view.yours, view.restored) == tuple(text.decode() for text in (LEFT, MINE, BEFORE))
    assert caught.value.told() == (
        "a was edited since punie changed it; nothing was done.\n"
        "These changes would be lost:\n"
        "--- a (as punie left it)\n+++ a (as it is now)\n@@ -1,3 +1,4 @@\n one\n 2\n three\n+mine\n"
        "This is what undo would do:\n"
        "--- a (as punie left it)\n+++ a (as undo would make it)\n@@ -1,3 +1,3 @@\n one\n-2\n+two\n three"
    )
    assert (root / "a").read_bytes() == MINE


def test_redo_has_the_same_view_the_other_way_round(root: Path, journal: Journal) -> None:
    change(root, journal, BEFORE, LEFT)
    journal.undo()
    (root / "a").write_bytes(MINE)
    with pytest.raises(ChangedSinceError) as caught:
        journal.redo()
    (view,) = caught.value.views
    assert (view.base, view.yours, view.restored) == tuple(text.decode() for text in (BEFORE, MINE, LEFT))
    assert "+++ a (as redo would make it)" in caught.value.told()


@pytest.mark.parametrize(
    ("before", "left", "now", "sentence", "labels"),
    [
        (BEFORE, LEFT, None, "a was removed since punie changed it", "+++ a (not there)"),
        (BEFORE, None, MINE, "a was made again since punie removed it", "--- a (not there)\n+++ a (as it is now)"),
        (None, LEFT, MINE, "a was edited since punie changed it", "+++ a (not there)"),
    ],
)
def test_files_that_are_there_no_more_or_again(
    root: Path,
    journal: Journal,
    before: bytes | None,
    left: bytes | None,
    now: bytes | None,
    sentence: str,
    labels: str,
) -> None:
    change(root, journal, before, left)
    if now is None:
        (root / "a").unlink()
    else:
        (root / "a").write_bytes(now)
    with pytest.raises(ChangedSinceError) as caught:
        journal.undo()
    assert sentence in str(caught.value)
    assert labels in str(caught.value)


def test_every_file_that_differs_is_told_and_long_diffs_are_cut(root: Path, journal: Journal) -> None:
    for name in "ab":
        (root / name).write_bytes(b"old\n")
        (root / name).chmod(0o644)
    journal.change("turn", [FileChange(name, image(b"old\n"), image(b"x\n")) for name in "ab"])
    (root / "a").write_bytes(b"".join(b"%d\n" % number for number in range(1_000)))
    (root / "b").unlink()
    with pytest.raises(ChangedSinceError, match=r"a was edited .*; b was removed since") as caught:
        journal.undo()
    assert [view.path for view in caught.value.views] == ["a", "b"]
    assert "… and 964 lines more" in str(caught.value)
    assert "\n+999\n" in caught.value.told()
