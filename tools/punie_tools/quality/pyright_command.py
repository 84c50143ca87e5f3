"""Findings from pyright's command: a fresh look at everything, by a process that ends."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, ValidationError

from punie_tools.errors import ToolError
from punie_tools.process import FinishedProcess, clean_environment, run_process
from punie_tools.quality.interpreter import interpreter_of
from punie_tools.quality.pyright_process import find_pyright, write_stand_in
from punie_tools.quality.pyright_report import PyrightFinding, PyrightReport
from punie_tools.safe_text import whole_characters
from punie_tools.sentences import single_line
from punie_tools.tool import ToolContext

DEADLINE_SECONDS = 600.0

_OUTPUT_LIMIT = 256 * 1024 * 1024
_CONFIGURATION_IS_BROKEN = 3


def check_by_command(context: ToolContext, target: Path) -> PyrightReport:
    """What `pyright --outputjson` says about a path of the workspace. Raises ToolError."""
    root = context.workspace.root
    pyright = find_pyright()
    with tempfile.TemporaryDirectory(prefix="punie-pyright-") as folder:
        interpreter = write_stand_in(interpreter_of(context.workspace), Path(folder))
        # A path on the command line would replace what the project's configuration includes.
        paths = [] if target == root else [_literal(target)]
        finished = run_process(
            [pyright.node, pyright.command, "--outputjson", "--pythonpath", interpreter, *paths],
            cwd=root,
            environment={**clean_environment(), "TMPDIR": folder},
            timeout=DEADLINE_SECONDS,
            cancelled=context.cancelled,
            output_limit=_OUTPUT_LIMIT,
        )
    return _report(finished)


class _Position(BaseModel):
    line: int
    character: int


class _Range(BaseModel):
    start: _Position


class _Diagnostic(BaseModel):
    file: str = ""
    severity: Literal["error", "warning", "information"]
    message: str
    rule: str = ""
    # Findings about a whole file come without one.
    range: _Range = _Range(start=_Position(line=0, character=0))


class _Summary(BaseModel):
    files_analyzed: int = Field(alias="filesAnalyzed")


class _Output(BaseModel):
    """What `pyright --outputjson` prints."""

    general_diagnostics: tuple[_Diagnostic, ...] = Field(alias="generalDiagnostics")
    summary: _Summary


def _literal(path: Path) -> str:
    """The path as pyright takes it on its command line. Raises ToolError if pyright would read it as a pattern."""
    text = str(path)
    if "*" in text or "?" in text:
        raise ToolError(f"pyright reads the * or ? in {path.name!r} as a pattern; check the folder above it instead.")
    return text


def _report(finished: FinishedProcess) -> PyrightReport:
    if finished.timed_out:
        raise ToolError(f"pyright did not finish within {DEADLINE_SECONDS:.0f} s; check a smaller folder.")
    complaint = single_line(finished.stderr.decode("utf-8", "replace")) or f"exit code {finished.exit_code}"
    if finished.exit_code == _CONFIGURATION_IS_BROKEN:
        raise ToolError(f"pyright cannot read the project's configuration: {complaint}")
    try:
        output = _Output.model_validate(json.loads(finished.stdout))
    except (ValueError, ValidationError):
        raise ToolError(f"pyright failed: {complaint}") from None
    count = output.summary.files_analyzed
    found = [finding for each in output.general_diagnostics for finding in _findings(each)]
    return PyrightReport.of(found, files_checked=count, files_rechecked=count, is_warm=False)


def _findings(found: _Diagnostic) -> list[PyrightFinding]:
    if found.severity == "information":
        return []
    start = found.range.start
    message = whole_characters(found.message)
    return [PyrightFinding(Path(found.file), start.line + 1, start.character, found.severity, found.rule, message)]
