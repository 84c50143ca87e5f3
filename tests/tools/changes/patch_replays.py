"""Commits replayed as reviewed proposals, beside `git apply` of a patch that holds the accepted hunks alone."""

from __future__ import annotations

import os
import random
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from punie_tools.changes.change_set import apply_changes
from punie_tools.changes.review import FileReview, Hunk, Review
from punie_tools.changes.tree_access import TreeAccess
from punie_tools.git.revision_review import read_revision_review
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace

_CONTEXT = 3
_HUNK = re.compile(rb"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@.*\n", re.MULTILINE)


def git(root: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    return subprocess.run(["git", *arguments], cwd=root, check=True, input=stdin, capture_output=True).stdout


@dataclass
class Replay:
    """One change of a repository: a tree where it is reviewed, and one where git applies what was accepted."""

    repository: Path
    before: str
    after: str
    reviewed: Path
    applied: Path
    """Both are worktrees; `begin` puts them to the state before."""

    @classmethod
    def of(cls, repository: Path, folder: Path, before: str, after: str) -> Replay:
        return cls(repository, before, after, folder / "reviewed", folder / "applied")

    def begin(self) -> Review:
        """The proposal, with both trees as they were before it."""
        for tree in (self.reviewed, self.applied):
            if not tree.exists():
                git(self.repository, "worktree", "add", "--quiet", "--detach", str(tree), self.before)
            git(tree, "checkout", "--quiet", "--force", self.before)
            git(tree, "clean", "--quiet", "--force", "-d", "-x")
        context = ToolContext(Workspace.at(self.reviewed))
        return read_revision_review(context, f"{self.before}..{self.after}").review

    def apply_with_git(self, review: Review) -> int:
        """Returns how many hunks were written by git itself; the others are cut from what the review holds."""
        patches = [self._patch(file) for file in review.files]
        whole = b"".join(patch for patch, _ in patches)
        if whole:
            # Hunks that were split share the lines between them, or have none.
            close = ["--unidiff-zero", "--allow-overlap"] if any(map(_are_close, review.files)) else []
            git(self.applied, "apply", "--whitespace=nowarn", *close, "-", stdin=whole)
        return sum(count for _, count in patches)

    def apply_reviewed(self, review: Review) -> None:
        apply_changes(TreeAccess(self.reviewed), review.standing_changes)

    def difference(self) -> str:
        """What differs between both trees, in bytes or in whether a file is executable; empty if nothing does."""
        files = [_files(tree) for tree in (self.reviewed, self.applied)]
        return ", ".join(
            sorted(path for path in files[0].keys() | files[1].keys() if files[0].get(path) != files[1].get(path))
        )

    def _patch(self, file: FileReview) -> tuple[bytes, int]:
        """The accepted hunks of a file as a patch, and how many of them git itself has cut."""
        accepted = [hunk for hunk in file.hunks if hunk.verdict == "accepted"]
        if not accepted:
            return b"", 0
        if file.renamed_from:
            return _renaming_patch(file), 0
        diff = git(
            self.repository,
            "diff",
            "--binary",
            "--no-renames",
            "--no-color",
            self.before,
            self.after,
            "--",
            file.change.path,
        )
        if file.is_whole:
            return diff, 1
        head, *parts = _parts(diff)
        own = [_own_hunk(file, number) for number in range(len(file.hunks))]
        is_cut_alike = len(parts) == len(own) and all(map(_is_same_hunk, parts, file.hunks))
        chosen = parts if is_cut_alike else own
        wanted = [part for part, hunk in zip(chosen, file.hunks, strict=True) if hunk.verdict == "accepted"]
        return head + b"".join(_numbered_anew(wanted)), len(wanted) if is_cut_alike else 0


def _renaming_patch(file: FileReview) -> bytes:
    """The accepted hunks of a renamed file, under its new name or its old one."""
    before, after = file.change.before, file.change.after
    assert before and after
    old, new = os.fsencode(file.renamed_from), os.fsencode(file.change.path)
    is_renamed = file.hunks[0].verdict == "accepted"
    head = b"diff --git a/%s b/%s\n" % (old, new if is_renamed else old)
    if is_renamed and (before.mode ^ after.mode) & 0o100:
        head += b"old mode 100%o\nnew mode 100%o\n" % (before.mode, after.mode)
    if is_renamed:
        head += b"similarity index 50%%\nrename from %s\nrename to %s\n" % (old, new)
    own = [_own_hunk(file, number) for number in range(1, len(file.hunks)) if file.hunks[number].verdict == "accepted"]
    names = b"--- a/%s\n+++ b/%s\n" % (old, new if is_renamed else old) if own else b""
    return head + names + b"".join(_numbered_anew(own))


def is_renamed_with_edits(file: FileReview) -> bool:
    return bool(file.renamed_from) and len(file.hunks) > 1


def is_mode_changed(file: FileReview) -> bool:
    before, after = file.change.before, file.change.after
    return before is not None and after is not None and bool((before.mode ^ after.mode) & 0o111)


def decide_at_random(review: Review, seed: int) -> None:
    """Each hunk is accepted, rejected or left undecided."""
    chance = random.Random(seed)
    for file, found in enumerate(review.files):
        for hunk in reversed(range(len(found.hunks))):
            review.decide(chance.choice(("accepted", "rejected", "undecided")), file, hunk)


def _parts(diff: bytes) -> Iterator[bytes]:
    """The head of a file's patch, and its hunks."""
    starts = [match.start() for match in _HUNK.finditer(diff)]
    ends = [*starts[1:], len(diff)]
    yield diff[: starts[0]] if starts else diff
    for start, end in zip(starts, ends, strict=True):
        yield diff[start:end]


def _is_same_hunk(part: bytes, hunk: Hunk) -> bool:
    """Whether git's hunk is about the lines that ours is about: there are other ways to cut the same change."""
    start, old_count, _, new_count = _numbers(part)
    first = start - (old_count > 0)
    holds_it = first <= hunk.old_start and hunk.old_start + len(hunk.old) <= first + old_count
    return holds_it and len(hunk.new) - len(hunk.old) == new_count - old_count


def _numbers(part: bytes) -> list[int]:
    """Start and count before and after; a count of one is left out."""
    found = _HUNK.match(part)
    assert found
    return [1 if number is None else int(number) for number in found.groups()]


def _own_hunk(file: FileReview, number: int) -> bytes:
    """The hunk with the lines around it, as a patch has it; none of another hunk is among them."""
    hunk = file.hunks[number]
    end = _end(hunk)
    first = max(hunk.old_start - _CONTEXT, _end(file.hunks[number - 1]) if number else 0)
    following = file.hunks[number + 1].old_start if number + 1 < len(file.hunks) else len(file.lines)
    last = min(end + _CONTEXT, following)
    lead, trail = file.lines[first : hunk.old_start], file.lines[end:last]
    old_count, new_count = (len(lead) + len(lines) + len(trail) for lines in (hunk.old, hunk.new))
    lines = [(b" ", lead), (b"-", hunk.old), (b"+", hunk.new), (b" ", trail)]
    body = b"".join(_signed(sign, line) for sign, each in lines for line in each)
    start = first + 1 if old_count else first
    return b"@@ -%d,%d +%d,%d @@\n%s" % (start, old_count, start, new_count, body)


def _end(hunk: Hunk) -> int:
    return hunk.old_start + len(hunk.old)


def _are_close(file: FileReview) -> bool:
    """Whether hunks have fewer lines between them than a patch shows around each."""
    return any(later.old_start - _end(hunk) < 2 * _CONTEXT for hunk, later in pairwise(file.hunks))


def _signed(sign: bytes, line: bytes) -> bytes:
    return sign + line if line.endswith(b"\n") else sign + line + b"\n\\ No newline at end of file\n"


def _numbered_anew(hunks: list[bytes]) -> Iterator[bytes]:
    """With the lines at which they stand once those that were left out are."""
    shift = 0
    for hunk in hunks:
        start, old_count, _, new_count = _numbers(hunk)
        new_start = start + shift + (old_count == 0) - (new_count == 0)
        yield b"@@ -%d,%d +%d,%d @@\n" % (start, old_count, new_start, new_count) + hunk.partition(b"\n")[2]
        shift += new_count - old_count


def _files(root: Path) -> dict[str, tuple[bytes, bool]]:
    found: dict[str, tuple[bytes, bool]] = {}
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name != ".git"]
        for name in names:
            path = Path(folder) / name
            if name != ".git" and not path.is_symlink():
                found[path.relative_to(root).as_posix()] = (path.read_bytes(), bool(path.stat().st_mode & 0o100))
    return found
