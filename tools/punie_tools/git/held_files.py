"""Files as git holds them: which ones differ between two states, and what they hold on both sides."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from punie_tools.changes.tree_access import FileImage
from punie_tools.errors import ToolError
from punie_tools.git.repository import DIFF_OPTIONS, Repository
from punie_tools.spelling import spelled

MOST_FILES = 1000
READ_LIMIT = 512 * 1024 * 1024
NO_ENTRY = "000000"

_FILE_MODES = {"100644": 0o644, "100755": 0o755}


@dataclass(frozen=True)
class Entry:
    """A file that git holds: its mode, and the name of its content; no entry has mode 000000."""

    mode: str
    blob: str


NOTHING = Entry(NO_ENTRY, "")
Sides = dict[str, tuple[Entry, Entry]]


def differing_files(repository: Repository, *between: str, within: str = ".") -> tuple[Sides, list[str]]:
    """Both sides of each file in which the states differ, and what cannot be reviewed, with the reason.

    `between` are the arguments of `git diff` that name the states, `within` is a pathspec. Raises ToolError.
    """
    raw = repository.run(
        "diff", "--raw", "-z", "--no-abbrev", "--relative", *DIFF_OPTIONS, "--no-renames", *between, "--", within
    )
    found: dict[str, tuple[Entry, Entry, str]] = {}
    for path, before, after, reason in _raw_entries(raw.stdout):
        # A file in conflict is listed twice, first as that.
        found.setdefault(path, (before, after, reason))
    left_out = [f"{spelled(path)} {reason}" for path, (_, _, reason) in found.items() if reason]
    return {path: (before, after) for path, (before, after, reason) in found.items() if not reason}, left_out


def first_files(sides: Sides, left_out: list[str]) -> list[str]:
    """The paths to review, in order; of very many the first ones, which `left_out` then tells."""
    paths = list(sides)
    if len(paths) > MOST_FILES:
        left_out.append(f"{len(paths) - MOST_FILES:,} more files, after the first {MOST_FILES:,}")
    return sorted(paths[:MOST_FILES])


def contents(repository: Repository, entries: Sequence[Entry]) -> dict[str, bytes]:
    """What the entries hold, by the names of their contents, asked of git at once. Raises ToolError."""
    wanted = list(dict.fromkeys(entry.blob for entry in entries if entry.blob.strip("0")))
    if not wanted:
        return {}
    asked = "".join(f"{blob}\n" for blob in wanted).encode()
    output = repository.read("cat-file", "--batch", stdin=asked, output_limit=READ_LIMIT).stdout
    found: dict[str, bytes] = {}
    place = 0
    while (end := output.find(b"\n", place)) >= 0:
        name, kind, *size = output[place:end].decode().split(" ")
        if kind != "blob":
            raise ToolError(f"git does not have the content {name[:10]}, as in a partial clone; fetch it first.")
        length = int(size[0])
        found[name] = output[end + 1 : end + 1 + length]
        place = end + length + 2
    return found


def image_of(entry: Entry, held: Mapping[str, bytes]) -> FileImage | None:
    """The file that the entry stands for."""
    if entry.mode == NO_ENTRY:
        return None
    return FileImage(held.get(entry.blob, b""), _FILE_MODES[entry.mode])


def _raw_entries(output: bytes) -> Iterator[tuple[str, Entry, Entry, str]]:
    """Each path with its entry before and after, and why it cannot be reviewed, if so."""
    fields = iter(output.split(b"\0"))
    for field in fields:
        if not field.startswith(b":"):
            continue
        old_mode, new_mode, old_blob, new_blob, status = field[1:].decode().split(" ")
        path = os.fsdecode(next(fields))
        odd = {old_mode, new_mode} - {*_FILE_MODES, NO_ENTRY}
        reason = "is in conflict" if status.startswith("U") else ""
        if not reason and odd:
            reason = "is a submodule" if "160000" in odd else "is a link"
        yield path, Entry(old_mode, old_blob), Entry(new_mode, new_blob), reason
