"""Programs are checked before they run: right ones run, wrong ones are told what is right, and nothing has happened."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from punie_tools.code.monty_adapter import FinishedProgram, run_code
from punie_tools.code.sandbox import tool_function
from punie_tools.code.stubs import SandboxStub, stub_of
from punie_tools.registry import TOOLS
from punie_tools.tool import Tool, ToolResult
from punie_tui.lab.plausible import plausible_result

PROGRAMS = Path(__file__).parents[2] / "fixtures" / "programs"
CALLABLE = tuple(tool for tool in TOOLS if tool.name != "execute_code")
STUB = stub_of(CALLABLE)


def programs(name: str) -> list[str]:
    return (PROGRAMS / name).read_text(encoding="utf-8").split("---\n")


class Sandbox:
    """Runs programs on small plausible results, and notes what they called."""

    def __init__(self) -> None:
        self.called: list[str] = []

    def run(self, code: str, stub: SandboxStub | None = STUB, seconds: float = 10.0) -> FinishedProgram:
        functions = {tool.name: tool_function(tool, self._stand_in(tool)) for tool in CALLABLE}
        return run_code(code, functions, stub=stub, seconds=seconds)

    def _stand_in(self, tool: Tool) -> Any:
        def call(arguments: Mapping[str, Any]) -> ToolResult:
            self.called.append(tool.name)
            return plausible_result(tool, tool.validate(arguments))

        return call


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox()


@pytest.mark.parametrize("code", programs("right.txt"))
def test_a_right_program_runs(sandbox: Sandbox, code: str) -> None:
    assert sandbox.run(code).error == ""
    assert sandbox.called


@pytest.mark.parametrize("program", programs("wrong.txt"))
def test_a_wrong_program_is_told_what_is_right_before_it_runs(sandbox: Sandbox, program: str) -> None:
    code, _, message = program.partition("=> ")
    finished = sandbox.run(code)
    assert message.strip() in finished.error
    assert "\n" not in finished.error
    assert (finished.was_started, sandbox.called) == (False, [])


def test_a_wrong_program_would_fail_without_the_check() -> None:
    """What is refused is not a matter of taste: each of these programs fails when it runs unchecked."""
    kept = [program for program in programs("wrong.txt") if not Sandbox().run(program.partition("=> ")[0], None).error]
    assert kept == []


@pytest.mark.parametrize("tool", CALLABLE, ids=lambda tool: tool.name)
def test_every_field_of_every_result_can_be_read_and_no_other(sandbox: Sandbox, tool: Tool) -> None:
    name = tool.result_type.__name__
    arguments = ", ".join("'x'" for field in tool.arguments_type.model_fields.values() if field.is_required())
    fields = STUB.fields[name]
    assert set(fields) == set(tool.result_schema["properties"])
    reads = [f"r.{field}" for field in fields]
    for field, type_name in fields.items():
        item = type_name.removeprefix("list[").removesuffix("]")
        reads += [f"r.{field}[0].{inner}" for inner in STUB.fields.get(item, ())]
    assert sandbox.run(f"r = {tool.name}({arguments})\nprint({', '.join(reads)})").error == ""
    assert f"`{name}` has no `zzz`" in sandbox.run(f"{tool.name}({arguments}).zzz").error


def test_a_program_that_the_checker_does_not_survive_runs_without(sandbox: Sandbox) -> None:
    nested = "d = {}\n" + "d = {'a': d, 'b': [d]}\n" * 40 + "print(git_log().commit_count)"
    assert sandbox.run(nested, seconds=1.0) == FinishedProgram("3\n", None, False)
    assert sandbox.called == ["git_log"]
