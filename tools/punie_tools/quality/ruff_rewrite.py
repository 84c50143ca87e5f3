"""What ruff would make of files, as changes for the edit engine: ruff itself writes nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from punie_tools.changes.change_set import FileChange
from punie_tools.changes.file_edit import current_image, path_in_tree
from punie_tools.changes.tree_access import FileImage
from punie_tools.quality.ruff_process import run_ruff
from punie_tools.tool import ToolContext

_FIXED = re.compile(r"\((\d+) fixed, \d+ remaining\)")


def rewrites(
    context: ToolContext, command: Sequence[str], files: Iterable[Path], *, accepted: tuple[int, ...]
) -> tuple[list[FileChange], int]:
    """The changes that `ruff COMMAND` makes to files, and how many violations it says it mended. Raises ToolError.

    A link is followed to its file; one that leads out of the workspace is an error.
    """
    changes: dict[str, FileChange] = {}
    fixed = 0
    for file in sorted(set(files)):
        path = path_in_tree(context, context.workspace.relative(file))
        before = current_image(context, path)
        if before is None or path in changes:
            continue
        arguments = [*command, "--stdin-filename", file, "-"]
        finished = run_ruff(context, arguments, accepted=accepted, stdin=before.data)
        fixed += _fixed_count(finished.stderr)
        if finished.stdout != before.data:
            changes[path] = FileChange(path, before, FileImage(finished.stdout, before.mode))
    return list(changes.values()), fixed


def _fixed_count(output: bytes) -> int:
    counts = _FIXED.findall(output.decode("utf-8", "replace"))
    return int(counts[-1]) if counts else 0
