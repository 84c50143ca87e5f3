"""The files of a diff: what happened to each, and in how many lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

from punie_tools.sentences import first_of
from punie_tools.spelling import spelled

CHANGES_OPTIONS = ("--raw", "--numstat", "--no-abbrev", "-z")
"""What makes git print what `parse_changes` reads."""

ChangeStatus = Literal["modified", "added", "deleted", "renamed", "copied", "type_changed", "conflicted"]

_STATUSES: dict[bytes, ChangeStatus] = {
    b"A": "added",
    b"C": "copied",
    b"D": "deleted",
    b"M": "modified",
    b"R": "renamed",
    b"T": "type_changed",
    b"U": "conflicted",
}
_SUBMODULE = b"160000"


class FileDiff(BaseModel):
    """How many lines of a file were added and deleted; none for a binary file and for a submodule's new commit."""

    model_config = ConfigDict(frozen=True)

    path: str
    additions: int
    deletions: int
    status: ChangeStatus = "modified"
    old_path: str | None = None
    """Where a renamed or copied file was before."""
    is_binary: bool = False
    is_submodule: bool = False


def first_paths(files: Sequence[FileDiff]) -> str:
    """The first few by name, for a sentence."""
    return first_of([file.path for file in files], 5)


def parse_changes(output: bytes) -> tuple[FileDiff, ...]:
    """Read what a diff with `CHANGES_OPTIONS` prints: first all files with modes, then with lines."""
    fields = iter(output.split(b"\0"))
    kinds: dict[str, tuple[ChangeStatus, bool]] = {}
    files: dict[str, FileDiff] = {}
    for field in (field.lstrip(b"\n") for field in fields):
        if field.startswith(b":"):
            status, is_submodule = _kind(field)
            *_, path = _paths(fields, 2 if status in ("renamed", "copied") else 1)
            # A conflicted file is listed again as what it is compared with one side.
            if kinds.get(path, ("",))[0] != "conflicted":
                kinds[path] = (status, is_submodule)
        elif field:
            file = _counted(field, fields)
            status, is_submodule = kinds.get(file.path, (file.status, False))
            # Of a conflicted file the last ones are the numbers.
            files[file.path] = file.model_copy(update={"status": status, "is_submodule": is_submodule})
    unnumbered = (
        FileDiff(path=path, additions=0, deletions=0, status=status, is_submodule=is_submodule)
        for path, (status, is_submodule) in kinds.items()
        if path not in files
    )
    return (*files.values(), *unnumbered)


def _kind(field: bytes) -> tuple[ChangeStatus, bool]:
    """The status and whether it is a submodule, from `:MODE MODE HASH HASH STATUS`; a merge has one more of each."""
    words = field.lstrip(b":").split(b" ")
    modes = [word for word in words if len(word) == len(_SUBMODULE)]
    return _STATUSES.get(words[-1][:1], "modified"), _SUBMODULE in modes


def _counted(field: bytes, fields: Iterator[bytes]) -> FileDiff:
    """Counts and path in one field, or, for a renamed file, two more fields with both paths."""
    additions, deletions, name = field.split(b"\t", 2)
    old_path, path = (None, spelled(name)) if name else tuple(_paths(fields, 2))
    return FileDiff(
        path=path,
        additions=_number(additions),
        deletions=_number(deletions),
        old_path=old_path,
        is_binary=additions == b"-",
    )


def _paths(fields: Iterator[bytes], count: int) -> list[str]:
    return [spelled(next(fields)) for _ in range(count)]


def _number(field: bytes) -> int:
    return 0 if field == b"-" else int(field)


def patch_text(output: bytes, *, is_cut: bool) -> str:
    """The patch as text; a cut one ends with its last whole line."""
    return spelled(output[: output.rfind(b"\n") + 1] if is_cut else output)
