"""A history to replay: our own sources, edited at random from a seed, as a person and a careless tool would."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Callable
from pathlib import Path

import punie_tools

_SOURCES = Path(punie_tools.__file__).parent
_FOLDERS = ("changes", "files", "git")
_FILES = 24

Lines = list[bytes]
Edit = Callable[[random.Random, Lines], None]


def make_edited_history(root: Path, seed: int, commits: int, *, is_plain: bool = False) -> list[str]:
    """Make a repository, and return its commits, the first one first.

    The last one renames a file that it edits, and makes another executable, which chance may leave out. With `is_plain`
    no file is binary, and all lines end alike.
    """
    chance = random.Random(seed)
    sources = sorted(path for folder in _FOLDERS for path in (_SOURCES / folder).glob("*.py"))[:_FILES]
    for source in sources:
        target = root / source.relative_to(_SOURCES)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())
    _git(root, "init", "--quiet")
    made = [_commit(root)]
    for number in range(commits):
        for path in chance.sample(_tracked(root), chance.randint(1, 4)):
            _change(chance, root / path, is_plain=is_plain)
        if chance.random() < 0.5:
            _change_as_a_whole(chance, root, is_plain=is_plain)
        if number == commits - 1:
            _rename_with_edits_and_change_a_mode(chance, root, is_plain=is_plain)
        made.append(_commit(root))
    return made


def _change(chance: random.Random, path: Path, *, is_plain: bool) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    for _ in range(chance.randint(1, 5)):
        chance.choice(_PLAIN_EDITS if is_plain else _EDITS)(chance, lines)
    path.write_bytes(b"".join(lines))


def _change_as_a_whole(chance: random.Random, root: Path, *, is_plain: bool) -> None:
    path = root / chance.choice(_tracked(root))
    match chance.randrange(5):
        case 0:
            path.unlink()
        case 1:
            path.chmod(path.stat().st_mode ^ 0o111)
        case 2:
            _change(chance, path, is_plain=is_plain)
            path.rename(path.with_name(f"renamed_{chance.randrange(10**6)}.py"))
        case 3 if not is_plain:
            path.with_name(f"binary_{chance.randrange(10**6)}.bin").write_bytes(b"\0" + chance.randbytes(40))
        case _:
            path.with_name(f"new_{chance.randrange(10**6)}.py").write_bytes(
                b"new = 1\n" * chance.randint(0, 4) + b"end"
            )


def _rename_with_edits_and_change_a_mode(chance: random.Random, root: Path, *, is_plain: bool) -> None:
    """Of the longest files, so that what was edited before leaves the renamed one alike."""
    longest, *others = sorted(
        (root / path for path in _tracked(root)), key=lambda path: (path.stat().st_size, path.name), reverse=True
    )
    _change(chance, longest, is_plain=is_plain)
    longest.rename(longest.with_name("renamed_in_the_end.py"))
    next(path for path in others if not path.stat().st_mode & 0o111).chmod(0o755)


def _replace(chance: random.Random, lines: Lines) -> None:
    for place in _some_place(chance, lines):
        lines[place] = lines[place].replace(b" ", b"  ", 1) if chance.random() < 0.3 else b"changed = %d\n" % place


def _insert(chance: random.Random, lines: Lines) -> None:
    """Lines that stand elsewhere already, so that many places look alike."""
    for place in _some_place(chance, lines):
        start = chance.randrange(len(lines))
        lines[place:place] = [line if line.endswith(b"\n") else line + b"\n" for line in lines[start : start + 3]]


def _remove(chance: random.Random, lines: Lines) -> None:
    for place in _some_place(chance, lines):
        del lines[place : place + chance.randint(1, 4)]


def _move(chance: random.Random, lines: Lines) -> None:
    for place in _some_place(chance, lines[:-4]):
        block = lines[place : place + 3]
        del lines[place : place + 3]
        target = chance.randrange(len(lines))
        lines[target:target] = block


def _switch_last_line_end(_chance: random.Random, lines: Lines) -> None:
    if lines:
        lines[-1] = lines[-1].removesuffix(b"\n") if lines[-1].endswith(b"\n") else lines[-1] + b"\n"


def _give_carriage_returns(chance: random.Random, lines: Lines) -> None:
    for place in _some_place(chance, lines):
        lines[place : place + 5] = [line.replace(b"\n", b"\r\n") for line in lines[place : place + 5]]


def _leave_conflict_markers(chance: random.Random, lines: Lines) -> None:
    for place in _some_place(chance, lines):
        lines[place:place] = [b"<<<<<<< ours\n", b"one = 1\n", b"=======\n", b"one = 2\n", b">>>>>>> theirs\n"]


_PLAIN_EDITS: tuple[Edit, ...] = (
    _replace,
    _replace,
    _insert,
    _insert,
    _remove,
    _remove,
    _move,
    _switch_last_line_end,
    _leave_conflict_markers,
)
_EDITS: tuple[Edit, ...] = (*_PLAIN_EDITS, _give_carriage_returns)


def _some_place(chance: random.Random, lines: Lines) -> range:
    """One place, or none in an empty file; never the last line, which may lack its end."""
    place = chance.randrange(len(lines) - 1) if len(lines) > 1 else 0
    return range(place, place + (len(lines) > 1))


def _tracked(root: Path) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*.py"))


def _commit(root: Path) -> str:
    _git(root, "add", "--all")
    _git(root, "commit", "--quiet", "--allow-empty", "-m", "Edit")
    return _git(root, "rev-parse", "HEAD").strip()


def _git(root: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, text=True).stdout
