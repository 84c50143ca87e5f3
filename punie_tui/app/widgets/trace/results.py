"""Each typed result as rows: findings by file, tests with their failing line, a status list, a coloured diff."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

from punie_tools.actions.code_actions import CodeActionsResult
from punie_tools.changes.apply_patch import ApplyPatchResult
from punie_tools.changes.file_edit import FileEditResult
from punie_tools.code.execute_code import ExecuteCodeResult
from punie_tools.commands.change_watch import ChangedFile
from punie_tools.commands.run_command import RunCommandResult
from punie_tools.debug.debug_result import DebugResult
from punie_tools.errors import ToolError
from punie_tools.files.list_files import ListFilesResult
from punie_tools.files.read_file import ReadFileResult
from punie_tools.git.git_blame import GitBlameResult
from punie_tools.git.git_branches import GitBranchesResult
from punie_tools.git.git_diff import GitDiffResult
from punie_tools.git.git_log import GitLogResult
from punie_tools.git.git_show import GitShowResult
from punie_tools.git.git_status import GitStatusResult
from punie_tools.git.staged_files import StagedResult
from punie_tools.lsp.document_symbols import DocumentSymbolsResult
from punie_tools.lsp.hover import HoverResult
from punie_tools.lsp.rename_symbol import RenameResult
from punie_tools.quality.pytest_run import PytestRunResult, TestOutcome
from punie_tools.quality.pytest_session import Outcome
from punie_tools.quality.ruff_format import RuffFormatResult
from punie_tools.registry import find_tool
from punie_tools.safe_text import safe_text
from punie_tools.tool import ToolResult
from punie_tui.app.widgets.trace.diff_rows import rows_of_diff
from punie_tui.app.widgets.trace.found_rows import found_in, rows_by_file
from punie_tui.app.widgets.trace.json_tree import rows_of_value
from punie_tui.app.widgets.trace.rows import MOST_ROWS, Role, Row, and_more, capped, hung, row, wrapped
from punie_tui.app.widgets.transcript.file_links import first_place_in

_HASH_SHOWN = 8
OUTCOME_MARKS: dict[Outcome, tuple[str, Role]] = {
    "passed": ("✓", "good"),
    "failed": ("✗", "bad"),
    "error": ("✗", "bad"),
    "skipped": ("–", "muted"),
    "xfailed": ("–", "muted"),
    "xpassed": ("!", "bad"),
}
_FAILURES = ("failed", "error")


def rows_of(tool: str, result: Mapping[str, Any], width: int) -> list[Row]:
    """The rows of a result in its JSON form; one of an unknown tool or shape is shown by its summary alone."""
    try:
        typed = find_tool(tool).revive(result)
    except (ToolError, ValueError):
        return wrapped(str(result.get("summary", "")), width)
    found = found_in(typed)
    rows = _details(typed, width) if found is None else rows_by_file(found, width)
    return capped(rows or wrapped(typed.summary, width, "muted"), MOST_ROWS, "rows")


def _details(result: ToolResult, width: int) -> list[Row]:
    match result:
        case DebugResult():
            return _stop(result, width)
        case PytestRunResult():
            return _tests(result, width)
        case GitStatusResult():
            return _status(result)
        case GitDiffResult():
            return rows_of_diff(result.patch)
        case GitLogResult():
            return _commits(result, width)
        case GitShowResult():
            about = wrapped(f"{result.author}, {result.date}\n{result.message}", width, "muted")
            return [*about, *rows_of_diff(result.patch)]
        case GitBlameResult():
            return _blamed(result, width)
        case GitBranchesResult():
            return [row(each.as_row(), "strong" if each.is_current else "") for each in result.branches]
        case DocumentSymbolsResult():
            return _symbols(result)
        case HoverResult():
            shown = wrapped(result.type_info, width, "strong", path=result.file, line=result.line)
            return [*shown, *wrapped(result.docstring, width)]
        case FileEditResult() | ApplyPatchResult() | RenameResult() | RuffFormatResult():
            errors = [row(f"new type error {error}", "bad") for error in getattr(result, "new_errors", None) or ()]
            return [*errors, *rows_of_diff(result.diff)]
        case CodeActionsResult():
            return _actions(result, width)
        case StagedResult():
            return _staged(result)
        case RunCommandResult():
            return _printed(result, width)
        case ReadFileResult():
            return _lines(result)
        case ListFilesResult():
            return [row(file, path=file) for file in result.files]
        case ExecuteCodeResult():
            return _returned(result, width)
        case _:
            return []


def _status(result: GitStatusResult) -> list[Row]:
    return [row(f"{file.status:<10} {file.path}{'  staged' * file.staged}", path=file.path) for file in result.files]


def _staged(result: StagedResult) -> list[Row]:
    return [
        row(f"{file.status:<10} {file.path}  +{file.additions} -{file.deletions}", path=file.path)
        for file in result.files
    ]


def _symbols(result: DocumentSymbolsResult) -> list[Row]:
    return [
        row(
            f"{each.line:>5} {'  ' * bool(each.container_name)}{each.kind} {each.name}",
            path=result.path,
            line=each.line,
        )
        for each in result.symbols
    ]


def _printed(result: RunCommandResult, width: int) -> list[Row]:
    out = wrapped(result.stdout, width) if result.stdout else []
    errors = wrapped(result.stderr, width, "muted") if result.stderr else []
    return [*out, *errors, *_changed(result.changed_files)]


def _returned(result: ExecuteCodeResult, width: int) -> list[Row]:
    """What a program printed, and the value that it gave."""
    output = [each for line in safe_text(result.output).splitlines() for each in _leading(line, width)]
    if result.value is None:
        return output
    value = Row([("value", "strong")], children=rows_of_value(result.value, max(width - 2, 12)))
    return [*output, value]


def _leading(line: str, width: int) -> list[Row]:
    """A printed line leads to the place that it names first."""
    path, number = first_place_in(line)
    return wrapped(line, width, path=path, line=number)


def _tests(result: PytestRunResult, width: int) -> list[Row]:
    """Failures first, each with its assertion; all grouped by file."""
    files: dict[tuple[bool, str], Row] = {}
    for test in sorted(result.tests, key=lambda test: test.outcome not in _FAILURES)[:MOST_ROWS]:
        is_failure = test.outcome in _FAILURES
        group = files.setdefault((is_failure, test.file), row(test.file, "strong", path=test.file))
        group.children.append(_test(test, width))
    return [*files.values(), *and_more(len(result.tests) - MOST_ROWS)]


def _test(test: TestOutcome, width: int) -> Row:
    mark, role = OUTCOME_MARKS[test.outcome]
    is_file = test.is_of_collection and test.name == test.file
    name = "collection" if is_file else test.name.removeprefix(f"{test.file}::")
    shown = Row(
        [(f"{mark} ", role), (safe_text(name, single_line=True), ""), (f"  {test.duration:.2f} s", "muted")],
        test.file,
        test.line,
    )
    if test.message and test.outcome in _FAILURES:
        place = f"{test.file}:{test.line}" if test.line else test.file
        shown.children = [
            row(place, "muted", path=test.file, line=test.line),
            *wrapped(test.message, max(width - 6, 12), "bad", path=test.file, line=test.line),
            *(wrapped(test.output, max(width - 6, 12), "muted") if test.output else []),
        ]
    return shown


def _actions(result: CodeActionsResult, width: int) -> list[Row]:
    """What is offered, each with its diff folded under it."""
    rows: list[Row] = []
    for action in result.actions:
        unsafe = "  unsafe" if action.is_safe is False else ""
        first, *rest = wrapped(
            f"{action.line:>5} {action.title}  {action.source}{unsafe}", width, path=result.path, line=action.line
        )
        first.children = rows_of_diff(action.diff)
        first.is_expanded = False
        rows += [first, *rest]
    return [*rows, *(wrapped(result.note, width, "muted") if result.note else [])]


def _stop(result: DebugResult, width: int) -> list[Row]:
    """Why it stopped, the expressions and the values there, and the stack with the project's own code standing out."""
    role: Role = "bad" if result.stopped in ("exception", "deadline") else "strong"
    rows = wrapped(result.summary, width, role, path=result.file, line=result.line)
    if result.expressions:
        answers = [row(answer.as_row(), "bad" if answer.error else "") for answer in result.expressions]
        rows.append(Row([("expressions", "strong")], children=answers))
    if result.locals:
        rows.append(Row([("locals", "strong")], children=[row(value.as_row()) for value in result.locals]))
    if result.frames:
        stack = [
            row(frame.as_row(), "" if frame.is_project else "muted", path=frame.file, line=frame.line)
            for frame in result.frames
        ]
        rows.append(Row([("stack", "strong")], children=stack))
    for point in result.breakpoints:
        if point.told:
            rows.append(row(point.told, "muted", path=point.file, line=point.line))
    if result.output:
        rows.append(Row([("output", "strong")], children=wrapped(result.output, max(width - 6, 12), "muted")))
    return [*rows, *_changed(result.changed_files)]


def _changed(files: Iterable[ChangedFile]) -> list[Row]:
    return [row(f"{file.status:<10} {file.path}", path=file.path) for file in files]


def _commits(result: GitLogResult, width: int) -> list[Row]:
    rows: list[Row] = []
    for commit in result.commits:
        subject = safe_text(commit.message.split("\n", 1)[0], single_line=True)
        rows += hung(f"{commit.hash[:_HASH_SHOWN]} ", wrapped(subject, max(width - _HASH_SHOWN - 1, 12)), "strong")
        about = wrapped(f"{commit.author}, {commit.date[:10]}", max(width - _HASH_SHOWN - 1, 12), "muted")
        rows += hung(" " * (_HASH_SHOWN + 1), about)
    return rows


def _blamed(result: GitBlameResult, width: int) -> list[Row]:
    """The lines below the commit that they come from, which leaves them nearly the whole width."""
    shown = result.lines[:MOST_ROWS]
    digits = len(str(shown[-1].line)) if shown else 0
    rows: list[Row] = []
    for commit, lines in groupby(shown, key=lambda line: line.hash):
        first, *rest = lines
        about = safe_text(f"{first.author}, {first.date[:10]}  {first.message}", single_line=True)
        parts: list[tuple[str, Role]] = [(f"{commit[:_HASH_SHOWN]} ", "strong"), (about, "muted")]
        rows.append(Row(parts if first.is_committed else [("not committed yet", "muted")], result.path, first.line))
        for line in (first, *rest):
            text = wrapped(line.text, max(width - digits - 3, 12), path=result.path, line=line.line)
            told = safe_text(line.text, single_line=True)
            rows[-1].children += hung(f"{line.line:>{digits}} ", text, told=told)
    return [*rows, *and_more(len(result.lines) - len(shown))]


def _lines(result: ReadFileResult) -> list[Row]:
    shown = result.content.splitlines()
    digits = len(str(result.end_line))
    return [
        Row(
            [(f"{number:>{digits}} ", "muted"), (safe_text(text, single_line=True), "")],
            result.path,
            number,
        )
        for number, text in enumerate(shown[:MOST_ROWS], result.start_line)
    ]
