"""`punie undo` and `punie redo`: the files of a turn, and nobody else's work."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from punie_tui.agent.session import Session
from punie_tui.commands import redo, undo
from punie_tui.engine.protocol import ToolCall
from punie_tui.engine.scripted import ScriptedEngine
from punie_tui.settings import Settings


@pytest.fixture
def edited(tmp_path: Path) -> Path:
    """A folder in which two turns changed files."""
    root = (tmp_path / "project").resolve()
    root.mkdir()
    (root / "a.py").write_text("a = 1\n")
    replies = [
        [ToolCall("1", "edit_file", {"path": "a.py", "old": "1", "new": "2"})],
        [
            ToolCall("2", "edit_file", {"path": "a.py", "old": "2", "new": "3"}),
            ToolCall("3", "write_file", {"path": "b.py", "content": "b\n"}),
        ],
    ]
    with closing(Session(root, ScriptedEngine(replies, writes_answers=False), Settings(), allow_all=True)) as session:
        for prompt in ("first", "second"):
            list(session.run(prompt))
    assert (root / "a.py").read_text() == "a = 3\n"
    return root


def test_turns_go_back_and_forth(edited: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--cwd", str(edited)]
    assert undo.run(where) == 0
    assert capsys.readouterr().out.endswith(": a.py, b.py\n")
    assert ((edited / "a.py").read_text(), (edited / "b.py").exists()) == ("a = 2\n", False)
    assert undo.run(where) == 0
    assert (edited / "a.py").read_text() == "a = 1\n"
    assert undo.run(where) == 1
    assert capsys.readouterr().err == "punie: There is nothing to undo.\n"
    assert redo.run(where) == 0
    assert redo.run(where) == 0
    assert ((edited / "a.py").read_text(), (edited / "b.py").read_text()) == ("a = 3\n", "b\n")


def test_the_turn_as_json(edited: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert undo.run(["--cwd", str(edited), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["success"], told["files"], told["is_undone"]) == (True, ["a.py", "b.py"], True)


def test_the_list_names_the_turns(edited: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert undo.run(["--cwd", str(edited), "--list", "--json"]) == 0
    turns = json.loads(capsys.readouterr().out)
    assert [turn["files"] for turn in turns] == [["a.py"], ["a.py", "b.py"]]
    (edited / "a.py").write_text("a = 2\n")
    assert undo.run(["--cwd", str(edited), turns[0]["turn"]]) == 0
    assert (edited / "a.py").read_text() == "a = 1\n"
    assert undo.run(["--cwd", str(edited), "--list"]) == 0
    assert "undone" in capsys.readouterr().out


def test_the_person_s_own_edit_is_shown_and_kept(edited: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (edited / "a.py").write_text("a = 3\nmine = 1\n")
    assert undo.run(["--cwd", str(edited)]) == 1
    told = capsys.readouterr().err
    assert told.startswith("punie: a.py was edited since punie changed it; nothing was done.\n")
    for diff in (
        "(as it is now)\n@@ -1 +1,2 @@\n a = 3\n+mine = 1\n",
        "(as undo would make it)\n@@ -1 +1 @@\n-a = 3\n+a = 2\n",
    ):
        assert f"--- a.py (as punie left it)\n+++ a.py {diff}" in told
    assert undo.run(["--cwd", str(edited), "--json"]) == 1
    (view,) = json.loads(capsys.readouterr().out)["changed_since"]
    assert [view[name] for name in ("base", "yours", "restored")] == ["a = 3\n", "a = 3\nmine = 1\n", "a = 2\n"]
    assert (edited / "a.py").read_text() == "a = 3\nmine = 1\n"
    assert (edited / "b.py").exists()


def test_a_folder_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert undo.run(["--cwd", str(tmp_path / "nowhere")]) == 2
    assert "there is no such folder" in capsys.readouterr().err
