"""The working tree and the index under review: what is decided happens to the byte, and nothing else."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from punie_tools.changes.journal import Journal
from punie_tools.changes.session_changes import SessionChanges
from punie_tools.errors import ToolError
from punie_tools.git.tree_review import read_tree_review
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace

NUMBERS = b"".join(b"number_%d = %d\n" % (number, number) for number in range(40))
THIRD = (b"number_3 = 3\n", b"number_3 = 33\n")
THIRTIETH = (b"number_30 = 30\n", b"number_30 = 300\n# more\n")
BOTH = NUMBERS.replace(*THIRD).replace(*THIRTIETH)


@pytest.fixture
def root(make_repository: Callable[..., Path]) -> Path:
    root = make_repository({"numbers.py": NUMBERS.decode(), "gone.txt": "bye\n", "deep/in.txt": "in\n"})
    (root / "numbers.py").write_bytes(BOTH)
    return root


def git(root: Path, *arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True).stdout


def context(root: Path, tmp_path: Path) -> ToolContext:
    changes = SessionChanges(root, Journal(tmp_path / "journal", root))
    return ToolContext(Workspace.at(root), changes=changes)


def test_one_hunk_is_staged_another_discarded_and_undo_brings_it_back(root: Path, tmp_path: Path) -> None:
    reviewed = read_tree_review(context(root, tmp_path))
    reviewed.review.decide("accepted", 0, 0)
    reviewed.review.decide("rejected", 0, 1)
    assert reviewed.apply() == "Staged 1 hunk of 1 file, discarded 1 hunk of 1 file."
    assert git(root, "show", ":numbers.py") == NUMBERS.replace(*THIRD)
    assert (root / "numbers.py").read_bytes() == NUMBERS.replace(*THIRD)
    assert git(root, "status", "--porcelain") == b"M  numbers.py\n"
    Journal(tmp_path / "journal", root).undo()
    assert (root / "numbers.py").read_bytes() == BOTH


def test_caches_that_no_gitignore_names_are_no_changes_unless_tracked(root: Path, tmp_path: Path) -> None:
    made = ["__pycache__/a.pyc", "deep/__pycache__/x", ".pytest_cache/v/x", ".ruff_cache/x", ".mypy_cache/x", "old.pyc"]
    for name in [*made, "tracked.pyc", "new.py", "cache/x"]:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("1\n")
    git(root, "add", "-f", "tracked.pyc")
    (root / "tracked.pyc").write_text("2\n")
    found = {file.shown_path for file in read_tree_review(context(root, tmp_path)).review.files}
    assert found == {"numbers.py", "tracked.pyc", "new.py", "cache/x"}


def test_what_is_undecided_stays_as_it_is(root: Path, tmp_path: Path) -> None:
    reviewed = read_tree_review(context(root, tmp_path))
    reviewed.review.decide("rejected", 0, 0)
    reviewed.apply()
    assert git(root, "show", ":numbers.py") == NUMBERS
    assert (root / "numbers.py").read_bytes() == NUMBERS.replace(*THIRTIETH)
    assert read_tree_review(context(root, tmp_path)).apply() == "Nothing was decided."


def test_new_deleted_executable_and_binary_files_are_staged_as_git_add_would(root: Path, tmp_path: Path) -> None:
    (root / "new é.py").write_text("x = 1")
    (root / "deep" / "b.bin").write_bytes(b"\0\1")
    (root / "gone.txt").unlink()
    (root / "deep" / "in.txt").chmod(0o755)
    reviewed = read_tree_review(context(root, tmp_path))
    for place in range(len(reviewed.review.files)):
        reviewed.review.decide("accepted", place)
    reviewed.apply()
    ours = git(root, "ls-files", "--stage")
    git(root, "reset", "-q")
    git(root, "add", "--all")
    assert ours == git(root, "ls-files", "--stage")


def test_new_and_deleted_files_are_discarded_and_come_back(root: Path, tmp_path: Path) -> None:
    (root / "new.py").write_text("x = 1\n")
    (root / "gone.txt").unlink()
    (root / "deep" / "in.txt").chmod(0o755)
    reviewed = read_tree_review(context(root, tmp_path))
    for place in range(len(reviewed.review.files)):
        reviewed.review.decide("rejected", place)
    reviewed.apply()
    assert git(root, "status", "--porcelain") == b""
    Journal(tmp_path / "journal", root).undo()
    assert (root / "new.py").read_text() == "x = 1\n"
    assert not (root / "gone.txt").exists()


RENAMED = "counts.py"


def held_and_there(root: Path) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """The file by its name in the index, and in the working tree; one of both names is there."""
    named = git(root, "ls-files", "numbers.py", RENAMED).decode().split()
    held = {name: git(root, "show", f":{name}") for name in named}
    return held, {path.name: path.read_bytes() for path in root.glob("*.py")}


@pytest.mark.parametrize(
    ("verdicts", "held", "there"),
    [
        ("a..", {RENAMED: NUMBERS}, {RENAMED: BOTH}),
        (".a.", {"numbers.py": NUMBERS.replace(*THIRD)}, {RENAMED: BOTH}),
        ("aar", {RENAMED: NUMBERS.replace(*THIRD)}, {RENAMED: NUMBERS.replace(*THIRD)}),
        ("ra.", {"numbers.py": NUMBERS.replace(*THIRD)}, {"numbers.py": BOTH}),
        ("rrr", {"numbers.py": NUMBERS}, {"numbers.py": NUMBERS}),
        ("aaa", {RENAMED: BOTH}, {RENAMED: BOTH}),
    ],
)
def test_a_rename_is_decided_on_apart_from_its_edits(
    root: Path, tmp_path: Path, verdicts: str, held: dict[str, bytes], there: dict[str, bytes]
) -> None:
    (root / "numbers.py").rename(root / RENAMED)
    (root / RENAMED).chmod(0o755)
    reviewed = read_tree_review(context(root, tmp_path))
    (file,) = reviewed.review.files
    assert (file.renamed_from, file.shown_path, len(file.hunks)) == ("numbers.py", RENAMED, 3)
    for hunk, verdict in enumerate(verdicts):
        if verdict != ".":
            reviewed.review.decide("accepted" if verdict == "a" else "rejected", 0, hunk)
    reviewed.apply()
    assert held_and_there(root) == (held, there)
    is_executable = git(root, "ls-files", "--stage", *held).startswith(b"100755")
    assert is_executable == (RENAMED in held)
    if "r" in verdicts:
        Journal(tmp_path / "journal", root).undo()
        assert held_and_there(root) == (held, {RENAMED: BOTH})


def test_a_staged_rename_is_unstaged_and_its_edits_stay_staged(root: Path, tmp_path: Path) -> None:
    git(root, "mv", "numbers.py", RENAMED)
    git(root, "add", RENAMED)
    reviewed = read_tree_review(context(root, tmp_path), "staged")
    reviewed.review.decide("rejected", 0, 0)
    reviewed.apply()
    assert held_and_there(root) == ({"numbers.py": BOTH}, {RENAMED: BOTH})


def test_staged_hunks_are_unstaged_and_the_file_stays(root: Path, tmp_path: Path) -> None:
    git(root, "rm", "-q", "gone.txt")
    (root / "new.py").write_text("x = 1\n")
    git(root, "add", "--all")
    reviewed = read_tree_review(context(root, tmp_path), "staged")
    assert [file.change.path for file in reviewed.review.files] == ["gone.txt", "new.py", "numbers.py"]
    reviewed.review.decide("rejected", 0)
    reviewed.review.decide("rejected", 1)
    reviewed.review.decide("rejected", 2, 0)
    assert reviewed.apply() == "Unstaged 3 hunks of 3 files."
    assert git(root, "show", ":numbers.py") == NUMBERS.replace(*THIRTIETH)
    assert (root / "numbers.py").read_bytes() == BOTH
    assert git(root, "status", "--porcelain", "--", "gone.txt", "new.py") == b" D gone.txt\n?? new.py\n"


@pytest.mark.parametrize("what", ["file", "index"])
def test_what_changed_meanwhile_is_not_touched(root: Path, tmp_path: Path, what: str) -> None:
    reviewed = read_tree_review(context(root, tmp_path))
    reviewed.review.decide("rejected", 0, 0)
    reviewed.review.decide("accepted", 0, 1)
    (root / "numbers.py").write_bytes(b"mine = 1\n")
    if what == "index":
        git(root, "add", "numbers.py")
    before = git(root, "ls-files", "--stage")
    with pytest.raises(ToolError, match="somebody else meanwhile"):
        reviewed.apply()
    assert (root / "numbers.py").read_bytes() == b"mine = 1\n"
    assert git(root, "ls-files", "--stage") == before


def test_a_workspace_below_the_repositorys_root_reviews_its_own_files(root: Path, tmp_path: Path) -> None:
    (root / "deep" / "in.txt").write_text("in\nmore\n")
    (root / "deep" / "new.txt").write_text("new\n")
    reviewed = read_tree_review(context(root / "deep", tmp_path))
    assert [file.change.path for file in reviewed.review.files] == ["in.txt", "new.txt"]
    reviewed.review.decide("accepted", 0)
    reviewed.review.decide("accepted", 1)
    reviewed.apply()
    assert git(root, "status", "--porcelain") == b"M  deep/in.txt\nA  deep/new.txt\n M numbers.py\n"


def test_a_repository_without_commits_and_one_with_long_names(tmp_path: Path) -> None:
    root = tmp_path / "fresh"
    subprocess.run(["git", "init", "-q", "--object-format=sha256", str(root)], check=True)
    (root / "a.py").write_text("a = 1\n")
    reviewed = read_tree_review(context(root, tmp_path))
    reviewed.review.decide("accepted", 0)
    reviewed.apply()
    assert git(root, "status", "--porcelain") == b"A  a.py\n"
    staged = read_tree_review(context(root, tmp_path), "staged")
    staged.review.decide("rejected", 0)
    staged.apply()
    assert git(root, "status", "--porcelain") == b"?? a.py\n"


def test_a_file_whose_line_ends_git_changes_is_staged_as_a_whole_only(root: Path, tmp_path: Path) -> None:
    (root / ".gitattributes").write_text("*.py text eol=crlf\n")
    git(root, "add", ".gitattributes")
    git(root, "commit", "-qm", "ends", "--only", ".gitattributes")
    (root / "numbers.py").write_bytes(BOTH.replace(b"\n", b"\r\n"))
    reviewed = read_tree_review(context(root, tmp_path))
    assert len(reviewed.review.files[0].hunks) == 1
    reviewed.review.decide("rejected", 0)
    with pytest.raises(ToolError, match="git restore"):
        reviewed.apply()
    reviewed.review.decide("accepted", 0)
    reviewed.apply()
    assert git(root, "show", ":numbers.py") == BOTH
    assert (root / "numbers.py").read_bytes() == BOTH.replace(b"\n", b"\r\n")


def test_links_submodules_and_conflicts_are_left_out_and_named(root: Path, tmp_path: Path) -> None:
    git(root, "checkout", "-q", "numbers.py")
    (root / "link").symlink_to("numbers.py")
    git(root, "add", "link")
    git(root, "commit", "-qm", "a link")
    (root / "link").unlink()
    (root / "link").symlink_to("gone.txt")
    os.mkfifo(root / "pipe")
    git(root, "checkout", "-q", "-b", "other")
    for branch, text in (("other", "theirs\n"), ("main", "ours\n")):
        git(root, "checkout", "-q", branch)
        (root / "gone.txt").write_text(text)
        git(root, "commit", "-qm", branch, "--only", "gone.txt")
    subprocess.run(["git", "merge", "-q", "other"], cwd=root, check=False, capture_output=True)
    reviewed = read_tree_review(context(root, tmp_path))
    assert set(reviewed.left_out) >= {"gone.txt is in conflict", "link is a link"}
    assert not reviewed.review.files


def test_no_filter_of_an_untrusted_repository_is_started(root: Path, tmp_path: Path) -> None:
    witness = tmp_path / "ran"
    git(root, "config", "filter.trap.clean", f"touch {witness}; cat")
    (root / ".git" / "info" / "attributes").write_text("*.py filter=trap\n")
    reviewed = read_tree_review(context(root, tmp_path))
    reviewed.review.decide("accepted", 0, 0)
    reviewed.review.decide("rejected", 0, 1)
    reviewed.apply()
    assert not witness.exists()
