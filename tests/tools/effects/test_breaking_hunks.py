"""Which hunks of the last turn broke a test: one, several together, or none; on a copy, and with the real pytest."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path

import pytest

from punie_tools.changes.change_set import FileChange
from punie_tools.changes.journal import Journal
from punie_tools.changes.session_changes import SessionChanges
from punie_tools.changes.tree_access import FileImage
from punie_tools.effects.breaking_hunks import BreakingHunksResult, find_breaking_hunks
from punie_tools.errors import ToolCancelledError, ToolError
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace

Write = Callable[[Mapping[str, str | bytes]], Path]

FAR = "\n" + "# far\n" * 8 + "\n"
SHOP = f"def one():\n    return 1\n{FAR}\ndef two():\n    return 2\n{FAR}\ndef three():\n    return 3\n"
TEST = "from shop import one, three, two\n\n\ndef test_sum():\n    assert one() + two() + three() == 6\n"
PROJECT = {"shop.py": SHOP, "other.py": "x = 1\n", "test_shop.py": TEST}
NAME = "test_shop.py::test_sum"
NUMBERS = count(1)


class Turn:
    """The project after a turn that put these texts into its files; None removes one."""

    def __init__(self, root: Path, journal: Path, files: Mapping[str, str | None]) -> None:
        self.root = root
        self.changes = SessionChanges(root, Journal(journal, root))
        self.changes.turn = str(next(NUMBERS))
        self.told: list[str] = []
        made: list[FileChange] = []
        for path, text in files.items():
            file = root / path
            before = FileImage(file.read_bytes(), file.stat().st_mode & 0o777) if file.exists() else None
            mode = before.mode if before else 0o644
            made.append(FileChange(path, before, None if text is None else FileImage(text.encode(), mode)))
        self.changes.apply(made)

    def search(
        self, test: str = NAME, *, is_trusted: bool = True, stop_at_run: int | None = None
    ) -> BreakingHunksResult:
        workspace = Workspace.at(self.root, is_trusted=is_trusted)
        cancelled = threading.Event()

        def tell(_done: int, _total: int | None, text: str) -> None:
            self.told.append(text)
            if len(self.told) == stop_at_run:
                cancelled.set()

        if stop_at_run == 0:
            cancelled.set()
        return find_breaking_hunks(ToolContext(workspace, cancelled, tell, changes=self.changes), test)


@pytest.fixture
def turn(write: Write, environment: Path, tmp_path: Path) -> Callable[[Mapping[str, str | None]], Turn]:
    root = write(PROJECT)

    def make(files: Mapping[str, str | None]) -> Turn:
        return Turn(root, tmp_path / "journal", files)

    return make


TurnOf = Callable[[Mapping[str, str | None]], Turn]


def test_the_one_hunk_is_found_among_others_and_the_tree_is_left_alone(
    turn: TurnOf, write: Write, files_of: Callable[[], dict[str, bytes]]
) -> None:
    """What the person changed since is part of every run."""
    worse = SHOP.replace("return 1", "return 1  # one").replace("return 2", "return 7")
    worse = worse.replace("return 3", "return 1 + 2")
    made = turn({"shop.py": worse, "other.py": "x = 2\n", "new.py": "y = 1\n"})
    write({"shop.py": f'"""Mine."""\n{worse}'})
    before = files_of()
    found = made.search()
    assert [found.review.hunk(place).new for place in found.places] == [(b"    return 7\n",)]
    assert found.hunks == ("shop.py:16",)
    assert found.failure == "assert ((1 + 7) + 3) == 6"
    assert found.summary == f"shop.py:16 breaks {NAME} ({found.run_count} runs, 5 hunks of the last turn)."
    assert made.told[0] == f"{NAME} with 5 of 5 hunks"
    assert found.run_count <= 8
    assert files_of() == before


def test_a_hunk_that_cannot_stand_alone_is_found_with_what_it_needs(turn: TurnOf) -> None:
    """Without its helper it fails as well, but by another error, which is not the failure that is looked for."""
    worse = SHOP.replace("return 3", "return amount()").replace("def one", "def amount():\n    return 30\n\n\ndef one")
    found = turn({"shop.py": worse, "other.py": "x = 2\n"}).search()
    assert found.hunks == ("shop.py:1", "shop.py:32")
    assert found.summary.startswith(f"shop.py:1, shop.py:32 together break {NAME} (")


def test_a_test_of_the_same_turn_suspects_the_other_hunks_alone(turn: TurnOf) -> None:
    found = turn({"test_new.py": TEST, "shop.py": SHOP.replace("return 2", "return 7")}).search("test_new.py::test_sum")
    assert found.hunks == ("shop.py:15",)
    alone = turn({"test_newer.py": TEST, "other.py": "x = 3\n"}).search("test_newer.py::test_sum")
    assert (alone.answer, alone.hunks) == ("new", ("test_newer.py:1",))


def test_what_failed_before_or_passes_now_is_said(turn: TurnOf, write: Write) -> None:
    passing = turn({"other.py": "x = 4\n"}).search()
    assert passing.answer == "passes now"
    write({"shop.py": SHOP.replace("return 2", "return 7")})
    failing = turn({"other.py": "x = 5\n"}).search()
    assert (failing.answer, failing.places) == ("failed before", ())
    assert "fails without the last turn's changes, too: assert" in failing.summary


def test_a_search_that_is_stopped_midway_leaves_nothing_behind(
    turn: TurnOf, files_of: Callable[[], dict[str, bytes]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "copies").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "copies"))
    made = turn({"shop.py": SHOP.replace("return 2", "return 7"), "other.py": "x = 7\n", "new.py": "y = 7\n"})
    before = files_of()
    with pytest.raises(ToolCancelledError):
        made.search(stop_at_run=3)
    assert len(made.told) == 3
    assert list((tmp_path / "copies").iterdir()) == []
    assert files_of() == before


def test_a_file_that_no_longer_imports_is_broken_by_a_hunk_too(turn: TurnOf) -> None:
    found = turn({"shop.py": SHOP.replace("def two", "def zwei"), "other.py": "x = 6\n"}).search("test_shop.py")
    assert found.hunks == ("shop.py:14",)


def test_nothing_runs_untrusted_stopped_or_without_a_turn(turn: TurnOf, tmp_path: Path) -> None:
    made = turn({"shop.py": SHOP.replace("return 2", "return 7")})
    with pytest.raises(ToolError, match="not trusted"):
        made.search(is_trusted=False)
    with pytest.raises(ToolCancelledError):
        made.search(stop_at_run=0)
    with pytest.raises(ToolError, match=r"no test 'test_shop\.py::test_nothing'"):
        made.search("test_shop.py::test_nothing")
    (made.root / "shop.py").write_text(SHOP)
    with pytest.raises(ToolError, match="nothing stands any more"):
        made.search()
    with pytest.raises(ToolError, match="No turn that changed files"):
        Turn(made.root, tmp_path / "empty", {}).search()
