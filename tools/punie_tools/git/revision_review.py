"""What a revision changed, or what lies between two, as a review."""

from __future__ import annotations

from dataclasses import dataclass

from punie_tools.changes.change_set import FileChange
from punie_tools.changes.review import Review
from punie_tools.errors import ToolError
from punie_tools.git.held_files import contents, differing_files, first_files, image_of
from punie_tools.git.repository import Repository
from punie_tools.tool import ToolContext

_SHORT_HASH = 10


@dataclass(frozen=True)
class RevisionReview:
    """`title` says which revisions; `left_out` names what no hunk can show, and why."""

    title: str
    review: Review
    left_out: tuple[str, ...]


def read_revision_review(context: ToolContext, revision: str) -> RevisionReview:
    """Read what a commit changed against its first parent, `A..B` what lies between two, `A...B` what B has since both.

    A side that is not named is HEAD. Raises ToolError.
    """
    repository = Repository.of(context)
    title, before, after = _between(repository, revision.strip() or "HEAD")
    sides, left_out = differing_files(repository, before, after)
    paths = first_files(sides, left_out)
    held = contents(repository, [entry for path in paths for entry in sides[path]])
    changes = [FileChange(path, image_of(sides[path][0], held), image_of(sides[path][1], held)) for path in paths]
    return RevisionReview(title, Review(changes), tuple(left_out))


def _between(repository: Repository, revision: str) -> tuple[str, str, str]:
    """How it is called, and the names of both states."""
    for dots in ("...", ".."):
        first, found, last = revision.partition(dots)
        if found:
            start, end = (repository.commit_of(side or "HEAD") for side in (first, last))
            if dots == "...":
                start = _common_ancestor(repository, start, end)
            return f"{start[:_SHORT_HASH]}..{end[:_SHORT_HASH]}", start, end
    commit = repository.commit_of(revision)
    subject = repository.read("show", "--no-patch", "--encoding=UTF-8", "--format=%s", commit).stdout
    title = f"{commit[:_SHORT_HASH]} {subject.decode('utf-8', 'replace').strip()}"
    parents = repository.read("show", "--no-patch", "--format=%P", commit).stdout.decode().split()
    return title, parents[0] if parents else _empty_tree(repository), commit


def _common_ancestor(repository: Repository, first: str, last: str) -> str:
    found = repository.output_of("merge-base", first, last).decode()
    if not found:
        raise ToolError(f"{first[:_SHORT_HASH]} and {last[:_SHORT_HASH]} have no common ancestor.")
    return found


def _empty_tree(repository: Repository) -> str:
    """What the first commit is compared with; git knows its name without its being there."""
    return repository.read("hash-object", "-t", "tree", "/dev/null").stdout.decode().strip()
