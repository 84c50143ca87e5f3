"""The working tree or the index under review: hunks are staged, unstaged and discarded by decision."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from punie_tools.changes.change_set import SIZE_LIMIT, FileChange
from punie_tools.changes.review import FileReview, Review, Verdict
from punie_tools.changes.tree_access import FileImage, TreeAccess
from punie_tools.errors import ToolError
from punie_tools.git.held_files import (
    NO_ENTRY,
    NOTHING,
    READ_LIMIT,
    Entry,
    contents,
    differing_files,
    first_files,
    image_of,
)
from punie_tools.git.repository import Repository
from punie_tools.sentences import counted
from punie_tools.tool import ToolContext

ReviewedPart = Literal["unstaged", "staged"]
"""The files against the index, or the index against the last commit."""

_EXECUTE = 0o111
_CACHES = frozenset({"__pycache__", ".pytest_cache", ".ruff_cache", ".mypy_cache"})


@dataclass(frozen=True)
class TreeReview:
    """A review of the index or of the working tree. `left_out` names what no hunk can show, and why."""

    part: ReviewedPart
    review: Review
    left_out: tuple[str, ...]
    _context: ToolContext
    _index: Mapping[str, Entry]
    _filtered: frozenset[str]

    def apply(self) -> str:
        """Do what was decided, and say in a sentence what that was. Undecided hunks stay as they are.

        Accepted hunks of the working tree are staged, rejected ones taken back, through the journal if the context has
        one; of the index, rejected hunks are unstaged. Raises ToolError where something changed meanwhile; then
        nothing was done.
        """
        files = [file for file in self.review.files if any(hunk.verdict != "undecided" for hunk in file.hunks)]
        repository = Repository.of(self._context)
        paths = [change.path for file in files for change in file.proposed]
        if _index_entries(repository, paths) != {path: self._index.get(path, NOTHING) for path in paths}:
            raise ToolError("What is staged was changed by somebody else meanwhile; nothing was done.")
        if self.part == "staged":
            rejected = [file for file in files if _has(file, "rejected")]
            self._put_into_index(repository, [change for file in rejected for change in _without_rejected(file)])
            return _told(("unstaged", files, "rejected"))
        discarded = [file for file in files if _has(file, "rejected")]
        self._take_back(discarded)
        accepted = [file for file in files if _has(file, "accepted")]
        self._put_into_index(
            repository,
            [change for file in accepted if file.change.path not in self._filtered for change in file.standing],
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
        changes = [
            FileChange(now.path, now.after, wanted.after)
            for file in files
            for now, wanted in zip(file.proposed, _without_rejected(file), strict=True)
            if now.after != wanted.after
        ]
        if not changes:
            return
        if self._context.changes is None:
            raise ToolError("Nothing is discarded without a journal that can bring it back.")
        self._context.changes.apply(changes)

    def _put_into_index(self, repository: Repository, changes: Sequence[FileChange]) -> None:
        """All in one step, so that the index holds all of it or nothing."""
        is_long = repository.output_of("rev-parse", "--show-object-format") == b"sha256"
        no_blob = b"0" * (64 if is_long else 40)
        lines: list[bytes] = []
        for change in changes:
            path, image = os.fsencode(repository.prefix + change.path), change.after
            if image is None:
                lines.append(b"%s %s\t%s\0" % (NO_ENTRY.encode(), no_blob, path))
                continue
            stored = repository.change("hash-object", "-w", "--no-filters", "--stdin", stdin=image.data)
            mode = b"100755" if image.mode & _EXECUTE else b"100644"
            lines.append(b"%s %s\t%s\0" % (mode, stored.stdout.strip(), path))
        if lines:
            repository.change("update-index", "-z", "--index-info", stdin=b"".join(lines))


def read_tree_review(context: ToolContext, part: ReviewedPart = "unstaged") -> TreeReview:
    """Read both sides of every changed file. Raises ToolError, also where git is not to be had."""
    repository = Repository.of(context)
    sides, left_out = differing_files(repository, *(["--cached"] if part == "staged" else []))
    if part == "unstaged":
        untracked = repository.run("ls-files", "--others", "--exclude-standard", "-z", "--", ".").stdout
        # A folder in the list is a repository of its own.
        new = [os.fsdecode(path) for path in untracked.split(b"\0") if path and not path.endswith(b"/")]
        new = [path for path in new if not _is_generated(path)]
        sides |= dict.fromkeys(new, (NOTHING, NOTHING))
    paths = first_files(sides, left_out)
    before = contents(repository, [sides[path][0] for path in paths])
    changes: list[FileChange] = []
    filtered: frozenset[str] = frozenset()
    if part == "staged":
        after = contents(repository, [sides[path][1] for path in paths])
        for path in paths:
            changes.append(FileChange(path, image_of(sides[path][0], before), image_of(sides[path][1], after)))
    else:
        tree = TreeAccess(context.workspace.root)
        filtered = _filtered(repository, [path for path in paths if (context.workspace.root / path).is_file()])
        for path in paths:
            try:
                now = tree.read(path, SIZE_LIMIT)
            except ToolError as error:
                left_out.append(str(error).removesuffix("."))
                continue
            changes.append(FileChange(path, _like(image_of(sides[path][0], before), now), now))
    index = _index_entries(repository, [change.path for change in changes])
    review = Review(changes, whole=filtered)
    return TreeReview(part, review, tuple(left_out), context, index, filtered)


def _is_generated(path: str) -> bool:
    """What tools leave behind for themselves, which no person means to commit where no .gitignore names it."""
    return path.endswith(".pyc") or not _CACHES.isdisjoint(path.split("/")[:-1])


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


def _index_entries(repository: Repository, paths: Sequence[str]) -> dict[str, Entry]:
    """What the index holds of these paths now; a path that it lacks, or holds in conflict, is no file there."""
    entries = dict.fromkeys(paths, NOTHING)
    if not paths:
        return entries
    for listed in repository.read("ls-files", "--stage", "-z", output_limit=READ_LIMIT).stdout.split(b"\0"):
        words, _, path = listed.partition(b"\t")
        if (name := os.fsdecode(path)) in entries:
            mode, blob, _ = words.decode().split(" ")
            entries[name] = Entry(mode, blob)
    return entries


def _without_rejected(file: FileReview) -> list[FileChange]:
    """What becomes of its paths as the person wants it: what is undecided stays."""
    kept = tuple(hunk if hunk.verdict == "rejected" else replace(hunk, verdict="accepted") for hunk in file.hunks)
    return replace(file, hunks=kept).standing


def _has(file: FileReview, verdict: Verdict) -> bool:
    return any(hunk.verdict == verdict for hunk in file.hunks)


def _told(*done: tuple[str, Sequence[FileReview], Verdict]) -> str:
    parts: list[str] = []
    for verb, files, verdict in done:
        count = sum(hunk.verdict == verdict for file in files for hunk in file.hunks)
        if count:
            parts.append(f"{verb} {counted(count, 'hunk')} of {counted(len(files), 'file')}")
    text = ", ".join(parts) or "nothing was decided"
    return f"{text[0].upper()}{text[1:]}."
