"""`punie bisect`: which hunks of the last turn broke a test, with the real pytest on a copy of the tree."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from punie_tui.agent.session import Session
from punie_tui.commands import bisect
from punie_tui.engine.protocol import ToolCall
from punie_tui.engine.scripted import ScriptedEngine
from punie_tui.settings import Settings

FAR = "\n" + "# far\n" * 8 + "\n"
SHOP = f"def one():\n    return 1\n{FAR}\ndef two():\n    return 2\n"
BROKEN = SHOP.replace("def one():\n    return 1", "def one():\n    # first\n    return 1").replace(
    "return 2", "return 3"
)
TEST = """\
from shop import one, two


def test_sum():
    assert one() + two() == 3


def test_one():
    assert one()
"""


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A folder in which the last turn changed two places of `shop.py`, and one of them broke a test."""
    root = (tmp_path / "project").resolve()
    root.mkdir()
    (root / "shop.py").write_text(SHOP)
    (root / "test_shop.py").write_text(TEST)
    edit = ToolCall("1", "write_file", {"path": "shop.py", "content": BROKEN})
    with closing(Session(root, ScriptedEngine([[edit]], writes_answers=False), Settings(), allow_all=True)) as session:
        list(session.run("change it"))
    return root


def test_the_hunk_that_broke_a_test_is_shown_as_a_patch(broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert bisect.run(["test_shop.py::test_sum", "--cwd", str(broken)]) == 0
    told = capsys.readouterr()
    summary, _, head, *patch = told.out.splitlines()
    assert summary.startswith("shop.py:16 breaks test_shop.py::test_sum (")
    assert head.startswith("shop.py:16: breaks test_shop.py::test_sum: assert ")
    assert patch == ["-    return 2", "+    return 3"]
    # No terminal waits for word of each run.
    assert told.err == ""
    assert (broken / "shop.py").read_text() == BROKEN


def test_the_answer_as_json(broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert bisect.run(["test_shop.py::test_one", "--cwd", str(broken), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["success"], told["answer"], told["hunks"], told["hunk_count"]) == (True, "passes now", [], 2)


@pytest.mark.parametrize("test", ["test_shop.py::test_none", "nowhere.py"])
def test_a_test_that_is_not_there_is_one_line(broken: Path, capsys: pytest.CaptureFixture[str], test: str) -> None:
    assert bisect.run([test, "--cwd", str(broken)]) == 1
    told = capsys.readouterr()
    assert (told.out, told.err.count("\n")) == ("", 1)
    assert "There is no " in told.err


def test_where_no_turn_changed_files_there_is_nothing_to_search(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bisect.run(["test_a.py", "--cwd", str(tmp_path)]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert bisect.run(["test_a.py", "--cwd", str(tmp_path / "nowhere")]) == 2
