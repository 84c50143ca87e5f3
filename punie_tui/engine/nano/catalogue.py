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
    """A commit, by name or by how many commits ago it is."""
    BASE = "base"
    """A revision, or two of them; the tool gets `A..B`."""
    PATHS = "paths"
    """One path or several; the tool gets a list."""
    PLACES = "places"
    """Files, each with a line of it, or names of functions; the tool gets a list of `file:line` and names."""
    TEXTS = "texts"
    """One text or several; the tool gets a list."""
    WORDS = "words"
    """A part of a command line; the tool gets its words."""
    DIRECTION = "direction"
    STASH_ACTION = "stash_action"


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
_STOPS = {"breakpoints": Kind.PLACES, "expressions": Kind.TEXTS}

CATALOGUE: Mapping[str, Mapping[str, Argument]] = {
    "read_file": _tool({"path": Kind.PATH}, _LINES),
    "list_files": _tool({}, {"pattern": Kind.GLOB, "path": Kind.PATH}),
    "grep": _tool(
        {"pattern": Kind.TEXT},
        {"path": Kind.PATH, "glob": Kind.GLOB, "literal": Kind.FLAG, "ignore_case": Kind.FLAG},
    ),
    "write_file": _tool({"path": Kind.PATH, "content": Kind.TEXT}, {}),
    "edit_file": _tool({"path": Kind.PATH, "old": Kind.TEXT, "new": Kind.TEXT}, {"replace_all": Kind.FLAG}),
    "run_command": _tool({"command": Kind.TEXT}, {"timeout": Kind.NUMBER}),
    "typecheck": _tool({}, _WITHIN),
    "ruff_check": _tool({}, {"path": Kind.PATH, "fix": Kind.FLAG}),
    "ruff_format": _tool({}, {"path": Kind.PATH, "check": Kind.FLAG}),
    "pytest_run": _tool({}, {"target": Kind.TARGET, "keyword": Kind.TEXT, "last_failed": Kind.FLAG}),
    "pytest_affected": _tool({}, {"paths": Kind.PATHS}),
    "debug_test": _tool({"target": Kind.TARGET}, _STOPS),
    "debug_run": _tool({"path": Kind.PATH}, {**_STOPS, "arguments": Kind.WORDS}),
    "code_actions": _tool({"path": Kind.PATH}, {"line": Kind.NUMBER, "end_line": Kind.NUMBER}),
    "apply_code_action": _tool({"id": Kind.TEXT}, {}),
    "apply_patch": _tool({"patch": Kind.TEXT}, {}),
    "goto_definition": _tool({"symbol": Kind.SYMBOL}, _WITHIN),
    "find_references": _tool({"symbol": Kind.SYMBOL}, _WITHIN),
    "hover": _tool({"symbol": Kind.SYMBOL}, _WITHIN),
    "document_symbols": _tool({"path": Kind.PATH}, {}),
    "workspace_symbols": _tool({"query": Kind.SYMBOL}, {}),
    "rename_symbol": _tool({"symbol": Kind.SYMBOL, "new_name": Kind.SYMBOL}, _WITHIN),
    "call_hierarchy": _tool({"symbol": Kind.SYMBOL}, {"direction": Kind.DIRECTION, **_WITHIN}),
    "type_definition": _tool({"symbol": Kind.SYMBOL}, _WITHIN),
    "git_status": {},
    "git_diff": _tool({}, {"path": Kind.PATH, "staged": Kind.FLAG, "base": Kind.BASE}),
    "git_log": _tool({}, {"path": Kind.PATH, "count": Kind.NUMBER}),
    "git_show": _tool({}, {"revision": Kind.REVISION}),
    "git_blame": _tool({"path": Kind.PATH}, _LINES),
    "git_branches": {},
    "git_stage": _tool({}, {"paths": Kind.PATHS}),
    "git_unstage": _tool({}, {"paths": Kind.PATHS}),
    "git_commit": _tool({"message": Kind.TEXT}, {}),
    "git_branch": _tool({"name": Kind.TEXT}, {"create": Kind.FLAG, "start": Kind.REVISION}),
    "git_stash": _tool({}, {"action": Kind.STASH_ACTION, "message": Kind.TEXT}),
    "git_cherry_pick": _tool({"revision": Kind.REVISION}, {}),
}

CONSTANTS: Mapping[Kind, tuple[str, ...]] = {
    Kind.NUMBER: ("1",),
    Kind.FLAG: ("true",),
    Kind.REVISION: ("HEAD", "HEAD~1"),
    Kind.DIRECTION: ("outgoing",),
    Kind.STASH_ACTION: ("pop", "list"),
}
"""Values that a request may mean without spelling them, such as the 1 of "the last commit"."""
