"""Every tool, in the order in which people and models see them. No discovery: a tool is here or it does not exist."""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module

from punie_tools.errors import ToolError
from punie_tools.tool import Tool

_FILES = (
    "files.read_file",
    "files.list_files",
    "files.grep",
    "files.write_file",
    "files.edit_file",
    "changes.apply_patch",
    "commands.run_command",
    "code.execute_code",
    "quality.typecheck",
    "quality.ruff_check",
    "quality.ruff_format",
    "quality.pytest_run",
    "quality.pytest_affected",
    "debug.debug_test",
    "debug.debug_run",
    "lsp.goto_definition",
    "lsp.find_references",
    "lsp.hover",
    "lsp.document_symbols",
    "lsp.workspace_symbols",
    "lsp.rename_symbol",
    "lsp.call_hierarchy",
    "lsp.type_definition",
    "actions.code_actions",
    "actions.apply_code_action",
    "git.git_status",
    "git.git_diff",
    "git.git_log",
    "git.git_show",
    "git.git_blame",
    "git.git_branches",
    "git.git_stage",
    "git.git_unstage",
    "git.git_commit",
    "git.git_branch",
    "git.git_stash",
    "git.git_cherry_pick",
)

TOOLS: tuple[Tool, ...]


def __getattr__(name: str) -> tuple[Tool, ...]:
    """`TOOLS` is made when it is first asked for: one tool's call starts a third quicker without the others' files."""
    if name != "TOOLS":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return globals().setdefault(name, tuple(_tool_in(file) for file in _FILES))


def find_tool(name: str) -> Tool:
    """The tool of that name. Raises ToolError that names the nearest one."""
    files = {file.rpartition(".")[2]: file for file in _FILES}
    if file := files.get(name):
        return _tool_in(file)
    nearest = get_close_matches(name, files, n=1)
    raise ToolError(f"There is no tool {name!r}{f'; did you mean {nearest[0]!r}?' if nearest else '.'}")


def _tool_in(file: str) -> Tool:
    return import_module(f"punie_tools.{file}").TOOL
