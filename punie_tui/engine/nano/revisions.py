"""Revisions that a request reckons instead of naming them: "two commits ago", "the one before v1.2"."""

from __future__ import annotations

import re

MOST_COMMITS_BACK = 99
"""A number above it is no count of commits."""

_STEPS = re.compile(r"(?:~\d*|\^)+$")
_STEP = re.compile(r"~(\d*)|\^")


def commits_back(count: str) -> str:
    """The commit that many before the newest one."""
    return f"HEAD~{count}"


def parent_of(revision: str) -> str:
    """The commit before: `HEAD~3` for `HEAD~2` and for `HEAD^^`, `v1.2~1` for `v1.2`."""
    return with_one_step(f"{revision}~1")


def with_one_step(revision: str) -> str:
    """The same commit with its steps to parents in one number: `HEAD~3` for `HEAD~2~1`."""
    steps = _STEPS.search(revision)
    if steps is None:
        return revision
    count = sum(int(step[1] or 1) if step[0][0] == "~" else 1 for step in _STEP.finditer(steps.group()))
    return f"{revision[: steps.start()]}~{count}" if count else revision[: steps.start()]
