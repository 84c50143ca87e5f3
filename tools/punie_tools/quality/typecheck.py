"""typecheck: what pyright finds in the working tree."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, computed_field

from punie_tools.quality.pyright_command import check_by_command
from punie_tools.quality.pyright_report import PyrightFinding, PyrightReport, Severity
from punie_tools.quality.text_positions import TextPositions
from punie_tools.sentences import counted, first_of, single_line
from punie_tools.tool import Risk, Tool, ToolContext, ToolResult
from punie_tools.workspace import Workspace

MOST_FINDINGS = 5_000


class TypeFinding(BaseModel):
    """One error or warning. `code` is pyright's rule, empty for a syntax error."""

    model_config = ConfigDict(frozen=True)

    file: str
    line: int
    column: int
    severity: Severity
    code: str
    message: str


class TypeCheckResult(ToolResult):
    """What pyright found below `path`: errors and warnings, in the order of files and lines."""

    path: str
    error_count: int
    warning_count: int
    errors: tuple[TypeFinding, ...]
    files_checked: int
    files_rechecked: int = 0
    """How many of them were checked for this call; the findings of the others were known and still hold."""
    is_warm: bool = False
    """Whether the language server answered, and not a fresh run of the command."""
    note: str = ""
    truncated: bool = False

    @computed_field
    @property
    def summary(self) -> str:
        where = f" in {single_line(self.path)}" if self.path != "." else ""
        if not self.files_checked and not self.errors:
            return f"No type errors{where}: there are no Python files to check."
        rechecked = f"{self.files_rechecked} of {counted(self.files_checked, 'file')} checked again"
        is_partly_known = self.is_warm and self.files_rechecked < self.files_checked
        if not self.errors:
            return f"No type errors{where} ({rechecked if is_partly_known else counted(self.files_checked, 'file')})."
        counts = [(self.error_count, "type error"), (self.warning_count, "warning")]
        found = " and ".join(counted(count, noun) for count, noun in counts if count)
        with_findings = len({finding.file for finding in self.errors})
        files = f"{with_findings} of {counted(max(self.files_checked, with_findings), 'file')}"
        first = first_of([_in_short(finding) for finding in self.errors])
        return f"{found} in {files}: {first}{f' ({rechecked})' if is_partly_known else ''}."


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
    report, note = _check(context, target)
    positions = TextPositions()
    severities = Counter(found.severity for found in report.findings)
    return TypeCheckResult(
        path=context.workspace.relative(target),
        error_count=severities["error"],
        warning_count=severities["warning"],
        errors=tuple(_finding(found, context.workspace, positions) for found in report.findings[:MOST_FINDINGS]),
        files_checked=report.files_checked,
        files_rechecked=report.files_rechecked,
        is_warm=report.is_warm,
        note=note,
        truncated=len(report.findings) > MOST_FINDINGS,
    )


TOOL = Tool(typecheck, risk=Risk.READS, wants_language_server=True)


def _check(context: ToolContext, target: Path) -> tuple[PyrightReport, str]:
    """By the warm server where there is one; its death costs time, not the answer."""
    if context.language_server is None:
        return check_by_command(context, target), ""
    # Imported when it is needed: the protocol's types take as long as a whole call of another tool.
    from punie_tools.lsp.connection import ServerFailedError
    from punie_tools.lsp.diagnostics import check_by_server

    try:
        report = check_by_server(context, context.language_server, target)
    except ServerFailedError as failure:
        return check_by_command(context, target), f"{failure} The pyright command answered instead."
    return report or check_by_command(context, target), ""


def _finding(found: PyrightFinding, workspace: Workspace, positions: TextPositions) -> TypeFinding:
    return TypeFinding(
        file=_name(found.file, workspace),
        line=found.line,
        column=positions.column(found.file, found.line, found.utf16_units),
        severity=found.severity,
        code=found.rule,
        message=found.message,
    )


def _name(file: Path, workspace: Workspace) -> str:
    """Relative to the root; a configuration may include files outside, which keep their absolute path."""
    return workspace.relative(file) if file.is_relative_to(workspace.root) else str(file)


def _in_short(finding: TypeFinding) -> str:
    return f"{finding.file}:{finding.line} {finding.message.splitlines()[0] if finding.message else finding.code}"
