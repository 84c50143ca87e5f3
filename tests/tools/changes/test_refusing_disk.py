"""A disk that is full or cannot be written: one clear sentence, all or nothing, and nothing lost."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from punie_tools.changes.change_set import FileChange, HalfDoneError, apply_changes
from punie_tools.changes.tree_access import FileImage, TreeAccess
from punie_tools.errors import ToolError

FILES = {"a.py": "import os\nname = 1\nprint( name )\n", "b.py": "import sys\nb = 1\n", "sub/c.py": "c = 1\n"}
LONG = "".join(f"line {number}\n" for number in range(4_000))
ADDED_LONG = "".join(f"+line {number}\n" for number in range(4_000))
SCRIPT = Path(__file__).with_name("faulty_calls.py")

TO_A = "*** Update File: a.py\n@@\n-name = 1\n+name = 2\n"
EDITS: list[tuple[str, dict[str, object]]] = [
    ("edit_file", {"path": "a.py", "old": "name = 1", "new": "name = 2"}),
    ("write_file", {"path": "a.py", "content": "new\n"}),
    ("write_file", {"path": "sub/new.py", "content": "new\n"}),
    ("write_file", {"path": "new/folder/new.py", "content": "new\n"}),
    (
        "apply_patch",
        {"patch": f"*** Begin Patch\n{TO_A}*** Update File: sub/c.py\n@@\n-c = 1\n+c = 2\n*** End Patch\n"},
    ),
    ("apply_patch", {"patch": "*** Begin Patch\n*** Delete File: sub/c.py\n*** End Patch\n"}),
    ("rename_symbol", {"symbol": "name", "new_name": "other", "path": "a.py"}),
    ("ruff_check", {"path": ".", "fix": True}),
    ("ruff_format", {"path": "."}),
    ("apply_code_action", {"path": "a.py", "line": 1}),
]
NAMES_OF_EDITS = [name for name, _ in EDITS]


def alone(*options: str) -> list[str]:
    """A command that gives a process a place of its own; skips the test where the system does not allow that."""
    if sys.platform != "linux" or not shutil.which("unshare"):
        pytest.skip("only Linux has unshare")
    command = ["unshare", *options]
    tried = subprocess.run([*command, "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"this system refuses {' '.join(command)}: {tried.stderr.strip()}")
    return command


def with_mounts() -> list[str]:
    return alone("--mount") if os.geteuid() == 0 else alone("--user", "--map-root-user", "--mount")


def bound_by_permissions() -> list[str]:
    """Root's power over every file is only that of its own user namespace."""
    return alone("--user") if os.geteuid() == 0 else []


@pytest.fixture
def project(root: Path) -> Path:
    for name, text in FILES.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)
    return root


def calls(
    root: Path,
    journal: Path,
    made: Sequence[tuple[str, dict[str, object]]],
    *,
    within: Sequence[str] = (),
    **scene: object,
) -> Any:
    asked = {"root": str(root), "journal": str(journal), "calls": made, **scene}
    command = [*within, sys.executable, SCRIPT]
    finished = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout)


def contents(root: Path) -> dict[str, str]:
    return {path.relative_to(root).as_posix(): path.read_text() for path in root.rglob("*") if path.is_file()}


def small_disk(folder: Path, inner: Sequence[str]) -> list[str]:
    """A command within which a folder is a disk of 256 kB, with the files that the folder had."""
    saved = folder.with_name(f"{folder.name}-saved")
    shutil.copytree(folder, saved, dirs_exist_ok=True)
    setup = f"mount -t tmpfs -o size=256k none '{folder}' && cp -a '{saved}/.' '{folder}' && exec \"$@\""
    return [*inner, "sh", "-c", setup, "sh"]


FULL: list[tuple[str, dict[str, object]]] = [
    ("edit_file", {"path": "a.py", "old": "name = 1", "new": LONG}),
    ("write_file", {"path": "a.py", "content": LONG}),
    ("write_file", {"path": "new/folder/new.py", "content": LONG}),
    # The first file fits, the second does not.
    ("apply_patch", {"patch": f"*** Begin Patch\n{TO_A}*** Add File: new/d.py\n{ADDED_LONG}*** End Patch\n"}),
    (
        "apply_patch",
        {"patch": f"*** Begin Patch\n*** Delete File: b.py\n*** Add File: d.py\n{ADDED_LONG}*** End Patch\n"},
    ),
]


def test_a_full_disk_under_the_tree(project: Path, tmp_path: Path) -> None:
    within = small_disk(project, with_mounts())
    told = calls(project, tmp_path / "journal", FULL, within=within, fill=str(project), free=16_384)
    for done, message in told["calls"]:
        assert not done
        assert "cannot be written: no space left on device; nothing was done." in message
        assert "\n" not in message
    assert told["files"] == FILES
    assert told["turns"] == []


def test_what_fits_is_made_and_taken_back_when_there_is_little_room(project: Path, tmp_path: Path) -> None:
    within = small_disk(project, with_mounts())
    made = [EDITS[0], ("undo", {}), ("redo", {})]
    told = calls(project, tmp_path / "journal", made, within=within, fill=str(project), free=16_384)
    assert [done for done, _ in told["calls"]] == [True, True, True]
    assert told["files"] == {**FILES, "a.py": FILES["a.py"].replace("name = 1", "name = 2")}


def test_a_full_disk_under_the_journal(project: Path, tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    journal.mkdir()
    told = calls(project, journal, EDITS, within=small_disk(journal, with_mounts()), fill=str(journal))
    for done, message in told["calls"]:
        assert (done, message) == (
            False,
            "The journal cannot be written, and without it nothing is changed: no space left on device.",
        )
    assert contents(project) == FILES


@pytest.mark.parametrize("limit", [0, 10, 40])
def test_files_that_may_not_grow(project: Path, tmp_path: Path, limit: int) -> None:
    """At 40 bytes the images can be kept, and the line of the journal cannot."""
    told = calls(project, tmp_path / "journal", EDITS, file_limit=limit)
    for (done, message), name in zip(told["calls"], NAMES_OF_EDITS, strict=True):
        server = name == "rename_symbol"
        start = "The language server cannot be started" if server else "The journal cannot be written"
        assert not done
        assert message.startswith(start)
        assert server or message.endswith(": file too large.")
    assert contents(project) == FILES
    assert told["turns"] == []


def test_an_undo_that_the_journal_cannot_note_is_not_done(project: Path, tmp_path: Path) -> None:
    before = [("write_file", {"path": "new/a.py", "content": "x\n"}), EDITS[0]]
    told = calls(project, tmp_path / "journal", [("undo", {})], before=before, file_limit="journal")
    ((done, message),) = told["calls"]
    assert not done
    assert message == "The journal cannot be written, and without it nothing is changed: file too large."
    changed = FILES["a.py"].replace("name = 1", "name = 2")
    assert contents(project) == {**FILES, "a.py": changed, "new/a.py": "x\n"}
    told = calls(project, tmp_path / "journal", [("undo", {})])
    assert contents(project) == FILES


def test_a_read_only_disk(project: Path, tmp_path: Path) -> None:
    told = calls(project, tmp_path / "journal", EDITS, within=with_mounts(), read_only=str(project))
    for done, message in told["calls"]:
        assert not done
        assert message.endswith(": read-only file system; nothing was done.")
        assert "\n" not in message
    assert contents(project) == FILES
    assert told["turns"] == []


def test_folders_that_may_not_be_written(project: Path, tmp_path: Path) -> None:
    folders = [project, project / "sub"]
    within = bound_by_permissions()
    for folder in folders:
        folder.chmod(0o555)
    try:
        told = calls(project, tmp_path / "journal", EDITS, within=within)
    finally:
        for folder in folders:
            folder.chmod(0o755)
    for done, message in told["calls"]:
        assert not done
        assert message.endswith(": permission denied; nothing was done.")
    assert contents(project) == FILES


def test_read_only_files(project: Path, tmp_path: Path) -> None:
    for name in FILES:
        (project / name).chmod(0o444)
    told = calls(project, tmp_path / "journal", EDITS)
    for (done, message), (_, arguments) in zip(told["calls"], EDITS, strict=True):
        is_new = "new" in str(arguments.get("path"))
        assert done is is_new
        assert is_new or message.endswith(".py is read-only.")
    assert {name: text for name, text in contents(project).items() if name in FILES} == FILES


class StubbornTree(TreeAccess):
    """A tree in which some files, once changed, cannot be written again."""

    def __init__(self, root: Path, stubborn: set[str], last: str) -> None:
        super().__init__(root)
        self._stubborn, self._last = stubborn, last
        self._written: set[str] = set()

    def write(self, path: str, image: FileImage, before: FileImage | None) -> None:
        if path == self._last or (path in self._written and path in self._stubborn):
            raise ToolError(f"{path} cannot be written: no space left on device.")
        super().write(path, image, before)
        self._written.add(path)


@pytest.mark.parametrize(
    ("stubborn", "rest"), [("a", "; 2 more files are as before"), ("ba", "; 1 more file is as before")]
)
def test_a_rollback_that_fails_says_which_files_are_how(root: Path, stubborn: str, rest: str) -> None:
    old, new = FileImage(b"old", 0o644), FileImage(b"new", 0o644)
    for name in "abcd":
        (root / name).write_bytes(old.data)
        (root / name).chmod(0o644)
    with pytest.raises(HalfDoneError) as caught:
        apply_changes(StubbornTree(root, set(stubborn), "d"), [FileChange(name, old, new) for name in "abcd"])
    why = "cannot be written: no space left on device"
    kept = "; ".join(f"{name} is changed, and was not put back ({name} {why})" for name in stubborn)
    assert str(caught.value) == f"d {why}. Not everything could be taken back: {kept}{rest}."
    assert contents(root) == {name: "new" if name in stubborn else "old" for name in "abcd"}


def test_a_rollback_keeps_what_somebody_else_wrote(root: Path) -> None:
    class Disturbed(StubbornTree):
        def write(self, path: str, image: FileImage, before: FileImage | None) -> None:
            if path == "d":
                (root / "a").write_text("theirs")
            super().write(path, image, before)

    old, new = FileImage(b"old", 0o644), FileImage(b"new", 0o644)
    for name in "abd":
        (root / name).write_bytes(old.data)
        (root / name).chmod(0o644)
    with pytest.raises(HalfDoneError, match="a holds what somebody else wrote meanwhile; 1 more file is as before"):
        apply_changes(Disturbed(root, set(), "d"), [FileChange(name, old, new) for name in "abd"])
    assert contents(root) == {"a": "theirs", "b": "old", "d": "old"}
