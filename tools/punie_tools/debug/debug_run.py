"""debug_run: where and with which values a script fails, or passes a breakpoint."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, computed_field

from punie_tools.commands.change_watch import ChangeWatch
from punie_tools.commands.runner import CommandRun, run_confined
from punie_tools.debug.breakpoints import resolved_breakpoints
from punie_tools.debug.conversation import SECONDS_TO_LOOK, Conversation, Plan
from punie_tools.debug.debug_result import DebugResult, checked_timeout, shown_plan
from punie_tools.debug.debuggee import AGENT_FOLDER, debugger_variables, project_file_test, pydevd_folder
from punie_tools.debug.stop_report import run_fields, stop_fields
from punie_tools.errors import ToolError
from punie_tools.process import FinishedProcess, project_environment, run_process
from punie_tools.quality.interpreter import Interpreter
from punie_tools.quality.pytest_run import project_interpreter
from punie_tools.quality.tests_in_sandbox import (
    allowance_for_tests,
    are_tests_confined,
    confinement_for_tests,
    without_secrets,
)
from punie_tools.tool import Risk, Tool, ToolContext

_OUTPUT_LIMIT = 16 * 1024


class DebugRunResult(DebugResult):
    """`exit_code` is None for a script that was ended where it stopped, or at its deadline."""

    path: str
    arguments: tuple[str, ...]
    exit_code: int | None

    @computed_field
    @property
    def summary(self) -> str:
        return f"{self.told(self.path)}."


def debug_run(
    context: ToolContext,
    path: Annotated[str, Field(description="The script, run as `python PATH` in the root of the project.")],
    breakpoints: Annotated[
        Sequence[str], Field(description="Each `file:line` or a function's name, and `if CONDITION` if wanted.")
    ] = (),
    expressions: Annotated[Sequence[str], Field(description="Evaluated in the frame where it stops.")] = (),
    arguments: Annotated[Sequence[str], Field(description="What the script gets on its command line.")] = (),
    timeout: Annotated[float, Field(description="Seconds until it is stopped where it is.")] = 60.0,
) -> DebugRunResult:
    """Run a script to the error that ends it or to a breakpoint: the stack, the values and what expressions give there.

    It stops in the innermost frame of the project's own code. From a breakpoint the script goes no further.
    """
    if not context.workspace.is_trusted:
        raise ToolError("Debugging starts the project's own code, and this folder is not trusted; trust it first.")
    seconds = checked_timeout(timeout)
    script = _script(context, path)
    points = resolved_breakpoints(context, breakpoints)
    interpreter = project_interpreter(context.workspace)
    plan = Plan(points, expressions, seconds, project_file_test(context.workspace, interpreter), ends_when_stopped=True)
    variables = debugger_variables(interpreter, has_breakpoints=bool(points))
    with Conversation(plan) as conversation:
        ran = _run(context, interpreter, [str(script), *_checked(arguments)], variables, conversation)
    finished = ran.process
    fields: dict[str, Any] = stop_fields(conversation, points, context.workspace)
    fields["truncated"] = fields.get("truncated", False) or finished.truncated
    has_ended = fields["stopped"] in ("finished", "exception") and not finished.timed_out
    if fields["stopped"] == "finished":
        fields["reason"] = f"ended with exit code {finished.exit_code}"
    streams = (finished.stdout.decode("utf-8", "replace"), finished.stderr.decode("utf-8", "replace"))
    return DebugRunResult(
        path=context.workspace.relative(script),
        arguments=tuple(arguments),
        exit_code=finished.exit_code if has_ended else None,
        output="".join(streams),
        **run_fields(ran),
        **fields,
    )


def _preview(
    context: ToolContext,
    path: str,
    breakpoints: Sequence[str],
    expressions: Sequence[str],
    arguments: Sequence[str],
    timeout: float,
) -> str:
    """What runs, and what will be evaluated in it."""
    script = _script(context, path)
    command = [str(project_interpreter(context.workspace).path), str(script), *_checked(arguments)]
    return shown_plan(context.workspace, command, breakpoints, expressions)


TOOL = Tool(debug_run, risk=Risk.RUNS, preview=_preview, confined_in=are_tests_confined)


def _script(context: ToolContext, path: str) -> Path:
    script = context.workspace.resolve(path)
    if not script.is_file():
        raise ToolError(f"{path!r} is a folder; debug_run runs one script.")
    return script


def _run(
    context: ToolContext,
    interpreter: Interpreter,
    words: list[str],
    variables: dict[str, str],
    conversation: Conversation,
) -> CommandRun:
    """Run the script confined as tests are, unbuffered, so that what it printed before it was ended is there."""
    root = context.workspace.root
    confinement = confinement_for_tests(context.workspace)
    environment = {**project_environment(), **variables}

    def run(argv: list[str]) -> FinishedProcess:
        return run_process(
            argv,
            cwd=root,
            timeout=conversation.seconds + SECONDS_TO_LOOK,
            cancelled=context.cancelled,
            environment=without_secrets(environment) if confinement.backend else environment,
            output_limit=_OUTPUT_LIMIT,
            keep_tail=True,
            sweep=True,
            channel=conversation.channel,
            until=conversation.is_over,
        )

    is_journalled = context.changes is not None and context.changes.journal is not None
    argv = [str(interpreter.path), "-u", str(AGENT_FOLDER / "punie_debug_script.py"), *words]
    watch = ChangeWatch(context, wants_changes=False) if is_journalled else None
    allowance = allowance_for_tests(root, interpreter, AGENT_FOLDER, pydevd_folder())
    return run_confined(root, argv, run, confinement, watch, allowance)


def _checked(arguments: Sequence[str]) -> list[str]:
    for argument in arguments:
        if "\0" in argument:
            raise ToolError("An argument holds a NUL character, which no program takes.")
    return list(arguments)
