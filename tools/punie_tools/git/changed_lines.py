"""How many lines each changed file gained and lost, staged and not."""

from __future__ import annotations

from punie_tools.git.file_changes import CHANGES_OPTIONS, FileDiff, parse_changes
from punie_tools.git.repository import DIFF_OPTIONS, Repository


def changed_lines(repository: Repository) -> dict[tuple[str, bool], FileDiff]:
    """By path and whether it is staged; untracked files are no part of a diff."""
    found: dict[tuple[str, bool], FileDiff] = {}
    for is_staged in (False, True):
        cached = ["--cached"] if is_staged else []
        listed = repository.run("diff", *cached, "--relative", *DIFF_OPTIONS, *CHANGES_OPTIONS, "--", ".")
        found |= {(file.path, is_staged): file for file in parse_changes(listed.stdout)}
    return found
