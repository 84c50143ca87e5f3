"""What a revision changed under review: every file on both sides, whichever way the revision is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from punie_tools.errors import ToolError
from punie_tools.git.revision_review import RevisionReview, read_revision_review
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace
from tests.conftest import git, write_files

BASE = {"a.py": "a = 1\n", "old.py": "".join(f"line_{number} = 1\n" for number in range(9)), "gone.txt": "bye\n"}


@pytest.fixture
def root(make_repository: Callable[..., Path]) -> Path:
    """The first commit; one that changes, adds, deletes and renames; and one on a branch of its own."""
    root = make_repository(BASE)
    git(root, "switch", "-q", "-c", "side")
    commit(root, "Begin a side", {"side.py": "side = 1\n"})
    git(root, "switch", "-q", "-")
    (root / "gone.txt").unlink()
    git(root, "mv", "old.py", "new.py")
    (root / "a.py").chmod(0o755)
    (root / "b.bin").write_bytes(b"\0")
    commit(root, "Change many\n\nA body.", {"a.py": "a = 2\n"})
    return root


def commit(root: Path, message: str, files: dict[str, str]) -> None:
    write_files(root, files)
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", message)


def read(root: Path, revision: str) -> RevisionReview:
    return read_revision_review(ToolContext(Workspace.at(root)), revision)


def test_a_path_limits_it(root: Path) -> None:
    context = ToolContext(Workspace.at(root))
    found = read_revision_review(context, "HEAD~1..HEAD", "gone.txt")
    assert (paths(found), found.title.endswith(" in gone.txt")) == (["gone.txt"], True)
    with pytest.raises(ToolError, match=r"There is no file or folder 'nowhere\.py'"):
        read_revision_review(context, "HEAD", "nowhere.py")


def paths(found: RevisionReview) -> list[str]:
    return [file.shown_path for file in found.review.files]


@pytest.mark.parametrize("revision", ["HEAD", "", "main"])
def test_a_commit_shows_what_it_changed_against_its_parent(root: Path, revision: str) -> None:
    git(root, "branch", "-M", "main")
    found = read(root, revision)
    assert found.title == f"{git(root, 'rev-parse', 'HEAD')[:10]} Change many"
    assert paths(found) == ["a.py", "b.bin", "gone.txt", "new.py"]
    first = found.review.files[0].change
    assert first.before is not None
    assert first.after is not None
    assert (first.before.data, first.before.mode) == (b"a = 1\n", 0o644)
    assert (first.after.data, first.after.mode) == (b"a = 2\n", 0o755)
    assert found.review.files[2].change.after is None
    assert (found.review.files[3].renamed_from, found.review.files[3].change.path) == ("old.py", "new.py")


def test_the_first_commit_shows_all_that_it_brought(root: Path) -> None:
    found = read(root, "HEAD~1")
    assert paths(found) == sorted(BASE)
    assert all(file.change.before is None for file in found.review.files)


def test_two_revisions_show_what_lies_between_and_three_dots_what_the_last_one_brought(root: Path) -> None:
    assert paths(read(root, "HEAD~1..")) == ["a.py", "b.bin", "gone.txt", "new.py"]
    assert paths(read(root, "HEAD~1..HEAD~1")) == []
    assert paths(read(root, "HEAD...side")) == ["side.py"]
    assert "side.py" in paths(read(root, "HEAD..side"))
    assert "a.py" in paths(read(root, "HEAD..side"))


def test_the_index_and_the_files_count_for_nothing(root: Path) -> None:
    (root / "a.py").write_text("mine\n")
    git(root, "add", "a.py")
    after = read(root, "HEAD").review.files[0].change.after
    assert after is not None
    assert after.data == b"a = 2\n"


@pytest.mark.parametrize("revision", ["nowhere", "HEAD..nowhere", "--output=x", "HEAD:a.py", "a\0b", "@{-99}"])
def test_what_is_no_revision_is_said_in_one_sentence(root: Path, revision: str) -> None:
    with pytest.raises(ToolError, match="There is no revision"):
        read(root, revision)
    assert not (root / "x").exists()


def test_links_and_submodules_are_named_and_left_out(root: Path) -> None:
    (root / "link").symlink_to("a.py")
    commit(root, "Link", {"c.py": "c\n"})
    found = read(root, "HEAD")
    assert paths(found) == ["c.py"]
    assert found.left_out == ("link is a link",)
