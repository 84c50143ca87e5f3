"""apply_code_action makes the change that was offered, and no other."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from punie_tools.changes.journal import Journal
from punie_tools.changes.session_changes import SessionChanges
from punie_tools.errors import ToolError
from punie_tools.lsp.language_server import LanguageServer
from punie_tools.registry import find_tool
from punie_tools.tool import Risk, ToolContext
from punie_tools.workspace import Workspace

Run = Callable[..., Any]

CODE = b"\xef\xbb\xbfimport os\r\nimport sys\r\n\r\nprint(sys, Path())"


@pytest.fixture
def project(root: Path) -> Path:
    (root / "ruff.toml").write_text("lint.select = ['F']\n")
    (root / "a.py").write_bytes(CODE)
    (root / "a.py").chmod(0o750)
    return root


def action(run: Run, title: str, **arguments: Any) -> Any:
    found = run("code_actions", **{"path": "a.py", **arguments}).actions
    return next(each for each in found if title in each.title)


@pytest.mark.parametrize("title", ["F401: Remove", "F401: Disable", "from pathlib import Path"])
def test_it_makes_the_change_that_was_shown(project: Path, run_warm: Run, title: str) -> None:
    offered = action(run_warm, title)
    run_warm("typecheck", path="a.py")
    result = run_warm("apply_code_action", id=offered.id)
    after = (project / "a.py").read_bytes()
    assert (result.diff, result.title, result.source) == (offered.diff, offered.title, offered.source)
    assert result.summary.startswith(f"Applied {offered.title!r} to a.py (+")
    assert after.startswith(b"\xef\xbb\xbf")
    assert after.endswith(b"Path())")
    assert after.count(b"\n") == after.count(b"\r\n")
    assert (project / "a.py").stat().st_mode & 0o777 == 0o750
    subprocess.run(["git", "apply", "-R", "-"], cwd=project, input=result.diff.encode(), check=True)
    assert (project / "a.py").read_bytes() == CODE
    if title.startswith("from"):
        assert result.fixed_errors == ('4: "Path" is not defined',)


def test_an_id_of_another_content_is_refused(project: Path, run_warm: Run) -> None:
    offered = action(run_warm, "F401: Remove")
    (project / "a.py").write_bytes(CODE + b"\r\n")
    message = r"^a\.py has changed since the action was offered; ask code_actions again\.$"
    with pytest.raises(ToolError, match=message):
        run_warm("apply_code_action", id=offered.id)
    (project / "a.py").unlink()
    with pytest.raises(ToolError, match=r"There is no file or folder 'a\.py'"):
        run_warm("apply_code_action", id=offered.id)


def test_an_action_that_is_not_offered_any_more_is_refused(project: Path, run_warm: Run) -> None:
    """The file is the same, but the rules are not."""
    offered = action(run_warm, "F401: Remove")
    (project / "ruff.toml").write_text("lint.select = ['E']\n")
    with pytest.raises(ToolError, match=r"ruff does not offer that action for a\.py any more; ask code_actions again"):
        run_warm("apply_code_action", id=offered.id)
    assert (project / "a.py").read_bytes() == CODE


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda parts: [*parts[:-1], "0" * 16], "ruff does not offer that action"),
        (lambda parts: [*parts[:3], "0" * 16, parts[4]], "has changed since"),
        (lambda parts: ["../a.py", *parts[1:]], "leads outside"),
        (lambda parts: ["/etc/passwd", *parts[1:]], "leads outside"),
        (lambda parts: ["link.py", *parts[1:]], "leads outside"),
        (lambda parts: [parts[0], "9", *parts[2:]], "ruff does not offer that action"),
        (lambda parts: [parts[0], "1" * 5000, *parts[2:]], "is no id of a code action"),
        (lambda parts: [*parts[:2], "shell", *parts[3:]], "is no id of a code action"),
        (lambda parts: parts[:3], "is no id of a code action"),
        (lambda _: [""], "is no id of a code action"),
    ],
)
def test_an_id_that_was_not_given_does_nothing(
    project: Path, run_warm: Run, change: Callable[[list[str]], list[str]], message: str
) -> None:
    (project.parent / "a.py").write_bytes(CODE)
    (project / "link.py").symlink_to("../a.py")
    parts = action(run_warm, "F401: Remove").id.split(":")
    with pytest.raises(ToolError, match=message):
        run_warm("apply_code_action", id=":".join(change(parts)))
    assert (project / "a.py").read_bytes() == (project.parent / "a.py").read_bytes() == CODE


def test_a_file_with_a_colon_in_its_name(project: Path, run_warm: Run) -> None:
    (project / "a:b.py").write_text("import os\n")
    offered = action(run_warm, "F401: Remove", path="a:b.py")
    assert run_warm("apply_code_action", id=offered.id).path == "a:b.py"
    assert (project / "a:b.py").read_text() == ""


def test_a_read_only_file_is_refused(project: Path, run_warm: Run) -> None:
    offered = action(run_warm, "F401: Remove")
    (project / "a.py").chmod(0o444)
    with pytest.raises(ToolError, match=r"^a\.py is read-only\.$"):
        run_warm("apply_code_action", id=offered.id)


def test_it_is_taken_back_like_every_edit(project: Path, language_server: LanguageServer, tmp_path: Path) -> None:
    changes = SessionChanges(project, Journal(tmp_path / "journal", project))
    context = replace(ToolContext(Workspace.at(project), language_server=language_server), changes=changes)
    find_tool("read_file").run(context, {"path": "a.py"})
    found: Any = find_tool("code_actions").run(context, {"path": "a.py", "line": 1})
    tool = find_tool("apply_code_action")
    assert tool.preview(context, {"id": found.actions[0].id}) == found.actions[0].diff
    assert (project / "a.py").read_bytes() == CODE
    tool.run(context, {"id": found.actions[0].id})
    assert (project / "a.py").read_bytes() == CODE.replace(b"import os\r\n", b"")
    assert changes.journal is not None
    changes.journal.undo()
    assert (project / "a.py").read_bytes() == CODE
    assert tool.risk is Risk.EDITS


def test_an_id_is_good_in_another_process(project: Path, tmp_path: Path) -> None:
    environment = {"PUNIE_HOME": str(tmp_path / "home"), "PATH": "/usr/bin:/bin", "PUNIE_KEEP_WARM_MINUTES": "0"}

    def punie(*words: str) -> dict[str, Any]:
        command = [sys.executable, "-m", "punie_tui", "tool", *words, "--cwd", project]
        return json.loads(subprocess.run(command, env=environment, capture_output=True, check=True).stdout)

    offered = punie("code_actions", "path=a.py", "line=1")["actions"][0]
    assert punie("apply_code_action", f"id={offered['id']}")["diff"] == offered["diff"]
    assert (project / "a.py").read_bytes() == CODE.replace(b"import os\r\n", b"")
