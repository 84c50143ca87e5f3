"""The registry: every tool is complete, and the README's table says what is true."""

from __future__ import annotations

import inspect
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from punie_tools.code.stubs import stub_of
from punie_tools.errors import ToolError
from punie_tools.registry import TOOLS, find_tool
from punie_tools.tool import Risk, Tool, ToolContext, ToolResult
from punie_tui.commands.tool_help import help_text

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


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_all_that_is_said_of_a_tool_comes_from_its_function(tool: Tool) -> None:
    arguments = list(inspect.signature(tool.function).parameters)[1:]
    required = [
        name
        for name, parameter in inspect.signature(tool.function).parameters.items()
        if name in arguments and parameter.default is inspect.Parameter.empty
    ]
    assert list(tool.arguments_schema.get("properties", {})) == arguments
    assert tool.arguments_schema.get("required", []) == required
    assert list(tool.result_schema["properties"]) == list(stub_of((tool,)).fields[tool.result_type.__name__])
    assert re.search(rf"^def {tool.name}\({', '.join(rf'{name}: [^=]+( = .*)?' for name in arguments)}\)", *stub(tool))
    assert tool.description == inspect.getdoc(tool.function)
    shown = help_text(tool)
    assert tool.description in shown
    assert all(
        re.search(rf"^  {name} +\S", shown, re.MULTILINE) for name in [*arguments, *tool.result_schema["properties"]]
    )


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_the_example_in_the_help_is_a_call(tool: Tool) -> None:
    command, verb, name, *words = shlex.split(help_text(tool).splitlines()[-1])
    assert (command, verb, name) == ("punie", "tool", tool.name)
    values = {
        key: json.loads(value) if value[0] == "[" else value for key, _, value in (w.partition("=") for w in words)
    }
    assert tool.validate(values) is not None
    assert set(tool.arguments_schema.get("required", [])) <= values.keys()


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_a_tool_is_one_file_with_one_test(tool: Tool) -> None:
    module = sys.modules[tool.function.__module__]
    assert vars(module)["TOOL"] is tool
    assert module.__name__.rsplit(".", 1)[1] == tool.name
    assert tool.name in "".join(
        path.read_text(encoding="utf-8") for path in README.parents[1].glob("tests/tools/*/*.py")
    )


def test_one_tool_is_found_without_the_others_files() -> None:
    code = (
        "import sys; from punie_tools.registry import find_tool; find_tool('git_status'); "
        "print([name for name in sys.modules if name.startswith(('punie_tools.quality', 'punie_tools.files.grep'))])"
    )
    printed = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert printed == "[]\n"


def test_two_results_of_one_name_are_refused() -> None:
    class GrepMatch(ToolResult):
        pass

    def other(context: ToolContext) -> GrepMatch:
        """Do something."""
        return GrepMatch()

    other.__annotations__["return"] = GrepMatch
    with pytest.raises(ValueError, match="GrepMatch names two result classes"):
        stub_of((find_tool("grep"), Tool(other, risk=Risk.READS)))


def stub(tool: Tool) -> tuple[str, re.RegexFlag]:
    return stub_of((tool,)).text, re.MULTILINE


def test_a_wrong_name_gets_the_nearest_one() -> None:
    with pytest.raises(ToolError, match=r"^There is no tool 'type_check'; did you mean 'typecheck'\?$"):
        find_tool("type_check")
    with pytest.raises(ToolError, match=r"^There is no tool 'zzz'\.$"):
        find_tool("zzz")
