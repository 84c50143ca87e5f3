"""What somebody else writes at the very moment of a change stands, also between the last look and the replacing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from punie_tools.changes.tree_access import FileImage, TreeAccess
from punie_tools.errors import ToolError

OURS = FileImage(b"ours\n", 0o644)
NEW = FileImage(b"new\n", 0o644)


@dataclass(frozen=True, eq=False)
class WatchedImage(FileImage):
    """What a file is compared with; right after the first look at the file something happens to it."""

    meanwhile: list[Callable[[], object]] = field(default_factory=list[Callable[[], object]])

    def __eq__(self, other: object) -> bool:
        is_alike = isinstance(other, FileImage) and (other.data, other.mode) == (self.data, self.mode)
        if self.meanwhile:
            self.meanwhile.pop(0)()
        return is_alike

    def __hash__(self) -> int:
        return hash((self.data, self.mode))


def save(file: Path, text: str = "theirs\n") -> None:
    """As most editors do."""
    (file.parent / "draft").write_text(text)
    (file.parent / "draft").rename(file)


def make_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()
    (file / "inner").write_text("theirs\n")


def make_link(file: Path) -> None:
    file.unlink()
    file.symlink_to("theirs")


def contents(folder: Path) -> dict[str, str]:
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    return {
        name: f"-> {path.readlink()}" if path.is_symlink() else path.read_text()
        for name, path in found.items()
        if path.is_symlink() or path.is_file()
    }


@pytest.mark.parametrize("image", [NEW, None], ids=["written", "removed"])
@pytest.mark.parametrize(
    ("happens", "stands"),
    [(save, {"a": "theirs\n"}), (make_folder, {"a/inner": "theirs\n"}), (make_link, {"a": "-> theirs"})],
)
def test_theirs_stands(
    root: Path, image: FileImage | None, happens: Callable[[Path], None], stands: dict[str, str]
) -> None:
    file = root / "a"
    file.write_bytes(OURS.data)
    file.chmod(OURS.mode)
    before = WatchedImage(OURS.data, OURS.mode, [lambda: happens(file)])
    tree = TreeAccess(root)
    with pytest.raises(ToolError, match=r"^a was changed by somebody else meanwhile; nothing was done\.$"):
        tree.write("a", image, before) if image else tree.remove("a", before)
    assert contents(root) == stands


def test_where_two_files_cannot_change_places_a_file_is_replaced_all_the_same(root: Path) -> None:
    file = root / "a"
    tree = TreeAccess(root, swap=lambda *_: False)
    for text, stands in ((OURS.data, NEW.data), (b"theirs\n", b"theirs\n")):
        file.write_bytes(text)
        file.chmod(OURS.mode)
        with nullcontext() if text == OURS.data else pytest.raises(ToolError, match="somebody else"):
            tree.write("a", NEW, OURS)
        assert file.read_bytes() == stands
    assert list(contents(root)) == ["a"]


def test_a_file_that_came_while_another_was_put_away_stays(root: Path) -> None:
    file = root / "a"
    file.write_bytes(OURS.data)
    file.chmod(OURS.mode)
    before = WatchedImage(OURS.data, OURS.mode, [lambda: save(file), lambda: save(file, "newest\n")])
    with pytest.raises(ToolError, match="somebody else"):
        TreeAccess(root).remove("a", before)
    assert contents(root) == {"a": "newest\n"}
