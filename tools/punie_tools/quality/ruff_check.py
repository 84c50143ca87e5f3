"""ruff_check: what ruff finds in the working tree, and what it can mend."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, computed_field

from punie_tools.changes.change_set import FileChange
from punie_tools.changes.file_edit import (
    ReviewedResult,
    check_place,
    diffs_of,
    make_changes,
    preview_of,
    reviewed,
    stands_in_part,
)
from punie_tools.errors import ToolError
from punie_tools.process import FinishedProcess
from punie_tools.quality.ruff_process import RuffFailedError, run_ruff_on
from punie_tools.quality.ruff_rewrite import rewrites
from punie_tools.sentences import counted, first_of, shortened, single_line
from punie_tools.tool import Risk, Tool, ToolContext
from punie_tools.workspace import Workspace

MOST_VIOLATIONS = 5_000
SYNTAX_ERROR = "invalid-syntax"

# A project's configuration may turn each of these on; what a call does must not depend on it.
_READ_ONLY = ("--no-fix", "--no-fix-only", "--no-unsafe-fixes")
_SAFE_FIXES = ("--fix", "--no-fix-only", "--no-unsafe-fixes")

_RULE = re.compile(r"[A-Z]+[0-9]*")
_UNKNOWN = re.compile(r"Unknown rule selector `(\w+)`")
_WITHOUT_EFFECT = re.compile(r"Selection `(\w+)` has no effect because preview")


class RuffViolation(BaseModel):
    """One violation. `fixable` says that a safe fix exists, which `fix` applies."""

    model_config = ConfigDict(frozen=True)

    file: str
    line: int
    column: int
    code: str
    message: str
    fixable: bool


class RuffCheckResult(ReviewedResult):
    """The violations below `path`, after `fixed_count` of them were mended; with `rules` those of these rules alone.

    `unsafe_count` of them have a fix that may change what the code does, which is never made.
    """

    path: str
    rules: tuple[str, ...] = ()
    violation_count: int
    fixable_count: int
    unsafe_count: int = 0
    fixed_count: int
    violations: tuple[RuffViolation, ...]
    diff: str = ""
    """What the fixes changed."""
    has_python_files: bool = True
    truncated: bool = False

    @computed_field
    @property
    def summary(self) -> str:
        of_rules = f" of {', '.join(self.rules)}" if self.rules else ""
        where = of_rules + (f" in {single_line(self.path)}" if self.path != "." else "")
        if not self.has_python_files:
            return f"No violations{where}: there are no Python files to check."
        is_told = self.fixed_count or self.is_partial
        fixed = f"Fixed {counted(self.fixed_count, 'violation')}{where}; " if is_told else ""
        if not self.violation_count:
            return f"{fixed}none left{self._rest}." if fixed else f"No violations{where}."
        count = f"{self.violation_count:,} left" if fixed else f"{counted(self.violation_count, 'violation')}{where}"
        fixable = f", {self.fixable_count:,} fixable" if self.fixable_count else ""
        unsafe = f", {self.unsafe_count:,} fixable only unsafely" if self.unsafe_count else ""
        found = first_of([_in_short(violation) for violation in self.violations])
        return f"{fixed}{count}{fixable}{unsafe}: {found}{self._rest}."


def ruff_check(
    context: ToolContext,
    path: Annotated[str, Field(description="A file or folder.")] = ".",
    fix: Annotated[bool, Field(description="Apply the safe fixes to the files.")] = False,
    rules: Annotated[list[str] | None, Field(description="Only these, by codes or prefixes such as F401 or I.")] = None,
) -> RuffCheckResult:
    """Lint a file or folder with ruff, by the project's rules or only `rules`; with `fix` apply safe fixes first."""
    target = context.workspace.resolve(path)
    selected = _selected(rules)
    if fix:
        check_place(context, path, target)
    fixes = _fixes(context, target, selected) if fix else _Fixes([], 0, 0)
    changes = reviewed(context, fixes.changes)
    is_partial = stands_in_part(fixes.changes, changes)
    make_changes(context, changes)
    finished = _checked(context, target, selected)
    found = _parsed(finished)
    return RuffCheckResult(
        path=context.workspace.relative(target),
        rules=selected,
        violation_count=len(found),
        fixable_count=sum(violation.is_fixable for violation in found),
        unsafe_count=sum(violation.is_fixable_unsafely for violation in found),
        # Of a part nobody but ruff itself can tell what it mends.
        fixed_count=max(fixes.count_before - len(found), 0) if is_partial else fixes.count,
        is_partial=is_partial,
        violations=tuple(_violation(each, context.workspace) for each in found[:MOST_VIOLATIONS]),
        diff=diffs_of(changes).text,
        has_python_files=b"No Python files found" not in finished.stderr,
        truncated=len(found) > MOST_VIOLATIONS,
    )


def _risk(arguments: Mapping[str, Any]) -> Risk:
    return Risk.EDITS if arguments.get("fix") else Risk.READS


def _preview(context: ToolContext, path: str, fix: bool, rules: list[str] | None) -> str | None:
    """The diff of the fixes."""
    selected = _selected(rules)
    if not fix:
        return " ".join(["ruff check", *_selecting(selected), path])
    return preview_of(_fixes(context, context.workspace.resolve(path), selected).changes)


TOOL = Tool(ruff_check, risk=Risk.READS, risk_of=_risk, preview=_preview, is_reviewable=True)


class _Place(BaseModel):
    row: int
    column: int


class _Fix(BaseModel):
    applicability: str


class _Violation(BaseModel):
    """An element of what `ruff check --output-format=json` prints."""

    filename: str
    location: _Place
    # Versions differ in whether a syntax error has a code.
    code: str | None
    message: str
    fix: _Fix | None

    @property
    def is_fixable(self) -> bool:
        return self.fix is not None and self.fix.applicability == "safe"

    @property
    def is_fixable_unsafely(self) -> bool:
        return self.fix is not None and self.fix.applicability == "unsafe"


_VIOLATIONS = TypeAdapter(list[_Violation])


def _selected(rules: Sequence[str] | None) -> tuple[str, ...]:
    """Each once. Raises ToolError for what does not look like a rule."""
    for rule in rules or ():
        if not _RULE.fullmatch(rule):
            raise _no_such_rule(rule)
    return tuple(dict.fromkeys(rules or ()))


def _selecting(rules: Sequence[str]) -> list[str]:
    return [f"--select={','.join(rules)}"] if rules else []


def _checked(context: ToolContext, target: Path, rules: Sequence[str]) -> FinishedProcess:
    """What ruff finds, as JSON. Raises ToolError for a rule that it does not know, or that it would only pass over."""
    command = ["check", *_READ_ONLY, *_selecting(rules), "--output-format=json"]
    try:
        finished = run_ruff_on(context, command, target, accepted=(0, 1))
    except RuffFailedError as failure:
        unknown = _UNKNOWN.search(str(failure))
        if unknown and unknown[1] in rules:
            raise _no_such_rule(unknown[1]) from None
        raise
    passed_over = _WITHOUT_EFFECT.search(finished.stderr.decode("utf-8", "replace"))
    if passed_over and passed_over[1] in rules:
        raise ToolError(
            f"The rule {passed_over[1]!r} is a preview of ruff's, and the project has not turned previews on."
        )
    return finished


def _no_such_rule(rule: str) -> ToolError:
    told = shortened(rule, 60)
    return ToolError(f"ruff knows no rule {told!r}; give codes such as F401, or prefixes such as I.")


def _parsed(finished: FinishedProcess) -> Sequence[_Violation]:
    try:
        return _VIOLATIONS.validate_python(json.loads(finished.stdout))
    except (ValueError, ValidationError):
        raise RuffFailedError(finished) from None


def _violation(found: _Violation, workspace: Workspace) -> RuffViolation:
    return RuffViolation(
        file=workspace.relative(Path(found.filename)),
        line=found.location.row,
        column=found.location.column,
        code=found.code or SYNTAX_ERROR,
        message=found.message,
        fixable=found.is_fixable,
    )


@dataclass(frozen=True)
class _Fixes:
    """What the safe fixes change, how many violations they mend, and how many there were before."""

    changes: list[FileChange]
    count: int
    count_before: int


def _fixes(context: ToolContext, target: Path, rules: Sequence[str]) -> _Fixes:
    found = _parsed(_checked(context, target, rules))
    files = [Path(violation.filename) for violation in found if violation.is_fixable]
    changes, count = rewrites(context, ["check", *_SAFE_FIXES, *_selecting(rules)], files, accepted=(0, 1))
    return _Fixes(changes, count, len(found))


def _in_short(violation: RuffViolation) -> str:
    return f"{violation.file}:{violation.line} {violation.code} {violation.message}"
