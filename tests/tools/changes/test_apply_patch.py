"""apply_patch: the patches that git and models write, exact in effect, all or nothing."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from punie_tools.changes.apply_patch import TOOL
from punie_tools.errors import ToolError
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace
from tests.conftest import git

RunTool = Callable[..., Any]

FILES = {
    "a.py": "def one():\n    return 1\n\n\ndef two():\n    return 2\n",
    "b.txt": "x\r\ny\r\nz\r\n",
    "open.txt": "no end",
}


@pytest.fixture
def project(root: Path) -> Path:
    for name, text in FILES.items():
        (root / name).write_bytes(text.encode())
    return root


def contents(root: Path) -> dict[str, str]:
    files = (path for path in root.rglob("*") if path.is_file() and ".git" not in path.parts)
    return {path.relative_to(root).as_posix(): path.read_bytes().decode() for path in files}


def test_the_marked_style(project: Path, run_tool: RunTool) -> None:
    patch = """\
*** Begin Patch
*** Update File: a.py
@@ def two():
-    return 2
+    return 22
*** Add File: new/c.py
+first
+second
*** Delete File: b.txt
*** Update File: open.txt
*** Move to: moved.txt
@@
-no end
+an end
*** End Patch
"""
    result = run_tool("apply_patch", patch=f"Here it is:\n```\n{patch}```\n")
    assert contents(project) == {
        "a.py": FILES["a.py"].replace("return 2", "return 22"),
        "new/c.py": "first\nsecond\n",
        "moved.txt": "an end",
    }
    assert {(file.path, file.action, file.added, file.removed) for file in result.files} == {
        ("a.py", "changed", 1, 1),
        ("new/c.py", "created", 2, 0),
        ("b.txt", "deleted", 0, 3),
        ("moved.txt", "renamed", 1, 1),
    }
    assert result.file_count == 4


def test_a_unified_diff_with_wrong_numbers_and_a_fence(project: Path, run_tool: RunTool) -> None:
    hunk = "@@ -90,9 +90,2 @@ def two():\n def two():\n-    return 2\n+    return 3\n"
    run_tool("apply_patch", patch=f"```diff\n--- a/a.py\n+++ b/a.py\n{hunk}```\n")
    assert contents(project)["a.py"] == FILES["a.py"].replace("return 2", "return 3")


def test_line_ends_of_the_file_stay(project: Path, run_tool: RunTool) -> None:
    run_tool("apply_patch", patch="--- a/b.txt\n+++ b/b.txt\n@@ -1,3 +1,4 @@\n x\n-y\n+yy\n+yyy\n z\n")
    assert contents(project)["b.txt"] == "x\r\nyy\r\nyyy\r\nz\r\n"


def test_a_patch_whose_white_space_is_a_little_off(project: Path, run_tool: RunTool) -> None:
    run_tool(
        "apply_patch", patch="--- a/a.py\n+++ b/a.py\n@@ -5 +5 @@\n def two():  \n-  return 2\n+  return 3\n+  # more\n"
    )
    assert contents(project)["a.py"].endswith("def two():\n    return 3\n    # more\n")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([" from ._model import M"], "line 3 is 'from ._models import M', and not 'from ._model import M'"),
        ([" from ._models import M", " x = 1"], "the file ends before 'x = 1'"),
        ([" ", " from ._models import M"], "line 3 is 'from ._models import M', and not ''"),
    ],
)
def test_a_change_that_fits_nowhere_is_told_by_its_first_line_that_differs(
    project: Path, run_tool: RunTool, lines: list[str], message: str
) -> None:
    (project / "c.py").write_text("\nfrom ._client import C\nfrom ._models import M\n")
    hunk = "\n".join([f"@@ -2,{len(lines) + 1} +2,{len(lines) + 2} @@", " from ._client import C", *lines, "+x"])
    with pytest.raises(ToolError, match=re.escape(f"Change 1 of c.py, at line 2 fits nowhere: {message}.")):
        run_tool("apply_patch", patch=f"--- a/c.py\n+++ b/c.py\n{hunk}\n")


@pytest.mark.parametrize(
    ("patch", "message"),
    [
        ("hello", "This is no patch"),
        ("", "This is no patch"),
        ("--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-nothing like it\n+x\n", r"Change 1 of a\.py, at line 1 fits nowhere"),
        ("--- a/../x\n+++ b/../x\n@@ -1 +1 @@\n-a\n+b\n", "leads outside"),
        ("--- /dev/null\n+++ /etc/x\n@@ -0,0 +1 @@\n+b\n", "no path in the workspace"),
        ("*** Begin Patch\n*** Add File: a.py\n+x\n*** End Patch", r"creates a\.py, which is there already"),
        ("*** Begin Patch\n*** Delete File: zz.py\n*** End Patch", "There is no file or folder 'zz.py'"),
        ("*** Begin Patch\n*** Add File: .git/hooks/x\n+x\n*** End Patch", "belongs to git"),
        ("diff --git a/x.png b/x.png\nGIT binary patch\nliteral 3\n", "not supported"),
        ("--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n def one():\n", "would change nothing"),
    ],
)
def test_what_does_not_fit_changes_nothing(project: Path, run_tool: RunTool, patch: str, message: str) -> None:
    good = "--- a/open.txt\n+++ b/open.txt\n@@ -1 +1 @@\n-no end\n\\ No newline at end of file\n+changed\n"
    with pytest.raises(ToolError, match=message):
        run_tool("apply_patch", patch=patch)
    if "nothing" not in message and patch.startswith("---"):
        with pytest.raises(ToolError):
            run_tool("apply_patch", patch=good + patch)
    assert contents(project) == FILES


def test_the_preview_is_the_real_diff(project: Path) -> None:
    shown = TOOL.preview(
        ToolContext(Workspace.at(project)),
        {"patch": "--- a/a.py\n+++ b/a.py\n@@ -99 +99 @@\n-    return 2\n+    return 3\n"},
    )
    assert "@@ -3,4 +3,4 @@" in shown
    assert contents(project) == FILES


def test_the_preview_tells_also_what_no_line_shows(project: Path) -> None:
    patch = "diff --git a/a.py b/a.py\nold mode 100644\nnew mode 100755\n"
    (project / "a.py").chmod(0o644)
    made = "diff --git a/run b/run\nnew file mode 100755\n--- /dev/null\n+++ b/run\n@@ -0,0 +1 @@\n+true\n"
    assert TOOL.preview(ToolContext(Workspace.at(project)), {"patch": made}).startswith("run: executable, mode 755\n")
    assert TOOL.preview(ToolContext(Workspace.at(project)), {"patch": patch}) == "a.py: mode 644 → 755\n"


def random_text(chance: random.Random) -> str:
    lines = [
        f"{'    ' * chance.randrange(3)}{chance.choice('abcdef')}{chance.randrange(30)}"
        for _ in range(chance.randrange(60))
    ]
    return "\n".join(lines) + ("\n" if lines and chance.random() < 0.8 else "")


def edited(text: str, chance: random.Random) -> str:
    lines = text.splitlines(keepends=True)
    for _ in range(chance.randrange(1, 5)):
        at = chance.randrange(len(lines) + 1)
        lines[at : at + chance.randrange(3)] = [f"new {chance.randrange(99)}\n" for _ in range(chance.randrange(3))]
    after = "".join(lines)
    return after.removesuffix("\n") if chance.random() < 0.2 else after


@pytest.mark.parametrize("seed", range(40))
def test_git_s_own_patches_do_what_git_does(root: Path, tmp_path: Path, run_tool: RunTool, seed: int) -> None:
    chance = random.Random(seed)
    git(root, "init", "-q")
    before = {name: random_text(chance) for name in ("a.txt", 'q"uo\tte.txt', "dir/ü.txt", "gone.txt", "old.txt")}
    before["old.txt"] = "".join(f"line {number}\n" for number in range(40))
    (root / "dir").mkdir()
    for name, text in before.items():
        (root / name).write_text(text)
    git(root, "add", "-A")
    git(root, "commit", "-qm", "Before")
    twin = Path(shutil.copytree(root, tmp_path / "twin"))
    for name in ("a.txt", 'q"uo\tte.txt', "dir/ü.txt"):
        (twin / name).write_text(edited(before[name], chance))
    (twin / "gone.txt").unlink()
    (twin / "old.txt").rename(twin / "new name.txt")
    (twin / "new name.txt").write_text(edited(before["old.txt"], chance))
    (twin / "made.txt").write_text(random_text(chance) or "x\n")
    (twin / "a.txt").chmod(0o755)
    git(twin, "add", "-A")
    patch = git(twin, "diff", "--cached", "-M")
    run_tool("apply_patch", patch=patch)
    assert contents(root) == contents(twin)
    assert (root / "a.txt").stat().st_mode & 0o111


@pytest.mark.parametrize("seed", range(25))
def test_numbers_that_are_off_do_not_matter_where_lines_are_unlike(root: Path, run_tool: RunTool, seed: int) -> None:
    chance = random.Random(seed)
    before = [f"line {number} {chance.random()}\n" for number in range(80)]
    after = edited("".join(before), chance)
    (root / "a.txt").write_text("".join(before))
    (root.parent / "after.txt").write_text(after)
    finished = subprocess.run(
        ["diff", "-u", root / "a.txt", root.parent / "after.txt"], capture_output=True, text=True, check=False
    )
    if not finished.stdout:
        return
    patch = finished.stdout.replace(str(root / "a.txt"), "a.txt").replace(str(root.parent / "after.txt"), "a.txt")
    patch = re.sub(r"@@ -(\d+)", lambda match: f"@@ -{max(int(match[1]) + chance.randrange(-30, 30), 1)}", patch)
    run_tool("apply_patch", patch=patch)
    assert (root / "a.txt").read_text() == after
