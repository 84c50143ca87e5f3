"""The registry: every tool is complete, and the README's table says what is true."""

from __future__ import annotations

from pathlib import Path

import pytest

from punie_tools.errors import ToolError
from punie_tools.registry import TOOLS, find_tool
from punie_tools.tool import Tool

README = Path(__file__).parents[2] / "tools" / "README.md"
ORDER = [
    "read_file",
    "list_files",
    "grep",
    "write_file",
    "edit_file",
    "run_command",
    "execute_code",
    "typecheck",
    "ruff_check",
    "ruff_format",
    "pytest_run",
    "goto_definition",
    "find_references",
    "hover",
    "document_symbols",
    "workspace_symbols",
    "rename_symbol",
    "git_status",
    "git_diff",
    "git_log",
    "git_show",
    "git_blame",
]


def readme_row(tool: Tool) -> str:
    arguments = ", ".join(
        name if field.is_required() else f"{name}={field.default!r}"
        for name, field in tool.arguments_type.model_fields.items()
    )
    return f"| `{tool.name}` | {tool.risk.value} | {f'`{arguments}`' if arguments else ''} | {tool.summary} |"


def test_the_readme_s_table_is_made_from_the_registry() -> None:
    head = "| tool | risk | arguments | what it does |\n|---|---|---|---|\n"
    table = head + "".join(f"{readme_row(tool)}\n" for tool in TOOLS)
    assert table in README.read_text(encoding="utf-8"), f"the table in {README.name} should be:\n{table}"


def test_the_order_is_that_of_the_contract() -> None:
    names = [tool.name for tool in TOOLS]
    assert len(set(names)) == len(names)
    assert [name for name in names if name in ORDER] == [name for name in ORDER if name in names]


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_every_tool_is_described(tool: Tool) -> None:
    assert tool.summary.endswith((".", "?"))
    assert find_tool(tool.name) is tool
    assert tool.arguments_schema["additionalProperties"] is False
    assert {"success", "summary"} <= tool.result_schema["properties"].keys()
    assert tool.result_type.model_config.get("frozen")


def test_a_wrong_name_gets_the_nearest_one() -> None:
    with pytest.raises(ToolError, match=r"^There is no tool 'type_check'; did you mean 'typecheck'\?$"):
        find_tool("type_check")
    with pytest.raises(ToolError, match=r"^There is no tool 'zzz'\.$"):
        find_tool("zzz")
