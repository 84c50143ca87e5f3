"""typecheck: what pyright finds in the working tree."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, computed_field

from punie_tools.errors import ToolError
from punie_tools.process import FinishedProcess, run_process
from punie_tools.quality.interpreter import find_interpreter
from punie_tools.quality.pyright_process import find_pyright, write_stand_in
from punie_tools.quality.sentences import counted, first_of, single_line
from punie_tools.quality.text_positions import TextPositions
from punie_tools.tool import Risk, Tool, ToolContext, ToolResult
from punie_tools.workspace import Workspace

DEADLINE_SECONDS = 600.0
MOST_FINDINGS = 5_000

_OUTPUT_LIMIT = 256 * 1024 * 1024
_CONFIGURATION_IS_BROKEN = 3


class TypeFinding(BaseModel):
    """One error or warning. `code` is pyright's rule, empty for a syntax error."""

    model_config = ConfigDict(frozen=True)

    file: str
    line: int
    column: int
    severity: Literal["error", "warning"]
    code: str
    message: str


class TypeCheckResult(ToolResult):
    """What pyright found below `path`; errors and warnings, in pyright's order."""

    path: str
    error_count: int
    warning_count: int
    errors: tuple[TypeFinding, ...]
    files_checked: int
    truncated: bool = False

    @computed_field
    @property
    def summary(self) -> str:
        where = f" in {single_line(self.path)}" if self.path != "." else ""
        if not self.files_checked and not self.errors:
            return f"No type errors{where}: there are no Python files to check."
        if not self.errors:
            return f"No type errors{where} ({counted(self.files_checked, 'file')})."
        counts = [(self.error_count, "type error"), (self.warning_count, "warning")]
        found = " and ".join(counted(count, noun) for count, noun in counts if count)
        with_findings = len({finding.file for finding in self.errors})
        files = f"{with_findings} of {counted(max(self.files_checked, with_findings), 'file')}"
        return f"{found} in {files}: {first_of([_in_short(finding) for finding in self.errors])}."


def typecheck(
    context: ToolContext,
    path: Annotated[
        str, Field(description="A file or folder; '.' checks what the project's configuration includes.")
    ] = ".",
) -> TypeCheckResult:
    """Check the types in a file or folder with pyright: every error and warning, with file, line and column.

    Uses the project's own configuration and the packages of its environment, but starts nothing of the project.
    """
    target = context.workspace.resolve(path)
    report = _run_pyright(context, target)
    shown = [finding for finding in report.general_diagnostics if finding.severity != "information"]
    positions = TextPositions()
    return TypeCheckResult(
        path=context.workspace.relative(target),
        error_count=report.summary.error_count,
        warning_count=report.summary.warning_count,
        errors=tuple(_finding(found, context.workspace, positions) for found in shown[:MOST_FINDINGS]),
        files_checked=report.summary.files_analyzed,
        truncated=len(shown) > MOST_FINDINGS,
    )


TOOL = Tool(typecheck, risk=Risk.READS)


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
    error_count: int = Field(alias="errorCount")
    warning_count: int = Field(alias="warningCount")


class _Report(BaseModel):
    """What `pyright --outputjson` prints."""

    general_diagnostics: tuple[_Diagnostic, ...] = Field(alias="generalDiagnostics")
    summary: _Summary


def _run_pyright(context: ToolContext, target: Path) -> _Report:
    root = context.workspace.root
    pyright = find_pyright()
    with tempfile.TemporaryDirectory(prefix="punie-pyright-") as folder:
        interpreter = write_stand_in(find_interpreter(root), Path(folder))
        # A path on the command line would replace what the project's configuration includes.
        paths = [] if target == root else [_literal(target)]
        finished = run_process(
            [pyright.node, pyright.command, "--outputjson", "--pythonpath", interpreter, *paths],
            cwd=root,
            timeout=DEADLINE_SECONDS,
            cancelled=context.cancelled,
            output_limit=_OUTPUT_LIMIT,
        )
    return _report(finished)


def _literal(path: Path) -> str:
    """The path as pyright takes it on its command line. Raises ToolError if pyright would read it as a pattern."""
    text = str(path)
    if "*" in text or "?" in text:
        raise ToolError(f"pyright reads the * or ? in {path.name!r} as a pattern; check the folder above it instead.")
    return text


def _report(finished: FinishedProcess) -> _Report:
    if finished.timed_out:
        raise ToolError(f"pyright did not finish within {DEADLINE_SECONDS:.0f} s; check a smaller folder.")
    complaint = single_line(finished.stderr.decode("utf-8", "replace")) or f"exit code {finished.exit_code}"
    if finished.exit_code == _CONFIGURATION_IS_BROKEN:
        raise ToolError(f"pyright cannot read the project's configuration: {complaint}")
    try:
        return _Report.model_validate(json.loads(finished.stdout))
    except (ValueError, ValidationError):
        raise ToolError(f"pyright failed: {complaint}") from None


def _finding(found: _Diagnostic, workspace: Workspace, positions: TextPositions) -> TypeFinding:
    file = Path(found.file)
    line = found.range.start.line + 1
    assert found.severity != "information"  # filtered by the caller
    return TypeFinding(
        file=_name(file, workspace),
        line=line,
        column=positions.column(file, line, found.range.start.character),
        severity=found.severity,
        code=found.rule,
        message=_whole_characters(found.message),
    )


def _name(file: Path, workspace: Workspace) -> str:
    """Relative to the root; a configuration may include files outside, which keep their absolute path."""
    return workspace.relative(file) if file.is_relative_to(workspace.root) else str(file)


def _whole_characters(text: str) -> str:
    """pyright shortens long literals in the middle of a surrogate pair; half of one is no text."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _in_short(finding: TypeFinding) -> str:
    return f"{finding.file}:{finding.line} {finding.message.splitlines()[0] if finding.message else finding.code}"
