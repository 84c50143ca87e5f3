"""What nano knows of the tools: the kind of each argument, which decides what may stand there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What an argument holds."""

    PATH = "path"
    TARGET = "target"
    SYMBOL = "symbol"
    TEXT = "text"
    GLOB = "glob"
    NUMBER = "number"
    FLAG = "flag"
    REVISION = "revision"


@dataclass(frozen=True)
class Argument:
    """One argument of a tool; nano writes required ones always and optional ones only when the request asks."""

    kind: Kind
    is_required: bool = False


def _tool(required: Mapping[str, Kind], optional: Mapping[str, Kind]) -> Mapping[str, Argument]:
    return {
        **{name: Argument(kind, is_required=True) for name, kind in required.items()},
        **{name: Argument(kind) for name, kind in optional.items()},
    }


_LINES = {"start_line": Kind.NUMBER, "end_line": Kind.NUMBER}
_WITHIN = {"path": Kind.PATH}

CATALOGUE: Mapping[str, Mapping[str, Argument]] = {
    "read_file": _tool({"path": Kind.PATH}, _LINES),
    "list_files": _tool({}, {"pattern": Kind.GLOB, "path": Kind.PATH}),
    "grep": _tool(
        {"pattern": Kind.TEXT},
        {"path": Kind.PATH, "glob": Kind.GLOB, "literal": Kind.FLAG, "ignore_case": Kind.FLAG},
    ),
    "write_file": _tool({"path": Kind.PATH, "content": Kind.TEXT}, {}),
    "edit_file": _tool({"path": Kind.PATH, "old": Kind.TEXT, "new": Kind.TEXT}, {"replace_all": Kind.FLAG}),
    "run_command": _tool({"command": Kind.TEXT}, {}),
    "typecheck": _tool({}, _WITHIN),
    "ruff_check": _tool({}, {"path": Kind.PATH, "fix": Kind.FLAG}),
    "ruff_format": _tool({}, {"path": Kind.PATH, "check": Kind.FLAG}),
    "pytest_run": _tool({}, {"target": Kind.TARGET, "keyword": Kind.TEXT, "last_failed": Kind.FLAG}),
    "goto_definition": _tool({"symbol": Kind.SYMBOL}, _WITHIN),
    "find_references": _tool({"symbol": Kind.SYMBOL}, _WITHIN),
    "hover": _tool({"symbol": Kind.SYMBOL}, _WITHIN),
    "document_symbols": _tool({"path": Kind.PATH}, {}),
    "workspace_symbols": _tool({"query": Kind.SYMBOL}, {}),
    "rename_symbol": _tool({"symbol": Kind.SYMBOL, "new_name": Kind.SYMBOL}, _WITHIN),
    "git_status": {},
    "git_diff": _tool({}, {"path": Kind.PATH, "staged": Kind.FLAG, "base": Kind.REVISION}),
    "git_log": _tool({}, {"path": Kind.PATH, "count": Kind.NUMBER}),
    "git_show": _tool({}, {"revision": Kind.REVISION}),
    "git_blame": _tool({"path": Kind.PATH}, _LINES),
}

CONSTANTS: Mapping[Kind, tuple[str, ...]] = {
    Kind.NUMBER: ("1",),
    Kind.FLAG: ("true",),
    Kind.REVISION: ("HEAD", "HEAD~1"),
}
"""Values that a request may mean without spelling them, such as the 1 of "the last commit"."""
