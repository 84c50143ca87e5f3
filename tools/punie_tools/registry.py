"""Every tool, in the order in which people and models see them. No discovery: a tool is here or it does not exist."""

from __future__ import annotations

from difflib import get_close_matches

from punie_tools.code import execute_code
from punie_tools.errors import ToolError
from punie_tools.files import edit_file, grep, list_files, read_file
from punie_tools.git import git_blame, git_branches, git_diff, git_log, git_show, git_status
from punie_tools.lsp import (
    call_hierarchy,
    document_symbols,
    find_references,
    goto_definition,
    hover,
    type_definition,
    workspace_symbols,
)
from punie_tools.quality import pytest_affected, pytest_run, ruff_check, typecheck
from punie_tools.tool import Tool

TOOLS: tuple[Tool, ...] = (
    read_file.TOOL,
    list_files.TOOL,
    grep.TOOL,
    edit_file.TOOL,
    execute_code.TOOL,
    typecheck.TOOL,
    ruff_check.TOOL,
    pytest_run.TOOL,
    pytest_affected.TOOL,
    goto_definition.TOOL,
    find_references.TOOL,
    hover.TOOL,
    document_symbols.TOOL,
    workspace_symbols.TOOL,
    call_hierarchy.TOOL,
    type_definition.TOOL,
    git_status.TOOL,
    git_diff.TOOL,
    git_log.TOOL,
    git_show.TOOL,
    git_blame.TOOL,
    git_branches.TOOL,
)


def find_tool(name: str) -> Tool:
    """The tool of that name. Raises ToolError that names the nearest one."""
    tools = {tool.name: tool for tool in TOOLS}
    if tool := tools.get(name):
        return tool
    nearest = get_close_matches(name, tools, n=1)
    raise ToolError(f"There is no tool {name!r}{f'; did you mean {nearest[0]!r}?' if nearest else '.'}")
