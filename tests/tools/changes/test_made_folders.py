"""Folders that a turn made: undo removes those that it leaves empty, and no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from punie_tools.changes.change_set import FileChange
from punie_tools.changes.journal import Journal
from punie_tools.changes.tree_access import FileImage
from punie_tools.errors import ToolError

NEW = FileImage(b"x\n", 0o644)


@pytest.fixture
def journal(root: Path, tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal", root)


def tree(root: Path) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*"))


def test_they_go_with_undo_and_come_back_with_redo(root: Path, journal: Journal) -> None:
    (root / "empty").mkdir()
    (root / "kept" / "empty").mkdir(parents=True)
    before = tree(root)
    for turn, names in (("1", ["new/deep/er/a", "kept/new/b"]), ("2", ["new/deep/c"])):
        journal.change(turn, [FileChange(name, None, NEW) for name in names])
    after = tree(root)
    journal.undo()
    assert "new/deep/er/a" in tree(root)
    journal.undo()
    assert tree(root) == before
    journal.redo()
    journal.redo()
    assert tree(root) == after


def test_what_the_person_put_there_stays(root: Path, journal: Journal) -> None:
    journal.change("turn", [FileChange("new/deep/a", None, NEW)])
    (root / "new" / "mine").write_text("mine")
    journal.undo()
    assert tree(root) == ["new", "new/mine"]


def test_a_folder_that_became_a_link_is_left_alone(root: Path, journal: Journal, tmp_path: Path) -> None:
    journal.change("turn", [FileChange("new/deep/a", None, NEW)])
    (root / "new").rename(tmp_path / "moved")
    (root / "new").symlink_to(tmp_path / "moved")
    with pytest.raises(ToolError, match="is a link, or lies behind one"):
        journal.undo()
    assert (tmp_path / "moved" / "deep" / "a").exists()


def test_a_change_that_fails_leaves_none(root: Path, journal: Journal) -> None:
    (root / "file").write_text("x")
    with pytest.raises(ToolError, match=r"file/below cannot be written: .*; nothing was done\.$"):
        journal.change("turn", [FileChange("new/deep/a", None, NEW), FileChange("file/below", None, NEW)])
    assert tree(root) == ["file"]
    assert journal.turns() == []
