"""How a tool says that it could not do its job.

ToolError: an expected failure
    ToolCancelledError: the person stopped the turn
    ToolDeniedError: a call that a tool makes may not run
"""

from __future__ import annotations


class ToolError(Exception):
    """An expected failure: one clear sentence that names the thing, and the nearest match where there is one."""


class ToolCancelledError(ToolError):
    """The person stopped the turn while the tool ran; everything the tool started has ended."""


class ToolDeniedError(ToolError):
    """What another tool wanted to call may not run; the text is the reason."""


def bug_in(tool: str) -> str:
    """What is told of a failure that nobody expected, whose traceback is in the log."""
    return f"{tool} has a bug: it ended unexpectedly; the log holds the details."


def reason_of(error: OSError) -> str:
    """What the system says went wrong, as the end of a sentence: `no such file or directory`."""
    return (error.strerror or str(error)).lower()
