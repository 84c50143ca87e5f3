"""Taking turns back and making them again: exactly their files, never over somebody else's work, whatever happens."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from punie_tools.changes.change_set import FileChange
from punie_tools.changes.journal import OLDEST_SECONDS, Journal
from punie_tools.changes.tree_access import FileImage, TreeAccess
from punie_tools.errors import ToolError

MODE = 0o644


def image(text: str | bytes | None, mode: int = MODE) -> FileImage | None:
    return None if text is None else FileImage(text.encode() if isinstance(text, str) else text, mode)


@pytest.fixture
def journal(root: Path, tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal", root)


Change = Callable[..., None]


@pytest.fixture
def change(root: Path, journal: Journal) -> Change:
    """Change files in a turn; None removes one."""

    def make(turn: str, **texts: str | None) -> None:
        tree = TreeAccess(root)
        journal.change(turn, [FileChange(name, tree.read(name, 1 << 20), image(text)) for name, text in texts.items()])

    return make


def contents(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_what_a_run_left_behind_is_taken_back_after_what_was_wanted(
    root: Path, journal: Journal, change: Change
) -> None:
    change("edit", a="1")
    (root / "report").write_text("left")
    journal.record("tests", [FileChange("report", None, image("left"))], since=0.0, by_products=["report"])
    assert journal.undo().turn == "edit"
    assert journal.by_products_since("edit", {"edit", "tests"}) == ("report",)
    assert journal.undo().turn == "tests"
    assert contents(root) == {}
    assert [journal.redo().turn for _ in range(2)] == ["tests", "edit"]
    # One that stands in the way of the other comes first.
    journal.record("again", [FileChange("a", image("1"), image("2"))], since=0.0, by_products=["a"])
    (root / "a").write_text("2")
    assert [journal.undo().turn for _ in range(3)] == ["again", "edit", "tests"]


def test_what_stands_in_the_way_of_what_stands_in_the_way_is_taken_back_first(
    root: Path, journal: Journal, change: Change
) -> None:
    change("edit", a="1")
    for turn, before, after in (("tests", {"a": "1"}, {"a": "2", "s": "2"}), ("more", {"s": "2"}, {"s": "3"})):
        for name, text in after.items():
            (root / name).write_text(text)
        made = [FileChange(name, image(before.get(name)), image(text)) for name, text in after.items()]
        journal.record(turn, made, since=0.0, by_products=list(after))
    assert [journal.undo().turn for _ in range(3)] == ["more", "tests", "edit"]
    assert contents(root) == {}


def test_what_another_turn_made_of_a_file_long_ago_is_not_taken_for_what_was_made_now(
    root: Path, journal: Journal, change: Change
) -> None:
    change("first", a="1")
    change("second", a="2")
    began = journal.turns()[-1].time + 0.001
    (root / "a").write_text("1")
    journal.record("command", [FileChange("a", image("2"), image("1"))], since=began)
    assert journal.undo().turn == "command"
    assert contents(root) == {"a": b"2"}


def test_undo_and_redo_of_several_turns(root: Path, journal: Journal, change: Change) -> None:
    (root / "other").write_text("never touched")
    states = [contents(root)]
    for number, texts in enumerate([{"a": "1", "b": "1"}, {"a": "2"}, {"a": None, "c": "3"}]):
        change(f"turn {number}", **texts)
        states.append(contents(root))
    for state in reversed(states[:-1]):
        journal.undo()
        assert contents(root) == state
    with pytest.raises(ToolError, match="nothing to undo"):
        journal.undo()
    for state in states[1:]:
        journal.redo()
        assert contents(root) == state
    with pytest.raises(ToolError, match="nothing to redo"):
        journal.redo()
    assert [(turn.turn, turn.paths) for turn in journal.turns()] == [
        ("turn 0", ("a", "b")),
        ("turn 1", ("a",)),
        ("turn 2", ("a", "c")),
    ]


def test_redo_makes_again_what_was_taken_back_last(root: Path, journal: Journal, change: Change) -> None:
    for number in "123":
        change(number, **{f"file{number}": number})
    assert [journal.undo("1").turn, journal.undo().turn] == ["1", "3"]
    assert [journal.redo().turn, journal.redo().turn] == ["3", "1"]
    assert sorted(contents(root)) == ["file1", "file2", "file3"]


def test_a_turn_with_several_changes_of_a_file_is_one_step(root: Path, journal: Journal, change: Change) -> None:
    (root / "a").write_text("0")
    for text in ("1", "2", "3"):
        change("turn", a=text)
    journal.undo()
    assert (root / "a").read_text() == "0"
    journal.redo()
    assert (root / "a").read_text() == "3"


def test_a_turn_of_another_day_is_taken_back_by_its_name(root: Path, journal: Journal, change: Change) -> None:
    change("first", a="1")
    change("second", b="2")
    journal.undo("first")
    assert contents(root) == {"b": b"2"}
    with pytest.raises(ToolError, match="no turn 'third' to undo"):
        journal.undo("third")


def test_what_the_person_edited_since_is_never_lost(root: Path, journal: Journal, change: Change) -> None:
    (root / "a").write_text("one\n")
    change("turn", a="two\n", b="new\n")
    (root / "a").write_text("two\nmine\n")
    with pytest.raises(ToolError, match=r"a was edited since punie changed it; nothing was done\.[\s\S]*\+mine"):
        journal.undo()
    assert contents(root) == {"a": b"two\nmine\n", "b": b"new\n"}
    (root / "a").unlink()
    with pytest.raises(ToolError, match="a was removed since"):
        journal.undo()
    (root / "a").write_text("two\n")
    (root / "b").chmod(0o600)
    with pytest.raises(ToolError, match=r"b was given other permissions since punie changed it \(0644 became 0600\)"):
        journal.undo()


def test_modes_come_back(root: Path, journal: Journal) -> None:
    (root / "a").write_text("x")
    (root / "a").chmod(0o750)
    journal.change("turn", [FileChange("a", image("x", 0o750), image("y", 0o750))])
    journal.undo()
    assert (root / "a").stat().st_mode & 0o777 == 0o750


def test_a_change_that_fails_is_forgotten(root: Path, journal: Journal, change: Change) -> None:
    change("turn", a="1")
    (root / "folder").mkdir()
    with pytest.raises(ToolError):
        journal.change("turn", [FileChange("b", None, image("2")), FileChange("folder", None, image("3"))])
    assert contents(root) == {"a": b"1"}
    journal.undo()
    assert contents(root) == {}


def test_a_change_of_something_else_is_refused(root: Path, journal: Journal) -> None:
    (root / "a").write_text("mine")
    with pytest.raises(ToolError, match="a was changed by somebody else meanwhile; nothing was done"):
        journal.change("turn", [FileChange("b", None, image("x")), FileChange("a", image("other"), image("new"))])
    assert contents(root) == {"a": b"mine"}
    assert journal.turns() == []


@pytest.mark.parametrize("path", [".git/config", "sub/.Git/hooks/x"])
def test_git_s_own_files_are_never_changed(root: Path, journal: Journal, path: str) -> None:
    with pytest.raises(ToolError, match="belongs to git"):
        journal.change("turn", [FileChange(path, None, image("x"))])


def test_a_link_that_came_meanwhile_leads_nowhere(root: Path, journal: Journal, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a").write_text("theirs")
    (root / "folder").symlink_to(outside)
    (root / "link").symlink_to(outside / "a")
    for path, before in (("folder/a", "theirs"), ("folder/new", None), ("link", "theirs"), ("link", None)):
        with pytest.raises(ToolError):
            journal.change("turn", [FileChange(path, image(before), image("ours"))])
    assert contents(outside) == {"a": b"theirs"}


def test_torn_and_foreign_lines_are_no_records(root: Path, journal: Journal, change: Change, tmp_path: Path) -> None:
    change("turn", a="1")
    with (tmp_path / "journal" / "journal.jsonl").open("ab") as file:
        file.write(b'\0\xff\n{"kind": "dreamed"}\n{"kind": "changed", "tu')
    change("second", a="2")
    assert [turn.turn for turn in Journal(tmp_path / "journal", root).turns()] == ["turn", "second"]
    journal.undo()
    journal.undo()
    assert contents(root) == {}


def test_an_image_that_is_lost_stops_undo_clearly(root: Path, journal: Journal, change: Change, tmp_path: Path) -> None:
    change("turn", a="1")
    change("second", a="2")
    for path in (tmp_path / "journal" / "images").iterdir():
        path.unlink()
    with pytest.raises(ToolError, match="has lost what the file held"):
        journal.undo()
    assert contents(root) == {"a": b"2"}


def test_it_is_bounded_in_size_and_age(root: Path, tmp_path: Path) -> None:
    small = Journal(tmp_path / "small", root, most_bytes=3_000)
    before: FileImage | None = None
    for number in range(10):
        after = image(str(number) * 1_000)
        small.change(f"turn {number}", [FileChange("a", before, after)])
        before = after
    assert [turn.turn for turn in small.turns()] == ["turn 8", "turn 9"]
    assert len(list((tmp_path / "small" / "images").iterdir())) == 3
    old = Journal(tmp_path / "small", root, oldest_seconds=0)
    old.change("last but one", [FileChange("a", before, image("x"))])
    old.change("last", [FileChange("a", image("x"), image("y"))])
    assert [turn.turn for turn in old.turns()] == ["last but one", "last"]


def test_a_clock_that_runs_ahead_for_one_turn_lets_none_be_forgotten(root: Path, tmp_path: Path) -> None:
    times = iter((0.0, 100.0 * OLDEST_SECONDS, 60.0, 120.0))
    now = 0.0
    journal = Journal(tmp_path / "ahead", root, clock=lambda: now)
    before: FileImage | None = None
    for number, now in enumerate(times):  # noqa: B007 - the clock tells it
        after = image(str(number))
        journal.change(f"turn {number}", [FileChange("a", before, after)])
        before = after
    assert [turn.turn for turn in journal.turns()] == [f"turn {number}" for number in range(4)]


def test_no_other_program_has_the_journal_while_a_turn_is_moved(
    journal: Journal, change: Change, tmp_path: Path
) -> None:
    others: list[str] = []

    class Turns(set[str]):
        """Another program tries to get hold of the journal while it is looked here which turn may be moved."""

        def __contains__(self, turn: object) -> bool:
            with (tmp_path / "journal/lock").open() as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    others.append("waits")
            return super().__contains__(turn)

    change("one", a="text")
    journal.undo(among=Turns({"one"}))
    assert others == ["waits"]


def test_only_the_person_can_read_it(root: Path, journal: Journal, change: Change, tmp_path: Path) -> None:
    change("turn", a="secret")
    folder = tmp_path / "journal"
    assert [path.stat().st_mode & 0o077 for path in (folder, folder / "images")] == [0, 0]
    assert {path.stat().st_mode & 0o077 for path in (folder / "images").iterdir()} == {0}


@settings(
    max_examples=int(os.environ.get("PUNIE_TEST_EXAMPLES", "100")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(before=st.none() | st.binary(max_size=200), after=st.none() | st.binary(max_size=200), turns=st.integers(1, 3))
def test_a_change_and_its_undo_are_nothing(
    tmp_path_factory: pytest.TempPathFactory, before: bytes | None, after: bytes | None, turns: int
) -> None:
    root = tmp_path_factory.mktemp("tree")
    if before is not None:
        (root / "a").write_bytes(before)
        (root / "a").chmod(MODE)
    journal = Journal(tmp_path_factory.mktemp("journal"), root)
    state = contents(root)
    images = [before, after, b"between", before][: turns + 1]
    for number, (old, new) in enumerate(pairwise(images)):
        journal.change(str(number), [FileChange("a", image(old), image(new))])
    for _ in range(turns):
        if any(not turn.is_undone for turn in journal.turns()):
            journal.undo()
    assert contents(root) == state
