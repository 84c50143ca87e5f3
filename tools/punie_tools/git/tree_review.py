"""The working tree or the index under review: hunks are staged, unstaged and discarded by decision."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from punie_tools.changes.change_set import SIZE_LIMIT, FileChange
from punie_tools.changes.review import FileReview, Review, Verdict
from punie_tools.changes.tree_access import FileImage, TreeAccess
from punie_tools.errors import ToolError
from punie_tools.git.repository import DIFF_OPTIONS, Repository
from punie_tools.spelling import spelled
from punie_tools.tool import ToolContext

ReviewedPart = Literal["unstaged", "staged"]
"""The files against the index, or the index against the last commit."""

_MOST_FILES = 1000
_READ_LIMIT = 512 * 1024 * 1024
_FILE_MODES = {"100644": 0o644, "100755": 0o755}
_EXECUTE = 0o111
_NO_ENTRY = "000000"


@dataclass(frozen=True)
class _Entry:
    """A file in the index: git's mode and the name of its content; no entry has mode 000000."""

    mode: str
    blob: str


_NOTHING = _Entry(_NO_ENTRY, "")
_RawEntry = tuple[_Entry, _Entry, str]


@dataclass(frozen=True)
class TreeReview:
    """A review of the index or of the working tree. `left_out` names what no hunk can show, and why."""

    part: ReviewedPart
    review: Review
    left_out: tuple[str, ...]
    _context: ToolContext
    _index: Mapping[str, _Entry]
    _filtered: frozenset[str]

    def apply(self) -> str:
        """Do what was decided, and say in a sentence what that was. Undecided hunks stay as they are.

        Accepted hunks of the working tree are staged, rejected ones taken back, through the journal if the context has
        one; of the index, rejected hunks are unstaged. Raises ToolError where something changed meanwhile; then
        nothing was done.
        """
        files = [file for file in self.review.files if any(hunk.verdict != "undecided" for hunk in file.hunks)]
        repository = Repository.of(self._context)
        paths = [file.change.path for file in files]
        if _index_entries(repository, paths) != {path: self._index.get(path, _NOTHING) for path in paths}:
            raise ToolError("What is staged was changed by somebody else meanwhile; nothing was done.")
        if self.part == "staged":
            self._put_into_index(
                repository, [(file, _without_rejected(file)) for file in files if _has(file, "rejected")]
            )
            return _told(("unstaged", files, "rejected"))
        discarded = [file for file in files if _has(file, "rejected")]
        self._take_back(discarded)
        accepted = [file for file in files if _has(file, "accepted")]
        self._put_into_index(
            repository, [(file, file.stands) for file in accepted if file.change.path not in self._filtered]
        )
        if whole := [file.change.path for file in accepted if file.change.path in self._filtered]:
            repository.stage(whole)
        return _told(("staged", accepted, "accepted"), ("discarded", discarded, "rejected"))

    def _take_back(self, files: Sequence[FileReview]) -> None:
        for file in files:
            if file.change.path in self._filtered:
                raise ToolError(
                    f"{file.shown_path} passes one of git's filters on its way, so that its hunks are not those of the "
                    "file; take it back with git restore. Nothing was done."
                )
        changes = [FileChange(file.change.path, file.change.after, _without_rejected(file)) for file in files]
        if not changes:
            return
        if self._context.changes is None:
            raise ToolError("Nothing is discarded without a journal that can bring it back.")
        self._context.changes.apply(changes)

    def _put_into_index(self, repository: Repository, files: Sequence[tuple[FileReview, FileImage | None]]) -> None:
        """All in one step, so that the index holds all of it or nothing."""
        is_long = repository.output_of("rev-parse", "--show-object-format") == b"sha256"
        no_blob = b"0" * (64 if is_long else 40)
        lines: list[bytes] = []
        for file, image in files:
            path = os.fsencode(repository.prefix + file.change.path)
            if image is None:
                lines.append(b"%s %s\t%s\0" % (_NO_ENTRY.encode(), no_blob, path))
                continue
            stored = repository.change("hash-object", "-w", "--no-filters", "--stdin", stdin=image.data)
            mode = b"100755" if image.mode & _EXECUTE else b"100644"
            lines.append(b"%s %s\t%s\0" % (mode, stored.stdout.strip(), path))
        if lines:
            repository.change("update-index", "-z", "--index-info", stdin=b"".join(lines))


def read_tree_review(context: ToolContext, part: ReviewedPart = "unstaged") -> TreeReview:
    """Read both sides of every changed file. Raises ToolError, also where git is not to be had."""
    repository = Repository.of(context)
    staged = ["--cached"] if part == "staged" else []
    raw = repository.run(
        "diff", *staged, "--raw", "-z", "--no-abbrev", "--relative", *DIFF_OPTIONS, "--no-renames", "--", "."
    )
    changed: dict[str, _RawEntry] = {}
    for path, entry in _raw_entries(raw.stdout):
        # A file in conflict is listed twice, first as that.
        changed.setdefault(path, entry)
    left_out = [f"{spelled(path)} {reason}" for path, (_, _, reason) in changed.items() if reason]
    sides = {path: (before, after) for path, (before, after, reason) in changed.items() if not reason}
    if part == "unstaged":
        untracked = repository.run("ls-files", "--others", "--exclude-standard", "-z", "--", ".").stdout
        # A folder in the list is a repository of its own.
        new = [os.fsdecode(path) for path in untracked.split(b"\0") if path and not path.endswith(b"/")]
        sides |= dict.fromkeys(new, (_NOTHING, _NOTHING))
    paths = list(sides)
    if len(paths) > _MOST_FILES:
        left_out.append(f"{len(paths) - _MOST_FILES:,} more files, after the first {_MOST_FILES:,}")
    paths = sorted(paths[:_MOST_FILES])
    before = _contents(repository, [sides[path][0].blob for path in paths])
    changes: list[FileChange] = []
    filtered: frozenset[str] = frozenset()
    if part == "staged":
        after = _contents(repository, [sides[path][1].blob for path in paths])
        for path in paths:
            changes.append(FileChange(path, _image(sides[path][0], before), _image(sides[path][1], after)))
    else:
        tree = TreeAccess(context.workspace.root)
        filtered = _filtered(repository, [path for path in paths if (context.workspace.root / path).is_file()])
        for path in paths:
            try:
                now = tree.read(path, SIZE_LIMIT)
            except ToolError as error:
                left_out.append(str(error).removesuffix("."))
                continue
            changes.append(FileChange(path, _like(_image(sides[path][0], before), now), now))
    index = _index_entries(repository, [change.path for change in changes])
    review = Review(changes, whole=filtered)
    return TreeReview(part, review, tuple(left_out), context, index, filtered)


def _raw_entries(output: bytes) -> Iterator[tuple[str, _RawEntry]]:
    """Each path with its entry before and after, and why it cannot be reviewed, if so."""
    fields = iter(output.split(b"\0"))
    for field in fields:
        if not field.startswith(b":"):
            continue
        old_mode, new_mode, old_blob, new_blob, status = field[1:].decode().split(" ")
        path = os.fsdecode(next(fields))
        odd = {old_mode, new_mode} - {*_FILE_MODES, _NO_ENTRY}
        reason = "is in conflict" if status.startswith("U") else ""
        if not reason and odd:
            reason = "is a submodule" if "160000" in odd else "is a link"
        yield path, (_Entry(old_mode, old_blob), _Entry(new_mode, new_blob), reason)


def _contents(repository: Repository, blobs: Sequence[str]) -> dict[str, bytes]:
    """What the named blobs hold, asked of git at once."""
    wanted = list(dict.fromkeys(blob for blob in blobs if blob.strip("0")))
    if not wanted:
        return {}
    asked = "".join(f"{blob}\n" for blob in wanted).encode()
    output = repository.read("cat-file", "--batch", stdin=asked, output_limit=_READ_LIMIT).stdout
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


def _image(entry: _Entry, contents: Mapping[str, bytes]) -> FileImage | None:
    if entry.mode == _NO_ENTRY:
        return None
    return FileImage(contents.get(entry.blob, b""), _FILE_MODES[entry.mode])


def _like(before: FileImage | None, now: FileImage | None) -> FileImage | None:
    """What git holds, with the file's own permissions: git knows of them only whether the file is executable."""
    if before is None or now is None or bool(before.mode & _EXECUTE) != bool(now.mode & _EXECUTE):
        return before
    return replace(before, mode=now.mode)


def _filtered(repository: Repository, paths: Sequence[str]) -> frozenset[str]:
    """Files whose content git would store otherwise than it lies there: line ends, filters."""
    named = [path for path in paths if "\n" not in path]
    # git takes these from the root of the repository.
    asked = "".join(f"{repository.prefix}{path}\n" for path in named).encode("utf-8", "surrogateescape")
    if not named:
        return frozenset()
    kept = repository.read("hash-object", "--no-filters", "--stdin-paths", stdin=asked).stdout.split()
    stored = repository.change("hash-object", "--stdin-paths", stdin=asked).stdout.split()
    return frozenset(path for path, one, other in zip(named, kept, stored, strict=True) if one != other)


def _index_entries(repository: Repository, paths: Sequence[str]) -> dict[str, _Entry]:
    """What the index holds of these paths now; a path that it lacks, or holds in conflict, is no file there."""
    entries = dict.fromkeys(paths, _NOTHING)
    if not paths:
        return entries
    for listed in repository.read("ls-files", "--stage", "-z", output_limit=_READ_LIMIT).stdout.split(b"\0"):
        words, _, path = listed.partition(b"\t")
        if (name := os.fsdecode(path)) in entries:
            mode, blob, _ = words.decode().split(" ")
            entries[name] = _Entry(mode, blob)
    return entries


def _without_rejected(file: FileReview) -> FileImage | None:
    """The file as the person wants it: what is undecided stays."""
    kept = tuple(hunk if hunk.verdict == "rejected" else replace(hunk, verdict="accepted") for hunk in file.hunks)
    return replace(file, hunks=kept).stands


def _has(file: FileReview, verdict: Verdict) -> bool:
    return any(hunk.verdict == verdict for hunk in file.hunks)


def _told(*done: tuple[str, Sequence[FileReview], Verdict]) -> str:
    parts: list[str] = []
    for verb, files, verdict in done:
        count = sum(hunk.verdict == verdict for file in files for hunk in file.hunks)
        if count:
            parts.append(f"{verb} {count} hunk{'s' * (count > 1)} of {len(files)} file{'s' * (len(files) > 1)}")
    text = ", ".join(parts) or "nothing was decided"
    return f"{text[0].upper()}{text[1:]}."
