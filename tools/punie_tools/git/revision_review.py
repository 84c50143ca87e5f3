"""What a revision changed, or what lies between two, as a review."""

from __future__ import annotations

from dataclasses import dataclass

from punie_tools.changes.change_set import FileChange
from punie_tools.changes.review import Review
from punie_tools.git.held_files import contents, differing_files, first_files, image_of
from punie_tools.git.repository import Repository
from punie_tools.git.revision_range import SHORT_HASH, read_range
from punie_tools.tool import ToolContext


@dataclass(frozen=True)
class RevisionReview:
    """`title` says which revisions; `left_out` names what no hunk can show, and why."""

    title: str
    review: Review
    left_out: tuple[str, ...]


def read_revision_review(context: ToolContext, revision: str, within: str = "") -> RevisionReview:
    """Read what a commit changed against its first parent, `A..B` what lies between two, `A...B` what B has since both.

    A side that is not named is HEAD; `within` is a file or folder that it is limited to. Raises ToolError.
    """
    repository = Repository.of(context)
    title, before, after = _between(repository, revision.strip() or "HEAD")
    pathspec = repository.pathspec(within) if within else "."
    title += f" in {pathspec}" if within else ""
    sides, left_out = differing_files(repository, before, after, within=pathspec)
    paths = first_files(sides, left_out)
    held = contents(repository, [entry for path in paths for entry in sides[path]])
    changes = [FileChange(path, image_of(sides[path][0], held), image_of(sides[path][1], held)) for path in paths]
    return RevisionReview(title, Review(changes), tuple(left_out))


def _between(repository: Repository, revision: str) -> tuple[str, str, str]:
    """How it is called, and the names of both states."""
    if found := read_range(repository, revision):
        return f"{found.start[:SHORT_HASH]}..{found.end[:SHORT_HASH]}", found.start, found.end
    commit = repository.commit_of(revision)
    subject = repository.read("show", "--no-patch", "--encoding=UTF-8", "--format=%s", commit).stdout
    title = f"{commit[:SHORT_HASH]} {subject.decode('utf-8', 'replace').strip()}"
    parents = repository.read("show", "--no-patch", "--format=%P", commit).stdout.decode().split()
    return title, parents[0] if parents else _empty_tree(repository), commit


def _empty_tree(repository: Repository) -> str:
    """What the first commit is compared with; git knows its name without its being there."""
    return repository.read("hash-object", "-t", "tree", "/dev/null").stdout.decode().strip()
