"""ruff_format: the layout of the project's files, by its own rules."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field, TypeAdapter, ValidationError, computed_field

from punie_tools.changes.file_edit import (
    ReviewedResult,
    check_place,
    diffs_of,
    make_changes,
    preview_of,
    reviewed,
    stands_in_part,
)
from punie_tools.quality.ruff_process import RuffFailedError, run_ruff_on
from punie_tools.quality.ruff_rewrite import rewrites
from punie_tools.sentences import counted, first_of
from punie_tools.tool import Risk, Tool, ToolContext

_UNFORMATTED = "unformatted"
_FAILED = 2
_COUNTS = re.compile(rb"(\d+) files? (?:would be reformatted|already formatted)")


class RuffFormatResult(ReviewedResult):
    """The files that were laid out anew, or would be with `check`. `unreadable` are those that are no valid Python.

    `partly_changed` are those of which a review let only a part be laid out anew.
    """

    path: str
    changed_files: tuple[str, ...]
    partly_changed: tuple[str, ...] = ()
    file_count: int
    unreadable: tuple[str, ...] = ()
    diff: str = ""
    is_check: bool = False

    @computed_field
    @property
    def summary(self) -> str:
        broken = f"; {first_of(self.unreadable)} cannot be parsed" if self.unreadable else ""
        if not self.changed_files:
            return f"{counted(self.file_count, 'file')} well formatted{broken}."
        part = f" ({first_of(self.partly_changed)} in part)" if self.partly_changed else ""
        done = "would be formatted" if self.is_check else "formatted"
        count = f"{len(self.changed_files)} of {counted(self.file_count, 'file')}"
        return f"{count} {done}: {first_of(self.changed_files)}{part}{broken}{self._rest}."


def ruff_format(
    context: ToolContext,
    path: Annotated[str, Field(description="A file or folder.")] = ".",
    check: Annotated[bool, Field(description="Only tell which files would change.")] = False,
) -> RuffFormatResult:
    """Format a file or folder with ruff, by the project's own rules; with `check` only tell what would change."""
    target = context.workspace.resolve(path)
    if not check:
        check_place(context, path, target)
    found = _found(context, target)
    wanted = [Path(each.filename) for each in found if each.code == _UNFORMATTED]
    unreadable = {_name(context, each) for each in found if each.code != _UNFORMATTED}
    file_count = _counted_by_ruff(context, target) + len(unreadable)
    proposed = [] if check else rewrites(context, ["format"], wanted, accepted=(0,))[0]
    changes = reviewed(context, proposed)
    diff = diffs_of(changes).text
    make_changes(context, changes)
    made = [context.workspace.root / change.path for change in changes]
    partly = [context.workspace.root / change.path for change in changes if change not in proposed]
    names = [context.workspace.relative(file) for file in (wanted if check else made)]
    return RuffFormatResult(
        path=context.workspace.relative(target),
        is_partial=stands_in_part(proposed, changes),
        changed_files=tuple(sorted(names)),
        partly_changed=tuple(sorted(map(context.workspace.relative, partly))),
        file_count=file_count,
        unreadable=tuple(sorted(unreadable)),
        diff=diff,
        is_check=check,
    )


def _risk(arguments: Mapping[str, Any]) -> Risk:
    return Risk.READS if arguments.get("check") else Risk.EDITS


def _preview(context: ToolContext, path: str = ".", check: bool = False) -> str | None:
    """The diff that formatting would make."""
    found = _found(context, context.workspace.resolve(path))
    wanted = [Path(each.filename) for each in found if each.code == _UNFORMATTED]
    changes, _ = rewrites(context, ["format"], wanted, accepted=(0,))
    return preview_of(changes)


TOOL = Tool(ruff_format, risk=Risk.EDITS, risk_of=_risk, preview=_preview, is_reviewable=True)


class _Found(BaseModel):
    """An element of what `ruff format --check --output-format=json` prints: a file to format, or a syntax error."""

    filename: str
    code: str | None


_FOUND = TypeAdapter(list[_Found])


def _found(context: ToolContext, target: Path) -> list[_Found]:
    finished = run_ruff_on(context, ["format", "--check", "--output-format=json"], target, accepted=(0, 1, 2))
    try:
        found = _FOUND.validate_python(json.loads(finished.stdout or "[]"))
    except (ValueError, ValidationError):
        raise RuffFailedError(finished) from None
    if finished.exit_code == _FAILED and not found:
        raise RuffFailedError(finished)
    return found


def _counted_by_ruff(context: ToolContext, target: Path) -> int:
    """The files that ruff would format or leave as they are, Markdown too; its JSON does not tell."""
    finished = run_ruff_on(context, ["format", "--check", "--output-format=concise"], target, accepted=(0, 1, 2))
    last_line = finished.stdout.strip().rpartition(b"\n")[2]
    return sum(map(int, _COUNTS.findall(last_line)))


def _name(context: ToolContext, found: _Found) -> str:
    return context.workspace.relative(Path(found.filename))
