"""A patch as rows of the trace, coloured, each leading to its line of the new file."""

from __future__ import annotations

import re

from punie_tui.app.widgets.trace.rows import Role, Row, row

_HUNK = re.compile(r"@@ -\d+(?:,\d+)? \+(\d+)")


def rows_of_diff(patch: str) -> list[Row]:
    """The patch, a heading a file; Enter leads to the line of the new file."""
    rows: list[Row] = []
    old_path = path = ""
    line = 0
    for text in patch.splitlines():
        if line == 0 or text.startswith("diff --git "):
            if text.startswith("diff --git "):
                line = 0
            if text.startswith("--- "):
                old_path = _named(text)
            elif text.startswith("+++ "):
                path = _named(text) or old_path
                rows.append(row(path if _named(text) else f"{path} (deleted)", "strong", path=path))
            elif text.startswith(("Binary files ", "rename ", "new file ", "old mode ", "new mode ")):
                rows.append(row(text, "muted"))
        if found := _HUNK.match(text):
            line = max(int(found[1]), 1)
            rows.append(row(text, "muted", path=path, line=line))
        elif line:
            role: Role = "good" if text.startswith("+") else "bad" if text.startswith("-") else ""
            rows.append(row(text, role, path=path, line=line))
            line += not text.startswith(("-", "\\"))
    return rows


def _named(heading: str) -> str:
    """The path of a `---` or `+++` line, empty for /dev/null."""
    path = heading[4:].split("\t")[0].strip('"')
    return "" if path == "/dev/null" else path.removeprefix("a/").removeprefix("b/")
