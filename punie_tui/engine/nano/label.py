"""A reply in a line that a person can read, when they are asked what they meant."""

from __future__ import annotations

import re
from collections.abc import Mapping

from punie_tui.engine.nano.answers import AnswerKind, answer_label
from punie_tui.engine.nano.candidates import NO_PATHS
from punie_tui.engine.nano.catalogue import CATALOGUE, Argument, Kind
from punie_tui.engine.nano.programs import PROGRAMS
from punie_tui.engine.nano.request_view import RequestView
from punie_tui.engine.nano.wire_format import shown_calls

_TITLES = {
    "apply_code_action": "apply code action",
    "call_hierarchy": "call hierarchy of",
    "code_actions": "code actions of",
    "debug_run": "debug",
    "debug_test": "debug",
    "document_symbols": "outline of",
    "edit_file": "edit",
    "find_references": "references of",
    "git_branch": "switch to branch",
    "git_branches": "list branches",
    "goto_definition": "definition of",
    "hover": "type and docstring of",
    "pytest_affected": "run affected tests",
    "pytest_run": "run tests",
    "read_file": "read",
    "rename_symbol": "rename",
    "ruff_check": "lint",
    "ruff_format": "format",
    "run_command": "run",
    "type_definition": "class of",
    "typecheck": "check types",
    "workspace_symbols": "symbols named",
    "write_file": "write",
}
"""What a tool does, where its name does not say it to somebody who has never read it."""
_ARGUMENTS = {
    "base": "against",
    "breakpoints": "stop at",
    "end_line": "to line",
    "expressions": "show",
    "fix": "and fix",
    "glob": "in",
    "keyword": "matching",
    "last_failed": "those that failed",
    "path": "in",
    "start_line": "from line",
    "target": "",
}
_BETWEEN = {
    "count": " with more lines than",
    "keyword": " named",
    "new": " to",
    "new_name": " to",
    "other": " and",
}
"""What stands before a value that another one comes before."""
_MUST_DIFFER = (("old", "new"), ("symbol", "new_name"))
_OF_AUTHOR = PROGRAMS["commits of author"].title
_LOWER_CASE_NAMES = re.compile(r"[a-z]+(?: [a-z]+)+")
_OF_ONE_FILE = frozenset({"edit_file", "document_symbols", "code_actions", "debug_run", "git_blame"})


def reply_label(view: RequestView, written: str) -> str:
    """Such as `grep TODO, in src`; empty for a reply that makes no sense.

    That is one with a choice that stands for nothing, a call that would put something in its own place, or one that
    takes the name of a class or a mere word for a file, a word such as `last` for a path, or two words for a person.
    """
    calls = [_call_label(view, tool, shown) for tool, shown in shown_calls(written)]
    if not calls:
        kind = next((kind for kind in AnswerKind if kind.token in written), None)
        return answer_label(kind, view.request) if kind else "answer in words"
    return "" if None in calls else ", then ".join(dict.fromkeys(filter(None, calls)))


def _call_label(view: RequestView, tool: str, shown: dict[str, str]) -> str | None:
    known: Mapping[str, Argument] = CATALOGUE.get(tool, {})
    title = _TITLES.get(tool, tool.replace("_", " "))
    if tool == "execute_code":
        program = PROGRAMS[shown.pop("code").strip()]
        title, known = program.title, program.arguments
    parts: list[str] = []
    has_first = False
    if any(old in shown and shown[old] == shown.get(new) for old, new in _MUST_DIFFER):
        return None
    if tool in _OF_ONE_FILE and not view.may_be_file(shown.get("path", "")):
        return None
    for name, choice in shown.items():
        value = view.value(known[name].kind, choice)
        if value is None or (known[name].kind is Kind.PATH and value in NO_PATHS and not view.may_be_file(choice)):
            return None
        if title == _OF_AUTHOR and not _may_be_author(view.request, str(value)):
            return None
        text = " ".join(value) if isinstance(value, list) else str(value)
        said = _ARGUMENTS.get(name, name.replace("_", " "))
        if known[name].is_required:
            title += f"{_BETWEEN.get(name, '') if has_first else ''} {text}"
            has_first = True
        else:
            parts.append(said if value is True else f"{said} {text}".strip())
    return ", ".join([title, *parts])


def _may_be_author(request: str, name: str) -> bool:
    """Several words in small letters are a name only where the request says whose commits it wants."""
    before = rf"(?:\b(?:by|of|from|author|did|has)\W+|[\"'`]){re.escape(name)}"
    return not _LOWER_CASE_NAMES.fullmatch(name) or bool(re.search(before, request))
