"""What an edit did to the type errors of its file, where a warm language server can tell at once."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from punie_tools.errors import ToolCancelledError
from punie_tools.quality.pyright_report import PyrightFinding
from punie_tools.tool import ToolContext

Errors = list[PyrightFinding]


def type_errors(context: ToolContext, file: Path) -> Errors | None:
    """The file's errors; None where no server runs, or it cannot tell. It is not started for this."""
    server = context.language_server
    if server is None or server.pid is None or file.suffix not in (".py", ".pyi") or not file.exists():
        return None
    from punie_tools.lsp.connection import ServerFailedError
    from punie_tools.lsp.diagnostics import check_by_server

    try:
        report = check_by_server(context, server, file)
    except (ServerFailedError, ToolCancelledError):
        # The edit is made; not knowing its effect is no reason to lose its result.
        return None
    return None if report is None else [found for found in report.findings if found.severity == "error"]


def errors_gained(before: Errors | None, after: Errors | None) -> tuple[str, ...] | None:
    """The errors that there are after an edit and were not before, as `line: message`; None if it is not known.

    An error that only moved to another line is the same one.
    """
    if before is None or after is None:
        return None
    known = Counter((found.rule, found.message) for found in before)
    gained: list[str] = []
    for found in after:
        key = (found.rule, found.message)
        if known[key]:
            known[key] -= 1
        else:
            gained.append(f"{found.line}: {found.message}")
    return tuple(gained)
