"""The files of the working tree that are not as the last commit has them."""

from __future__ import annotations

import os

from punie_tools.git.repository import DIFF_OPTIONS, Repository
from punie_tools.tool import ToolContext


def changed_files(context: ToolContext) -> list[str]:
    """Paths below the workspace that were changed, added, deleted (renamed: both) or are untracked, and not ignored.

    Raises ToolError if the workspace is in no git repository.
    """
    repository = Repository.of(context)
    options = ("--name-only", "-z", "--relative", *DIFF_OPTIONS, "--no-renames")
    changed = repository.run("diff", *options, "HEAD", "--", ".").stdout if repository.has_commits else b""
    listed = ("--others",) if repository.has_commits else ("--others", "--cached")
    untracked = repository.run("ls-files", *listed, "--exclude-standard", "-z", "--", ".").stdout
    found = {os.fsdecode(name) for name in (changed + untracked).split(b"\0") if name}
    return sorted(found)
