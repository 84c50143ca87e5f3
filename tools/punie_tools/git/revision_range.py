"""Two revisions in one word, as git writes them: `A..B` and `A...B`."""

from __future__ import annotations

from dataclasses import dataclass

from punie_tools.errors import ToolError
from punie_tools.git.repository import Repository

SHORT_HASH = 10


@dataclass(frozen=True)
class RevisionRange:
    """The commits to compare, and how the person named both, `from A to B`."""

    start: str
    end: str
    sides: str


def read_range(repository: Repository, revision: str) -> RevisionRange | None:
    """None if one revision is named. A side that is not named is HEAD. Raises ToolError if a side is no revision.

    `A...B` begins where both parted: it is what B has since.
    """
    for dots in ("...", ".."):
        named, found, named_last = revision.partition(dots)
        if found:
            first, last = named or "HEAD", named_last or "HEAD"
            start, end = repository.commit_of(first), repository.commit_of(last)
            if dots == "..":
                return RevisionRange(start, end, f"from {first} to {last}")
            ancestor = _common_ancestor(repository, start, end)
            return RevisionRange(ancestor, end, f"from where {first} and {last} parted to {last}")
    return None


def _common_ancestor(repository: Repository, first: str, last: str) -> str:
    found = repository.output_of("merge-base", first, last).decode()
    if not found:
        raise ToolError(f"{first[:SHORT_HASH]} and {last[:SHORT_HASH]} have no common ancestor.")
    return found
