"""Which files a command would stage or unstage, and how many hunks: what is shown before it is allowed."""

from __future__ import annotations

from collections.abc import Sequence

from punie_tools.git.file_changes import CHANGES_OPTIONS, FileDiff, parse_changes
from punie_tools.git.repository import DIFF_OPTIONS, Repository
from punie_tools.sentences import counted
from punie_tools.spelling import spelled

_MOST_FILES = 8


def told_hunks(repository: Repository, pathspecs: Sequence[str], *, is_staged: bool = False) -> str:
    """Their numbers and the first few files, a line each; of files that git does not know yet where they would come."""
    compared = ["--relative", *DIFF_OPTIONS, *(["--cached"] if is_staged else [])]
    files = parse_changes(repository.run("diff", *compared, *CHANGES_OPTIONS, "--", *pathspecs).stdout)
    new = [] if is_staged else _untracked(repository, pathspecs)
    if not files and not new:
        return "Nothing of that is staged." if is_staged else "Nothing of that has changed."
    patch = repository.run("diff", *compared, "--unified=3", "--", *pathspecs)
    # What has no lines is decided on as a whole: a binary file, another mode or name.
    whole = sum(not file.additions and not file.deletions for file in files)
    hunks = patch.stdout.count(b"\n@@ ") + whole + len(new)
    lines = [*map(_told, files), *(f"  new {path}" for path in new)]
    shown = lines if len(lines) <= _MOST_FILES else lines[: _MOST_FILES - 1]
    more = [f"  and {len(lines) - len(shown):,} more"] if len(shown) < len(lines) else []
    total = f"{'over ' * patch.truncated}{counted(hunks, 'hunk')} of {counted(len(lines), 'file')}:"
    return "\n".join([total, *shown, *more])


def _untracked(repository: Repository, pathspecs: Sequence[str]) -> list[str]:
    listed = repository.run("ls-files", "--others", "--exclude-standard", "-z", "--", *pathspecs).stdout
    return [spelled(path) for path in listed.split(b"\0") if path]


def _told(file: FileDiff) -> str:
    lines = f" (+{file.additions} -{file.deletions})" if file.additions or file.deletions else ""
    return f"  {file.status} {file.path}{lines}"
