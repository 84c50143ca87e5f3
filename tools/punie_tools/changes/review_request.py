"""What a model is asked to read after a review: the person's comments, each with the lines that it is about."""

from __future__ import annotations

from collections.abc import Iterator

from punie_tools.changes.review import FileReview, Hunk, Review, ReviewComment
from punie_tools.files.diff import unified_diff
from punie_tools.spelling import spelled

_LONGEST_DIFF = 2_000
_CONTEXT = 3


def comments_request(review: Review, title: str) -> str:
    """Empty where nothing was said. `title` names what was reviewed."""
    if not review.comments:
        return ""
    said = "\n\n".join(_told(review, comment) for comment in review.comments)
    return f"I reviewed {title} and have these comments. Please answer them, or change what they ask for.\n\n{said}"


def _told(review: Review, comment: ReviewComment) -> str:
    lines = [comment.told]
    file = next(file for file in review.files if file.shown_path == comment.path)
    if diff := _diff_around(file, comment):
        lines.append(diff)
    return "\n".join(lines)


def _diff_around(file: FileReview, comment: ReviewComment) -> str:
    """The hunk that its line is in or near; empty if it is in none."""
    hunk = next(_hunks_near(file, comment), None)
    if hunk is None or file.is_binary:
        return ""
    old, new = (spelled(b"".join(lines)) for lines in (hunk.old, hunk.new))
    diff = "".join(unified_diff(file.shown_path, old, new).text.splitlines(keepends=True)[3:])
    return diff if len(diff) <= _LONGEST_DIFF else f"{diff[:_LONGEST_DIFF]}…"


def _hunks_near(file: FileReview, comment: ReviewComment) -> Iterator[Hunk]:
    for number, hunk in enumerate(file.hunks):
        start, lines = (hunk.old_start, hunk.old) if comment.is_removed else (hunk.new_start, hunk.new)
        is_near = start - _CONTEXT <= comment.line - 1 < start + len(lines) + _CONTEXT
        if is_near and not file.is_rename(number):
            yield hunk
