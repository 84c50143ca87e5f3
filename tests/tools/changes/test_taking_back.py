"""Hunks of an earlier change taken back: exactly these, also where the files went on meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punie_tools.changes.change_set import FileChange, apply_changes
from punie_tools.changes.review import HunkPlace, Review
from punie_tools.changes.taking_back import TakenBack, without_hunks
from punie_tools.changes.tree_access import FileImage, TreeAccess

OLD = b"".join(b"line %d\n" % number for number in range(60))
THIRD, MIDDLE, LAST = (
    (b"line 3\n", b"line three\n"),
    (b"line 30\n", b""),
    (b"line 55\n", b"line 55\nand one more\n"),
)
NEW = OLD.replace(*THIRD).replace(*MIDDLE).replace(*LAST)


def review_of(before: bytes | None, after: bytes | None, path: str = "a.py", mode: int = 0o644) -> Review:
    images = (None if data is None else FileImage(data, 0o644) for data in (before, after))
    old, new = images
    return Review([FileChange(path, old, FileImage(new.data, mode) if new else None)])


def take_back(root: Path, review: Review, *places: HunkPlace) -> TakenBack:
    tree = TreeAccess(root)
    found = without_hunks(review, places, tree)
    apply_changes(tree, found.changes)
    return found


def test_each_hunk_goes_alone_and_the_others_stay(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(NEW)
    review = review_of(OLD, NEW)
    assert take_back(tmp_path, review, (0, 1)).left == ()
    assert (tmp_path / "a.py").read_bytes() == OLD.replace(*THIRD).replace(*LAST)
    # The others are found by their lines, which stand elsewhere now.
    assert take_back(tmp_path, review, (0, 0), (0, 2)).left == ()
    assert (tmp_path / "a.py").read_bytes() == OLD


def test_what_was_changed_elsewhere_since_stays(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"a new head\n" + NEW.replace(b"line 40\n", b"mine\nand mine\n"))
    (tmp_path / "a.py").chmod(0o600)
    take_back(tmp_path, review_of(OLD, NEW), (0, 0), (0, 1), (0, 2))
    assert (tmp_path / "a.py").read_bytes() == b"a new head\n" + OLD.replace(b"line 40\n", b"mine\nand mine\n")
    assert (tmp_path / "a.py").stat().st_mode & 0o777 == 0o600


def test_lines_that_were_changed_since_are_left_and_named(tmp_path: Path) -> None:
    now = NEW.replace(b"line three\n", b"line three, mine\n").replace(b"line 31\n", b"mine too\n")
    (tmp_path / "a.py").write_bytes(now)
    found = take_back(tmp_path, review_of(OLD, NEW), (0, 0), (0, 1), (0, 2))
    assert found.left == ((0, 0), (0, 1))
    assert (tmp_path / "a.py").read_bytes() == now.replace(*reversed(LAST))


def test_files_that_came_went_or_changed_as_a_whole(tmp_path: Path) -> None:
    (tmp_path / "new.py").write_bytes(b"new\n")
    assert take_back(tmp_path, review_of(None, b"new\n", "new.py"), (0, 0)).left == ()
    assert not (tmp_path / "new.py").exists()
    take_back(tmp_path, review_of(b"bye\n", None, "deep/gone.py"), (0, 0))
    assert (tmp_path / "deep" / "gone.py").read_bytes() == b"bye\n"
    (tmp_path / "b.bin").write_bytes(b"\0new")
    take_back(tmp_path, review_of(b"\0old", b"\0new", "b.bin"), (0, 0))
    assert (tmp_path / "b.bin").read_bytes() == b"\0old"
    (tmp_path / "run").write_bytes(b"x\n")
    (tmp_path / "run").chmod(0o755)
    take_back(tmp_path, review_of(b"x\n", b"x\n", "run", 0o755), (0, 0))
    assert (tmp_path / "run").stat().st_mode & 0o111 == 0


@pytest.mark.parametrize(("places", "modes"), [([(0, 0), (0, 1)], {"old.py": 0}), ([(0, 1)], {"new.py": 0o111})])
def test_permissions_go_back_with_the_name(tmp_path: Path, places: list[HunkPlace], modes: dict[str, int]) -> None:
    (tmp_path / "new.py").write_bytes(NEW)
    (tmp_path / "new.py").chmod(0o755)
    gone, come = FileChange("old.py", FileImage(OLD, 0o644), None), FileChange("new.py", None, FileImage(NEW, 0o755))
    review = Review([gone, come])
    assert take_back(tmp_path, review, *places).left == ()
    assert {path.name: path.stat().st_mode & 0o111 for path in tmp_path.iterdir()} == modes


@pytest.mark.parametrize("now", [None, b"edited since\n"])
def test_a_whole_file_that_is_another_by_now_is_left(tmp_path: Path, now: bytes | None) -> None:
    if now is not None:
        (tmp_path / "new.py").write_bytes(now)
    found = take_back(tmp_path, review_of(None, b"new\n", "new.py"), (0, 0))
    assert (found.changes, found.left) == ((), ((0, 0),))


LINES = st.lists(st.sampled_from([b"a\n", b"b\n", b"c\n", b"d\n", b"e\n"]), max_size=30).map(b"".join)


@given(before=LINES, after=LINES, picked=st.sets(st.integers(0, 8)), has_end=st.booleans())
def test_taking_back_is_not_having_accepted(
    tmp_path_factory: pytest.TempPathFactory, before: bytes, after: bytes, picked: set[int], *, has_end: bool
) -> None:
    after = after if has_end else after.removesuffix(b"\n")
    root = tmp_path_factory.mktemp("tree")
    (root / "a.py").write_bytes(after)
    review = review_of(before, after)
    places = [place for number, place in enumerate(review.places) if number in picked]
    assert take_back(root, review, *places).left == ()
    kept = [place for place in review.places if place not in places]
    expected = review.changes_with(kept)
    wanted = expected[0].after.data if expected and expected[0].after else before
    assert (root / "a.py").read_bytes() == wanted
